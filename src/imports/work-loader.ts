import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { type AssignmentRow, type SubmissionRow, WorkRepository } from './work.repository.js';

/** Work that was set elsewhere, for whom, and what has become of it by now. */
export interface Work {
  readonly assignments: readonly AssignmentRow[];
  /** Of one student at a time. */
  readonly submissions: Iterable<readonly SubmissionRow[]>;
}

export interface LoadedWork {
  /** New ones, as are the others. */
  assignments: number;
  submissions: number;
  attempts: number;
}

const submissionsPerTransaction = 4_000;

/** Brings work in: completely or not at all for each student, so what was interrupted is repeated from the start. */
@Injectable()
export class WorkLoader {
  constructor(
    private readonly database: Database,
    private readonly repository: WorkRepository,
    private readonly progress: ProgressRepository,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  /** @param onLoaded is told of how many students the work has been dealt with so far */
  async load(tenantId: string, work: Work, onLoaded: (students: number) => void): Promise<LoadedWork> {
    const loaded: LoadedWork = { assignments: 0, submissions: 0, attempts: 0 };
    loaded.assignments = await this.database.transaction(async () => {
      const count = await this.repository.insertAssignments(tenantId, work.assignments, this.clock.now());
      if (count > 0) await this.record(tenantId, 'assignments.imported', 'assignment', { count });
      return count;
    });
    const assignmentIds = work.assignments.map(({ id }) => id);
    let waiting: SubmissionRow[] = [];
    let students = 0;
    const write = async (): Promise<void> => {
      const { submissions, attempts } = await this.write(tenantId, assignmentIds, waiting);
      loaded.submissions += submissions;
      loaded.attempts += attempts;
      waiting = [];
      onLoaded(students);
    };
    for (const submissions of work.submissions) {
      waiting.push(...submissions);
      students += 1;
      if (waiting.length >= submissionsPerTransaction) await write();
    }
    if (waiting.length > 0) await write();
    await this.repository.analyzeWork();
    return loaded;
  }

  private write(
    tenantId: string,
    assignmentIds: readonly string[],
    rows: readonly SubmissionRow[],
  ): Promise<Omit<LoadedWork, 'assignments'>> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      await this.repository.lockAssignments(tenantId, assignmentIds);
      await this.progress.lockAll(tenantId, [...new Set(rows.map(({ studentId }) => studentId))]);
      const { studentIds, submissions, attempts } = await this.repository.writeSubmissions(tenantId, rows, now);
      if (studentIds.length > 0) {
        await this.progress.refreshAssignments(tenantId, studentIds, now);
        await this.record(tenantId, 'submissions.imported', 'submission', { submissions, attempts });
      }
      return { submissions, attempts };
    });
  }

  private record(tenantId: string, action: string, targetType: string, after: object): Promise<void> {
    return this.audit.record({ tenantId, userId: null, role: 'service' }, { action, targetType, after });
  }
}
