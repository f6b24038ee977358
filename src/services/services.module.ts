import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeys } from './api-keys.js';
import { OAuthMetadataController } from './oauth-metadata.controller.js';
import { OAuthController } from './oauth.controller.js';
import { OAuthService } from './oauth.service.js';
import { ServicesController } from './services.controller.js';
import { ServicesRepository } from './services.repository.js';
import { ServicesService } from './services.service.js';

/** Machine accounts: services, their API keys and what they get for them. */
@Module({
  imports: [AuthModule],
  controllers: [ServicesController, OAuthController, OAuthMetadataController],
  providers: [ServicesRepository, ApiKeysRepository, ServicesService, ApiKeys, OAuthService],
  exports: [ServicesRepository],
})
export class ServicesModule {}
