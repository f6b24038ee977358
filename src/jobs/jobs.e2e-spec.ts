import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Global, Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { createTestDatabase, type TestDatabase } from '../../test/database.js';
import { Config, readConfig } from '../config.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { DatabaseModule } from '../database/database.module.js';
import { deleteExpired } from './catalogue.js';
import { defineJob, Handles, type Handler, type JobDefinition, type Run } from './job.js';
import { JobsModule } from './jobs.module.js';
import { Outbox } from './outbox.js';
import { OutboxRepository } from './outbox.repository.js';
import { migrateQueues, Queues } from './queues.js';
import { RunsRepository } from './runs.repository.js';
import { latestTick, Schedules } from './schedules.js';

const redisUrl = process.env.REDIS_URL?.trim();
const backends = redisUrl ? (['postgres', 'redis'] as const) : (['postgres'] as const);
/** What the library could not do; it tries again by itself, so nothing else would show that it never can. */
const queueErrors: unknown[] = [];
const logger = {
  log: () => undefined,
  warn: (message: { message?: string }) => void (message.message === 'queue error' && queueErrors.push(message)),
  error: () => undefined,
};
const tenant = '0198f000-0000-7000-8000-000000000001';

class TestClock extends Clock {
  constructor(private time: Date) {
    super();
  }
  override now(): Date {
    return this.time;
  }
  set(instant: string): void {
    this.time = new Date(instant);
  }
}

interface RunRow {
  readonly occasion: string;
  readonly tenantId: string | null;
  readonly key: string;
  readonly status: string;
  readonly attempt: number;
  readonly durationSeconds: number | null;
  readonly outcome: unknown;
  readonly error: string | null;
}

let db: TestDatabase;
const clock = new TestClock(new Date('2026-03-02T08:00:00Z'));

beforeAll(async () => {
  db = await createTestDatabase();
  await migrateQueues(db.url);
});

afterAll(async () => {
  await forgetRedis();
  await db.drop();
});

describe.each(backends)('jobs on %s', (queueBackend) => {
  const apps: INestApplicationContext[] = [];

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    expect(queueErrors.splice(0)).toEqual([]);
  });

  /** A process that runs the given jobs with the given handlers. */
  async function start(
    handled: readonly (readonly [JobDefinition, Handler])[],
    options: { jobs?: readonly JobDefinition[]; drainSeconds?: number } = {},
  ): Promise<INestApplicationContext> {
    const config: Config = {
      ...readConfig({ NODE_ENV: 'test', DATABASE_URL: db.url, REDIS_URL: redisUrl }),
      queueBackend,
      http: { ...readConfig({}).http, drainSeconds: options.drainSeconds ?? 5 },
    };
    @Global()
    @Module({ providers: [{ provide: Config, useValue: config }], exports: [Config] })
    class ConfigModule {}

    const jobs = options.jobs ?? handled.map(([job]) => job);
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule,
        DatabaseModule.forRoot(db.source, clock),
        JobsModule.forRoot({ worker: true, jobs: [deleteExpired, ...jobs], lockSeconds: 2 }),
      ],
      providers: handled.map(([job, handle]) => handlerOf(job, handle)),
    })
      .setLogger(logger)
      .compile();
    apps.push(module);
    return module.init();
  }

  it('runs the job of an event that was committed, with its ids, and writes down what it did', async () => {
    const job = newJob();
    const seen: Run[] = [];
    const app = await start([
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
    const app = await start([[job, async ({ key }) => void keys.push(key)]]);
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
    const app = await start([
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

    await start([[job, async () => undefined]]);

    await until(() => runsOf(job, 'completed'));
  });

  it('hands an event over again, under the same key, when the relay died before it could mark it', async () => {
    const job = newJob();
    const seen: Run[] = [];
    const app = await start([[job, async (run) => void seen.push(run)]]);
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
    const [app] = await Promise.all([start(handled), start(handled)]);

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
    const app = await start([
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
    const app = await start([
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
    const app = await start([
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
    const app = await start([[job, () => gate.opened]]);
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

  it('deletes relayed events after a day and runs after thirty', async () => {
    clock.set('2026-03-02T08:00:00Z');
    const app = await start([]);
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
    const app = await start([[job, slow]], { drainSeconds: 0.1 });
    await app.get(Outbox).append(tenant, job.on![0]!, 'k', {});
    await until(() => runsOf(job, 'running'));

    await app.close();
    expect(await runsOf(job)).toMatchObject([{ status: 'queued', attempt: 1, error: null }]);

    await start([[job, async () => ({ by: 'the other' })]]);
    expect(await until(() => runsOf(job, 'completed'))).toMatchObject([{ attempt: 1, outcome: { by: 'the other' } }]);
  });

  it('lets a run finish before it stops', async () => {
    const job = newJob();
    const gate = newGate();
    const app = await start([[job, () => gate.opened]]);
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
      const { startWorker } = await import('./src/jobs/killed-worker.fixture.ts');
      await startWorker(${JSON.stringify({ url: db.url, redisUrl, queueBackend, job })});`;
    const args = ['--import', './test/typescript.js', '--input-type=module', '--eval', script];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    const exited = once(child, 'exit');
    const outbox = new OutboxRepository(db.database);
    await outbox.insert(tenant, job.on![0]!, [{ key: 'k', payload: {} }], clock.now());
    const [killed] = await until(() => runsOf(job, 'running'));
    child.kill('SIGKILL');
    await exited;

    await start([[job, async () => ({ by: 'the other' })]]);

    const [run] = await until(() => runsOf(job, 'completed'));
    expect(run).toMatchObject({ occasion: killed!.occasion, key: 'k', outcome: { by: 'the other' } });
  });

  it('goes on after the server has dropped its connections', async () => {
    const job = newJob();
    const app = await start([[job, async () => undefined]]);
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
    const queues = new Queues({ ...readConfig({ DATABASE_URL: db.url }), ...overrides }, database);
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

describe('schedules', () => {
  const schedulers = (count: number): Schedules[] =>
    Array.from({ length: count }, () => {
      const outbox = new Outbox(new OutboxRepository(db.database), db.database, clock);
      return new Schedules(new RunsRepository(db.database), outbox, clock);
    });
  const check = (all: readonly Schedules[]) => Promise.all(all.map((each) => each.check()));
  const ticksOf = ({ name }: JobDefinition) =>
    db.database.many<{ key: string; payload: unknown }>(
      `-- test.ticks
      select key, payload from outbox where topic = $1 order by id`,
      [name],
    );

  it('claim a tick once, however many there are', async () => {
    const job = newJob({ on: undefined, schedule: { cron: '30 2 * * *' } });
    const ten = schedulers(10);
    ten.forEach((each) => each.start([job]));

    clock.set('2026-03-02T02:29:59.999Z');
    await check(ten);
    expect(await ticksOf(job)).toEqual([]);

    clock.set('2026-03-02T02:30:00.000Z');
    await check(ten);
    clock.set('2026-03-02T02:30:01.000Z');
    await check(ten);
    expect(await ticksOf(job)).toEqual([
      { key: 'tick-20260302T023000Z', payload: { tick: '2026-03-02T02:30:00.000Z' } },
    ]);
    expect(await runsOf(job)).toMatchObject([{ occasion: 'tick-20260302T023000Z', status: 'queued' }]);
  });

  it('make up for the last tick that all of them slept through, but not for those before the first', async () => {
    const job = newJob({ on: undefined, schedule: { cron: '30 2 * * *' } });
    const [first] = schedulers(1);
    clock.set('2026-03-02T12:00:00Z');
    first!.start([job]);
    await first!.check();
    expect(await ticksOf(job)).toEqual([]);
    clock.set('2026-03-03T02:30:00Z');
    await first!.check();

    const [second] = schedulers(1);
    clock.set('2026-03-06T12:00:00Z');
    second!.start([job]);
    await second!.check();

    expect((await ticksOf(job)).map(({ key }) => key)).toEqual(['tick-20260303T023000Z', 'tick-20260306T023000Z']);
  });

  it.each([
    ['* * * * *', '2026-03-02T08:00:00.000Z', '2026-03-02T08:00:00.000Z'],
    ['*/5 * * * * *', '2026-03-02T08:00:04.999Z', '2026-03-02T08:00:00.000Z'],
    ['17 * * * *', '2026-03-02T08:16:59.000Z', '2026-03-02T07:17:00.000Z'],
    ['0 0 * * 1', '2026-03-08T23:59:59.000Z', '2026-03-02T00:00:00.000Z'],
    ['0 3 1 * *', '2026-03-31T12:00:00.000Z', '2026-03-01T03:00:00.000Z'],
    ['0 0 1 1 *', '2026-12-31T23:59:59.000Z', '2026-01-01T00:00:00.000Z'],
  ])('%s was last due before %s at %s', (cron, now, tick) => {
    expect(latestTick(cron, new Date(now))?.toISOString()).toBe(tick);
  });
});

function word(): string {
  return [...randomBytes(6)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('');
}

/** A job of a feature of its own, started by a topic of its own. */
function newJob(options: Partial<JobDefinition> = {}): JobDefinition {
  const feature = word();
  return defineJob({
    name: `${feature}.do-thing`,
    attempts: 1,
    backoffSeconds: 0.1,
    timeoutSeconds: 20,
    overlap: 'allow',
    on: [`${feature}.things-happened`],
    ...options,
  });
}

function handlerOf(job: JobDefinition, handle: Handler): Type {
  class Probe {
    @Handles(job)
    run(run: Run) {
      return handle(run);
    }
  }
  return Probe;
}

function newGate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

function runsOf({ name }: JobDefinition, status?: string): Promise<RunRow[]> {
  return db.database.many<RunRow>(
    `-- test.runs
    select occasion, tenant_id as "tenantId", key, status, attempt, duration_seconds as "durationSeconds", outcome, error
    from job_runs where job = $1 and ($2::text is null or status = $2)`,
    [name, status ?? null],
  );
}

/** The relayed rows of a topic, or the rows that are not. */
function unrelayed(topic: string, yes: boolean): Promise<{ id: number }[]> {
  return db.database.many<{ id: number }>(
    `-- test.relayed
    select id from outbox where topic = $1 and (relayed_at is null) = $2`,
    [topic, yes],
  );
}

/** Asks until there are `count` rows. */
async function until<T>(ask: () => Promise<T[]>, count = 1): Promise<T[]> {
  for (let tries = 0; tries < 500; tries++) {
    const rows = await ask();
    if (rows.length >= count) return rows;
    await sleep(40);
  }
  throw new Error(`waited in vain for ${count} rows`);
}

async function dropConnections(queueBackend: Config['queueBackend']): Promise<void> {
  if (queueBackend === 'redis') {
    const redis = new Redis(redisUrl!);
    const clients = String(await redis.client('LIST')).split('\n');
    const ours = clients.filter((line) => line.includes(` name=jobs-${new URL(db.url).pathname.slice(1)}:`));
    expect(ours.length).toBeGreaterThan(0);
    for (const line of ours) await redis.client('KILL', 'ID', Number(/^id=(\d+)/.exec(line)?.[1]));
    await redis.quit();
  } else {
    await db.database.run(`-- test.dropConnections
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`);
  }
}

async function forgetRedis(): Promise<void> {
  if (!redisUrl) return;
  const redis = new Redis(redisUrl);
  const keys = await redis.keys(`jobs-${new URL(db.url).pathname.slice(1)}:*`);
  if (keys.length > 0) await redis.unlink(keys);
  await redis.quit();
}
