import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** The work of two students, brought together. The caller holds the locks of both. */
@Injectable()
export class SubmissionMergeRepository {
  constructor(private readonly database: Database) {}

  /** Of two attempts that are open on the same work there can be only one: whichever was written in last stays. */
  async deleteStaleOpen(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- assignments.deleteStaleOpen
      delete from attempts t using attempts other
      where t.tenant_id = $1 and t.student_id in ($2, $3) and t.submitted_at is null
        and other.tenant_id = $1 and other.student_id in ($2, $3) and other.submitted_at is null
        and other.student_id <> t.student_id and other.assignment_id = t.assignment_id
        and (coalesce(other.saved_at, other.started_at), other.id) > (coalesce(t.saved_at, t.started_at), t.id)`,
      [tenantId, fromId, intoId],
    );
  }

  /**
   * What only the one has is the other's from now on; where both have something, the attempts of the one are numbered
   * after those of the other. One statement, because attempts and the submissions they belong to must move together.
   */
  async move(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- assignments.moveSubmissions
      with moved as (
        update submissions s set student_id = $3, version = s.version + 1
        where s.tenant_id = $1 and s.student_id = $2 and not exists (
          select from submissions o where o.tenant_id = $1 and o.assignment_id = s.assignment_id and o.student_id = $3
        )
      ), regraded as (
        update grade_changes set student_id = $3 where tenant_id = $1 and student_id = $2
      )
      update attempts t set student_id = $3, number = t.number + coalesce(own.number, 0)
      from submissions s
      left join lateral (
        select max(o.number) as number from attempts o
        where o.tenant_id = $1 and o.assignment_id = s.assignment_id and o.student_id = $3
      ) own on true
      where s.tenant_id = $1 and s.student_id = $2
        and t.tenant_id = $1 and t.assignment_id = s.assignment_id and t.student_id = $2`,
      [tenantId, fromId, intoId],
    );
  }

  /**
   * Where both have something: what was granted to either holds for the one, and a grade of their own stands before
   * that of the other. What is left of the other goes. @returns the assignments
   */
  async unite(tenantId: string, fromId: string, intoId: string): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- assignments.uniteSubmissions
      with gone as (
        delete from submissions where tenant_id = $1 and student_id = $2 returning *
      )
      update submissions s
      set assigned_at = least(s.assigned_at, gone.assigned_at),
        withdrawn_at = case when s.withdrawn_at is not null then gone.withdrawn_at end,
        hand_out_id = coalesce(s.hand_out_id, gone.hand_out_id),
        exemption = coalesce(s.exemption, gone.exemption),
        extended_until = greatest(s.extended_until, gone.extended_until),
        extension_reason = case
          when s.extended_until is null or s.extended_until < gone.extended_until then gone.extension_reason
          else s.extension_reason
        end,
        grade = case when s.graded_at is not null then s.grade else gone.grade end,
        grade_penalty = case when s.graded_at is not null then s.grade_penalty else gone.grade_penalty end,
        graded_by = case when s.graded_at is not null then s.graded_by else gone.graded_by end,
        feedback = case when s.graded_at is not null then s.feedback else coalesce(gone.feedback, s.feedback) end,
        graded_at = coalesce(s.graded_at, gone.graded_at),
        due_soon_sent_for = greatest(s.due_soon_sent_for, gone.due_soon_sent_for),
        overdue_sent_for = greatest(s.overdue_sent_for, gone.overdue_sent_for)
      from gone
      where s.tenant_id = $1 and s.student_id = $3 and s.assignment_id = gone.assignment_id
      returning s.assignment_id as id`,
      [tenantId, fromId, intoId],
    );
    return rows.map(({ id }) => id);
  }
}
