import pg from 'pg';
import { startApp, type TestApp } from '../../test/app.js';
import { untilBlocked } from '../../test/blocked.js';
import {
  createAdmin,
  createInstructor,
  createOperator,
  createStudents,
  createTenant,
  type Member,
  type Person,
  type Tenant,
} from '../../test/factories.js';
import { until } from '../../test/jobs.js';
import { refreshViews } from '../jobs/catalogue.js';
import { ViewsJobs } from './views.jobs.js';
import { ViewsService } from './views.service.js';
import { views } from './views.js';

type Row = Record<string, unknown>;

const signal = new AbortController().signal;
const run = { job: refreshViews.name, tenantId: null, key: '', occasion: 'tick-1', payload: {}, attempt: 1, signal };

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let operator: Person;
let holder: pg.Client;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  operator = await createOperator(app.database);
  holder = new pg.Client({ connectionString: app.db.url });
  await holder.connect();
});
afterAll(async () => {
  await holder.end();
  await app.stop();
});

const refresh = (): ReturnType<ViewsService['refresh']> => app.app.get(ViewsService, { strict: false }).refresh(signal);
const list = async (viewer: Person = operator): Promise<Row[]> =>
  (await app.as(viewer).get('/views').expect(200)).body as Row[];
const named = (rows: readonly Row[], name: string): Row => rows.find((row) => row['name'] === name)!;
const learners = async (): Promise<number> =>
  ((await app.as(instructor).get('/analytics/learners').expect(200)).body.data as Row[]).filter(
    ({ summary }) => summary !== null,
  ).length;

/** Meanwhile nobody else may so much as read the table. */
async function locked<T>(table: string, work: () => Promise<T>): Promise<T> {
  await holder.query('begin');
  try {
    await holder.query(`lock table ${table} in access exclusive mode`);
    return await work();
  } finally {
    await holder.query('rollback');
  }
}

it('names all materialised views, each after those that PostgreSQL knows it to read', async () => {
  const found = await app.database.many<{ name: string; dependsOn: string[] }>(
    `-- test.viewDependencies
    select c.oid::regclass::text as name, array(
      select distinct d.refobjid::regclass::text
      from pg_rewrite w
      join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
        and d.refclassid = 'pg_class'::regclass and d.refobjid <> c.oid
      join pg_class o on o.oid = d.refobjid and o.relkind = 'm'
      where w.ev_class = c.oid order by 1
    ) as "dependsOn"
    from pg_class c where c.relkind = 'm' and c.relnamespace = 'public'::regnamespace order by 1`,
  );
  expect(found.length).toBeGreaterThan(3);
  expect([...views].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(found);
  views.forEach(({ dependsOn }, position) => {
    for (const name of dependsOn) expect(views.findIndex((view) => view.name === name)).toBeLessThan(position);
  });
  const keys = await app.database.many<{ name: string; key: string }>(
    `-- test.viewKeys
    select indrelid::regclass::text as name, split_part(pg_get_indexdef(indexrelid), 'USING ', 2) as key
    from pg_index join pg_class c on c.oid = indrelid
    where c.relkind = 'm' and indisunique and indpred is null order by 1`,
  );
  expect(keys.map(({ name }) => name)).toEqual(found.map(({ name }) => name));
  for (const { key } of keys) expect(key).toMatch(/^btree \(tenant_id, /);
});

it('says of each view when it was refreshed and whether that is long ago, to administrators and operators', async () => {
  app.clock.set('2026-03-02T08:05:00Z');
  const done = await refresh();
  expect(done!.map(({ view, status }) => [view, status])).toEqual(views.map(({ name }) => [name, 'refreshed']));
  app.clock.set('2026-03-02T08:34:59Z');
  const rows = await list();
  expect(rows.map(({ name }) => name)).toEqual(views.map(({ name }) => name));
  expect(named(rows, 'instructor_performance')).toEqual({
    name: 'instructor_performance',
    dependsOn: ['instructor_dashboard_summary'],
    status: 'refreshed',
    lastRefreshedAt: '2026-03-02T08:05:00Z',
    ageSeconds: 1_799,
    isStale: false,
    durationSeconds: done!.at(-1)!.durationSeconds,
    rows: 0,
    lastError: null,
    lastFailedAt: null,
  });
  app.clock.set('2026-03-02T08:35:01Z');
  expect(await list(await createAdmin(app.database, tenant))).toMatchObject(views.map(() => ({ isStale: true })));
  await app.as(instructor).get('/views').expect(403);
  await app.as('service', tenant).get('/views').expect(403);
  await app.anonymous.get('/views').expect(401);
});

it('is asked for by operators, on record', async () => {
  await app.as('admin', tenant).post('/views/refresh').expect(403);
  const { body } = await app.as(operator).post('/views/refresh').expect(202);
  expect(body).toHaveLength(views.length);
  const events = `-- test.askedFor
    select tenant_id as "tenantId", key from outbox where topic = 'analytics.views-asked-for'`;
  expect(await app.database.many(events)).toEqual([{ tenantId: null, key: '' }]);
  const entries = `-- test.askedForEntries
    select actor_id as "actorId" from audit_entries where tenant_id = $1 and action = 'views.refreshed'`;
  expect(await app.database.many(entries, [operator.tenantId])).toEqual([{ actorId: operator.userId }]);
});

it('keeps nobody from reading what was there while a refresh is held up, and runs once however many want it', async () => {
  await createStudents(app.database, instructor, [{}, {}]);
  await refresh();
  await createStudents(app.database, instructor, [{}]);
  const other = await startApp({ db: app.db });
  try {
    app.clock.set('2026-03-02T09:00:00Z');
    const { first, others } = await locked('student_achievements', async () => {
      const first = refresh();
      await untilBlocked(app.database, first);
      const elsewhere = other.app.get(ViewsService, { strict: false });
      const others = await Promise.all([refresh(), elsewhere.refresh(signal), elsewhere.refresh(signal)]);
      // by hand, in the other process, as a job
      expect(await other.app.get(ViewsJobs, { strict: false }).refreshViews(run)).toEqual({ isUnderWay: true });
      expect(await learners()).toBe(2);
      await app.as(instructor).get('/analytics/instructors').expect(200);
      await app.as('admin', tenant).get('/analytics/platform').expect(200);
      await untilBlocked(app.database, first);
      return { first, others };
    });
    expect(others).toEqual([null, null, null]);
    expect((await first)!.every(({ status }) => status === 'refreshed')).toBe(true);
    expect(await learners()).toBe(3);
    const count = `-- test.refreshesAt
      select count(*) as count from view_refreshes where at = '2026-03-02T09:00:00Z'`;
    expect(await app.database.one(count)).toEqual({ count: views.length });
    // one after the other where there is no hurry, and none fails
    const all = await Promise.all(Array.from({ length: 6 }, () => refresh()));
    expect(all.filter((one) => one !== null).length).toBeGreaterThan(0);
    expect(all.flatMap((one) => one ?? []).filter(({ status }) => status !== 'refreshed')).toEqual([]);
  } finally {
    await other.app.close();
  }
});

it('leaves a view that fails, and those made from it, as they were, says so, and heals', async () => {
  app.clock.set('2026-03-02T10:00:00Z');
  await refresh();
  app.clock.set('2026-03-02T10:15:00Z');
  const jobs = app.app.get(ViewsJobs, { strict: false });
  // longer than any lock is waited for
  await locked('roster_counts', () =>
    expect(jobs.refreshViews(run)).rejects.toThrow('could not refresh instructor_dashboard_summary'),
  );
  const rows = await list();
  expect(named(rows, 'instructor_dashboard_summary')).toMatchObject({
    status: 'failed',
    lastRefreshedAt: '2026-03-02T10:00:00Z',
    lastError: '55P03: canceling statement due to lock timeout',
    lastFailedAt: '2026-03-02T10:15:00Z',
  });
  expect(named(rows, 'instructor_performance')).toMatchObject({
    status: 'skipped',
    lastRefreshedAt: '2026-03-02T10:00:00Z',
    lastError: null,
  });
  expect(named(rows, 'user_learning_summary')).toMatchObject({ lastRefreshedAt: '2026-03-02T10:15:00Z' });
  const { body } = await app.as(instructor).get('/analytics/instructors').expect(200);
  expect(body).toMatchObject({ asOf: '2026-03-02T10:00:00Z', ageSeconds: 900, isStale: false });

  app.clock.set('2026-03-02T10:45:00Z');
  expect((await app.as(instructor).get('/analytics/instructors')).body.isStale).toBe(true);
  await jobs.refreshViews(run);
  const healed = named(await list(), 'instructor_performance');
  expect(healed).toMatchObject({ status: 'refreshed', lastRefreshedAt: '2026-03-02T10:45:00Z' });
});

it('shows nothing of the data an error speaks of', async () => {
  await app.database.run(`-- test.breakView
    create or replace view view_days as
    select t.id as tenant_id, (m.at at time zone t.time_zone)::date + ('secret ' || t.slug)::integer as day
    from tenants t cross join view_moment m`);
  await refresh();
  for (const { status, lastError } of await list()) {
    if (status === 'failed') expect(lastError).toBe('22P02: invalid input syntax for type integer: …');
  }
  expect((await list()).map(({ status }) => status)).toEqual(['failed', 'failed', 'failed', 'skipped']);
  await app.database.run(`-- test.mendView
    create or replace view view_days as
    select t.id as tenant_id, (m.at at time zone t.time_zone)::date as day from tenants t cross join view_moment m`);
  await refresh();
  expect((await list()).map(({ status }) => status)).toEqual(views.map(() => 'refreshed'));
});

it('fills a view that has never been filled, which until then cannot be read for a while', async () => {
  await app.database.run(`-- test.emptyView
    refresh materialized view user_learning_summary with no data`);
  await app.as(instructor).get('/analytics/learners').expect(503);
  await refresh();
  await app.as(instructor).get('/analytics/learners').expect(200);
});

it('forgets refreshes after thirty days, but never the last that was good', async () => {
  app.clock.set('2026-05-02T08:00:00Z');
  await locked('roster_counts', () => refresh());
  // those of the migration lie after the test's time
  const kept = await app.database.many(`-- test.keptRefreshes
    select status, at, count(*) as count from view_refreshes where at < '2026-06-01' group by 1, 2 order by 1, 2`);
  expect(kept).toEqual([
    { status: 'failed', at: '2026-05-02T08:00:00Z', count: 1 },
    { status: 'refreshed', at: '2026-03-02T10:45:00Z', count: 2 },
    { status: 'refreshed', at: '2026-05-02T08:00:00Z', count: 2 },
    { status: 'skipped', at: '2026-05-02T08:00:00Z', count: 1 },
  ]);
});

it('is done as a worker starts, when asked, and again after a failure', async () => {
  const worker = await startApp({ db: app.db, worker: true, now: '2026-06-01T08:00:00Z' });
  const moments = (): Promise<{ at: string }[]> =>
    app.database.many<{ at: string }>(
      `-- test.refreshMoments
      select at from view_refreshes where view = 'instructor_performance' and status = 'refreshed' and at >= $1
      order by id`,
      [worker.clock.now()],
    );
  try {
    await until(moments);
    worker.clock.set('2026-06-01T08:01:00Z');
    await locked('roster_counts', async () => {
      await app.as(operator).post('/views/refresh').expect(202);
      const failures = `-- test.failures
        select id from view_refreshes where status = 'failed' and at = '2026-06-01T08:01:00Z'`;
      await until(() => app.database.many(failures));
    });
    await until(moments);
    const runs = (): Promise<{ attempt: number }[]> =>
      app.database.many<{ attempt: number }>(`-- test.refreshRuns
        select attempt from job_runs
        where job = 'analytics.refresh-views' and occasion like 'outbox-%' and status = 'completed' and attempt > 1`);
    expect(await until(runs)).toHaveLength(1);
  } finally {
    await worker.app.close();
  }
}, 120_000);
