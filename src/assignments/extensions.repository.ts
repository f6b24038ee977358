import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { scopePredicate } from '../students/student-filter.js';
import type { AffectedStudent } from './affected-students.js';
import { effectiveDue } from './due-dates.js';
import type { ExtendedSubmission } from './extensions.dto.js';

/** A student of the viewer's who was named. */
export interface NamedStudent extends AffectedStudent {
  readonly pid: string | null;
}

/** What is granted of a submission that is locked. */
export interface LockedExtension {
  readonly studentId: string;
  readonly until: string | null;
  readonly reason: string | null;
  readonly version: number;
}

export interface NewExtension {
  readonly studentId: string;
  /** Null takes it back. */
  readonly until: string | null;
  readonly reason: string | null;
}

/** The assignment is locked before: its own due date stays. Effective due dates follow by trigger. */
@Injectable()
export class ExtensionsRepository {
  constructor(private readonly database: Database) {}

  /** Which of these students have the assignment, in the order of their ids. */
  async listHoldersAmong(tenantId: string, assignmentId: string, studentIds: readonly string[]): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- assignments.listHoldersAmong
      select student_id as id from submissions
      where tenant_id = $1 and assignment_id = $2 and student_id = any ($3) and withdrawn_at is null
      order by student_id`,
      [tenantId, assignmentId, studentIds],
    );
    return rows.map(({ id }) => id);
  }

  /** Of the students with these ids and numbers those whom the viewer has. */
  listNamed(viewer: Viewer, ids: readonly string[], pids: readonly string[]): Promise<NamedStudent[]> {
    const { sql, parameters } = scopePredicate(viewer);
    const [given, numbers] = [`$${parameters.push(ids)}::uuid[]`, `$${parameters.push(pids)}::text[]`];
    return this.database.many<NamedStudent>(
      `-- assignments.listNamedStudents
      select p.student_id as "studentId", p.pid, p.instructor_id as "instructorId" from student_progress p
      where p.tenant_id = $1 and ${sql} and p.is_active and p.student_id = any (${given} || array(
        select u.id from users u where u.tenant_id = $1 and u.pid = any (${numbers})
      ))`,
      parameters,
    );
  }

  /** The last milliseconds of these local days. */
  listEnds(tenantId: string, days: readonly string[]): Promise<{ day: string; until: string }[]> {
    return this.database.many<{ day: string; until: string }>(
      `-- assignments.listEndsOfDays
      select w.day, (w.day + 1)::timestamp at time zone t.time_zone - interval '1 millisecond' as until
      from tenants t cross join unnest($2::date[]) as w (day) where t.id = $1`,
      [tenantId, days],
    );
  }

  /** What these students have of it, in the order of their ids. */
  lock(tenantId: string, assignmentId: string, studentIds: readonly string[]): Promise<LockedExtension[]> {
    return this.database.many<LockedExtension>(
      `-- assignments.lockExtensions
      select s.student_id as "studentId", s.extended_until as until, s.extension_reason as reason, s.version
      from submissions s
      where s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = any ($3) and s.withdrawn_at is null
      order by s.student_id for no key update`,
      [tenantId, assignmentId, studentIds],
    );
  }

  /**
   * The submissions are locked. Each row looks up what is new of it: of an assignment that was handed out just now the
   * planner knows nothing, and would join by trying all pairs, for which 10,000 rows took more than 4 s.
   */
  update(tenantId: string, assignmentId: string, extensions: readonly NewExtension[], now: Date): Promise<number> {
    return this.database.run(
      `-- assignments.updateExtensions
      update submissions s
      set extended_until = ($4::jsonb -> s.student_id::text ->> 'until')::timestamptz,
        extension_reason = $4::jsonb -> s.student_id::text ->> 'reason', version = s.version + 1, updated_at = $5
      where s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = any ($3)`,
      [
        tenantId,
        assignmentId,
        extensions.map(({ studentId }) => studentId),
        JSON.stringify(Object.fromEntries(extensions.map(({ studentId, ...terms }) => [studentId, terms]))),
        now,
      ],
    );
  }

  get(viewer: Viewer, assignmentId: string, studentId: string): Promise<ExtendedSubmission> {
    return this.database.one<ExtendedSubmission>(
      `-- assignments.getExtended
      select s.assignment_id as "assignmentId", s.student_id as "studentId", ${effectiveDue(viewer)} as "effectiveDue",
        s.version
      from submissions s join assignments a on a.tenant_id = $1 and a.id = s.assignment_id
      where s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = $3`,
      [viewer.tenantId, assignmentId, studentId],
    );
  }
}
