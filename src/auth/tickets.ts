import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import type { Verified } from './authenticators.js';
import { SigningKeys } from './signing-keys.js';

const purpose = 'ticket';
const lifetimeSeconds = 30;
const macBytes = 32;

/**
 * What stands in a URL in place of a credential, on the routes that say they take it: who showed which credential, signed
 * for half a minute. It tells nobody the credential, and ends with it.
 */
@Injectable()
export class Tickets {
  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
  ) {}

  issue(verified: Verified): { ticket: string; expiresAt: string } {
    const until = this.clock.now().getTime() + lifetimeSeconds * 1000;
    const said = Buffer.from(JSON.stringify({ verified, until }));
    const ticket = Buffer.concat([macOf(this.keys.secret(purpose), said), said]).toString('base64url');
    return { ticket, expiresAt: new Date(until).toISOString() };
  }

  /** @returns null for one that is not of ours, or over */
  read(ticket: string): Verified | null {
    const bytes = Buffer.from(ticket, 'base64url');
    const [mac, said] = [bytes.subarray(0, macBytes), bytes.subarray(macBytes)];
    if (mac.length !== macBytes) return null;
    if (!this.keys.secrets(purpose).some((secret) => timingSafeEqual(macOf(secret, said), mac))) return null;
    const { verified, until } = JSON.parse(said.toString()) as { verified: Verified; until: number };
    return Math.min(until, verified.expiresAt) > this.clock.now().getTime() ? verified : null;
  }
}

function macOf(secret: Buffer, said: Buffer): Buffer {
  return createHmac('sha256', secret).update(said).digest();
}
