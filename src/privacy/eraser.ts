import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { ErasedTraces } from './erased-traces.js';
import { ErasureRecord } from './erasure-record.js';
import { type DueErasure, ErasuresRepository, type RunningErasure } from './erasures.repository.js';
import { Obstacles } from './obstacles.js';

/** Longer than any request, job turn or mail that had read a name before the row was a tombstone. */
const settleSeconds = 300;
const swept = 'swept';

/**
 * Erases people whose waiting period is over. First, in one transaction, the row becomes a tombstone: from then on
 * nothing new can carry a name. Then everything else goes, step after step, each of which can be done again: a killed
 * run begins anew, two at once do the same. Minutes later all of it is done once more, for what was under way.
 */
@Injectable()
export class Eraser {
  constructor(
    private readonly database: Database,
    private readonly erasures: ErasuresRepository,
    private readonly obstacles: Obstacles,
    private readonly traces: ErasedTraces,
    private readonly record: ErasureRecord,
    private readonly clock: Clock,
  ) {}

  /** @returns what came of it @throws the signal's reason, between two steps */
  async erase({ tenantId, id }: DueErasure, signal: AbortSignal): Promise<'held' | 'over' | 'begun' | 'done'> {
    const obstacle = await this.begin(tenantId, id);
    if (obstacle !== null) return obstacle;
    const erasure = await this.erasures.findRunning(tenantId, id);
    if (!erasure) return 'over';
    if (erasure.step !== swept) {
      await this.sweep(erasure, signal);
      await this.erasures.recordStep(tenantId, id, swept);
      return 'begun';
    }
    if (this.clock.now().getTime() < Date.parse(erasure.startedAt) + settleSeconds * 1000) return 'begun';
    await this.sweep(erasure, signal);
    await this.database.transaction(async () => {
      if (!(await this.erasures.finish(tenantId, id, this.clock.now()))) return;
      await this.record.finished(tenantId, erasure.personId, id);
    });
    return 'done';
  }

  /** @returns null once it runs */
  private begin(tenantId: string, id: string): Promise<'held' | 'over' | null> {
    const now = this.clock.now();
    return this.database.transaction(async () => {
      const due = await this.erasures.lockDue(tenantId, id, now);
      if (!due) return 'over';
      if (due.status === 'running') return null;
      const ids = await this.erasures.listIds(tenantId, due.personId);
      const obstacle = await this.obstacles.lock(tenantId, due.personId, ids);
      if (obstacle) {
        await this.erasures.hold(tenantId, id, obstacle.code);
        return 'held';
      }
      const sought = await this.traces.bury(tenantId, ids, now);
      await this.erasures.begin(tenantId, id, sought, now);
      await this.record.begun(tenantId, ids, id);
      return null;
    });
  }

  private async sweep({ tenantId, personId, sought, startedAt }: RunningErasure, signal: AbortSignal): Promise<void> {
    const ids = await this.erasures.listIds(tenantId, personId);
    await this.traces.erase(tenantId, { ids, sought, startedAt }, signal);
  }
}
