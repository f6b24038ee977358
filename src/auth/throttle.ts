import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import { type Bucket, ThrottleRepository } from './throttle.repository.js';

const quarterSeconds = 900;

/** Whom an attempt claims to be, whether that account exists or not, and where it comes from. */
export interface Attempt {
  readonly account: string;
  readonly address: string;
  /** The token of a device on which this account has signed in before. */
  readonly device?: string;
}

/**
 * Counts attempts before they are judged, for all processes together, and makes more and more of them wait; OWASP's
 * device cookies: what comes from where the owner has signed in is counted by itself, so that strangers, however many,
 * slow each other down and not the owner. Where there is no such account it is the same.
 */
@Injectable()
export class Throttle {
  private readonly free: number;

  constructor(
    private readonly attempts: ThrottleRepository,
    private readonly database: Database,
    private readonly clock: Clock,
    { auth }: Config,
  ) {
    this.free = auth.freeAttempts;
  }

  /** What an attempt to sign in is counted for, in the order in which they are locked. */
  signIn({ account, address, device }: Attempt): Bucket[] {
    const network = networkOf(address);
    if (device !== undefined) return [this.bucket(['device', account, device], 1)];
    return [
      this.bucket(['pair', account, network], 1),
      this.bucket(['strangers', account], 4),
      // a whole school may sit behind it
      { ...this.bucket(['network', network], 60), longestWaitSeconds: 60, forgottenSeconds: 10 },
    ];
  }

  /** Mails that somebody has not asked for are a nuisance too. */
  passwordReset({ account, address }: Attempt): Bucket[] {
    return [
      { ...this.bucket(['reset', account], 1), longestWaitSeconds: 3_600, forgottenSeconds: 3_600 },
      { ...this.bucket(['resets', networkOf(address)], 60), longestWaitSeconds: 60, forgottenSeconds: 10 },
    ];
  }

  /** Who holds somebody's access token does not learn the password with it. */
  currentPassword(userId: string): Bucket[] {
    return [this.bucket(['current', userId], 1)];
  }

  /**
   * Counts an attempt for all of these, or for none. What succeeds is given back with `forgive`.
   * @throws Problem 429 with the seconds until the next one
   */
  async admit(buckets: readonly Bucket[]): Promise<void> {
    const now = this.clock.now();
    const full = await this.database
      .transaction(async () => {
        for (const bucket of buckets) if (!(await this.attempts.count(bucket, now))) throw new Full(bucket);
      })
      .catch((error: unknown) => {
        if (error instanceof Full) return error.bucket;
        throw error;
      });
    if (!full) return;
    const seconds = Math.max(await this.attempts.getWait(full, now), 1);
    throw new Problem(429, 'attempts_exceeded', {
      detail: `Too many attempts. The next one is allowed in ${seconds} s.`,
      headers: { 'retry-after': String(seconds) },
    });
  }

  /** After a success: the first bucket, the owner's own, is emptied; from the others this attempt is taken back. */
  async forgive(buckets: readonly Bucket[]): Promise<void> {
    for (const [index, bucket] of buckets.entries()) await this.attempts.forgive(bucket, index === 0);
  }

  private bucket(parts: readonly string[], share: number): Bucket {
    return {
      key: createHash('sha256').update(JSON.stringify(parts)).digest(),
      free: this.free * share,
      longestWaitSeconds: quarterSeconds,
      forgottenSeconds: quarterSeconds,
    };
  }
}

/** Who has one IPv6 address has 2^64 of them. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const groups = (text: string): string[] => text.split(':').filter(Boolean);
  const left = groups(head);
  const zeros = tail === undefined ? 0 : 8 - left.length - groups(tail).length;
  const all = [...left, ...Array<string>(zeros).fill('0'), ...groups(tail ?? '')];
  return all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

/** Undoes what has been counted for the buckets before. */
class Full extends Error {
  constructor(readonly bucket: Bucket) {
    super('too many attempts');
  }
}
