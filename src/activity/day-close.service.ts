import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';
import { addDays } from '../org/local-day.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { DayCloseRepository } from './day-close.repository.js';

/** Ingestion waits for the locks of one chunk: 2,000 took half a second, on two cores that were busy. */
const chunkStudents = 1_000;
/** Days of one chunk, where many are open: after an import, or an outage of weeks. */
const chunkDays = 5_000;
const beforeAllIds = '00000000-0000-0000-0000-000000000000';

export interface DayClose {
  readonly snapshotsClosed: number;
  readonly studentsMoved: number;
}

/** The end of a tenant's day: what midnight changes without anybody doing anything. */
@Injectable()
export class DayCloseService {
  constructor(
    private readonly database: Database,
    private readonly days: DayCloseRepository,
    private readonly progress: ProgressRepository,
    private readonly outbox: Outbox,
    private readonly cache: Cache,
  ) {}

  /**
   * Closes all days before `today`, in short transactions. What was closed before, here or in another process, stays
   * as it is; after a crash it goes on where it was.
   * @param today the tenant's local day
   * @throws the signal's reason, between two transactions
   */
  async close(tenantId: string, today: string, signal: AbortSignal): Promise<DayClose> {
    let snapshotsClosed = 0;
    let studentsMoved = 0;
    let after = beforeAllIds;
    for (;;) {
      const through = await this.progress.endOfChunk(tenantId, after, chunkStudents);
      if (through === null) break;
      for (let from: string | undefined = after; from !== undefined && from < through;) {
        signal.throwIfAborted();
        const chunk = await this.closeChunk(tenantId, { after: from, through }, today);
        snapshotsClosed += chunk.snapshots;
        studentsMoved += chunk.moved.length;
        await this.cache.bump(chunk.moved.map((studentId) => `student:${studentId}`));
        from = chunk.last;
      }
      after = through;
    }
    await this.progress.pruneCounts(tenantId);
    const instructors = await this.progress.listInstructors(tenantId);
    await this.database.transaction(async () => {
      const day = addDays(today, -1);
      if (!(await this.days.markClosed(tenantId, day))) return;
      await this.outbox.append(tenantId, 'activity.day-closed', day, { day });
    });
    // also where nothing was written: who is active has changed with the day
    await this.cache.bump([`tenant:${tenantId}`, ...instructors.map((id) => `roster:${id}`)]);
    return { snapshotsClosed, studentsMoved };
  }

  private closeChunk(
    tenantId: string,
    range: { readonly after: string; readonly through: string },
    today: string,
  ): Promise<{ snapshots: number; moved: string[]; last: string | undefined }> {
    return this.database.transaction(async () => {
      const students = await this.progress.lockForClose(tenantId, range, today, chunkDays);
      const open = students.filter(({ hasOpenDays }) => hasOpenDays).map(({ studentId }) => studentId);
      const snapshots = open.length > 0 ? await this.days.closeSnapshots(tenantId, open, today) : 0;
      const ids = students.map(({ studentId }) => studentId);
      const moved = ids.length > 0 ? await this.progress.moveWindows(tenantId, ids, today) : [];
      return { snapshots, moved, last: ids.at(-1) };
    });
  }
}
