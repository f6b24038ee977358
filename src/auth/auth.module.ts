import { Module } from '@nestjs/common';
import { APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { Config } from '../config.js';
import { BearerStrategy } from './bearer.strategy.js';
import { Routes } from './routes.js';
import { readSigningKey, SigningKey } from './signing-key.js';
import { TokensService } from './tokens.service.js';
import { VerifiedTokens } from './verified-tokens.js';
import { ViewerGuard } from './viewer.guard.js';

/** Who is asking, and what they may do. Its guard stands in front of every route of the application. */
@Module({
  imports: [DiscoveryModule],
  providers: [
    { provide: SigningKey, inject: [Config], useFactory: readSigningKey },
    TokensService,
    BearerStrategy,
    VerifiedTokens,
    Routes,
    { provide: APP_GUARD, useClass: ViewerGuard },
  ],
  exports: [TokensService],
})
export class AuthModule {}
