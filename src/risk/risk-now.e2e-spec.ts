import { startApp, type TestApp } from '../../test/app.js';
import { createAssignment, handOut } from '../../test/factories.assignments.js';
import { createCategory, createInstructor, createModule, createStudents, createTenant, type Member, type Module, sessionBody, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { backends, redisUrl, until } from '../../test/jobs.js';
import { Outbox } from '../jobs/outbox.js';
import { inputsText } from './risk-ledger.service.js';
import { RiskNow } from './risk-now.service.js';
import { RiskRepository } from './risk.repository.js';

jest.setTimeout(120_000);

const today = '2026-03-02';
const now = new Date(`${today}T08:00:00Z`);
let app: TestApp;
let tenant: Tenant;
let students: Member[];
let module: Module;

beforeAll(async () => {
  app = await startApp({ now: now.toISOString() });
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set(now.toISOString());
  tenant = await createTenant(app.database);
  const instructor = await createInstructor(app.database, tenant);
  students = await createStudents(app.database, instructor, Array(6).fill({}));
  module = await createModule(app.database, await createCategory(app.database, tenant));
});

const send = (student: Member, score: number): Promise<unknown> =>
  app
    .as('service', tenant)
    .post('/activity/sessions')
    .send({ sessions: [sessionBody(module, { studentId: student.userId, score })] })
    .expect(200);
const score = (ids: readonly string[], since: string | null = null): Promise<{ looked: number; added: number }> =>
  app.app.get(RiskNow, { strict: false }).score(tenant.tenantId, ids, since);
const ledger = ({ userId }: Member) =>
  app.database.many<{ day: string; number: number; inputs: object; cohortDay: string; score: number }>(
    `-- test.readNow
    select day, number, inputs, cohort_day as "cohortDay", score from risk_evaluations
    where tenant_id = $1 and student_id = $2 order by day, number`,
    [tenant.tenantId, userId],
  );
const shown = ({ userId }: Member) =>
  app.database.one<{ score: number | null; day: string | null; due: string | null }>(
    `-- test.readShown
    select risk_score as score, risk_day as day, risk_due_since as due from student_progress
    where tenant_id = $1 and student_id = $2`,
    [tenant.tenantId, userId],
  );
const inputsNow = async ({ userId }: Member): Promise<string> => {
  const asOf = { day: today, moment: app.clock.now(), isOver: false };
  const whose = { studentIds: [userId] };
  const [read] = await app.app.get(RiskRepository, { strict: false }).listInputs(tenant.tenantId, asOf, whose);
  const { studentId: _, departmentId: __, instructorId: ___, ...inputs } = read!;
  return inputsText(inputs);
};

it('scores a student who is due, without a night before, and puts nothing down when nothing is new', async () => {
  const [student] = students as [Member];
  await send(student, 80);
  expect(await shown(student)).toEqual({ score: null, day: null, due: '2026-03-02T08:00:00Z' });
  expect(await score([student.userId])).toEqual({ looked: 1, added: 1 });
  const [row] = await ledger(student);
  expect(row).toMatchObject({ day: today, number: 1, cohortDay: '2026-03-01' });
  expect(row!.inputs).toMatchObject({ activeDays: 1, daysSinceActive: 0, meanScore: 80, due: 0 });
  expect(await shown(student)).toEqual({ score: row!.score, day: today, due: null });

  // the mean of 80 and 80 is 80, and it was a day of practice already
  await send(student, 80);
  expect(await score([student.userId])).toEqual({ looked: 1, added: 0 });
  expect(await shown(student)).toEqual({ score: row!.score, day: today, due: null });
  await send(student, 20);
  expect(await score([student.userId])).toEqual({ looked: 1, added: 1 });
  expect((await ledger(student)).map(({ number }) => number)).toEqual([1, 2]);
});

it('leaves out who is not due any more, and who came to be due after the event', async () => {
  const [student] = students as [Member];
  await send(student, 80);
  app.clock.advance(1);
  await send(student, 60);
  app.clock.advance(1);
  expect(await score([student.userId], '2026-03-02T07:59:59Z')).toEqual({ looked: 0, added: 0 });
  // the first event's job reads the session of the second one as well
  expect(await score([student.userId], '2026-03-02T08:00:00Z')).toEqual({ looked: 1, added: 1 });
  expect((await ledger(student))[0]!.inputs).toMatchObject({ meanScore: 70 });
  expect(await score([student.userId], '2026-03-02T08:00:01Z')).toEqual({ looked: 0, added: 0 });
});

it('puts each change down once, the newest last, when many do it at once and sessions go on', async () => {
  const [student] = students as [Member];
  const ids = students.map(({ userId }) => userId);
  for (let round = 0; round < 5; round++) {
    await Promise.all([
      send(student, (round * 37) % 101),
      ...[1, 2, 3, 4].map(() => score(ids)),
      send(student, (round * 53) % 101),
    ]);
  }
  await score(ids);
  const rows = await ledger(student);
  const texts = rows.map(({ inputs }) => inputsText(inputs as never));
  expect(texts.at(-1)).toBe(await inputsNow(student));
  expect(rows.map(({ number }) => number)).toEqual(rows.map((_, index) => index + 1));
  expect(texts.filter((text, index) => text === texts[index - 1])).toEqual([]);
  // nothing happened to the others
  expect(await ledger(students[5]!)).toHaveLength(1);
});

it('does not score who has left, or has not joined', async () => {
  const [student] = students as [Member];
  await app.database.run('-- test.leave\nupdate users set is_active = false where id = $1', [student.userId]);
  expect(await score([student.userId])).toEqual({ looked: 0, added: 0 });
});

describe.each(backends)('with jobs on %s', (queueBackend) => {
  let worker: TestApp;
  const environment = { QUEUE_BACKEND: queueBackend, ...(redisUrl ? { REDIS_URL: redisUrl } : {}) };
  beforeEach(async () => {
    worker = await startApp({ db: app.db, worker: true, now: now.toISOString(), environment });
  });
  afterEach(() => worker.stop());

  const runs = (count: number) =>
    until(
      () =>
        app.database.many<{ outcome: { looked: number; added: number } }>(
          `-- test.runsNow
          select outcome from job_runs
          where tenant_id = $1 and job = 'risk.evaluate-students' and status = 'completed'`,
          [tenant.tenantId],
        ),
      count,
    );

  it('scores after sessions, and after many in a row not once for each', async () => {
    const [student, other] = students as [Member, Member];
    for (let index = 0; index < 20; index++) await send(student, index * 5);
    await send(other, 100);
    const outcomes = (await runs(21)).map(({ outcome }) => outcome);
    expect(outcomes.reduce((sum, { looked }) => sum + looked, 0)).toBeLessThan(21);
    const rows = await ledger(student);
    expect(inputsText(rows.at(-1)!.inputs as never)).toBe(await inputsNow(student));
    expect(await shown(student)).toEqual({ score: rows.at(-1)!.score, day: today, due: null });
    expect(await ledger(other)).toHaveLength(1);
  });

  it('scores everybody whose work an event is about', async () => {
    const assignment = await createAssignment(app.database, tenant, { dueAt: '2026-03-01T12:00:00Z' });
    await handOut(app.database, assignment, students);
    const { assignmentId } = assignment;
    const outbox = app.app.get(Outbox, { strict: false });
    await outbox.append(tenant.tenantId, 'assignments.opened', assignmentId, { assignmentId });
    expect(await runs(1)).toEqual([{ outcome: { looked: 6, added: 6 } }]);
    const [one, two] = students as [Member, Member];
    await outbox.append(tenant.tenantId, 'assignments.overdue', assignmentId, { assignmentId, studentIds: [one.userId] }); // prettier-ignore
    await outbox.append(tenant.tenantId, 'assignments.submitted', 'x', { attemptId: 'x', assignmentId, studentId: two.userId }); // prettier-ignore
    const [kept, back] = students.slice(2) as [Member, Member];
    await outbox.append(tenant.tenantId, 'users.merged', 'y', { userId: tenant.tenantId, intoId: kept.userId });
    await outbox.append(tenant.tenantId, 'users.students-activated', 'z', { studentIds: [back.userId] });
    expect((await runs(5)).map(({ outcome }) => outcome.looked).sort()).toEqual([1, 1, 1, 1, 6]);
  });

  it('scores the night when a day has been closed', async () => {
    const outbox = app.app.get(Outbox, { strict: false });
    await outbox.append(tenant.tenantId, 'activity.day-closed', '2026-03-01', { day: '2026-03-01' });
    await until(() => ledger(students[0]!));
    expect((await ledger(students[5]!))[0]).toMatchObject({ day: '2026-03-01', number: 0 });
  });
});
