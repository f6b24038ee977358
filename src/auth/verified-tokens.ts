import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import type { Verified } from './authenticators.js';
import { SigningKeys } from './signing-keys.js';

/** At about 1 KB each. */
const rememberedTokens = 10_000;

/** Tokens that have been verified, until they expire: checking an ES256 signature costs as much as ten requests. */
@Injectable()
export class VerifiedTokens {
  private readonly tokens = new Map<string, Verified>();

  private revision: unknown;

  constructor(
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
  ) {}

  find(token: string): Verified | null {
    // a key may have been taken away because somebody else has it
    if (this.revision !== this.keys.revision) {
      this.revision = this.keys.revision;
      this.tokens.clear();
    }
    const verified = this.tokens.get(token);
    if (!verified) return null;
    if (verified.expiresAt > this.clock.now().getTime()) return verified;
    this.tokens.delete(token);
    return null;
  }

  /** Beyond the limit the one that was verified first is forgotten. */
  remember(token: string, verified: Verified): void {
    if (this.tokens.size >= rememberedTokens) this.tokens.delete(this.tokens.keys().next().value!);
    this.tokens.set(token, verified);
  }
}
