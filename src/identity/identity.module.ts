import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { PeopleModule } from '../people/people.module.js';
import { Identities } from './identities.js';
import { IdentitiesRepository } from './identities.repository.js';
import { IdentityPeople } from './identity-people.js';
import { IdentityProvidersController } from './identity-providers.controller.js';
import { IdentityProvidersRepository } from './identity-providers.repository.js';
import { IdentityProvidersService } from './identity-providers.service.js';
import { ProviderKeys } from './provider-keys.js';

/** People who come with the token of another identity provider. */
@Module({
  imports: [AuthModule, PeopleModule],
  controllers: [IdentityProvidersController],
  providers: [
    IdentityProvidersRepository,
    IdentityProvidersService,
    IdentitiesRepository,
    IdentityPeople,
    ProviderKeys,
    Identities,
  ],
})
export class IdentityModule {}
