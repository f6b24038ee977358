import { Injectable } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { decodeProtectedHeader } from 'jose';
import type { Checkpoint } from '../audit/seals.service.js';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { SigningKeys } from './signing-keys.js';

/** Keeps a checkpoint from being taken for an access token, and the contrary (RFC 8725, 3.11). */
const type = 'audit-checkpoint+jwt';

interface Claims extends Checkpoint {
  /** The tenant. */
  readonly sub: string;
}

/** Signs how far an organisation's trail goes, for whoever keeps it elsewhere. */
@Injectable()
export class AuditCheckpoints {
  private readonly jwt = new JwtService();

  constructor(
    private readonly keys: SigningKeys,
    private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  /** @returns a JWS (RFC 7515) that `/.well-known/jwks.json` verifies for as long as its key is there */
  sign(tenantId: string, { seal, hash }: Checkpoint): string {
    const { kid, privateKey } = this.keys.signer();
    const iat = Math.floor(this.clock.now().getTime() / 1000);
    return this.jwt.sign(
      { sub: tenantId, seal, hash, iat },
      { privateKey, issuer: this.config.auth.issuer, algorithm: 'ES256', header: { alg: 'ES256', kid, typ: type } },
    );
  }

  /**
   * What a checkpoint says that one of our keys has signed.
   * @throws Error with one clear line when it is another tenant's, or not ours
   */
  read(tenantId: string, signed: string): Checkpoint {
    let claims: Claims;
    try {
      const { kid = '', typ } = decodeProtectedHeader(signed);
      const publicKey = this.keys.verifier(kid);
      if (typ !== type) throw new Error('it is no checkpoint');
      if (!publicKey) throw new Error(`its key "${kid}" is not here any more`);
      const { issuer } = this.config.auth;
      // the library's types have no key objects
      const options = { publicKey: publicKey as unknown as string, issuer, algorithms: ['ES256' as const] };
      claims = this.jwt.verify<Claims>(signed, options);
    } catch (error) {
      throw new Error(`the checkpoint cannot be believed: ${(error as Error).message}`, { cause: error });
    }
    if (claims.sub !== tenantId) throw new Error("the checkpoint is another tenant's");
    return { seal: claims.seal, hash: claims.hash };
  }
}
