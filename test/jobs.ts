import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Global, Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import { createTestDatabase, type TestDatabase } from './database.js';
import { Config, readConfig } from '../src/config.js';
import { Clock } from '../src/database/clock.js';
import { DatabaseModule } from '../src/database/database.module.js';
import { deleteExpired } from '../src/jobs/catalogue.js';
import { defineJob, Handles, type Handler, type JobDefinition, type Run } from '../src/jobs/job.js';
import { JobsModule } from '../src/jobs/jobs.module.js';

export const redisUrl = process.env.REDIS_URL?.trim();
export const backends = redisUrl ? (['postgres', 'redis'] as const) : (['postgres'] as const);
/** What the library could not do; it tries again by itself, so nothing else would show that it never can. */
export const queueErrors: unknown[] = [];
const logger = {
  log: () => undefined,
  warn: (message: { message?: string }) => void (message.message === 'queue error' && queueErrors.push(message)),
  error: () => undefined,
};
export const tenant = '0198f000-0000-7000-8000-000000000001';

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

export interface RunRow {
  readonly occasion: string;
  readonly tenantId: string | null;
  readonly key: string;
  readonly status: string;
  readonly attempt: number;
  readonly durationSeconds: number | null;
  readonly outcome: unknown;
  readonly error: string | null;
}

export let db: TestDatabase;
export const clock = new TestClock(new Date('2026-03-02T08:00:00Z'));

/** A database of the test file's own, with queues. */
export async function openJobs(): Promise<void> {
  db = await createTestDatabase();
}

export async function closeJobs(): Promise<void> {
  await forgetRedis();
  await db.drop();
}

const apps: INestApplicationContext[] = [];

export async function stopAll(): Promise<void> {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  expect(queueErrors.splice(0)).toEqual([]);
}

/** A process that runs the given jobs with the given handlers. */
export async function start(
  queueBackend: Config['queueBackend'],
  handled: readonly (readonly [JobDefinition, Handler])[],
  options: { jobs?: readonly JobDefinition[]; drainSeconds?: number } = {},
): Promise<INestApplicationContext> {
  const config: Config = {
    ...readConfig({ NODE_ENV: 'test', ...db.environment, REDIS_URL: redisUrl }),
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
      DatabaseModule.forRoot({ source: db.source, owner: db.source, clock }),
      JobsModule.forRoot({ worker: true, jobs: [deleteExpired, ...jobs], lockSeconds: 2 }),
    ],
    providers: handled.map(([job, handle]) => handlerOf(job, handle)),
  })
    .setLogger(logger)
    .compile();
  apps.push(module);
  return module.init();
}

export function word(): string {
  return [...randomBytes(6)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('');
}

/** A job of a feature of its own, started by a topic of its own. */
export function newJob(options: Partial<JobDefinition> = {}): JobDefinition {
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

export function newGate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

export function runsOf({ name }: JobDefinition, status?: string): Promise<RunRow[]> {
  return db.database.many<RunRow>(
    `-- test.runs
    select occasion, tenant_id as "tenantId", key, status, attempt, duration_seconds as "durationSeconds", outcome, error
    from job_runs where job = $1 and ($2::text is null or status = $2)`,
    [name, status ?? null],
  );
}

/** The relayed rows of a topic, or the rows that are not. */
export function unrelayed(topic: string, yes: boolean): Promise<{ id: number }[]> {
  return db.database.many<{ id: number }>(
    `-- test.relayed
    select id from outbox where topic = $1 and (relayed_at is null) = $2`,
    [topic, yes],
  );
}

/** Asks until there are `count` rows. */
export async function until<T>(ask: () => Promise<T[]>, count = 1): Promise<T[]> {
  for (let tries = 0; tries < 500; tries++) {
    const rows = await ask();
    if (rows.length >= count) return rows;
    await sleep(40);
  }
  throw new Error(`waited in vain for ${count} rows`);
}

export async function dropConnections(queueBackend: Config['queueBackend']): Promise<void> {
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
