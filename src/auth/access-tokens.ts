import type { KeyObject } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { decodeProtectedHeader } from 'jose';
import { Strategy } from 'passport-jwt';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import type { Credential, Viewer } from '../http/viewer.js';
import { type Authenticator, Authenticators, bearerOf, type Verified } from './authenticators.js';
import { SigningKeys } from './signing-keys.js';
import type { Claims } from './tokens.service.js';

/** The clocks of two processes differ: a token that the one has just signed is from the future for the other. */
const skewSeconds = 30;

/**
 * Verifies our own access tokens by passport-jwt: ES256 and nothing else, from our issuer for our audience. Their
 * beginning and end are judged here and not by the library, because only this knows what time it is.
 */
@Injectable()
export class AccessTokens implements Authenticator, OnModuleInit {
  private readonly strategy: Strategy;

  constructor(
    keys: SigningKeys,
    { auth }: Config,
    private readonly clock: Clock,
    private readonly authenticators: Authenticators,
  ) {
    this.strategy = new Strategy(
      {
        jwtFromRequest: bearerOf,
        secretOrKeyProvider: (_: unknown, token: string, done) => {
          const key = keyNamedBy(token, keys);
          // the library's types have no key objects, which spare it from reading the key each time
          done(key ? null : new Error('no such key'), key as unknown as string);
        },
        algorithms: ['ES256'],
        issuer: auth.issuer,
        audience: auth.audience,
        jsonWebTokenOptions: { ignoreNotBefore: true },
        ignoreExpiration: true,
      },
      (claims: Claims, done) => done(null, this.read(claims) ?? false),
    );
  }

  onModuleInit(): void {
    this.authenticators.add(this);
  }

  /** Whatever nobody else knows. */
  recognises(): boolean {
    return true;
  }

  /**
   * Runs the strategy as Passport does. Not by Passport itself, whose strategies are the process's: of two applications
   * in one process the second would verify for both.
   */
  verify(token: string): Promise<Verified | null> {
    return new Promise((resolve, reject) => {
      const strategy = Object.assign(Object.create(this.strategy) as Strategy, {
        success: resolve as (verified: unknown) => void,
        fail: () => resolve(null),
        error: reject,
      });
      strategy.authenticate({ headers: { authorization: `Bearer ${token}` } } as never);
    });
  }

  /** Null: expired, not yet valid, or signed to live for ever. */
  private read(claims: Claims): Verified | null {
    const now = this.clock.now().getTime();
    const { sub, tid, role, dept, rosters, scopes, nbf, exp } = claims;
    const expiresAt = exp * 1000;
    if (!(expiresAt > now && nbf * 1000 <= now + skewSeconds * 1000)) return null;
    const viewer: Viewer = {
      tenantId: tid,
      userId: sub,
      role,
      departmentId: dept,
      ...(rosters && { rosters: Object.freeze(rosters) }),
      ...(scopes && { scopes: Object.freeze(scopes) }),
    };
    return { viewer: Object.freeze(viewer), credential: credentialOf(claims), expiresAt };
  }
}

function keyNamedBy(token: string, keys: SigningKeys): KeyObject | null {
  try {
    const { kid } = decodeProtectedHeader(token);
    return kid === undefined ? null : keys.verifier(kid);
  } catch {
    return null; // no JWT
  }
}

function credentialOf({ sid, key }: Claims): Credential {
  if (sid !== undefined) return { kind: 'sign-in', id: sid };
  if (key !== undefined) return { kind: 'key', id: key };
  return { kind: 'identity' };
}
