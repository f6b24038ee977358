import { startApp, type TestApp } from '../../test/app.js';
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
import { until } from '../../test/jobs.js';
import { Cache } from '../cache/cache.js';
import { closeDays } from '../jobs/catalogue.js';
import { ActivityJobs } from './activity.jobs.js';

let app: TestApp;

beforeEach(async () => {
  app = await startApp({ now: '2026-03-02T23:30:00Z' });
});
afterEach(() => app.stop());

interface School {
  readonly tenant: Tenant;
  readonly instructor: Member;
  readonly student: Member;
  readonly practice: Module;
}

async function createSchool(timeZone: string): Promise<School> {
  const tenant = await createTenant(app.database, { timeZone });
  const instructor = await createInstructor(app.database, tenant);
  const student = await createStudent(app.database, instructor);
  const practice = await createModule(app.database, await createCategory(app.database, tenant));
  return { tenant, instructor, student, practice };
}

async function practise({ student, practice }: School, at: string, score: number): Promise<void> {
  const session = sessionBody(practice, { score, startedAt: undefined, completedAt: at });
  const { body } = await app
    .as(student)
    .post('/activity/sessions')
    .send({ sessions: [session] });
  expect(body).toMatchObject({ accepted: 1 });
}

const run = (signal = new AbortController().signal): Promise<unknown> => {
  const { name: job } = closeDays;
  return app.app
    .get(ActivityJobs)
    .closeDays({ job, tenantId: null, key: '', occasion: 'tick-1', payload: {}, attempt: 1, signal });
};
const snapshots = ({ student }: School): Promise<object[]> =>
  app.database.many(
    `-- test.snapshots
    select day, is_closed as closed, overall_score as score, improvement_delta as delta, peak_hour as hour
    from progress_snapshots where student_id = $1 order by day`,
    [student.userId],
  );
const progress = ({ student }: School): Promise<object> =>
  app.database.one(
    `-- test.progress
    select current_streak as streak, longest_streak as longest, consistency_score as consistency,
      quiz_accuracy as quiz
    from student_progress where student_id = $1`,
    [student.userId],
  );
const events = (): Promise<{ tenantId: string; key: string }[]> =>
  app.database.many(`-- test.events
    select tenant_id as "tenantId", key from outbox where topic = 'activity.day-closed' order by id`);
const closedDays = (): Promise<object[]> =>
  app.database.many(
    `-- test.closedDays\nselect closed_day as day from tenants where slug <> 'installation' order by id`,
  );

it('closes each tenant by its own midnight, and tells once', async () => {
  const [london, auckland] = [await createSchool('Europe/London'), await createSchool('Pacific/Auckland')];
  // in Auckland it is the 3rd of March, 12:30
  await practise(london, '2026-03-02T09:10:00Z', 60);
  await practise(auckland, '2026-03-02T09:10:00Z', 60);
  expect(await run()).toEqual({ tenants: 2, snapshotsClosed: 1, studentsMoved: 0 });
  expect(await closedDays()).toEqual([{ day: '2026-03-01' }, { day: '2026-03-02' }]);
  expect(await snapshots(london)).toEqual([{ day: '2026-03-02', closed: false, score: null, delta: null, hour: null }]);
  expect(await snapshots(auckland)).toEqual([{ day: '2026-03-02', closed: true, score: 60, delta: null, hour: 22 }]);

  expect(await run()).toEqual({ tenants: 0, snapshotsClosed: 0, studentsMoved: 0 });
  app.clock.set('2026-03-03T00:00:00Z');
  expect(await run()).toEqual({ tenants: 1, snapshotsClosed: 1, studentsMoved: 0 });
  expect(await events()).toEqual([
    { tenantId: london.tenant.tenantId, key: '2026-03-01' },
    { tenantId: auckland.tenant.tenantId, key: '2026-03-02' },
    { tenantId: london.tenant.tenantId, key: '2026-03-02' },
  ]);
});

it('breaks the streak, keeps the longest, moves the windows, and then lets be', async () => {
  const school = await createSchool('Europe/London');
  await practise(school, '2026-03-01T10:00:00Z', 80);
  await practise(school, '2026-03-02T10:00:00Z', 90);
  const after = async (instant: string): Promise<object> => {
    app.clock.set(instant);
    await run();
    return progress(school);
  };
  // 2 of 28 days
  expect(await progress(school)).toEqual({ streak: 2, longest: 2, consistency: 7.14, quiz: 85 });
  expect(await after('2026-03-03T12:00:00Z')).toEqual({ streak: 2, longest: 2, consistency: 7.14, quiz: 85 });
  expect(await after('2026-03-04T12:00:00Z')).toEqual({ streak: 0, longest: 2, consistency: 7.14, quiz: 85 });
  // the 1st is the 29th day back, then the 31st
  expect(await after('2026-03-29T12:00:00Z')).toEqual({ streak: 0, longest: 2, consistency: 3.57, quiz: 85 });
  expect(await after('2026-03-31T12:00:00Z')).toEqual({ streak: 0, longest: 2, consistency: 0, quiz: 90 });
  expect(await after('2026-04-01T12:00:00Z')).toEqual({ streak: 0, longest: 2, consistency: 0, quiz: null });
  app.clock.set('2026-04-02T12:00:00Z');
  expect(await run()).toEqual({ tenants: 1, snapshotsClosed: 0, studentsMoved: 0 });
});

it('closes days again that a late session changes, in the following night', async () => {
  const school = await createSchool('Europe/London');
  await practise(school, '2026-03-01T10:00:00Z', 40);
  await practise(school, '2026-03-02T10:00:00Z', 100);
  app.clock.set('2026-03-03T12:00:00Z');
  await run();
  // (40 + 100) / 2 after 40
  expect(await snapshots(school)).toEqual([
    { day: '2026-03-01', closed: true, score: 40, delta: null, hour: 10 },
    { day: '2026-03-02', closed: true, score: 70, delta: 30, hour: 10 },
  ]);
  await practise(school, '2026-02-20T08:00:00Z', 10);
  app.clock.set('2026-03-04T12:00:00Z');
  await run();
  // 10, then (10 + 40) / 2, then (10 + 40 + 100) / 3
  expect(await snapshots(school)).toEqual([
    { day: '2026-02-20', closed: true, score: 10, delta: null, hour: 8 },
    { day: '2026-03-01', closed: true, score: 25, delta: 15, hour: 10 },
    { day: '2026-03-02', closed: true, score: 50, delta: 25, hour: 10 },
  ]);
});

it('tells once, also when two close the same day at once', async () => {
  const school = await createSchool('Europe/London');
  await practise(school, '2026-03-01T10:00:00Z', 40);
  await Promise.all([run(), run(), run()]);
  expect(await events()).toEqual([{ tenantId: school.tenant.tenantId, key: '2026-03-01' }]);
});

it('stops between two steps when told to, and goes on the next time', async () => {
  const school = await createSchool('Europe/London');
  await practise(school, '2026-03-01T10:00:00Z', 40);
  await expect(run(AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  expect(await closedDays()).toEqual([{ day: null }]);
  expect(await run()).toMatchObject({ tenants: 1, snapshotsClosed: 1 });
});

it('does not hold up other tenants when one fails, and fails', async () => {
  const [first, second] = [await createSchool('Europe/London'), await createSchool('Europe/London')];
  await practise(first, '2026-03-01T10:00:00Z', 40);
  await practise(second, '2026-03-01T10:00:00Z', 40);
  await app.db.source.query(`update category_progress set score_sum = 1000 where tenant_id = $1`, [
    first.tenant.tenantId,
  ]);
  await expect(run()).rejects.toThrow('1 tenants');
  expect(await closedDays()).toEqual([{ day: null }, { day: '2026-03-01' }]);
});

it('forgets what was cached of the tenant, its rosters and the students it moved', async () => {
  const school = await createSchool('Europe/London');
  await practise(school, '2026-03-01T10:00:00Z', 40);
  const cache = app.app.get(Cache);
  let made = 0;
  const read = async (): Promise<void> => {
    const { tenant, instructor, student } = school;
    const tags = [`tenant:${tenant.tenantId}`, `roster:${instructor.userId}`, `student:${student.userId}`];
    for (const tag of tags) {
      await cache.bytes(tag, { tags: [tag], lifetimeSeconds: 60 }, () => Promise.resolve({ made: ++made }));
    }
  };
  await read();
  await read();
  expect(made).toBe(3);
  app.clock.set('2026-03-03T12:00:00Z');
  await run();
  await read();
  expect(made).toBe(6);
});

it('removes counts of rosters that nobody is in any more', async () => {
  const school = await createSchool('Europe/London');
  await practise(school, '2026-03-01T10:00:00Z', 40);
  const counts = (): Promise<object[]> =>
    app.database.many(`-- test.counts\nselect last_active_on as day, students from roster_counts order by 1, 2`);
  expect(await counts()).toContainEqual({ day: '-infinity', students: 0 });
  await run();
  expect(await counts()).toEqual([{ day: '2026-03-01', students: 1 }]);
});

it('runs when it is due, beside the other jobs', async () => {
  const school = await createSchool('Europe/London');
  await practise(school, '2026-03-01T10:00:00Z', 40);
  await app.database.run(`-- test.sleptThrough
    insert into job_runs (job, occasion, key, exclusive, status, attempt, queued_at)
    values ('activity.close-days', 'tick-20260301T000000Z', '', false, 'completed', 1, now())`);
  const worker = await startApp({ db: app.db, worker: true, now: '2026-03-02T23:30:00Z' });
  try {
    await until(() =>
      app.database.many(`-- test.completedRuns
        select job from job_runs where status = 'completed' and attempt = 1
          and (job = 'operations.prepare-partitions' or outcome ->> 'snapshotsClosed' = '1')`),
      2,
    ); // prettier-ignore
    expect(await closedDays()).toEqual([{ day: '2026-03-01' }]);
    const [{ months }] = (await app.db.source.query(
      `select count(*)::int as months from pg_inherits where inhparent = 'sessions'::regclass`,
    )) as [{ months: number }];
    // the default one, this month and the two after it
    expect(months).toBe(4);
  } finally {
    await worker.stop();
  }
});
