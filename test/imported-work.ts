import { v7 as uuidv7 } from 'uuid';
import { SubmissionScoresRepository } from '../src/assignments/submission-scores.repository.js';
import { type Tenant, TenantsRepository } from '../src/org/tenants.repository.js';
import type { TestApp } from './app.js';

/** What must be true of work whoever brought it. */

/** Of one student. */
export interface Counts {
  assigned: number;
  completed: number;
  late: number;
  overdue: number;
}

export const none = (): Counts => ({ assigned: 0, completed: 0, late: 0, overdue: 0 });

export const query = <T>({ db }: TestApp, sql: string, parameters: unknown[] = []): Promise<T[]> =>
  db.source.query(sql, parameters);

export async function makeTenant(app: TestApp, timeZone: string): Promise<Tenant> {
  const tenants = app.app.get(TenantsRepository, { strict: false });
  const id = uuidv7();
  await tenants.insert({ id, slug: 'work', name: 'Work', timeZone }, app.clock.now());
  return (await tenants.find(id))!;
}

/** By student, as stored and as `work_at` has them now: what is stored must be what is true. */
export async function countsOf(app: TestApp, tenantId: string): Promise<Map<string, Counts>> {
  const rows = await query<
    Counts & { studentId: string; pid: string; storedAssigned: number; storedCompleted: number }
  >(
    app,
    `select p.pid, p.student_id as "studentId", p.assignments_assigned as "storedAssigned",
      p.assignments_completed as "storedCompleted",
      count(w) filter (where w.is_assigned)::integer as assigned,
      count(w) filter (where w.is_assigned and w.is_done)::integer as completed,
      count(w) filter (where w.is_late)::integer as late, count(w) filter (where w.is_overdue)::integer as overdue
    from student_progress p left join work_at($1, $2) w on w.student_id = p.student_id
    where p.tenant_id = $1 group by p.tenant_id, p.student_id`,
    [tenantId, app.clock.now()],
  );
  for (const row of rows) {
    expect({ ...row, assigned: row.storedAssigned, completed: row.storedCompleted }).toEqual(row);
  }
  return new Map(
    rows.map(({ pid, assigned, completed, late, overdue }) => [pid, { assigned, completed, late, overdue }]),
  );
}

export const total = (counts: Map<string, Counts>, key: keyof Counts): number =>
  [...counts.values()].reduce((sum, one) => sum + one[key], 0);

/** What submissions say of their attempts is what whoever submits later would make of the same ones. */
export async function expectScores(app: TestApp, tenantId: string): Promise<void> {
  const rows = (): Promise<{ assignmentId: string; studentId: string }[]> =>
    query(
      app,
      `select assignment_id as "assignmentId", student_id as "studentId",
        to_jsonb(s) - array['version', 'updated_at'] as row
      from submissions s where tenant_id = $1 and attempts_started > 0 order by 1, 2`,
      [tenantId],
    );
  const before = await rows();
  await app.app.get(SubmissionScoresRepository, { strict: false }).refresh(tenantId, before, app.clock.now());
  expect(await rows()).toEqual(before);
  expect(
    await query(
      app,
      `select t.id from attempts t
      join submissions s using (tenant_id, assignment_id, student_id)
      join assignments a on a.tenant_id = t.tenant_id and a.id = t.assignment_id
      join tenants o on o.id = t.tenant_id
      where t.tenant_id = $1 and t.submitted_at is not null
        and (t.penalty, t.late_seconds) is distinct from (late_penalty(a.late_penalty, a.late_penalty_limit,
          a.late_grace_seconds, s.effective_due_at, t.submitted_at, o.time_zone),
          late_seconds(s.effective_due_at, t.submitted_at))`,
      [tenantId],
    ),
  ).toEqual([]);
}

/** Nobody is told of what was over before it came: neither of work as such, nor of due dates that have passed. */
export async function expectNoNews(app: TestApp): Promise<void> {
  expect(await query(app, `select from outbox where topic like 'assignments.%'`)).toEqual([]);
  const passed = `effective_due_at < $1`;
  const untold = await query<{ told: boolean; passed: boolean }>(
    app,
    `select distinct due_soon_sent_for is not distinct from effective_due_at
        and overdue_sent_for is not distinct from effective_due_at as told, ${passed} as passed
      from submissions where effective_due_at is not null order by passed`,
    [app.clock.now()],
  );
  expect(untold.filter((row) => row.told !== row.passed)).toEqual([]);
  expect(
    await query(
      app,
      `select from assignments where status <> 'draft' and (published_at is null
        or (available_from <= $1) <> (opened_at is not distinct from available_from))`,
      [app.clock.now()],
    ),
  ).toEqual([]);
}
