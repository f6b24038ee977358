import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant } from '../../test/factories.js';
import { until } from '../../test/jobs.js';
import { startWorker } from '../../test/worker-process.js';
import { ViewsService } from './views.service.js';

jest.setTimeout(120_000);

let app: TestApp;
let worker: ChildProcess | undefined;

beforeAll(async () => {
  app = await startApp({ now: new Date().toISOString() });
});
afterAll(async () => {
  if (worker?.kill('SIGKILL')) await once(worker, 'close');
  await app.stop();
});

it('leaves, killed in the middle of a refresh, all views as they were, and nobody locked out', async () => {
  const tenant = await createTenant(app.database);
  const instructor = await createInstructor(app.database, tenant);
  await createStudents(app.database, instructor, [{}, {}, {}]);
  const everything = async (): Promise<unknown[]> => {
    const all: unknown[] = [];
    for (const table of ['instructor_dashboard_summary', 'user_learning_summary', 'view_moment', 'view_refreshes']) {
      all.push(await app.database.many(`-- test.everything\nselect v::text from ${table} v order by 1`));
    }
    return all;
  };
  const before = await everything();
  const holder = new pg.Client({ connectionString: app.db.url });
  await holder.connect();
  await holder.query('begin; lock table student_achievements in access exclusive mode');
  worker = startWorker(app);
  // the first view has been refreshed by now, and the second waits
  await until(() =>
    app.database.many(`-- test.waitingRefresh
      select pid from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like '-- analytics.refreshView%'`),
  );
  worker.kill('SIGKILL');
  await once(worker, 'close');
  await holder.query('rollback');
  await holder.end();
  await until(async () => {
    const locks = await app.database.many(`-- test.refreshLocks
      select pid from pg_locks
      where locktype = 'advisory' and objid = 7203815447 % 4294967296
        and database = (select oid from pg_database where datname = current_database())`);
    return locks.length === 0 ? [true] : [];
  });
  expect(await everything()).toEqual(before);
  const done = await app.app.get(ViewsService, { strict: false }).refresh(new AbortController().signal);
  expect(done?.map(({ status, rows }) => [status, rows])).toEqual([
    ['refreshed', 1],
    ['refreshed', 3],
    ['refreshed', 1],
    ['refreshed', 1],
  ]);
});
