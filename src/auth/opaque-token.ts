import { createHash, createHmac, randomBytes } from 'node:crypto';
import { parse, stringify } from 'uuid';

const tenantBytes = 16;
const secretBytes = 32;

/**
 * 256 random bits behind the id of a tenant, so that what they open is looked for among the tenant's own. Only the hash
 * is stored; a slow one would protect no better what cannot be guessed.
 */
export class OpaqueToken {
  private constructor(
    readonly tenantId: string,
    private readonly secret: Buffer,
  ) {}

  static create(tenantId: string): OpaqueToken {
    return new OpaqueToken(tenantId, randomBytes(secretBytes));
  }

  /** @returns null for a text that was never one of ours */
  static read(text: string): OpaqueToken | null {
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length !== tenantBytes + secretBytes || bytes.toString('base64url') !== text) return null;
    try {
      return new OpaqueToken(stringify(bytes.subarray(0, tenantBytes)), bytes.subarray(tenantBytes));
    } catch {
      return null; // another sort of id
    }
  }

  /** The same each time for the same salt, and for nobody who does not have this token. */
  successor(salt: Buffer): OpaqueToken {
    return new OpaqueToken(this.tenantId, createHmac('sha256', this.secret).update(salt).digest());
  }

  hash(): Buffer {
    return createHash('sha256').update(this.secret).digest();
  }

  toString(): string {
    return Buffer.concat([parse(this.tenantId), this.secret]).toString('base64url');
  }
}
