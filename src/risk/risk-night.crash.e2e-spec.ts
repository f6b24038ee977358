import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { startApp, type TestApp } from '../../test/app.js';
import { untilBlocked } from '../../test/blocked.js';
import { createAssignment, handOut } from '../../test/factories.assignments.js';
import { createInstructor, createStudents, createTenant, type Member } from '../../test/factories.js';
import { startWorker, untilCounted } from '../../test/worker-process.js';
import { Database } from '../database/database.js';
import { addDays } from '../org/local-day.js';
import { RiskNight } from './risk-night.service.js';

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

it('leaves, killed in the middle of a night, what another worker completes to the rows of an undisturbed one', async () => {
  const tenant = await createTenant(app.database, { timeZone: 'Etc/UTC' });
  const { tenantId } = tenant;
  const instructor = await createInstructor(app.database, tenant);
  // three chunks
  const students: Member[] = [];
  for (let part = 0; part < 5; part++) {
    students.push(...(await createStudents(app.database, instructor, Array(500).fill({}))));
  }
  const today = new Date().toISOString().slice(0, 10);
  const day = addDays(today, -1);
  const assignment = await createAssignment(app.database, tenant, { dueAt: `${addDays(today, -3)}T12:00:00Z` });
  await handOut(app.database, assignment, students);
  await app.database.run(
    `-- test.handInSome
    update submissions set assigned_at = $2, started_at = $2, first_submitted_at = $2, last_submitted_at = $2,
      attempts_started = 1, attempts_submitted = 1, attempt_score = abs(hashtext(student_id::text) % 101)
    where tenant_id = $1 and hashtext(student_id::text) % 3 <> 0`,
    [tenantId, `${addDays(today, -5)}T12:00:00Z`],
  );
  // else the worker's clock tells, at a full minute, of students who are overdue, and they are scored as of now
  await app.database.run(
    `-- test.toldAsOverdue
    update submissions set overdue_sent_for = effective_due_at where tenant_id = $1`,
    [tenantId],
  );
  const count = (sql: string) => (): Promise<{ count: number }> => app.database.one(sql, [tenantId]);
  // the application's own, whose transactions its services join
  const database = app.app.get(Database, { strict: false });
  const everything = async (): Promise<unknown[]> => {
    const all: unknown[] = [];
    for (const rows of [
      'select * from risk_evaluations where tenant_id = $1 order by student_id, day, number',
      'select * from risk_cohorts where tenant_id = $1 order by department_id, day',
      `select student_id, risk_score, risk_day, risk_announced_band from student_progress where tenant_id = $1
        order by student_id`,
      `select key, payload from outbox where tenant_id = $1 and topic = 'risk.band-changed' order by key`,
    ]) {
      all.push(await database.many(`-- test.nightRows\n${rows}`, [tenantId]));
    }
    return all;
  };
  const undisturbed = await database.rehearse(async () => {
    await app.app.get(RiskNight, { strict: false }).score(tenantId, day, new AbortController().signal);
    return everything();
  });
  expect(undisturbed[0]).toHaveLength(2_500);
  expect((undisturbed[3] as unknown[]).length).toBeGreaterThan(100);

  const scored = count('-- test.countScored\nselect count(*) as count from risk_evaluations where tenant_id = $1');
  await app.database.transaction(async () => {
    // of the second chunk: whoever scores it waits here
    await app.database.run(
      `-- test.holdStudent
      select from student_progress where tenant_id = $1 and student_id = $2 for update`,
      [tenantId, students.map(({ userId }) => userId).sort()[1_500]],
    );
    const worker = newWorker();
    const other = app.db.source.createQueryRunner();
    await other.query(
      `insert into outbox (tenant_id, topic, key, payload, created_at)
      values ($1, 'activity.day-closed', $2, jsonb_build_object('day', $2::text), now())`,
      [tenantId, day],
    );
    await other.release();
    await untilCounted(scored, 1_000);
    const closed = once(worker, 'close');
    await untilBlocked(database, closed);
    worker.kill('SIGKILL');
    await closed;
    expect(await scored()).toEqual({ count: 1_000 });
  });
  newWorker();
  await untilCounted(scored, 2_500);
  await untilCounted(
    count(
      `-- test.nightRuns
      select count(*) as count from job_runs
      where tenant_id = $1 and job = 'risk.evaluate-night' and status = 'completed'`,
    ),
    1,
  );
  expect(await everything()).toEqual(undisturbed);
});
