import type { Database } from '../src/database/database.js';

/**
 * Compares what triggers keep in `open_work` with all submissions of a tenant, and what the two say of some moments.
 * @returns how many rows there are
 */
export async function expectOpenWork(
  database: Database,
  tenantId: string,
  moments: readonly string[],
): Promise<number> {
  const { kept } = await database.one<{ kept: number }>(
    `-- test.countOpenWork\nselect count(*) as kept from open_work where tenant_id = $1`,
    [tenantId],
  );
  const differences = await database.many(
    `-- test.openWork
    with open as (
      select s.assignment_id, s.student_id, p.instructor_id, p.department_id, p.is_active,
        s.attempts_submitted > 0 as is_submitted, s.effective_due_at
      from submissions s
      join assignments a on a.tenant_id = $1 and a.id = s.assignment_id
      join student_progress p on p.tenant_id = $1 and p.student_id = s.student_id
      where s.tenant_id = $1 and s.withdrawn_at is null and case
        when s.attempts_submitted = 0 then coalesce(s.exemption, '') <> 'excused'
        else a.needs_grading and s.exemption is null and coalesce(s.graded_at < s.last_submitted_at, true)
      end
    ), kept as (
      select assignment_id, student_id, instructor_id, department_id, is_active, is_submitted, effective_due_at
      from open_work where tenant_id = $1
    )
    select 'missing' as what, * from (select * from open except select * from kept) missing
    union all
    select 'wrong', * from (select * from kept except select * from open) wrong`,
    [tenantId],
  );
  expect(differences).toEqual([]);
  for (const moment of moments) {
    const said = await database.many(
      `-- test.openWorkAt
      with wanted as (
        select w.assignment_id, w.student_id, w.effective_due_at, w.is_due_soon, w.is_overdue, w.is_awaiting_grade
        from work_at($1, $2) w where w.is_due_soon or w.is_overdue or w.is_awaiting_grade
      ), told as (
        select w.assignment_id, w.student_id, w.effective_due_at, w.is_due_soon, w.is_overdue, w.is_awaiting_grade
        from open_work_at($1, $2) w where w.is_due_soon or w.is_overdue or w.is_awaiting_grade
      )
      select * from (select * from wanted except select * from told) missing
      union all
      select * from (select * from told except select * from wanted) wrong`,
      [tenantId, moment],
    );
    expect([moment, said]).toEqual([moment, []]);
  }
  return kept;
}
