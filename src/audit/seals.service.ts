import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Claim, RemovalsRepository } from './removals.repository.js';
import { type Fault, type Seal, SealsRepository } from './seals.repository.js';

/** Entries in a seal. */
const longestSeal = 1_000;
const chunkTenants = 100;
/** Looked at in one statement: 20,000 entries. */
const chunkSeals = 20;

/** What was looked at, and the first thing that does not fit. */
export interface Verification {
  /** The last seal that was looked at; 0: there is none. */
  readonly lastSeal: number;
  /** Its hash, hexadecimal: what a later look is compared with. */
  readonly hash: string | null;
  /** Where to go on; null: that was the end. */
  readonly next: number | null;
  readonly fault: Fault | null;
  /** What retention has removed; null: nothing. */
  readonly removed: Claim | null;
}

/** A seal that was seen before. */
export interface Checkpoint {
  readonly seal: number;
  readonly hash: string;
}

/**
 * Seals the trail of each tenant in batches, so that writing an entry waits for nobody, and looks whether all is as it
 * was sealed. Whoever can write to the tables past the application can also seal anew what they have changed: only a
 * checkpoint that is kept elsewhere shows that.
 */
@Injectable()
export class AuditSeals {
  constructor(
    private readonly database: Database,
    private readonly seals: SealsRepository,
    private readonly removals: RemovalsRepository,
    private readonly clock: Clock,
  ) {}

  /** Everything that waits for a seal, of all tenants. @returns how many entries */
  async seal(signal: AbortSignal): Promise<number> {
    let sealed = 0;
    for (;;) {
      const tenants = await this.seals.listPending(chunkTenants);
      for (const tenantId of tenants) {
        signal.throwIfAborted();
        sealed += await this.sealNext(tenantId);
      }
      if (tenants.length === 0) return sealed;
    }
  }

  /**
   * Looks at the seals after `after`, up to `most` of them, and at all entries of their time.
   * @param checkpoint what the trail must still hold
   * @throws the signal's reason, between two statements
   */
  async verify(
    tenantId: string,
    { after = 0, most = Infinity, checkpoint }: { after?: number; most?: number; checkpoint?: Checkpoint },
    signal: AbortSignal,
  ): Promise<Verification> {
    const now = this.clock.now();
    const [begin, end] = [await this.seals.find(tenantId, after), await this.seals.last(tenantId)];
    if (checkpoint && (await this.seals.find(tenantId, checkpoint.seal))?.hash !== checkpoint.hash) {
      const fault: Fault = { kind: 'chain_cut', seal: checkpoint.seal, entryId: null, at: end?.sealedAt ?? null };
      return { lastSeal: end?.number ?? 0, hash: null, next: null, fault, removed: null };
    }
    const unfounded = await this.removals.findUnfounded(tenantId);
    if (unfounded) return { lastSeal: end?.number ?? 0, hash: null, next: null, fault: unfounded, removed: null };
    const removed = await this.removals.lastClaim(tenantId);
    const lastSeal = Math.min(end?.number ?? 0, after + most);
    let last = begin;
    let from = new Date(begin?.lastAt ?? 0);
    for (let seal = after; ; seal += chunkSeals) {
      signal.throwIfAborted();
      const until = Math.min(seal + chunkSeals, lastSeal);
      const isEnd = until >= (end?.number ?? 0);
      last = until > seal ? await this.seals.find(tenantId, until) : last;
      const to = isEnd ? now : new Date(Math.max(from.getTime(), Date.parse(last!.lastAt)));
      const fault =
        (await this.seals.findFault(tenantId, seal, until - seal, removed?.before ?? null)) ??
        (await this.seals.findUnsealed(tenantId, from, to));
      if (fault) return { lastSeal, hash: null, next: null, fault, removed };
      if (until >= lastSeal) {
        return { lastSeal, hash: last?.hash ?? null, next: isEnd ? null : lastSeal, fault: null, removed };
      }
      from = to;
    }
  }

  /** Null: nothing is sealed yet. */
  last(tenantId: string): Promise<Seal | null> {
    return this.seals.last(tenantId);
  }

  private sealNext(tenantId: string): Promise<number> {
    return this.database.transaction(async () => {
      await this.seals.lock(tenantId);
      return this.seals.seal(tenantId, longestSeal, this.clock.now());
    });
  }
}
