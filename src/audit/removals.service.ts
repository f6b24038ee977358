import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { OwnerDatabase } from '../database/owner-database.js';
import { AuditRecorder } from './audit.recorder.js';
import { type Place, type Removed, RemovalsRepository } from './removals.repository.js';
import { SealsRepository } from './seals.repository.js';

/** Entries that are looked at in a transaction. */
const chunk = 20_000;
const statementSeconds = 60;

export interface Trimming {
  readonly runId: string;
  /** Everything before it may go. */
  readonly cutOff: Date;
}

/** Entries that are past their time leave the trail, and the trail says so. */
@Injectable()
export class AuditRemovals {
  private readonly removals: RemovalsRepository;
  private readonly seals: SealsRepository;
  private readonly audit: AuditRecorder;

  /** All of it in the owner's transactions: to the application's role entries are there to stay. */
  constructor(
    private readonly database: OwnerDatabase,
    clock: Clock,
  ) {
    this.removals = new RemovalsRepository(database);
    this.seals = new SealsRepository(database);
    this.audit = AuditRecorder.on(database, clock);
  }

  /**
   * Removes what is sealed and not held, the oldest first; each transaction leaves an entry that says up to where it went.
   * @param onRemoved runs in the same transaction
   */
  async trim(
    tenantId: string,
    trimming: Trimming,
    signal: AbortSignal,
    onRemoved: (removed: Removed) => Promise<void>,
  ): Promise<void> {
    for (let after: Place | null = null; ;) {
      signal.throwIfAborted();
      const { last }: Removed = await this.database.transaction(
        async () => {
          await this.seals.lock(tenantId);
          await this.removals.allow(trimming.runId);
          const removed = await this.removals.remove(tenantId, trimming.cutOff, after, chunk);
          if (removed.entries === 0) return removed;
          await this.claim(tenantId, trimming, removed.entries);
          await onRemoved(removed);
          return removed;
        },
        { statementSeconds },
      );
      if (last === null) return;
      after = last;
    }
  }

  /**
   * In a transaction that is about to drop the partition of `[from, to)`.
   * @returns null where an entry of it is not sealed: then it must stay
   */
  async countOut(tenantId: string, trimming: Trimming, from: Date, to: Date): Promise<Removed | null> {
    await this.seals.lock(tenantId);
    const removed = await this.removals.countOut(tenantId, from, to);
    if (removed && removed.entries > 0) await this.claim(tenantId, trimming, removed.entries);
    return removed;
  }

  private async claim(tenantId: string, { runId, cutOff }: Trimming, entries: number): Promise<void> {
    const state = await this.removals.state(tenantId);
    const former = await this.removals.lastClaim(tenantId);
    const before = Math.max(cutOff.getTime(), Date.parse(former?.before ?? cutOff.toISOString()));
    await this.audit.record(
      { tenantId, userId: null, role: 'service' },
      {
        action: 'audit.trimmed',
        targetType: 'retention_run',
        targetId: runId,
        after: {
          cutOff,
          before: new Date(before),
          lastSeal: state.lastSeal,
          lastSealHash: state.lastSealHash,
          removed: entries,
          removedInAll: state.entries,
          removals: state.digest,
        },
      },
    );
  }
}
