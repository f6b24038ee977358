import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { parse, stringify } from 'uuid';
import { SigningKeys } from '../auth/signing-keys.js';
import { Clock } from '../database/clock.js';

const purpose = 'report-download';
const lifetimeSeconds = 300;
const idBytes = 16;
const signedBytes = 2 * idBytes + 8;
const length = signedBytes + 32;

/** Whose download a token lets begin. */
export interface Download {
  readonly tenantId: string;
  readonly ownerId: string;
}

/**
 * What a browser shows in place of credentials: tenant, owner and end, signed together with the report. It opens that
 * report alone, for minutes, and only while its owner may have it.
 */
@Injectable()
export class DownloadTokens {
  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
  ) {}

  sign(reportId: string, { tenantId, ownerId }: Download): { token: string; expiresAt: Date } {
    const expiresAt = new Date(this.clock.now().getTime() + lifetimeSeconds * 1000);
    const signed = Buffer.alloc(signedBytes);
    signed.set(parse(tenantId), 0);
    signed.set(parse(ownerId), idBytes);
    signed.writeBigUInt64BE(BigInt(expiresAt.getTime()), 2 * idBytes);
    const mac = macOf(this.keys.secret(purpose), signed, reportId);
    return { token: Buffer.concat([signed, mac]).toString('base64url'), expiresAt };
  }

  /** @returns null for a token that is not of ours, of another report, or over */
  read(reportId: string, token: string): Download | null {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length !== length || bytes.toString('base64url') !== token) return null;
    const [signed, mac] = [bytes.subarray(0, signedBytes), bytes.subarray(signedBytes)];
    if (!this.keys.secrets(purpose).some((secret) => timingSafeEqual(macOf(secret, signed, reportId), mac)))
      return null;
    if (signed.readBigUInt64BE(2 * idBytes) <= BigInt(this.clock.now().getTime())) return null;
    return {
      tenantId: stringify(signed.subarray(0, idBytes)),
      ownerId: stringify(signed.subarray(idBytes, 2 * idBytes)),
    };
  }
}

function macOf(secret: Buffer, signed: Buffer, reportId: string): Buffer {
  return createHmac('sha256', secret).update(signed).update(parse(reportId)).digest();
}
