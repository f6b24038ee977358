import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { parse, stringify } from 'uuid';
import { SigningKeys } from '../auth/signing-keys.js';
import { Clock } from '../database/clock.js';
import { categories, type Category } from './channel.js';

const purpose = 'unsubscribe';
/** Longer than the month that laws ask for, and shorter than keys live. */
const lifetimeSeconds = 60 * 86_400;
const idBytes = 16;
const signedBytes = 2 * idBytes + 1 + 8;
const length = signedBytes + 32;

/** Whose mails of which category a token ends. */
export interface Subscription {
  readonly tenantId: string;
  readonly userId: string;
  readonly category: Category;
}

/** What a mail's link shows in place of credentials. It opens nothing: all it can do is to end mails of one category. */
@Injectable()
export class UnsubscribeTokens {
  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
  ) {}

  sign({ tenantId, userId, category }: Subscription): string {
    const signed = Buffer.alloc(signedBytes);
    signed.set(parse(tenantId), 0);
    signed.set(parse(userId), idBytes);
    signed.writeUInt8(categories.indexOf(category), 2 * idBytes);
    signed.writeBigUInt64BE(BigInt(this.clock.now().getTime() + lifetimeSeconds * 1000), 2 * idBytes + 1);
    return Buffer.concat([signed, macOf(this.keys.secret(purpose), signed)]).toString('base64url');
  }

  /** @returns null for a token that is not of ours, `expired` for one that is over */
  read(token: string): Subscription | 'expired' | null {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length !== length || bytes.toString('base64url') !== token) return null;
    const [signed, mac] = [bytes.subarray(0, signedBytes), bytes.subarray(signedBytes)];
    if (!this.keys.secrets(purpose).some((secret) => timingSafeEqual(macOf(secret, signed), mac))) return null;
    const category = categories[signed.readUInt8(2 * idBytes)];
    if (category === undefined) return null;
    if (signed.readBigUInt64BE(2 * idBytes + 1) <= BigInt(this.clock.now().getTime())) return 'expired';
    return {
      tenantId: stringify(signed.subarray(0, idBytes)),
      userId: stringify(signed.subarray(idBytes, 2 * idBytes)),
      category,
    };
  }
}

function macOf(secret: Buffer, signed: Buffer): Buffer {
  return createHmac('sha256', secret).update(signed).digest();
}
