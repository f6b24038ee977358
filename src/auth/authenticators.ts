import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Credential, Viewer } from '../http/viewer.js';

/** Who showed which credential, and until when that may be believed: milliseconds since 1970. */
export interface Verified {
  readonly viewer: Viewer;
  readonly credential: Credential;
  readonly expiresAt: number;
}

/** Knows one shape of bearer token. */
export interface Authenticator {
  /** Whether the token has this shape; looks at nothing but its text. */
  recognises(token: string): boolean;
  /** @returns null for a token that is not valid, whatever the reason */
  verify(token: string): Promise<Verified | null>;
}

/**
 * Asks who the viewer of a credential is by now. @returns null when the credential or its owner counts no longer
 */
export type Recall = (verified: Verified) => Promise<Viewer | null>;

/** The shapes of credentials that the application takes, each told by the provider that knows it. */
@Injectable()
export class Authenticators {
  private readonly known: Authenticator[] = [];
  private readonly recalls = new Map<Credential['kind'], Recall>();

  /** Those that were added last are asked first, so that the most particular shapes win. */
  add(authenticator: Authenticator): void {
    this.known.unshift(authenticator);
  }

  /** @throws Error when the kind is claimed twice */
  recallWith(kind: Credential['kind'], recall: Recall): void {
    if (this.recalls.has(kind)) throw new Error(`credentials of the kind ${kind} are recalled in two ways`);
    this.recalls.set(kind, recall);
  }

  async verify(token: string): Promise<Verified | null> {
    return this.known.find((one) => one.recognises(token))?.verify(token) ?? null;
  }

  /** Who the viewer is at this moment, for requests that write. */
  recall(verified: Verified): Promise<Viewer | null> {
    const recall = this.recalls.get(verified.credential.kind);
    if (!recall) throw new Error(`nobody recalls credentials of the kind ${verified.credential.kind}`);
    return recall(verified);
  }
}

/** The credentials of an `Authorization: Bearer` header (RFC 6750), or null where there are none. */
export function bearerOf({ headers: { authorization } }: Pick<FastifyRequest, 'headers'>): string | null {
  return authorization !== undefined && /^bearer ./i.test(authorization) ? authorization.slice(7) : null;
}

/** The bearer token, or what stands in `X-API-Key` for clients that cannot send one; null where there is neither. */
export function tokenOf(request: Pick<FastifyRequest, 'headers'>): string | null {
  const key = request.headers['x-api-key'];
  return bearerOf(request) ?? (typeof key === 'string' && key !== '' ? key : null);
}
