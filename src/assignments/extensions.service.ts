import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { isDay } from '../http/fields.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { delegationOf } from '../students/student-filter.js';
import { tagsOf } from './affected-students.js';
import { AssignmentsRepository } from './assignments.repository.js';
import { refuseArchived } from './edit-rules.js';
import { type PlannedExtension, planExtensions } from './extension-plan.js';
import type { ExtensionRow } from './extension-row.js';
import type { ExtendedSubmission, ExtendSubmission } from './extensions.dto.js';
import { ExtensionsRepository, type LockedExtension, type NamedStudent } from './extensions.repository.js';

interface ExtensionChange {
  readonly student: NamedStudent;
  readonly before: LockedExtension;
  /** Null takes it back. */
  readonly until: string | null;
  readonly reason: string | null;
}

/** Whoever has a student may grant more time for one assignment, whosever that is. */
@Injectable()
export class ExtensionsService {
  constructor(
    private readonly database: Database,
    private readonly assignments: AssignmentsRepository,
    private readonly extensions: ExtensionsRepository,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  /**
   * @param version of the submission that the client has read; undefined where it does not mind
   * @throws Problem 404, 409 for an archived assignment or one without due date, 412, 422 `extension_not_later`
   */
  extend(
    viewer: Viewer,
    assignmentId: string,
    studentId: string,
    { until, reason }: ExtendSubmission,
    version?: number,
  ): Promise<ExtendedSubmission> {
    const row: ExtensionRow = { row: 1, studentId: studentId.toLowerCase(), pid: null, until, reason };
    return this.database.transaction(async () => {
      const dueAt = await this.lockAssignment(viewer, assignmentId, 'submission');
      const plan = await this.plan(viewer, assignmentId, dueAt, [row]);
      const { before, result } = plan[0]!;
      if (!before) throw Problem.notFound('submission');
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      if (result === 'not_later') {
        const detail = "An extension must end later than the assignment's own due date.";
        throw Problem.unprocessable('extension_not_later', detail, '/until');
      }
      await this.write(viewer, assignmentId, plan.filter(isExtended));
      return this.extensions.get(viewer, assignmentId, studentId);
    });
  }

  /** Taking back what is not there changes nothing. */
  takeBack(viewer: Viewer, assignmentId: string, studentId: string, version?: number): Promise<void> {
    return this.database.transaction(async () => {
      await this.lockAssignment(viewer, assignmentId, 'submission');
      const [student] = await this.extensions.listNamed(viewer, [studentId], []);
      const [before] = student ? await this.extensions.lock(viewer.tenantId, assignmentId, [studentId]) : [];
      if (!student || !before) throw Problem.notFound('submission');
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      if (before.until !== null) {
        await this.write(viewer, assignmentId, [{ student, before, until: null, reason: null }]);
      }
    });
  }

  /** Grants what can be granted, if what would come of it is admitted. @returns what came, or would come, of each row */
  extendMany(
    viewer: Viewer,
    assignmentId: string,
    rows: readonly ExtensionRow[],
    admit: (plan: readonly PlannedExtension[]) => boolean,
  ): Promise<PlannedExtension[]> {
    return this.database.transaction(async () => {
      const dueAt = await this.lockAssignment(viewer, assignmentId, 'assignment');
      const plan = await this.plan(viewer, assignmentId, dueAt, rows);
      if (admit(plan)) await this.write(viewer, assignmentId, plan.filter(isExtended));
      return plan;
    });
  }

  /** @returns its own due date, which does not move meanwhile */
  private async lockAssignment(viewer: Viewer, id: string, noun: 'assignment' | 'submission'): Promise<string> {
    const assignment = await this.assignments.lockSeen(viewer, id, this.clock.now());
    if (!assignment) throw Problem.notFound(noun);
    refuseArchived(assignment);
    if (assignment.dueAt !== null) return assignment.dueAt;
    throw Problem.conflict('due_date_missing', 'The assignment has no due date that could be extended.');
  }

  /** The submissions are locked, in the order of their students. */
  private async plan(
    viewer: Viewer,
    assignmentId: string,
    dueAt: string,
    rows: readonly ExtensionRow[],
  ): Promise<PlannedExtension[]> {
    const { tenantId } = viewer;
    const ids = rows.flatMap(({ studentId }) => studentId ?? []);
    const pids = rows.flatMap(({ pid }) => pid ?? []);
    const students = await this.extensions.listNamed(viewer, ids, pids);
    const extensions = await this.extensions.lock(
      tenantId,
      assignmentId,
      students.map(({ studentId }) => studentId),
    );
    const days = [...new Set(rows.map(({ until }) => until).filter(isDay))];
    const ends = days.length > 0 ? await this.extensions.listEnds(tenantId, days) : [];
    const known = { dueAt, students, extensions, ends: new Map(ends.map(({ day, until }) => [day, until])) };
    return planExtensions(rows, known);
  }

  private async write(viewer: Viewer, assignmentId: string, changes: readonly ExtensionChange[]): Promise<void> {
    if (changes.length === 0) return;
    const { tenantId } = viewer;
    await this.extensions.update(
      tenantId,
      assignmentId,
      changes.map(({ student: { studentId }, until, reason }) => ({ studentId, until, reason })),
      this.clock.now(),
    );
    await this.audit.record(
      viewer,
      changes.map(({ student, before, until, reason }) => ({
        action: until === null ? 'extension.taken_back' : 'extension.granted',
        targetType: 'student',
        targetId: student.studentId,
        before: { assignmentId, until: before.until },
        after: { assignmentId, until, ...delegationOf(viewer, student.instructorId) },
        reason: reason ?? undefined,
      })),
    );
    const tags = tagsOf(
      tenantId,
      changes.map(({ student }) => student),
    );
    await this.database.afterCommit(() => this.cache.bump(tags));
  }
}

function isExtended(plan: PlannedExtension): plan is PlannedExtension & ExtensionChange {
  return plan.result === 'extended';
}
