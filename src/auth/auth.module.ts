import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { OrgModule } from '../org/org.module.js';
import { AccessTokens } from './access-tokens.js';
import { AccountsRepository } from './accounts.repository.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { Authenticators } from './authenticators.js';
import { KeysController } from './keys.controller.js';
import { LoginLimit } from './login-limit.js';
import { Passwords } from './passwords.js';
import { Routes } from './routes.js';
import { SignInsController } from './sign-ins.controller.js';
import { SignInsJobs } from './sign-ins.jobs.js';
import { SignInsRepository } from './sign-ins.repository.js';
import { SignInsService } from './sign-ins.service.js';
import { openSigningKeys, SigningKeys } from './signing-keys.js';
import { TokensService } from './tokens.service.js';
import { VerifiedTokens } from './verified-tokens.js';
import { ViewerGuard } from './viewer.guard.js';
import { ViewersRepository } from './viewers.repository.js';
import { ViewersService } from './viewers.service.js';

/** Who is asking, and what they may do. Its guard stands in front of every route of the application. */
@Module({
  imports: [DiscoveryModule, OrgModule],
  controllers: [AuthController, SignInsController, KeysController],
  providers: [
    { provide: SigningKeys, inject: [Config, Clock], useFactory: openSigningKeys },
    TokensService,
    Authenticators,
    AccessTokens,
    ViewersRepository,
    ViewersService,
    SignInsRepository,
    SignInsService,
    SignInsJobs,
    VerifiedTokens,
    Routes,
    AccountsRepository,
    Passwords,
    LoginLimit,
    AuthService,
    { provide: APP_GUARD, useClass: ViewerGuard },
  ],
  exports: [Authenticators, TokensService, SignInsService, Passwords],
})
export class AuthModule {}
