import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { Problem } from '../http/problem.js';

const windowMilliseconds = 60_000;
/** Beyond these the pair that tried least recently is forgotten. At most 300 bytes each at 20 attempts a minute. */
const rememberedPairs = 50_000;

/**
 * Attempts to sign in, per address and account, in any 60 seconds. Kept in this process: with several the allowance is
 * that of each. An account alone is not limited, or anybody could lock anybody out; nor is an address, behind which a
 * whole school may sit.
 */
@Injectable()
export class LoginLimit {
  private readonly attempts = new Map<string, number[]>();
  private readonly allowed: number;

  constructor(
    { http }: Config,
    private readonly clock: Clock,
  ) {
    this.allowed = http.loginAttemptsPerMinute;
  }

  /** Counts an attempt. @throws Problem 429 with the seconds until the next one is allowed; this one does not count */
  admit(address: string, account: string): void {
    // hashed: short, and no list of people's addresses in memory
    const key = hash('sha256', `${address} ${account}`, 'base64url');
    const now = this.clock.now().getTime();
    const recent = (this.attempts.get(key) ?? []).filter((at) => at > now - windowMilliseconds);
    this.attempts.delete(key);
    if (this.attempts.size >= rememberedPairs) this.attempts.delete(this.attempts.keys().next().value!);
    this.attempts.set(key, recent);
    if (recent.length >= this.allowed) {
      const seconds = Math.ceil((recent[0]! + windowMilliseconds - now) / 1000);
      const detail = `Too many attempts to sign in. The next one is allowed in ${seconds} s.`;
      throw new Problem(429, 'login_rate_exceeded', { detail, headers: { 'retry-after': String(seconds) } });
    }
    recent.push(now);
  }
}
