import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import { delegationOf } from '../students/student-filter.js';
import { type AffectedStudent, eventsOf, tagsOf } from './affected-students.js';
import { AssignmentsRepository, type LockedAssignment } from './assignments.repository.js';
import { refuseArchived } from './edit-rules.js';
import { type ChangedWork, GradesRepository } from './grades.repository.js';
import type { Grading, LockedWork } from './grading.js';

/** By one statement: 20,000 took 2 s on a busy machine, and a statement has 4 s. */
const mostWritten = 5_000;

export interface PlannedChange {
  readonly work: LockedWork;
  readonly grading: Grading;
  readonly instructorId: string | null;
  readonly reason?: string;
  /** The change of the history that this one takes back. */
  readonly undoesId?: string;
}

interface Occasion {
  /** Of the audit. */
  readonly action: string;
  readonly batchId?: string;
  readonly now: Date;
}

/** Changes what is said about work, with all that follows: history, audit, event, caches. */
@Injectable()
export class GradeWriter {
  constructor(
    private readonly database: Database,
    private readonly assignments: AssignmentsRepository,
    private readonly grades: GradesRepository,
    private readonly audit: AuditRecorder,
    private readonly outbox: Outbox,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 404, and 409 for an assignment whose work cannot be graded: it is not handed out, or over */
  async lockGradable(
    viewer: Viewer,
    assignmentId: string,
    now: Date,
    wanted: 'assignment' | 'submission' | 'grade_batch' = 'assignment',
  ): Promise<LockedAssignment> {
    const assignment = await this.assignments.lockSeen(viewer, assignmentId, now);
    if (!assignment) throw Problem.notFound(wanted);
    refuseUngradable(assignment);
    return assignment;
  }

  /**
   * In the caller's transaction, which holds the locks of the assignment and of the work. Why is kept in the history
   * and not repeated in the audit: it may be of the student's health.
   */
  async write(
    viewer: Viewer,
    assignment: LockedAssignment,
    changes: readonly PlannedChange[],
    { action, batchId, now }: Occasion,
  ): Promise<ReadonlyMap<string, ChangedWork>> {
    if (changes.length === 0) return new Map();
    const rows = changes.map(({ work: { studentId }, grading, reason = null, undoesId = null }) => {
      return { ...grading, id: uuidv7(), studentId, reason, undoesId };
    });
    const written: ChangedWork[] = [];
    for (let from = 0; from < rows.length; from += mostWritten) {
      const chunk = rows.slice(from, from + mostWritten);
      written.push(...(await this.grades.write(viewer, assignment.id, chunk, { batchId: batchId ?? null, now })));
    }
    await this.audit.record(
      viewer,
      changes.map(({ work, grading, instructorId }) => ({
        action,
        targetType: 'student',
        targetId: work.studentId,
        before: auditOf(assignment, work),
        after: { ...auditOf(assignment, grading), ...delegationOf(viewer, instructorId) },
      })),
    );
    if (assignment.gradeRelease === 'automatic' || assignment.gradesReleasedAt !== null) {
      const graded = changes.filter(({ work, grading }) => grading.gradedAt !== null && isRegraded(work, grading));
      await this.announce(viewer.tenantId, assignment.id, graded.map(({ work }) => work.studentId)); // prettier-ignore
    }
    const affected = changes.map(({ work: { studentId }, instructorId }) => ({ studentId, instructorId }));
    await this.bump(viewer.tenantId, affected);
    return new Map(written.map((row) => [row.studentId, row]));
  }

  /** Tells that these students can see a grade. */
  async announce(tenantId: string, assignmentId: string, studentIds: readonly string[]): Promise<void> {
    await this.outbox.appendMany(tenantId, 'assignments.graded', eventsOf(assignmentId, studentIds));
  }

  /** Once the transaction has committed. */
  bump(tenantId: string, affected: readonly AffectedStudent[], ...more: readonly string[]): Promise<void> {
    return this.database.afterCommit(() => this.cache.bump([...tagsOf(tenantId, affected), ...more]));
  }
}

export function refuseUngradable(assignment: LockedAssignment): void {
  if (assignment.isTemplate || assignment.status === 'draft') {
    throw Problem.conflict('assignment_draft', 'This has not been handed out.');
  }
  refuseArchived(assignment);
}

const isRegraded = (work: LockedWork, grading: Grading): boolean =>
  work.grade !== grading.grade || work.penalty !== grading.penalty || work.gradedAt !== grading.gradedAt;

function auditOf({ id: assignmentId }: LockedAssignment, { grade, penalty, exemption }: Grading): object {
  return { assignmentId, grade, gradePenalty: penalty, exemption };
}
