import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { applyThresholds } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { InheritanceRepository, type Rostered } from './inheritance.repository.js';
import { Rosters } from './rosters.service.js';

/** Ingestion waits for the locks of one chunk. */
const chunkStudents = 500;

@Injectable()
export class InheritanceJobs {
  constructor(
    private readonly database: Database,
    private readonly inheritance: InheritanceRepository,
    private readonly rosters: Rosters,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
  ) {}

  /** Every chunk takes what holds when it is locked, so that of two changes the later one wins whoever runs first. */
  @Handles(applyThresholds)
  async applyThresholds({ tenantId, payload, signal }: Run): Promise<Outcome> {
    const { departmentId, instructorId } = payload as { departmentId: string | null; instructorId: string | null };
    let [after, students, changed, released] = ['00000000-0000-0000-0000-000000000000', 0, 0, 0];
    for (;;) {
      signal.throwIfAborted();
      const chunk = await this.follow(tenantId!, { departmentId, instructorId }, after);
      if (!chunk) return { students, changed, released };
      after = chunk.through;
      students += chunk.students;
      changed += chunk.changed;
      released += chunk.released;
    }
  }

  private follow(
    tenantId: string,
    reach: { readonly departmentId: string | null; readonly instructorId: string | null },
    after: string,
  ): Promise<{ through: string; students: number; changed: number; released: number } | null> {
    return this.database.transaction(async () => {
      const ids = await this.inheritance.lockChunk(tenantId, reach, after, chunkStudents);
      const through = ids.at(-1);
      if (through === undefined) return null;
      const misplaced = await this.inheritance.listMisplaced(tenantId, ids);
      if (misplaced.length > 0) await this.release(tenantId, misplaced);
      const changed = await this.inheritance.applyThresholds(tenantId, ids);
      const tags = [...changed, ...misplaced].flatMap(({ studentId, instructorId }) => [
        `student:${studentId}`,
        `roster:${instructorId}`,
      ]);
      if (tags.length > 0) {
        await this.database.afterCommit(() => this.cache.bump([`tenant:${tenantId}`, ...new Set(tags)]));
      }
      return { through, students: ids.length, changed: changed.length, released: misplaced.length };
    });
  }

  /** Takes who is not active off the roster of an instructor who no longer fits, so that they can be active again. */
  private async release(tenantId: string, misplaced: readonly Rostered[]): Promise<void> {
    const assignments = misplaced.map(({ studentId }) => ({ studentId, instructorId: null }));
    await this.rosters.enter(tenantId, assignments);
    await this.audit.record(
      { tenantId, userId: null, role: 'service' },
      misplaced.map(({ studentId, instructorId }) => ({
        action: 'student.reassigned',
        targetType: 'student',
        targetId: studentId,
        before: { instructorId },
        after: { instructorId: null },
        reason: 'the department has moved away from that of the instructor',
      })),
    );
  }
}
