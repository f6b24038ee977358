import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { AffectedStudent } from './affected-students.js';

/** A student whose work has just been marked, so that it is told of once. */
export interface MarkedWork extends AffectedStudent {
  readonly assignmentId: string;
}

/** Sets what has been told of, for pieces of work `due`, and says whose they are. */
const marking = (column: 'due_soon_sent_for' | 'overdue_sent_for'): string => `
  marked as (
    update submissions s set ${column} = due.effective_due_at from due
    where s.tenant_id = $1 and s.assignment_id = due.assignment_id and s.student_id = due.student_id
    returning s.assignment_id, s.student_id
  )
  select m.assignment_id as "assignmentId", m.student_id as "studentId", p.instructor_id as "instructorId"
  from marked m join student_progress p on p.tenant_id = $1 and p.student_id = m.student_id
  order by m.assignment_id, m.student_id`;

/** What the clock alone changes about assignments. */
@Injectable()
export class AssignmentClockRepository {
  constructor(private readonly database: Database) {}

  /** Those that have become available and of which nobody knows yet. */
  async listUnopened(tenantId: string, now: Date): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- assignments.listUnopened
      select id from assignments
      where tenant_id = $1 and available_from <= $2 and opened_at is null and published_at is not null
        and status <> 'draft'
      order by id`,
      [tenantId, now],
    );
    return rows.map(({ id }) => id);
  }

  /** Whether one of those is still one; if so, it is handed out to nobody else while this transaction lasts. */
  async lockUnopened(tenantId: string, id: string, now: Date): Promise<boolean> {
    const found = await this.database.maybeOne<{ id: string }>(
      `-- assignments.lockUnopened
      select id from assignments
      where tenant_id = $1 and id = $3 and available_from <= $2 and opened_at is null and published_at is not null
        and status <> 'draft'
      for no key update`,
      [tenantId, now, id],
    );
    return found !== null;
  }

  /** Students with ids above `after` who have it, in the order of their ids. */
  async listHolders(tenantId: string, assignmentId: string, after: string, limit: number): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- assignments.listHolders
      select student_id as id from submissions
      where tenant_id = $1 and assignment_id = $2 and student_id > $3 and withdrawn_at is null
      order by student_id limit $4`,
      [tenantId, assignmentId, after, limit],
    );
    return rows.map(({ id }) => id);
  }

  async markOpened(tenantId: string, id: string, now: Date): Promise<void> {
    await this.database.run(
      `-- assignments.markOpened
      update assignments set opened_at = $3 where tenant_id = $1 and id = $2`,
      [tenantId, id, now],
    );
  }

  /**
   * Marks the next pieces of work, `limit` at most, as told of as due soon for the due date that they have now. What
   * another process holds is left to it, or to the next time.
   */
  markDueSoon(tenantId: string, now: Date, limit: number): Promise<MarkedWork[]> {
    return this.database.many<MarkedWork>(
      `-- assignments.markDueSoon
      with due as materialized (
        select s.assignment_id, s.student_id, s.effective_due_at
        from work_at($1, $2) w
        join submissions s
          on s.tenant_id = $1 and s.assignment_id = w.assignment_id and s.student_id = w.student_id
        join student_progress p on p.tenant_id = $1 and p.student_id = w.student_id and p.is_active
        where w.is_due_soon and s.due_soon_sent_for is distinct from s.effective_due_at
        order by s.assignment_id, s.student_id limit $3
        for no key update of s skip locked
      ), ${marking('due_soon_sent_for')}`,
      [tenantId, now, limit],
    );
  }

  /** The same of work that is overdue. */
  markOverdue(tenantId: string, now: Date, limit: number): Promise<MarkedWork[]> {
    return this.database.many<MarkedWork>(
      `-- assignments.markOverdue
      with due as materialized (
        select s.assignment_id, s.student_id, s.effective_due_at
        from submissions s
        join student_progress p on p.tenant_id = $1 and p.student_id = s.student_id and p.is_active
        -- all but the last are for the index of what was not told of yet: years of missed work lie beside that
        where s.tenant_id = $1 and s.attempts_submitted = 0 and s.effective_due_at < $2
          and s.overdue_sent_for is distinct from s.effective_due_at
          and exists (
            select from work_at($1, $2) w
            where w.assignment_id = s.assignment_id and w.student_id = s.student_id and w.is_overdue
          ) is true
        order by s.assignment_id, s.student_id limit $3
        for no key update of s skip locked
      ), ${marking('overdue_sent_for')}`,
      [tenantId, now, limit],
    );
  }
}
