import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { OrgModule } from '../org/org.module.js';
import { AccessTokens } from './access-tokens.js';
import { AccountJobs } from './account.jobs.js';
import { AccountLinksRepository } from './account-links.repository.js';
import { AccountsController } from './accounts.controller.js';
import { AccountsRepository } from './accounts.repository.js';
import { AuditCheckpointsController } from './audit-checkpoints.controller.js';
import { AuditCheckpoints } from './audit-checkpoints.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { Authenticators } from './authenticators.js';
import { EntryService } from './entry.service.js';
import { KeysController } from './keys.controller.js';
import { KnownDevicesRepository } from './known-devices.repository.js';
import { LinkRequestsService } from './link-requests.service.js';
import { LinkUseService } from './link-use.service.js';
import { NewPasswords } from './new-passwords.js';
import { Passwords } from './passwords.js';
import { Routes } from './routes.js';
import { SignInsController } from './sign-ins.controller.js';
import { ExpiryJobs } from './expiry.jobs.js';
import { SignInsRepository } from './sign-ins.repository.js';
import { SignInsService } from './sign-ins.service.js';
import { openSigningKeys, SigningKeys } from './signing-keys.js';
import { Throttle } from './throttle.js';
import { ThrottleRepository } from './throttle.repository.js';
import { Tickets } from './tickets.js';
import { TokensService } from './tokens.service.js';
import { VerifiedTokens } from './verified-tokens.js';
import { ViewerGuard } from './viewer.guard.js';
import { ViewersRepository } from './viewers.repository.js';
import { ViewersService } from './viewers.service.js';

/** Who is asking, and what they may do. Its guard stands in front of every route of the application. */
@Module({
  imports: [DiscoveryModule, OrgModule],
  controllers: [AuthController, SignInsController, AccountsController, KeysController, AuditCheckpointsController],
  providers: [
    { provide: SigningKeys, inject: [Config, Clock], useFactory: openSigningKeys },
    TokensService,
    AuditCheckpoints,
    Authenticators,
    AccessTokens,
    Tickets,
    ViewersRepository,
    ViewersService,
    SignInsRepository,
    SignInsService,
    ExpiryJobs,
    VerifiedTokens,
    Routes,
    AccountsRepository,
    Passwords,
    NewPasswords,
    ThrottleRepository,
    Throttle,
    AccountLinksRepository,
    KnownDevicesRepository,
    EntryService,
    LinkRequestsService,
    LinkUseService,
    AccountJobs,
    AuthService,
    { provide: APP_GUARD, useClass: ViewerGuard },
  ],
  exports: [
    Authenticators,
    Tickets,
    ViewersService,
    TokensService,
    SigningKeys,
    SignInsService,
    Passwords,
    LinkRequestsService,
  ],
})
export class AuthModule {}
