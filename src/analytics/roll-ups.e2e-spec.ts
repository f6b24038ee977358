import { startApp, type TestApp } from '../../test/app.js';
import { untilBlocked } from '../../test/blocked.js';
import {
  createCategory,
  createInstructor,
  createModule,
  createStudent,
  createTenant,
  type Member,
  type Module,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import { Database } from '../database/database.js';
import { FreshnessRepository } from './freshness.repository.js';
import { Rebuild } from './rebuild.service.js';
import { RetentionService } from '../retention/retention.service.js';
import { RollUpJobs } from './roll-ups.jobs.js';
import type { Stale } from './roll-ups.repository.js';
import { RollUps } from './roll-ups.service.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let student: Member;
let practice: Module;
const { signal } = new AbortController();
const today = '2026-03-02';

beforeEach(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, instructor);
  practice = await createModule(app.database, await createCategory(app.database, tenant));
});
afterEach(() => app.stop());

const rollUps = (): RollUps => app.app.get(RollUps, { strict: false });
const send = async (who: Member, ...sessions: object[]): Promise<void> => {
  const { body } = await app.as(who).post('/activity/sessions').send({ sessions });
  expect(body).toMatchObject({ accepted: sessions.length });
};
const rows = (table: string): Promise<Record<string, unknown>[]> =>
  app.database.many(`-- test.rollUps\nselect * from ${table} where tenant_id = $1 order by 1, 2, 3, 4, 5`, [
    tenant.tenantId,
  ]);

it('adds up modules, hours and questions of a day', async () => {
  const other = await createStudent(app.database, instructor);
  const answers = [
    { questionId: 'q-1', correct: true, durationSeconds: 10 },
    { questionId: 'q-1', correct: false, durationSeconds: 5.5 },
    { questionId: 'q-2', score: 70 },
    { questionId: 'q-2', score: 69.9 },
    { questionId: 'q-3' },
    { questionId: 17, correct: true },
    { questionId: 'x'.repeat(101), correct: true },
    { correct: true },
  ];
  await send(
    student,
    sessionBody(practice, { score: 80, questions: 10, correct: 8, answers }),
    sessionBody(practice, { score: 60.5, startedAt: undefined, completedAt: '2026-03-02T06:05:00Z' }),
    sessionBody(practice, { score: 90, status: 'abandoned', questions: 20, correct: 1, answers, durationSeconds: 59 }),
    sessionBody(practice, { score: undefined, status: 'in_progress', completedAt: undefined }),
  );
  await send(
    other,
    sessionBody(practice, { score: undefined, startedAt: undefined, completedAt: undefined, day: today }),
  );
  expect(await rollUps().rollUp(tenant.tenantId, signal)).toEqual({ students: 2, cells: 1 });

  expect(await rows('module_days')).toEqual([
    {
      tenant_id: tenant.tenantId,
      instructor_id: instructor.userId,
      department_id: tenant.departmentId,
      day: today,
      module_id: practice.moduleId,
      students: 2,
      students_scored: 1,
      sessions: 5,
      sessions_completed: 3,
      sessions_abandoned: 1,
      sessions_bounced: 1,
      sessions_passed: 1,
      sessions_repeated: 3,
      students_started: 2,
      students_completed: 2,
      score_sum: 140.5,
      score_count: 2,
      score_square_sum: 80 * 80 + 60.5 * 60.5,
      questions: 10,
      correct: 8,
      duration_sum: 600,
      duration_count: 1,
      abandoned_duration_sum: 59,
      abandoned_duration_count: 1,
      // 8 of 20
      abandoned_answered: [0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
    },
  ]);
  expect(await rows('hour_days')).toMatchObject([
    { day: today, hour: 6, students: 1, sessions: 1, sessions_completed: 1 },
    { day: today, hour: 7, students: 1, sessions: 3, sessions_completed: 1 },
  ]);
  expect(await rows('question_days')).toMatchObject([
    { question_id: 'q-1', students: 1, answers: 4, correct: 2, judged: 4, seconds_sum: 31, seconds_count: 4 },
    { question_id: 'q-2', students: 1, answers: 4, correct: 2, judged: 4, seconds_sum: 0, seconds_count: 0 },
    { question_id: 'q-3', students: 1, answers: 2, correct: 0, judged: 0, seconds_sum: 0, seconds_count: 0 },
  ]);
  expect(await rows('student_modules')).toHaveLength(2);
  expect(await rows('stale_days')).toEqual([]);
});

it('says what is still to be added up', async () => {
  await send(student, sessionBody(practice));
  const scope = { from: '2026-02-01', to: today, departmentId: undefined, instructorId: undefined };
  const freshness = (viewer: Member): Promise<object> =>
    app.app.get(FreshnessRepository, { strict: false }).freshness(viewer, scope);
  const colleague = await createInstructor(app.database, tenant);
  expect(await freshness(instructor)).toEqual({ pendingDays: 1, pendingSince: '2026-03-02T08:00:00Z' });
  expect(await freshness(colleague)).toEqual({ pendingDays: 0, pendingSince: null });
  await rollUps().rollUp(tenant.tenantId, signal);
  expect(await freshness(instructor)).toEqual({ pendingDays: 0, pendingSince: null });
});

it('neither holds up nor forgets what comes in while its day is added up, and adds it up once at a time', async () => {
  await send(student, sessionBody(practice));
  const others = app.app.get(Database, { strict: false });
  let adding: Promise<Stale>;
  await app.database.transaction(async () => {
    // what is read last: modules and hours have been added up by then
    await app.database.run('-- test.holdQuestions\nlock table question_days in access exclusive mode');
    adding = rollUps().rollUp(tenant.tenantId, signal);
    await untilBlocked(others, adding);
    await send(student, sessionBody(practice));
    expect(await rollUps().rollUp(tenant.tenantId, signal)).toEqual({ students: 1, cells: 0 });
  });
  expect(await adding!).toEqual({ students: 1, cells: 1 });
  expect(await rows('module_days')).toMatchObject([{ sessions: 1 }]);
  expect(await rollUps().countStale(tenant.tenantId)).toEqual({ students: 0, cells: 1 });
  expect(await rollUps().rollUp(tenant.tenantId, signal)).toEqual({ students: 0, cells: 1 });
  expect(await rows('module_days')).toMatchObject([{ sessions: 2 }]);
  expect(await rollUps().countStale(tenant.tenantId)).toEqual({ students: 0, cells: 0 });
});

it('counts a day as added up only when it is settled what its students did first', async () => {
  await send(student, sessionBody(practice));
  await rollUps().rollUpCells(tenant.tenantId, signal);
  expect(await rows('module_days')).toMatchObject([{ sessions: 1, students_started: 0 }]);
  expect(await rollUps().countStale(tenant.tenantId)).toEqual({ students: 1, cells: 1 });
  await rollUps().rollUp(tenant.tenantId, signal);
  expect(await rows('module_days')).toMatchObject([{ sessions: 1, students_started: 1 }]);
  expect(await rollUps().countStale(tenant.tenantId)).toEqual({ students: 0, cells: 0 });
});

const run = { job: '', tenantId: null, key: '', occasion: 'tick-1', payload: {}, attempt: 1, signal };
const jobs = (): RollUpJobs => app.app.get(RollUpJobs, { strict: false });

const expire = (): Promise<object> => app.app.get(RetentionService, { strict: false }).run(signal);

it('deletes what is longer ago than analytics are kept, and nothing of another tenant', async () => {
  const answers = [{ questionId: 'q-1', correct: true }];
  // 60 days before the 2nd of March is the 1st of January
  const days = ['2025-12-30', '2025-12-31', '2026-01-01', today];
  const other = await createTenant(app.database);
  const stranger = await createStudent(app.database, await createInstructor(app.database, other));
  const foreign = await createModule(app.database, await createCategory(app.database, other));
  for (const [who, what] of [[student, practice], [stranger, foreign]] as const) {
    await send(who, ...days.map((day) => sessionBody(what, { completedAt: `${day}T07:00:00Z`, startedAt: undefined, answers })));
    await rollUps().rollUp(who.tenantId, signal);
  } // prettier-ignore
  await app.as('admin', tenant).patch('/settings').send({ analyticsRetentionDays: 60 }).expect(200);
  // a correction of a day whose snapshot is still there would leave nothing but a difference
  expect(await expire()).toMatchObject({ analytics: 0 });
  await app.as('admin', tenant).patch('/settings').send({ snapshotRetentionDays: 60 }).expect(200);
  expect(await expire()).toMatchObject({ analytics: 8 });
  const kept = async (tenantId: string): Promise<unknown[]> => {
    const tables = ['roster_days', 'module_days', 'hour_days', 'question_days'];
    const all = tables.map((table) =>
      app.database.many<{ day: string }>(`-- test.daysOf\nselect day from ${table} where tenant_id = $1 order by day`, [
        tenantId,
      ]),
    );
    return (await Promise.all(all)).map((found) => found.map(({ day }) => day));
  };
  expect(await kept(tenant.tenantId)).toEqual(Array(4).fill(['2026-01-01', today]));
  expect(await kept(other.tenantId)).toEqual(Array(4).fill(days));
});

it('adds up the other tenants where one fails', async () => {
  const other = await createTenant(app.database);
  const stranger = await createStudent(app.database, await createInstructor(app.database, other));
  await send(student, sessionBody(practice));
  await send(stranger, sessionBody(await createModule(app.database, await createCategory(app.database, other))));
  await app.database.run(`-- test.refuseRows
    alter table module_days add constraint refused check (tenant_id <> '${tenant.tenantId}')`);
  await expect(jobs().rollUpDays(run)).rejects.toThrow('1 tenants');
  expect(await rollUps().countStale(tenant.tenantId)).toEqual({ students: 0, cells: 1 });
  expect(await rollUps().countStale(other.tenantId)).toEqual({ students: 0, cells: 0 });
  await app.database.run(`-- test.admitRows
    alter table module_days drop constraint refused`);
  expect(await jobs().rollUpDays(run)).toEqual({ students: 0, cells: 1 });
});

it('goes on with an interrupted rebuild, and leaves days alone whose sessions are not kept any more', async () => {
  await send(student, sessionBody(practice));
  await app.database.run(
    `-- test.longAgo
    insert into module_days
    select tenant_id, instructor_id, department_id, '2023-01-01', $2, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}'
    from roster_days where tenant_id = $1`,
    [tenant.tenantId, practice.moduleId],
  );
  const rebuild = app.app.get(Rebuild, { strict: false });
  const shares: number[] = [];
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort(new Error('interrupted'));
  await expect(rebuild.run(tenant.tenantId, {}, interrupted.signal, stop)).rejects.toThrow('interrupted');
  expect(await rows('module_days')).toHaveLength(1);
  expect(await rebuild.run(tenant.tenantId, null, signal, (share) => shares.push(share))).toMatchObject({ cells: 1 });
  expect(shares.at(-1)).toBe(1);
  expect((await rows('module_days')).map(({ day, sessions }) => [day, sessions])).toEqual([
    ['2023-01-01', 7],
    [today, 1],
  ]);
});

it('keeps a module while what was practised in it is still counted', async () => {
  const other = await createModule(app.database, practice);
  const session = sessionBody(practice);
  await send(student, session);
  await rollUps().rollUp(tenant.tenantId, signal);
  await send(student, { ...session, moduleId: other.moduleId, updatedAt: '2026-03-02T08:00:00Z' });
  const remove = () => app.as('admin', tenant).delete(`/modules/${practice.moduleId}`);
  expect((await remove().expect(409)).body).toMatchObject({ code: 'module_in_use' });
  await rollUps().rollUp(tenant.tenantId, signal);
  await remove().expect(204);
});
