import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import type { Credential, Viewer } from '../http/viewer.js';
import { SigningKeys } from './signing-keys.js';

/** What an access token says, besides `jti`, `iss` and `aud`. */
export interface Claims {
  readonly sub: string;
  readonly tid: string;
  readonly role: Viewer['role'];
  readonly dept: string | null;
  /** The sign-in it was issued to. */
  readonly sid?: string;
  /** The API key it was issued for. */
  readonly key?: string;
  readonly rosters?: readonly string[];
  readonly scopes?: readonly string[];
  /** Seconds since 1970. */
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
}

/** As OAuth 2.0 (RFC 6749, 5.1) has it, in our spelling. */
export interface IssuedAccess {
  readonly accessToken: string;
  readonly tokenType: 'Bearer';
  readonly expiresInSeconds: number;
}

/** Signs access tokens; `AccessTokens` verifies them. */
@Injectable()
export class TokensService {
  private readonly jwt = new JwtService();
  private readonly auth: Config['auth'];

  constructor(
    private readonly keys: SigningKeys,
    { auth }: Config,
    private readonly clock: Clock,
  ) {
    this.auth = auth;
  }

  /** @param until when what the token says of the viewer will be different; null: not foreseen */
  issue(viewer: Viewer, credential: Credential, until: Date | null = null): IssuedAccess {
    const now = this.clock.now().getTime();
    const seconds = until === null ? Infinity : Math.max(0, Math.floor((until.getTime() - now) / 1000));
    const expiresInSeconds = Math.min(this.auth.accessTokenLifetimeSeconds, seconds);
    return { accessToken: this.sign(viewer, credential, expiresInSeconds), tokenType: 'Bearer', expiresInSeconds };
  }

  /** When a sign-in ends that began then and is used now, unless it is used again before. */
  signInUntil(began: Date, now: Date): Date {
    const { signInIdleSeconds, signInLifetimeSeconds } = this.auth;
    return new Date(Math.min(now.getTime() + signInIdleSeconds * 1000, began.getTime() + signInLifetimeSeconds * 1000));
  }

  sign(viewer: Viewer, credential: Credential, lifetimeSeconds: number): string {
    const iat = Math.floor(this.clock.now().getTime() / 1000);
    const claims: Claims = {
      sub: viewer.userId,
      tid: viewer.tenantId,
      role: viewer.role,
      dept: viewer.departmentId,
      ...(credential.kind === 'sign-in' && { sid: credential.id }),
      ...(credential.kind === 'key' && { key: credential.id }),
      ...(viewer.rosters && viewer.rosters.length > 0 && { rosters: viewer.rosters }),
      ...(viewer.scopes && { scopes: viewer.scopes }),
      iat,
      nbf: iat,
      exp: iat + lifetimeSeconds,
    };
    const { kid, privateKey } = this.keys.signer();
    const { issuer, audience } = this.auth;
    return this.jwt.sign(
      { ...claims, jti: randomUUID() },
      { privateKey, keyid: kid, algorithm: 'ES256', issuer, audience },
    );
  }
}
