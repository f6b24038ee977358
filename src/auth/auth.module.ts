import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { Config } from '../config.js';
import { OrgModule } from '../org/org.module.js';
import { AccountsRepository } from './accounts.repository.js';
import { AuthController } from './auth.controller.js';
import { AuthService } from './auth.service.js';
import { BearerStrategy } from './bearer.strategy.js';
import { LoginLimit } from './login-limit.js';
import { Passwords } from './passwords.js';
import { Routes } from './routes.js';
import { readSigningKey, SigningKey } from './signing-key.js';
import { TokensService } from './tokens.service.js';
import { VerifiedTokens } from './verified-tokens.js';
import { ViewerGuard } from './viewer.guard.js';

/** Who is asking, and what they may do. Its guard stands in front of every route of the application. */
@Module({
  imports: [DiscoveryModule, OrgModule],
  controllers: [AuthController],
  providers: [
    { provide: SigningKey, inject: [Config], useFactory: readSigningKey },
    TokensService,
    BearerStrategy,
    VerifiedTokens,
    Routes,
    AccountsRepository,
    Passwords,
    LoginLimit,
    AuthService,
    { provide: APP_GUARD, useClass: ViewerGuard },
  ],
  exports: [TokensService, Passwords],
})
export class AuthModule {}
