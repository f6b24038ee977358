import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-jwt';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import type { Viewer } from '../http/viewer.js';
import { SigningKey } from './signing-key.js';
import type { Claims } from './tokens.service.js';

/** Whose token it is, and until when: milliseconds since 1970. */
export interface Verified {
  readonly viewer: Viewer;
  readonly expiresAt: number;
}

/** The credentials of an `Authorization: Bearer` header (RFC 6750), or null where there are none. */
export function bearerOf({ headers: { authorization } }: Pick<FastifyRequest, 'headers'>): string | null {
  return authorization !== undefined && /^bearer ./i.test(authorization) ? authorization.slice(7) : null;
}

/**
 * Verifies access tokens: ES256 and nothing else, from our issuer for our audience. Their end is judged here and not by
 * the library, because only this knows what time it is.
 */
@Injectable()
export class BearerStrategy extends PassportStrategy(Strategy) {
  constructor(
    { publicKey }: SigningKey,
    { auth }: Config,
    private readonly clock: Clock,
  ) {
    super({
      jwtFromRequest: bearerOf,
      secretOrKey: publicKey,
      algorithms: ['ES256'],
      issuer: auth.issuer,
      audience: auth.audience,
      ignoreExpiration: true,
    });
  }

  /** Null: expired, or signed to live for ever. */
  validate({ sub, tid, role, dept, exp }: Claims): Verified | null {
    const expiresAt = exp * 1000;
    if (!(expiresAt > this.clock.now().getTime())) return null;
    return { viewer: Object.freeze({ tenantId: tid, userId: sub, role, departmentId: dept }), expiresAt };
  }
}
