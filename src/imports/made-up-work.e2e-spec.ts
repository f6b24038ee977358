import { startApp, type TestApp } from '../../test/app.js';
import {
  type Counts,
  countsOf,
  expectNoNews,
  expectScores,
  makeTenant,
  none,
  query,
  total,
} from '../../test/imported-work.js';
import { SessionCompletionRepository } from '../assignments/session-completion.repository.js';
import { SubmissionScoresRepository } from '../assignments/submission-scores.repository.js';
import { localDay } from '../org/local-day.js';
import { AcademyImport } from './academy-import.js';
import { planAcademy } from './academy-plan.js';
import { SeedImport } from './seed-import.js';

let app: TestApp;
afterEach(() => app.stop());

describe('what the students of the academy handed in', () => {
  it('is counted as it was made up, and shows every state', async () => {
    app = await startApp({ now: '2026-04-01T18:00:00Z' });
    const tenant = await makeTenant(app, 'Europe/Amsterdam');
    const { work } = await app.app.get(AcademyImport, { strict: false }).run(tenant);
    const now = app.clock.now();
    const plan = planAcademy(tenant.id, tenant.timeZone, localDay(tenant.timeZone, now), now);
    const submissions = plan.work.submissions.flat();
    expect(work.submissions).toBe(submissions.length);
    expect(work.attempts).toBe(submissions.flatMap(({ attempts }) => attempts).length);

    const set = new Map(plan.work.assignments.map((one) => [one.id, one]));
    const expected = new Map(
      plan.people.filter(({ role }) => role === 'student').map(({ pid }): [string, Counts] => [pid!, none()]),
    );
    for (const { studentId, assignmentId, exemption, extendedUntil, firstSubmittedAt } of submissions) {
      const own = expected.get(plan.people.find(({ id }) => id === studentId)!.pid!)!;
      const { dueAt, availableFrom } = set.get(assignmentId)!;
      const due = Math.max(Date.parse(dueAt!), extendedUntil === null ? 0 : Date.parse(extendedUntil));
      if (exemption === 'excused' || Date.parse(availableFrom) > now.getTime()) continue;
      own.assigned += 1;
      if (firstSubmittedAt === null) own.overdue += due < now.getTime() ? 1 : 0;
      else own.completed += 1;
      if (firstSubmittedAt !== null && Date.parse(firstSubmittedAt) > due) own.late += 1;
    }
    expect(await countsOf(app, tenant.id)).toEqual(expected);
    await expectNoNews(app);
    await expectScores(app, tenant.id);

    const [states] = await query<Record<string, number>>(
      app,
      `select count(*) filter (where s.status = 'not_started' and not w.is_overdue)::integer as open,
        count(*) filter (where s.status = 'in_progress')::integer as begun,
        count(*) filter (where s.status = 'submitted')::integer as submitted,
        count(*) filter (where s.status = 'completed')::integer as completed,
        count(*) filter (where s.status = 'graded' and s.feedback <> '' and s.graded_by = a.owner_id)::integer as graded,
        count(*) filter (where w.is_due_soon)::integer as "dueSoon", count(*) filter (where w.is_missing)::integer as missing,
        count(*) filter (where w.is_awaiting_grade)::integer as awaiting,
        count(*) filter (where s.exemption = 'excused')::integer as excused,
        count(*) filter (where s.exemption = 'exempt')::integer as exempt,
        count(*) filter (where s.due_rule = 'extension')::integer as extended,
        count(*) filter (where s.grade_penalty > 0 and s.score < s.grade)::integer as penalised,
        count(*) filter (where s.attempts_submitted = 2)::integer as retaken,
        count(*) filter (where a.available_from > $2)::integer as scheduled
      from submissions s join assignments a on a.tenant_id = s.tenant_id and a.id = s.assignment_id
      join work_at($1, $2) w on w.assignment_id = s.assignment_id and w.student_id = s.student_id`,
      [tenant.id, now],
    );
    expect(Object.entries(states!).filter(([, count]) => count === 0)).toEqual([]);
  });

  it('is in keeping with the sessions that are there', async () => {
    app = await startApp({ now: '2026-04-01T18:00:00Z' });
    const { id: tenantId, ...tenant } = await makeTenant(app, 'Europe/Amsterdam');
    await app.app.get(AcademyImport, { strict: false }).run({ id: tenantId, ...tenant });
    const completions = app.app.get(SessionCompletionRepository, { strict: false });
    const now = app.clock.now();
    const everybody = await query<{ id: string }>(app, `select id from users where tenant_id = $1`, [tenantId]);
    const studentIds = everybody.map(({ id }) => id);
    expect(await completions.list(tenantId, studentIds, now)).toEqual([]);

    const entered = (): Promise<{ assignmentId: string; studentId: string }[]> =>
      query(
        app,
        `select t.assignment_id as "assignmentId", t.student_id as "studentId", to_jsonb(t) - 'id' as row
        from attempts t join assignments a on a.tenant_id = t.tenant_id and a.id = t.assignment_id
        where t.tenant_id = $1 and t.source = 'sessions' and a.status = 'active' order by 1, 2`,
        [tenantId],
      );
    const made = await entered();
    expect(made.length).toBeGreaterThan(75);
    // without them, the sessions alone lead to the same
    await query(app, `delete from attempts where tenant_id = $1 and source = 'sessions'`, [tenantId]);
    await app.app.get(SubmissionScoresRepository, { strict: false }).refresh(tenantId, made, now);
    const assignmentIds = [...new Set(made.map(({ assignmentId }) => assignmentId))];
    await completions.insert(tenantId, studentIds, assignmentIds, now);
    expect(await entered()).toEqual(made);
  });
});

it('fills a tenant for load tests with work of each instructor for the whole roster', async () => {
  app = await startApp({ now: '2026-04-01T18:00:00Z' });
  const seed = app.app.get(SeedImport, { strict: false });
  const size = { tenantSlug: 'load', instructors: 2, students: 15, days: 10, assignments: 6 };
  const { tenant, work } = await seed.run(size);
  expect(work).toMatchObject({ assignments: 12, submissions: 2 * 15 * 6 });
  const counts = await countsOf(app, tenant.id);
  expect(work.attempts).toBeGreaterThan(30);
  for (const key of ['completed', 'late', 'overdue'] as const) expect(total(counts, key)).toBeGreaterThan(0);
  await expectNoNews(app);
  await expectScores(app, tenant.id);
  expect(
    await query(
      app,
      `select from submissions s join assignments a on a.tenant_id = s.tenant_id and a.id = s.assignment_id
      join student_progress p on p.tenant_id = s.tenant_id and p.student_id = s.student_id
      where p.instructor_id <> a.owner_id or s.last_submitted_at > $1 or s.graded_at > $1`,
      [app.clock.now()],
    ),
  ).toEqual([]);
  expect((await seed.run(size)).work).toEqual({ assignments: 0, submissions: 0, attempts: 0 });
  expect((await seed.run({ ...size, students: 16 })).work).toMatchObject({ assignments: 0, submissions: 12 });
  expect((await seed.run({ ...size, students: 16, assignments: 7 })).work).toMatchObject({ submissions: 32 });
  await countsOf(app, tenant.id);
});
