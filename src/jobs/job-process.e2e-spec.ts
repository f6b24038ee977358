import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { createTestDatabase } from '../../test/database.js';
import { Config, readConfig } from '../config.js';
import { deleteExpired } from './catalogue.js';
import { Outbox } from './outbox.js';
import { OutboxRepository } from './outbox.repository.js';
import { Queues } from './queues.js';
import type { Handler } from './job.js';
import {
  db,
  clock,
  tenant,
  backends,
  redisUrl,
  queueErrors,
  start,
  stopAll,
  openJobs,
  closeJobs,
  word,
  newJob,
  newGate,
  runsOf,
  until,
  dropConnections,
} from '../../test/jobs.js';

beforeAll(openJobs);
afterEach(stopAll);
afterAll(closeJobs);

describe.each(backends)('the process on %s', (queueBackend) => {
  it('deletes relayed events after a day and runs after thirty', async () => {
    clock.set('2026-03-02T08:00:00Z');
    const app = await start(queueBackend, []);
    await db.database.run(
      `-- test.oldRows
      with runs as (
        insert into job_runs (job, occasion, key, exclusive, status, attempt, queued_at)
        values ('old.thing', 'tick-a', '', false, 'completed', 1, '2026-01-31T07:59:59Z'),
               ('old.thing', 'tick-b', '', false, 'completed', 1, '2026-01-31T08:00:01Z')
        on conflict do nothing
      )
      insert into outbox (topic, key, payload, created_at, relayed_at)
      values ('old.things-happened', 'a', '{}', '2026-02-01T00:00:00Z', '2026-03-01T07:59:59Z'),
             ('old.things-happened', 'b', '{}', '2026-02-01T00:00:00Z', '2026-03-01T08:00:01Z')`,
    );

    // an event with a job's own name is a tick of it
    await app.get(Outbox).append(null, deleteExpired.name, `tick-${word()}`, {});
    const done = await until(async () =>
      (await runsOf(deleteExpired, 'completed')).filter(
        ({ outcome }) => (outcome as { runsDeleted: number }).runsDeleted,
      ),
    );

    expect(done).toHaveLength(1);
    expect(done[0]!.outcome).toMatchObject({ runsDeleted: 1 });
    expect(
      await db.database.many(`-- test.left
      select key from outbox where topic = 'old.things-happened'`),
    ).toEqual([{ key: 'b' }]);
    expect(
      await db.database.many(`-- test.leftRuns
      select occasion from job_runs where job = 'old.thing'`),
    ).toEqual([{ occasion: 'tick-b' }]);
    await db.database.run(`-- test.forget
      delete from outbox where topic = 'old.things-happened'`);
    await db.database.run(
      `-- test.forgetRuns
      delete from job_runs where job in ('old.thing', $1)`,
      [deleteExpired.name],
    );
  });

  it('hands a run back when it stops, and another worker finishes it as the same attempt', async () => {
    const job = newJob({ attempts: 1 });
    const slow: Handler = ({ signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('told to stop'))));
    const app = await start(queueBackend, [[job, slow]], { drainSeconds: 0.1 });
    await app.get(Outbox).append(tenant, job.on![0]!, 'k', {});
    await until(() => runsOf(job, 'running'));

    await app.close();
    expect(await runsOf(job)).toMatchObject([{ status: 'queued', attempt: 1, error: null }]);

    await start(queueBackend, [[job, async () => ({ by: 'the other' })]]);
    expect(await until(() => runsOf(job, 'completed'))).toMatchObject([{ attempt: 1, outcome: { by: 'the other' } }]);
  });

  it('lets a run finish before it stops', async () => {
    const job = newJob();
    const gate = newGate();
    const app = await start(queueBackend, [[job, () => gate.opened]]);
    await app.get(Outbox).append(tenant, job.on![0]!, 'k', {});
    await until(() => runsOf(job, 'running'));

    const closed = app.close();
    gate.open();
    await closed;

    expect(await runsOf(job)).toMatchObject([{ status: 'completed' }]);
  });

  it('takes over what a worker that was killed was running', async () => {
    const job = newJob({ overlap: 'skip' });
    const script = `
      const { startWorker } = await import('./test/killed-worker.ts');
      await startWorker(${JSON.stringify({ url: db.applicationUrl, redisUrl, queueBackend, job })});`;
    const args = ['--import', './test/typescript.js', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    const exited = once(child, 'exit');
    const outbox = new OutboxRepository(db.database);
    await outbox.insert(tenant, job.on![0]!, [{ key: 'k', payload: {} }], clock.now());
    const [killed] = await until(() => runsOf(job, 'running'));
    child.kill('SIGKILL');
    await exited;

    await start(queueBackend, [[job, async () => ({ by: 'the other' })]]);

    const [run] = await until(() => runsOf(job, 'completed'));
    expect(run).toMatchObject({ occasion: killed!.occasion, key: 'k', outcome: { by: 'the other' } });
  });

  it('goes on after the server has dropped its connections', async () => {
    const job = newJob();
    const app = await start(queueBackend, [[job, async () => undefined]]);
    await app.get(Outbox).append(tenant, job.on![0]!, 'before', {});
    await until(() => runsOf(job, 'completed'));

    await dropConnections(queueBackend);
    await new OutboxRepository(db.database).insert(tenant, job.on![0]!, [{ key: 'after', payload: {} }], clock.now());

    await until(() => runsOf(job, 'completed'), 2);
    queueErrors.length = 0;
  });

  it('refuses to start when a job has no handler, two, or is unknown', async () => {
    const [lonely, popular, stray] = [newJob(), newJob(), newJob()];
    const nothing = async () => undefined;
    const starting = start(
      queueBackend,
      [
        [popular, nothing],
        [popular, nothing],
        [stray, nothing],
      ],
      { jobs: [lonely, popular] },
    );

    const error = await starting.then(
      () => '',
      (reason: Error) => reason.message,
    );
    expect(error).toContain(`job ${lonely.name} has no handler`);
    expect(error).toContain(`job ${popular.name} has 2 handlers: Probe.run, Probe.run`);
    expect(error).toContain(`Probe.run handles job ${stray.name}, which is not in the catalogue`);
  });
});

describe('queues', () => {
  const open = async (overrides: Partial<Config>, database = db.database): Promise<void> => {
    const queues = new Queues({ ...readConfig({ ...db.environment }), ...overrides }, database);
    try {
      await queues.open(['jobs']);
    } finally {
      await queues.close(true);
    }
  };

  it('are refused where their tables are missing', async () => {
    const bare = await createTestDatabase();
    try {
      await bare.database.run('-- test.bare\ndrop schema if exists bullmq cascade');
      await expect(open({}, bare.database)).rejects.toThrow('is not initialized');
    } finally {
      await bare.drop();
    }
  });

  it('are refused on PostgreSQL behind a pooler, which cannot listen', async () => {
    const { database } = readConfig({});
    await expect(open({ database: { ...database, pooler: true } })).rejects.toThrow('DATABASE_POOLER=true');
  });

  it('are refused on a Redis that is not there', async () => {
    await expect(open({ queueBackend: 'redis', redisUrl: 'redis://127.0.0.1:1' })).rejects.toThrow();
  });

  (redisUrl ? it : it.skip)('are refused on a Redis that may forget them', async () => {
    const port = 20_000 + (process.pid % 20_000);
    const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'allkeys-lru'];
    const server = spawn('redis-server', args, { stdio: 'ignore' });
    const exited = once(server, 'exit');
    try {
      const evicting = `redis://127.0.0.1:${port}`;
      const redis = new Redis(evicting, { retryStrategy: () => 50 });
      redis.on('error', () => undefined);
      await redis.ping();
      await redis.quit();
      await expect(open({ queueBackend: 'redis', redisUrl: evicting })).rejects.toThrow(
        'to noeviction, not allkeys-lru',
      );
    } finally {
      server.kill();
      await exited;
    }
  });
});
