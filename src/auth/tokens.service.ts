import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import type { Viewer } from '../http/viewer.js';
import type { AccessToken } from './auth.dto.js';
import { SigningKey } from './signing-key.js';

/** What an access token says, besides `jti`, `iss` and `aud`. */
export interface Claims {
  readonly sub: string;
  readonly tid: string;
  readonly role: Viewer['role'];
  readonly dept: string | null;
  /** Seconds since 1970. */
  readonly iat: number;
  readonly exp: number;
}

/** Signs access tokens; `BearerStrategy` verifies them. */
@Injectable()
export class TokensService {
  private readonly jwt: JwtService;
  private readonly lifetimeSeconds: number;

  constructor(
    { privateKey }: SigningKey,
    { auth }: Config,
    private readonly clock: Clock,
  ) {
    const { issuer, audience } = auth;
    this.lifetimeSeconds = auth.accessTokenLifetimeSeconds;
    this.jwt = new JwtService({ privateKey, signOptions: { algorithm: 'ES256', issuer, audience } });
  }

  /** What somebody gets who has signed in. */
  issue(viewer: Viewer): AccessToken {
    const { lifetimeSeconds } = this;
    return {
      accessToken: this.sign(viewer, lifetimeSeconds),
      tokenType: 'Bearer',
      expiresInSeconds: lifetimeSeconds,
    };
  }

  sign(viewer: Viewer, lifetimeSeconds: number): string {
    const iat = Math.floor(this.clock.now().getTime() / 1000);
    const claims: Claims = {
      sub: viewer.userId,
      tid: viewer.tenantId,
      role: viewer.role,
      dept: viewer.departmentId,
      iat,
      exp: iat + lifetimeSeconds,
    };
    return this.jwt.sign({ ...claims, jti: randomUUID() });
  }
}
