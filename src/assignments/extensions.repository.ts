import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { type Filter, scopePredicate, studentPredicate } from '../students/student-filter.js';
import { effectiveDue } from './due-dates.js';
import type { ExtensionOutcome, ExtensionRow } from './extension-row.js';
import type { ExtendedSubmission } from './extensions.dto.js';

export interface PlannedExtension {
  readonly row: number;
  /** Null where there is no such student of the viewer's. */
  readonly studentId: string | null;
  readonly instructorId: string | null;
  readonly until: string;
  readonly formerUntil: string | null;
  readonly version: number | null;
  readonly result: ExtensionOutcome;
}

export interface LockedExtension {
  readonly instructorId: string | null;
  readonly until: string | null;
  readonly version: number;
}

export type NewExtension = Pick<ExtendedSubmission, 'studentId'> & {
  /** Null takes it back. */
  readonly until: string | null;
  readonly reason: string | null;
};

/** The assignment is locked before: its own due date stays. Effective due dates follow by trigger. */
@Injectable()
export class ExtensionsRepository {
  constructor(private readonly database: Database) {}

  /** Students of the viewer's whom a filter means and who have the assignment, in the order of their ids. */
  async listMeant(
    viewer: Viewer,
    assignmentId: string,
    filter: Filter,
    today: string,
    limit: number,
  ): Promise<string[]> {
    const { sql, parameters } = studentPredicate(viewer, filter, today);
    const rows = await this.database.many<{ id: string }>(
      `-- assignments.listExtensible
      select p.student_id as id from student_progress p
      join submissions s on s.tenant_id = $1 and s.assignment_id = $${parameters.push(assignmentId)}
        and s.student_id = p.student_id and s.withdrawn_at is null
      where p.tenant_id = $1 and ${sql}
      order by p.student_id limit $${parameters.push(limit)}`,
      parameters,
    );
    return rows.map(({ id }) => id);
  }

  /** What these rows would do, each; the submissions are locked in the order of their students. */
  plan(viewer: Viewer, assignmentId: string, rows: readonly ExtensionRow[]): Promise<PlannedExtension[]> {
    const { sql, parameters } = scopePredicate(viewer);
    const columns = (['row', 'studentId', 'pid', 'until', 'day', 'reason'] as const).map(
      (name) => `$${parameters.push(rows.map((row) => row[name]))}`,
    );
    const [row, studentId, pid, until, day, reason] = columns;
    const assignment = `$${parameters.push(assignmentId)}`;
    return this.database.many<PlannedExtension>(
      `-- assignments.planExtensions
      with wanted as (
        select w.row, p.student_id, p.instructor_id, w.reason,
          coalesce(w.until, (w.day + 1)::timestamp at time zone t.time_zone - interval '1 millisecond') as until
        from unnest(${row}::integer[], ${studentId}::uuid[], ${pid}::text[], ${until}::timestamptz[], ${day}::date[],
          ${reason}::text[]) as w (row, student_id, pid, until, day, reason)
        join tenants t on t.id = $1
        left join users u on u.tenant_id = $1 and u.pid = w.pid
        left join student_progress p on p.tenant_id = $1 and p.is_active and ${sql}
          and p.student_id = coalesce(w.student_id, u.id) and (w.pid is null or p.student_id = u.id)
      ), locked as (
        select s.student_id, s.extended_until, s.extension_reason, s.version from submissions s
        where s.tenant_id = $1 and s.assignment_id = ${assignment} and s.withdrawn_at is null
          and s.student_id in (select student_id from wanted)
        order by s.student_id for no key update
      )
      select w.row, w.student_id as "studentId", w.instructor_id as "instructorId", w.until,
        s.extended_until as "formerUntil", s.version,
        case
          when w.student_id is null then 'student_not_found'
          when row_number() over (partition by w.student_id order by w.row) > 1 then 'duplicate_row'
          when s.student_id is null then 'not_assigned'
          when w.until <= a.due_at then 'not_later'
          when s.extended_until = w.until and s.extension_reason = w.reason then 'unchanged'
          else 'extended'
        end as result
      from wanted w
      join assignments a on a.tenant_id = $1 and a.id = ${assignment}
      left join locked s on s.student_id = w.student_id
      order by w.row`,
      parameters,
    );
  }

  /** One of a student of the viewer's. */
  lock(viewer: Viewer, assignmentId: string, studentId: string): Promise<LockedExtension | null> {
    const { sql, parameters } = scopePredicate(viewer);
    return this.database.maybeOne<LockedExtension>(
      `-- assignments.lockExtension
      select p.instructor_id as "instructorId", s.extended_until as until, s.version
      from submissions s
      join student_progress p on p.tenant_id = $1 and p.student_id = s.student_id and p.is_active and ${sql}
      where s.tenant_id = $1 and s.assignment_id = $${parameters.push(assignmentId)}
        and s.student_id = $${parameters.push(studentId)} and s.withdrawn_at is null
      for no key update of s`,
      parameters,
    );
  }

  /** The submissions are locked. */
  update(tenantId: string, assignmentId: string, extensions: readonly NewExtension[], now: Date): Promise<number> {
    return this.database.run(
      `-- assignments.updateExtensions
      update submissions s
      set extended_until = w.until, extension_reason = w.reason, version = s.version + 1, updated_at = $6
      from unnest($3::uuid[], $4::timestamptz[], $5::text[]) as w (student_id, until, reason)
      where s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = w.student_id`,
      [
        tenantId,
        assignmentId,
        extensions.map(({ studentId }) => studentId),
        extensions.map(({ until }) => until),
        extensions.map(({ reason }) => reason),
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
