import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { completeFromSessions } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { SessionCompletionRepository } from './session-completion.repository.js';
import { SubmissionRecord } from './submission-record.js';

/** Work that completes itself, because its modules were practised well enough. */
@Injectable()
export class SessionCompletionJobs {
  constructor(
    private readonly database: Database,
    private readonly completions: SessionCompletionRepository,
    private readonly progress: ProgressRepository,
    private readonly record: SubmissionRecord,
    private readonly clock: Clock,
  ) {}

  /** Mostly nothing is completed, and then nothing is locked. What was entered once is not found again. */
  @Handles(completeFromSessions)
  async completeFromSessions({ tenantId, payload }: Run): Promise<Outcome> {
    const { studentIds } = payload as { studentIds: readonly string[] };
    const now = this.clock.now();
    const found = await this.completions.list(tenantId!, studentIds, now);
    if (found.length === 0) return { completed: 0 };
    const assignmentIds = [...new Set(found.map(({ assignmentId }) => assignmentId))];
    const completed = await this.enter(
      tenantId!,
      assignmentIds,
      [...new Set(found.map(({ studentId }) => studentId))],
      now,
    );
    return { completed };
  }

  private enter(
    tenantId: string,
    assignmentIds: readonly string[],
    studentIds: readonly string[],
    now: Date,
  ): Promise<number> {
    return this.database.transaction(async () => {
      await this.completions.lockAssignments(tenantId, assignmentIds);
      const students = await this.progress.lock(tenantId, studentIds);
      const present = students.map(({ studentId }) => studentId);
      await this.completions.lockSubmissions(tenantId, assignmentIds, present);
      const entered = await this.completions.insert(tenantId, present, assignmentIds, now);
      if (entered.length === 0) return 0;
      const instructors = new Map(students.map(({ studentId, instructorId }) => [studentId, instructorId]));
      const attempts = entered.map((one) => ({ ...one, instructorId: instructors.get(one.studentId)! }));
      await this.record.submitted({ tenantId, userId: null, role: 'service' }, attempts, now);
      return entered.length;
    });
  }
}
