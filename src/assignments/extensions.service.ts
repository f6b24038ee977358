import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { delegationOf } from '../students/student-filter.js';
import { AssignmentsRepository } from './assignments.repository.js';
import type { ExtensionRow } from './extension-row.js';
import type { ExtendedSubmission, ExtendSubmission } from './extensions.dto.js';
import { ExtensionsRepository, type NewExtension, type PlannedExtension } from './extensions.repository.js';

/** A change of one extension, with what the audit says of it. */
interface ExtensionChange extends NewExtension {
  readonly instructorId: string | null;
  readonly formerUntil: string | null;
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
    const row: ExtensionRow = { row: 1, studentId, pid: null, until, day: null, reason };
    return this.database.transaction(async () => {
      await this.lockAssignment(viewer, assignmentId, 'submission');
      const [plan] = await this.extensions.plan(viewer, assignmentId, [row]);
      if (!plan || plan.version === null) throw Problem.notFound('submission');
      if (version !== undefined && version !== plan.version) throw Problem.versionMismatch();
      if (plan.result === 'not_later') {
        const detail = "An extension must end later than the assignment's own due date.";
        throw Problem.unprocessable('extension_not_later', detail, '/until');
      }
      if (plan.result === 'extended') await this.write(viewer, assignmentId, [changeOf(plan, reason)]);
      return this.extensions.get(viewer, assignmentId, studentId);
    });
  }

  /** Taking back what is not there changes nothing. */
  takeBack(viewer: Viewer, assignmentId: string, studentId: string, version?: number): Promise<void> {
    return this.database.transaction(async () => {
      await this.lockAssignment(viewer, assignmentId, 'submission');
      const locked = await this.extensions.lock(viewer, assignmentId, studentId);
      if (!locked) throw Problem.notFound('submission');
      if (version !== undefined && version !== locked.version) throw Problem.versionMismatch();
      if (locked.until === null) return;
      const { instructorId, until: formerUntil } = locked;
      await this.write(viewer, assignmentId, [{ studentId, until: null, reason: null, instructorId, formerUntil }]);
    });
  }

  /** Grants what can be granted; or nothing, where something cannot and all or none is wanted. @returns what of each */
  extendMany(
    viewer: Viewer,
    assignmentId: string,
    rows: readonly ExtensionRow[],
    admit: (plan: readonly PlannedExtension[]) => boolean,
  ): Promise<PlannedExtension[]> {
    return this.database.transaction(async () => {
      await this.lockAssignment(viewer, assignmentId, 'assignment');
      const plan = await this.extensions.plan(viewer, assignmentId, rows);
      const reasons = new Map(rows.map(({ row, reason }) => [row, reason]));
      const granted = plan.filter(({ result }) => result === 'extended');
      if (granted.length > 0 && admit(plan)) {
        const changes = granted.map((one) => changeOf(one, reasons.get(one.row)!));
        await this.write(viewer, assignmentId, changes);
      }
      return plan;
    });
  }

  /** Its own due date does not move meanwhile. */
  private async lockAssignment(viewer: Viewer, id: string, noun: 'assignment' | 'submission'): Promise<void> {
    const assignment = await this.assignments.lockSeen(viewer, id, this.clock.now());
    if (!assignment) throw Problem.notFound(noun);
    if (assignment.status === 'archived') {
      throw Problem.conflict('assignment_archived', 'The assignment is archived and stays as it is.');
    }
    if (assignment.dueAt === null) {
      throw Problem.conflict('due_date_missing', 'The assignment has no due date that could be extended.');
    }
  }

  private async write(viewer: Viewer, assignmentId: string, changes: readonly ExtensionChange[]): Promise<void> {
    const { tenantId } = viewer;
    await this.extensions.update(tenantId, assignmentId, changes, this.clock.now());
    await this.audit.record(
      viewer,
      changes.map(({ studentId, until, reason, instructorId, formerUntil }) => ({
        action: until === null ? 'extension.taken_back' : 'extension.granted',
        targetType: 'student',
        targetId: studentId,
        before: { assignmentId, until: formerUntil },
        after: { assignmentId, until, ...delegationOf(viewer, instructorId) },
        reason: reason ?? undefined,
      })),
    );
    const tags = [
      `tenant:${tenantId}`,
      ...new Set(changes.map(({ instructorId }) => `roster:${instructorId}`)),
      ...changes.map(({ studentId }) => `student:${studentId}`),
    ];
    await this.database.afterCommit(() => this.cache.bump(tags));
  }
}

function changeOf({ studentId, until, instructorId, formerUntil }: PlannedExtension, reason: string): ExtensionChange {
  return { studentId: studentId!, until, reason, instructorId, formerUntil };
}
