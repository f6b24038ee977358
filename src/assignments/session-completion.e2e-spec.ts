import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createCategory, createInstructor, createModule, createStudent, createStudents, createTenant, type Member, type Module, sessionBody, type Tenant } from '../../test/factories.js'; // prettier-ignore
import {
  type Assignment,
  type AssignmentOptions,
  createAssignment,
  handOut,
} from '../../test/factories.assignments.js';
import type { Run } from '../jobs/job.js';
import { SessionCompletionJobs } from './session-completion.jobs.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let student: Member;
let first: Module;
let second: Module;

const now = '2026-03-02T08:00:00Z';

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set(now);
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, instructor);
  const category = await createCategory(app.database, tenant);
  [first, second] = [await createModule(app.database, category), await createModule(app.database, category)];
});

type Body = Readonly<Record<string, unknown>>;

async function given(options: AssignmentOptions = {}, students: readonly Member[] = [student]): Promise<Assignment> {
  const moduleIds = [first.moduleId, second.moduleId];
  const assignment = await createAssignment(app.database, instructor, { moduleIds, ...options });
  await handOut(app.database, assignment, students);
  return assignment;
}
/** A session of ten minutes that ends at `at`. */
function session(module: Module, at: string, fields: Body = {}): Body {
  const startedAt = new Date(Date.parse(at) - 600_000).toISOString();
  return sessionBody(module, { studentId: student.userId, startedAt, completedAt: at, ...fields });
}
async function record(...sessions: Body[]): Promise<void> {
  const { body } = await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  expect((body.results as Body[]).filter(({ status }) => status === 'rejected')).toEqual([]);
}
async function complete(studentIds: readonly string[] = [student.userId]): Promise<number> {
  const run = { tenantId: tenant.tenantId, payload: { studentIds }, signal: new AbortController().signal };
  const outcome = await app.app
    .get(SessionCompletionJobs, { strict: false })
    .completeFromSessions(run as unknown as Run);
  return (outcome as { completed: number }).completed;
}
async function attempts(): Promise<Body[]> {
  return app.database.many<Body>(
    `-- test.completions
    select number, source, started_at as "startedAt", submitted_at as "submittedAt", score, late_seconds as late, penalty,
      time_spent_seconds as seconds, session_ids as "sessionIds"
    from attempts where tenant_id = $1 order by student_id, number`,
    [tenant.tenantId],
  );
}
async function detail({ assignmentId }: Assignment): Promise<Body> {
  const { body } = await app
    .as(instructor)
    .get(`/assignments/${assignmentId}/submissions/${student.userId}`)
    .expect(200);
  return body as Body;
}

it('enters work as done by the session that brought every module to the target', async () => {
  const assignment = await given({ targetScore: 75 });
  const sessions = [
    session(first, '2026-03-01T10:00:00Z', { score: 60 }),
    session(second, '2026-03-01T11:00:00Z', { score: 80 }),
    // (80 + 80) / 2
    session(first, '2026-03-01T12:00:00Z', { score: 80 }),
    session(second, '2026-03-01T13:00:00Z', { score: 100 }),
  ];
  await record(...sessions.slice(0, 2));
  expect(await complete()).toBe(0);
  // both come in together, the later one first
  await record(sessions[3]!, sessions[2]!);
  expect(await complete()).toBe(1);
  expect(await attempts()).toEqual([
    {
      number: 1,
      source: 'sessions',
      startedAt: '2026-03-01T09:50:00Z',
      submittedAt: '2026-03-01T12:00:00Z',
      score: 80,
      late: 0,
      penalty: 0,
      seconds: 1_800,
      sessionIds: sessions.slice(0, 3).map(({ id }) => id),
    },
  ]);
  expect(await detail(assignment)).toMatchObject({
    status: 'completed',
    score: 80,
    attemptsSubmitted: 1,
    totalTimeSeconds: 1_800,
  });
  const { body } = await app.as(instructor).get(`/students/${student.userId}`).expect(200);
  expect(body.completionRate).toBe(100);
  const told = await app.database.many(
    `-- test.completionTold
    select (select count(*) from outbox where tenant_id = $1 and topic = 'assignments.submitted') as events,
      (select count(*) from audit_entries where tenant_id = $1 and action = 'attempt.submitted' and actor_id is null) as entries`,
    [tenant.tenantId],
  );
  expect(told).toEqual([{ events: 1, entries: 1 }]);
});

it('does so once, whatever comes or is corrected afterwards', async () => {
  await given({ moduleIds: [first.moduleId] });
  const only = session(first, '2026-03-01T10:00:00Z', { score: 90 });
  await record(only);
  expect(await complete()).toBe(1);
  const before = await attempts();
  await record(
    { ...only, score: 10, updatedAt: '2026-03-02T07:00:00Z' },
    session(first, '2026-03-01T12:00:00Z', { score: 100 }),
  );
  expect(await complete()).toBe(0);
  expect(await attempts()).toEqual(before);
});

it('takes the pass mark of the tenant where there is no target, and the best of each module', async () => {
  await given();
  await app.as('admin', tenant).patch('/settings').send({ passMark: 65 }).expect(200);
  await record(
    session(first, '2026-03-01T10:00:00Z', { score: 100 }),
    session(first, '2026-03-01T10:30:00Z', { score: 0 }),
    session(second, '2026-03-01T11:00:00Z', { score: 29.98 }),
  );
  // (100 + 29.98) / 2 is 64.99
  expect(await complete()).toBe(0);
  await record(session(second, '2026-03-01T12:00:00Z', { score: 30 }));
  expect(await complete()).toBe(1);
  expect(await attempts()).toMatchObject([{ score: 65 }]);
});

it('counts modules without scores as done', async () => {
  await given({ targetScore: 80 });
  await record(
    session(first, '2026-03-01T10:00:00Z', { score: undefined }),
    session(second, '2026-03-01T11:00:00Z', { score: 79 }),
  );
  // the one that has a score decides
  expect(await complete()).toBe(0);
  await record(session(second, '2026-03-01T12:00:00Z', { score: 80 }));
  expect(await complete()).toBe(1);
  const other = await given({ moduleIds: [first.moduleId] });
  expect(await complete()).toBe(1);
  expect(await detail(other)).toMatchObject({ status: 'completed', score: null });
});

it('does not count sessions that are not completed, or of before it was there, or of after it closed', async () => {
  const options = {
    moduleIds: [first.moduleId],
    dueAt: '2026-03-01T10:00:00Z',
    availableUntil: '2026-03-01T12:00:00Z',
  };
  await given({ ...options, availableFrom: '2026-03-01T09:00:00Z' });
  await record(
    session(first, '2026-03-01T08:59:59Z'),
    session(first, '2026-03-01T12:00:01Z'),
    session(first, '2026-03-01T11:00:00Z', { status: 'abandoned' }),
    session(first, '2026-03-01T11:00:00Z', { status: 'in_progress' }),
    sessionBody(first, { studentId: student.userId, startedAt: undefined, completedAt: undefined, day: '2026-02-28' }),
  );
  expect(await complete()).toBe(0);
  // it comes in long after it has closed, and counts by when it happened: late by an hour and a half
  await record(session(first, '2026-03-01T11:30:00Z'));
  expect(await complete()).toBe(1);
  expect(await attempts()).toMatchObject([{ submittedAt: '2026-03-01T11:30:00Z', late: 5_400 }]);
});

it('takes a session with a day alone as of when that day began, or the work on it', async () => {
  const [early, later] = [
    await given({ moduleIds: [first.moduleId], dueAt: '2026-02-20T12:00:00Z' }),
    await given({ moduleIds: [first.moduleId], availableFrom: '2026-02-20T09:00:00Z', dueAt: '2026-02-20T12:00:00Z' }),
  ];
  await record(
    sessionBody(first, { studentId: student.userId, startedAt: undefined, completedAt: undefined, day: '2026-02-20' }),
  );
  expect(await complete()).toBe(2);
  expect(await detail(early)).toMatchObject({ firstSubmittedAt: '2026-02-20T00:00:00Z', isLate: false });
  expect(await detail(later)).toMatchObject({ firstSubmittedAt: '2026-02-20T09:00:00Z', isLate: false });
});

it('marks what was late by the session, and takes points off', async () => {
  const assignment = await given({ moduleIds: [first.moduleId], dueAt: '2026-02-20T12:00:00Z', latePenalty: 10 });
  await record(session(first, '2026-02-21T12:00:01Z', { score: 90 }));
  expect(await complete()).toBe(1);
  expect(await attempts()).toMatchObject([{ score: 90, late: 86_401, penalty: 20 }]);
  // 90 less a fifth
  expect(await detail(assignment)).toMatchObject({ score: 72, isLate: true });
});

describe('it is left alone', () => {
  const columns = (set: string): Promise<number> =>
    app.database.run(
      `-- test.setWork
      update submissions set ${set} where tenant_id = $1`,
      [tenant.tenantId],
    );
  const practised = (): Promise<void> => record(session(first, '2026-03-01T10:00:00Z', { score: 100 }));
  const start = async ({ assignmentId }: Assignment): Promise<string> => {
    const { body } = await app.as(student).post('/attempts').send({ assignmentId }).expect(201);
    return body.id as string;
  };
  const submit = (id: string) => app.as(student).post(`/attempts/${id}/submit`).send({});

  it.each(['draft', 'paused', 'completed', 'archived'] as const)('while it is %s', async (status) => {
    await given({ moduleIds: [first.moduleId], status });
    await practised();
    expect(await complete()).toBe(0);
  });

  it('when it is excused or withdrawn, but not when it is exempt', async () => {
    await given({ moduleIds: [first.moduleId] });
    await practised();
    await columns(`exemption = 'excused'`);
    expect(await complete()).toBe(0);
    await columns(`exemption = 'exempt', withdrawn_at = '2026-03-01'`);
    expect(await complete()).toBe(0);
    await columns(`withdrawn_at = null`);
    expect(await complete()).toBe(1);
  });

  it('when it has no modules, or the student has left', async () => {
    await given({ moduleIds: [] });
    await practised();
    expect(await complete()).toBe(0);
    await given({ moduleIds: [first.moduleId] });
    await app.as('admin', tenant).post(`/users/${student.userId}/deactivate`).expect(200);
    expect(await complete()).toBe(0);
  });

  it('when there are no attempts left, of which an open one is one', async () => {
    const assignment = await given({ moduleIds: [first.moduleId], maxAttempts: 1 });
    const id = await start(assignment);
    await practised();
    expect(await complete()).toBe(0);
    await submit(id).expect(200);
    expect(await complete()).toBe(0);
  });

  it('an open attempt, beside which another is entered', async () => {
    const assignment = await given({ moduleIds: [first.moduleId], maxAttempts: 2 });
    const id = await start(assignment);
    await practised();
    expect(await complete()).toBe(1);
    expect(await attempts()).toMatchObject([
      { number: 1, submittedAt: null },
      { number: 2, score: 100 },
    ]);
    await submit(id).expect(200);
    expect(await detail(assignment)).toMatchObject({ status: 'completed', attemptsSubmitted: 2 });
  });

  it.each([
    ['never', 0, 0],
    ['untilPassed', 60, 1],
    ['untilPassed', 80, 0],
    ['always', 80, 1],
  ] as const)(
    'after a submission where retakes are allowed %s, with a score of %d: %d',
    async (retakePolicy, score, more) => {
      const { assignmentId } = await given({ moduleIds: [first.moduleId], retakePolicy });
      const service = app.as('service', tenant);
      const { body } = await service.post('/attempts').send({ assignmentId, studentId: student.userId }).expect(201);
      await service
        .post(`/attempts/${body.id as string}/submit`)
        .send({ score })
        .expect(200);
      await practised();
      expect(await complete()).toBe(more);
    },
  );
});

it('does a thousand students in few statements, and ten who do it at once enter each once', async () => {
  const students = await createStudents(app.database, instructor, Array(1_000).fill({}));
  await given({}, students);
  await given({ moduleIds: [first.moduleId] }, students.slice(0, 500));
  await app.database.run(
    `-- test.insertSessions
    insert into sessions (tenant_id, student_id, day, id, module_id, category_id, kind, status, score, started_at,
      completed_at, busy, updated_at, recorded_at)
    select $1, student, '2026-03-01', gen_random_uuid(), m.id, m.category_id, 'quiz', 'completed', 80,
      '2026-03-01T10:00Z', '2026-03-01T10:10Z', '[2026-03-01T10:00Z,2026-03-01T10:10Z)', '2026-03-01', '2026-03-01'
    from unnest($2::uuid[]) student cross join modules m where m.tenant_id = $1`,
    [tenant.tenantId, students.map(({ userId }) => userId)],
  );
  const ids = students.map(({ userId }) => userId);
  const entered = await Promise.all(Array.from({ length: 10 }, () => complete(ids)));
  expect(entered.reduce((sum, one) => sum + one)).toBe(1_500);
  expect(await complete(ids)).toBe(0);
  const [figures] = await app.database.many<Body>(
    `-- test.completionFigures
    select count(*) as attempts, count(distinct (assignment_id, student_id)) as submissions,
      (select count(*) from outbox where tenant_id = $1 and topic = 'assignments.submitted') as events,
      (select count(*) from student_progress where tenant_id = $1 and completion_rate = 100) as done
    from attempts where tenant_id = $1`,
    [tenant.tenantId],
  );
  expect(figures).toEqual({ attempts: 1_500, submissions: 1_500, events: 1_500, done: 1_000 });
  expect(await complete([uuidv7()])).toBe(0);
}, 60_000);
