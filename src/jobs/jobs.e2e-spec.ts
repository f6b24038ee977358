import { Database } from '../database/database.js';
import { Outbox } from './outbox.js';
import { OutboxRepository } from './outbox.repository.js';
import { Schedules } from './schedules.js';
import type { Run } from './job.js';
import {
  db,
  clock,
  tenant,
  backends,
  start,
  stopAll,
  openJobs,
  closeJobs,
  word,
  newJob,
  newGate,
  runsOf,
  unrelayed,
  until,
} from '../../test/jobs.js';

beforeAll(openJobs);
afterEach(stopAll);
afterAll(closeJobs);

describe.each(backends)('jobs on %s', (queueBackend) => {
  it('runs the job of an event that was committed, with its ids, and writes down what it did', async () => {
    const job = newJob();
    const seen: Run[] = [];
    const app = await start(queueBackend, [
      [
        job,
        async (run) => {
          seen.push(run);
          return { closed: 3 };
        },
      ],
    ]);

    await app
      .get(Database)
      .transaction(() =>
        app.get(Outbox).append(tenant, job.on![0]!, 'student-1', { day: '2026-03-02', sessions: [1, 2] }),
      );
    const [run] = await until(() => runsOf(job, 'completed'));

    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      job: job.name,
      tenantId: tenant,
      key: 'student-1',
      payload: { day: '2026-03-02', sessions: [1, 2] },
      attempt: 1,
      occasion: run!.occasion,
    });
    expect(run).toMatchObject({ tenantId: tenant, key: 'student-1', attempt: 1, outcome: { closed: 3 }, error: null });
    expect(run!.durationSeconds).toBeGreaterThanOrEqual(0);
  });

  it('never runs the job of an event that was rolled back', async () => {
    const job = newJob();
    const keys: string[] = [];
    const app = await start(queueBackend, [[job, async ({ key }) => void keys.push(key)]]);
    const outbox = app.get(Outbox);

    const failing = app.get(Database).transaction(async () => {
      await outbox.append(tenant, job.on![0]!, 'rolled-back', {});
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await outbox.append(tenant, job.on![0]!, 'committed', {});
    await until(() => runsOf(job, 'completed'));

    expect(keys).toEqual(['committed']);
  });

  it('starts every job that listens to the topic, and no other', async () => {
    const topic = `${word()}.things-happened`;
    const [first, second, other] = [newJob({ on: [topic] }), newJob({ on: [topic] }), newJob()];
    const started: string[] = [];
    const note = async (run: Run) => void started.push(run.job);
    const app = await start(queueBackend, [
      [first, note],
      [second, note],
      [other, note],
    ]);

    await app.get(Outbox).append(null, topic, 'k', {});
    await until(async () => (await runsOf(first, 'completed')).concat(await runsOf(second, 'completed')), 2);

    expect(started.sort()).toEqual([first.name, second.name].sort());
  });

  it('takes back an event whose relay died holding it', async () => {
    const job = newJob();
    const outbox = new OutboxRepository(db.database);
    await outbox.insert(tenant, job.on![0]!, [{ key: 'k', payload: {} }], clock.now());
    expect(await outbox.claim(10, 0.3)).toMatchObject([{ key: 'k' }]);
    expect(await outbox.claim(10, 60)).toEqual([]);

    await start(queueBackend, [[job, async () => undefined]]);

    await until(() => runsOf(job, 'completed'));
  });

  it('hands an event over again, under the same key, when the relay died before it could mark it', async () => {
    const job = newJob();
    const seen: Run[] = [];
    const app = await start(queueBackend, [[job, async (run) => void seen.push(run)]]);
    await app.get(Outbox).append(tenant, job.on![0]!, 'student-7', {});
    await until(() => runsOf(job, 'completed'));
    await until(() => unrelayed(job.on![0]!, false));

    await db.database.run(
      `-- test.crash
      update outbox set relayed_at = null, claimed_until = null where topic = $1`,
      [job.on![0]],
    );
    await until(() => unrelayed(job.on![0]!, false));

    // a later event is through, so a second run would have been seen by now
    await app.get(Outbox).append(tenant, job.on![0]!, 'later', {});
    await until(() => runsOf(job, 'completed'), 2);
    expect(seen.filter(({ key }) => key === 'student-7')).toHaveLength(1);
  });

  it('hands each row over once to each job while two relays are at it', async () => {
    const topic = `${word()}.things-happened`;
    const [first, second] = [newJob({ on: [topic] }), newJob({ on: [topic] })];
    const calls: string[] = [];
    const note = async (run: Run) => void calls.push(`${run.job} ${run.key}`);
    const handled = [[first, note] as const, [second, note] as const];
    const [app] = await Promise.all([start(queueBackend, handled), start(queueBackend, handled)]);

    const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
    await app.get(Outbox).appendMany(
      tenant,
      topic,
      keys.map((key) => ({ key, payload: {} })),
    );
    await until(async () => (await runsOf(first, 'completed')).concat(await runsOf(second, 'completed')), 600);

    expect(calls.sort()).toEqual([first, second].flatMap(({ name }) => keys.map((key) => `${name} ${key}`)).sort());
  });

  it('tries a failing job again after growing pauses, then keeps its error', async () => {
    const job = newJob({ attempts: 3, backoffSeconds: 0.2 });
    const times: number[] = [];
    const app = await start(queueBackend, [
      [
        job,
        async () => {
          times.push(performance.now());
          throw new Error(`broken ${times.length}`);
        },
      ],
    ]);

    await app.get(Outbox).append(tenant, job.on![0]!, 'k', {});
    const [run] = await until(() => runsOf(job, 'failed'));

    expect(run).toMatchObject({ attempt: 3, error: 'broken 3', outcome: null });
    expect(times).toHaveLength(3);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(190);
    expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(390);
  });

  it('stops a job whose time is up, even one that does not listen', async () => {
    const polite = newJob({ timeoutSeconds: 0.2 });
    const deaf = newJob({ timeoutSeconds: 0.2 });
    const app = await start(queueBackend, [
      [polite, ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error())))],
      [deaf, () => new Promise(() => undefined)],
    ]);

    await app.get(Outbox).append(tenant, polite.on![0]!, 'k', {});
    await app.get(Outbox).append(tenant, deaf.on![0]!, 'k', {});

    expect((await until(() => runsOf(polite, 'failed')))[0]).toMatchObject({ error: 'timed out after 0.2 s' });
    expect((await until(() => runsOf(deaf, 'failed')))[0]).toMatchObject({ error: 'timed out after 0.2 s' });
  });

  it('runs events of one key one after the other, and of two keys side by side', async () => {
    const job = newJob({ overlap: 'skip' });
    const gate = newGate();
    const running = new Map<string, number>();
    let most = 0;
    const app = await start(queueBackend, [
      [
        job,
        async ({ key }) => {
          running.set(key, (running.get(key) ?? 0) + 1);
          most = Math.max(most, running.get(key)!);
          await gate.opened;
          running.set(key, running.get(key)! - 1);
        },
      ],
    ]);

    await app.get(Outbox).appendMany(
      tenant,
      job.on![0]!,
      ['a', 'a', 'b'].map((key) => ({ key, payload: {} })),
    );
    await until(async () => (running.get('a') && running.get('b') ? [true] : []));
    await until(async () => (await runsOf(job)).filter(({ status }) => status === 'running'), 2);
    gate.open();
    await until(() => runsOf(job, 'completed'), 3);

    expect(most).toBe(1);
  });

  it('skips a tick that finds the last one running', async () => {
    clock.set('2026-03-02T08:00:00Z');
    const job = newJob({ overlap: 'skip', schedule: { cron: '0 * * * *' } });
    const gate = newGate();
    const app = await start(queueBackend, [[job, () => gate.opened]]);
    await app.get(Schedules).check();

    clock.set('2026-03-02T09:00:00.200Z');
    await app.get(Schedules).check();
    await until(() => runsOf(job, 'running'));
    clock.set('2026-03-02T10:00:05Z');
    await app.get(Schedules).check();
    const [skipped] = await until(() => runsOf(job, 'skipped'));
    gate.open();
    const [completed] = await until(() => runsOf(job, 'completed'));

    expect(completed).toMatchObject({ occasion: 'tick-20260302T090000Z', tenantId: null, key: '' });
    expect(skipped).toMatchObject({ occasion: 'tick-20260302T100000Z' });
  });
});
