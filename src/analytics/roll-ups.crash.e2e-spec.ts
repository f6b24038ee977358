import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory,
  createInstructor,
  createModule,
  createStudent,
  createTenant,
  sessionBody,
} from '../../test/factories.js';
import { startWorker, untilCounted } from '../../test/worker-process.js';

jest.setTimeout(600_000);

let app: TestApp;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  app = await startApp({ now: new Date().toISOString() });
});
afterAll(async () => {
  for (const worker of workers) if (worker.kill('SIGKILL')) await once(worker, 'close');
  await app.stop();
});

/** One that is ended with the tests. */
function newWorker(): ChildProcess {
  const worker = startWorker(app);
  workers.push(worker);
  return worker;
}

it('loses no day and adds none up twice when a worker is killed between two of them', async () => {
  const tenant = await createTenant(app.database, { timeZone: 'Etc/UTC' });
  const { tenantId } = tenant;
  const practice = await createModule(app.database, await createCategory(app.database, tenant));
  const ended = new Date(Date.now() - 60_000).toISOString();
  const instructors: string[] = [];
  for (let i = 0; i < 25; i++) {
    const instructor = await createInstructor(app.database, tenant);
    instructors.push(instructor.userId);
    const student = await createStudent(app.database, instructor);
    const session = sessionBody(practice, { startedAt: undefined, completedAt: ended });
    await app
      .as(student)
      .post('/activity/sessions')
      .send({ sessions: [session] })
      .expect(200);
  }
  const count = (sql: string) => (): Promise<{ count: number }> => app.database.one(sql, [tenantId]);
  const added = count('-- test.countAdded\nselect count(*) as count from module_days where tenant_id = $1');
  const marked = count('-- test.countMarked\nselect count(*) as count from stale_days where tenant_id = $1');

  await app.database.transaction(async () => {
    // of the second chunk: whoever adds it up waits here for what stands in its place
    await app.database.run(
      `-- test.holdCell
      insert into module_days
      select tenant_id, instructor_id, department_id, day, $3, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '{}'
      from roster_days where tenant_id = $1 and instructor_id = $2`,
      [tenantId, instructors.sort()[15], practice.moduleId],
    );
    const worker = newWorker();
    await untilCounted(
      count(
        `-- test.waitingForCell
        select count(*) as count from pg_locks
        where locktype = 'transactionid' and not granted and transactionid = pg_current_xact_id()::xid
          and $1::uuid is not null`,
      ),
      1,
    );
    worker.kill('SIGKILL');
    await once(worker, 'close');
  });
  const waiting = await marked();
  expect(waiting.count).toBeGreaterThan(0);
  newWorker();
  await untilCounted(marked, 0);
  await untilCounted(added, 25);
  const rows = await app.database.many(
    `-- test.addedRows
    select students, sessions, sessions_completed, students_started, score_sum from module_days where tenant_id = $1`,
    [tenantId],
  );
  const once25 = { students: 1, sessions: 1, sessions_completed: 1, students_started: 1, score_sum: 80 };
  expect(rows).toEqual(Array(25).fill(once25));
});
