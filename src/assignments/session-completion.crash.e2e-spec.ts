import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type TestApp } from '../../test/app.js';
import { createCategory, createInstructor, createModule, createStudents, createTenant, sessionBody } from '../../test/factories.js'; // prettier-ignore
import { createAssignment, handOut } from '../../test/factories.assignments.js';
import { startWorker } from '../../test/worker-process.js';

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

/**
 * Asks again and again; each question keeps the transaction it is asked in from being taken for a forgotten one. Four
 * minutes, because an event that a killed process had taken comes back after a minute, its job after another.
 */
async function until(ask: () => Promise<number>, wanted: number): Promise<void> {
  for (let tries = 0; tries < 4_800; tries++) {
    if ((await ask()) >= wanted) return;
    await sleep(50);
  }
  throw new Error(`waited in vain for ${wanted}`);
}
const ask =
  (sql: string, ...parameters: unknown[]) =>
  async (): Promise<number> =>
    (await app.database.one<{ count: number }>(sql, parameters)).count;

it('enters everything once when its process is killed after it has entered, and before that is for good', async () => {
  const tenant = await createTenant(app.database);
  const { tenantId } = tenant;
  const instructor = await createInstructor(app.database, tenant);
  const students = await createStudents(app.database, instructor, Array(50).fill({}));
  const module = await createModule(app.database, await createCategory(app.database, tenant));
  const assignment = await createAssignment(app.database, tenant, { moduleIds: [module.moduleId], dueAt: null });
  await handOut(app.database, assignment, students);
  const at = (minutesAgo: number): string => new Date(Date.now() - minutesAgo * 60_000).toISOString();
  await app.database.run(
    `-- test.assignedYesterday
    update submissions set assigned_at = $2 where tenant_id = $1`,
    [tenantId, at(1_440)],
  );
  const times = { startedAt: at(20), completedAt: at(10) };
  const sessions = students.map(({ userId }) => sessionBody(module, { studentId: userId, ...times }));
  await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);

  const attempts = ask(
    `-- test.countAttempts
    select count(*) as count from attempts where tenant_id = $1`,
    tenantId,
  );
  await app.database.transaction(async () => {
    await app.database.run(
      `-- test.holdAudit
      lock table audit_entries in share mode`,
    );
    const worker = newWorker();
    const waiting = ask(
      `-- test.waiting
      select count(*) as count from pg_locks
      where relation = 'audit_entries'::regclass and mode = 'RowExclusiveLock' and not granted`,
    );
    await until(waiting, 1);
    worker.kill('SIGKILL');
    await once(worker, 'close');
    expect(await attempts()).toBe(0);
  });
  newWorker();
  await until(attempts, 50);
  const runs = ask(
    `-- test.completionRuns
    select count(*) as count from job_runs
    where tenant_id = $1 and job = 'assignments.complete-from-sessions' and status = 'completed'`,
    tenantId,
  );
  await until(runs, 1);
  const [row] = await app.database.many(
    `-- test.enteredOnce
    select count(*) as attempts, count(distinct student_id) as students,
      (select count(*) from outbox where tenant_id = $1 and topic = 'assignments.submitted') as events,
      (select count(*) from audit_entries where tenant_id = $1 and action = 'attempt.submitted') as entries,
      (select count(*) from student_progress where tenant_id = $1 and assignments_completed = 1) as done
    from attempts where tenant_id = $1`,
    [tenantId],
  );
  expect(row).toEqual({ attempts: 50, students: 50, events: 50, entries: 50, done: 50 });
});
