import { EventEmitter } from 'node:events';
import { Injectable, Logger } from '@nestjs/common';
import {
  createPostgresBackend,
  PostgresConnection,
  Queue,
  UnrecoverableError,
  Worker,
  type Job,
  type JobsOptions,
  type QueueOptions,
} from 'bullmq';
import { Redis } from 'ioredis';
import { Config } from '../config.js';
import { Database } from '../database/database.js';
import { queueOf, type JobData, type JobDefinition } from './job.js';

export type QueuedJob = Job<JobData, void>;

/** What is needed of the library's classes, whose types differ by backend. */
export interface JobWorker {
  waitUntilReady(): Promise<void>;
  run(): Promise<void>;
  pause(doNotWait: boolean): Promise<void>;
  close(force: boolean): Promise<void>;
}

interface JobQueue {
  addBulk(jobs: { name: string; data: JobData; opts: JobsOptions }[]): Promise<unknown>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}

/** What is put into a queue; an `id` that is there already is not put in again. */
export interface NewJob {
  readonly definition: JobDefinition;
  readonly id: string;
  readonly data: JobData;
}

export interface WorkerSettings {
  /** @param lost aborted when the queue has taken the job away */
  readonly process: (job: QueuedJob, token: string, lost: AbortSignal) => Promise<void>;
  /** Told of a job whose workers died again and again. */
  readonly onGivenUp: (job: QueuedJob, error: Error) => Promise<void>;
  readonly concurrency: number;
  /** A worker that is silent for this long has lost its jobs to the others. */
  readonly lockSeconds: number;
}

const connectSeconds = 5;
const dialSeconds = 1;
const answerSeconds = 5;
/** Beside the connection with which each worker listens. */
const sharedConnections = 4;
const hour = 3_600;

/** Puts the tables of the queues into the database, in a schema of their own; for the command that migrates. */
export async function migrateQueues(url: string): Promise<void> {
  const connection = new PostgresConnection({ connectionString: url, max: 1, migrate: true });
  try {
    await connection.waitUntilReady();
  } finally {
    await connection.close();
  }
}

/**
 * The queues, one for each feature, on PostgreSQL or Redis. Everything here fails within seconds when the server does
 * not answer, except workers, which wait for it to come back.
 */
@Injectable()
export class Queues {
  private readonly logger = new Logger('Queues');
  private readonly queues = new Map<string, JobQueue>();
  private readonly workers: JobWorker[] = [];
  private postgres: PostgresConnection | undefined;

  constructor(
    private readonly config: Config,
    private readonly database: Database,
  ) {}

  /** @throws Error when the server does not answer, lacks the tables, or may forget jobs */
  async open(names: readonly string[]): Promise<void> {
    if (this.config.queueBackend === 'redis') await refuseEviction(this.redisUrl);
    else this.postgres = this.connectPostgres(names.length);
    for (const name of names) {
      const queue = this.postgres
        ? new Queue(name, { connection: this.postgres.pool }, createPostgresBackend)
        : new Queue(name, this.redisOptions({ enableOfflineQueue: false, maxRetriesPerRequest: 1 }));
      queue.on('error', (error) => this.warn(name, error));
      this.queues.set(name, queue);
    }
    // a queue that was not ready once would stay so for ever
    await within(connectSeconds, Promise.all([...this.queues.values()].map((queue) => queue.waitUntilReady())));
  }

  async add(jobs: readonly NewJob[]): Promise<void> {
    for (const [name, queue] of this.queues) {
      const own = jobs.filter(({ definition }) => queueOf(definition.name) === name);
      if (own.length === 0) continue;
      const entries = own.map(({ definition: { name, attempts, backoffSeconds, delaySeconds = 0 }, id, data }) => ({
        name,
        data,
        opts: {
          jobId: id,
          attempts,
          delay: Math.round(delaySeconds * 1000),
          backoff: { type: 'exponential', delay: Math.round(backoffSeconds * 1000) },
          removeOnComplete: { age: hour, count: 1_000 },
          removeOnFail: { age: 7 * 24 * hour, count: 5_000 },
        },
      }));
      await within(answerSeconds, queue.addBulk(entries));
    }
  }

  /** A worker that does not run yet. */
  work(name: string, { process, onGivenUp, concurrency, lockSeconds }: WorkerSettings): JobWorker {
    const options = {
      autorun: false,
      concurrency,
      lockDuration: Math.round(lockSeconds * 1000),
      stalledInterval: Math.round((lockSeconds * 1000) / 3), // PostgreSQL takes whole milliseconds only
      maxStalledCount: 3,
    };
    const run = (job: QueuedJob, token: string | undefined, signal: AbortSignal | undefined): Promise<void> =>
      process(job, token ?? '', signal ?? new AbortController().signal);
    const worker = this.postgres
      ? new Worker(name, run, { ...options, connection: this.postgres.pool }, createPostgresBackend)
      : new Worker(name, run, { ...options, ...this.redisOptions({ maxRetriesPerRequest: null }) });
    worker.on('error', (error) => this.warn(name, error));
    worker.on('lockRenewalFailed', (ids) => ids.forEach((id) => worker.cancelJob(id, 'the lock is lost')));
    worker.on('failed', (job, error) => {
      if (job && error instanceof UnrecoverableError) {
        onGivenUp(job, error).catch((reason: Error) => this.warn(name, reason));
      }
    });
    this.workers.push(worker);
    return worker;
  }

  /**
   * A worker that could not reach the server at first would never try again, but ask for jobs without a pause and let
   * nothing else in the process run.
   * @throws Error when the server does not answer
   */
  async waitForWorkers(): Promise<void> {
    await within(connectSeconds, Promise.all(this.workers.map((worker) => worker.waitUntilReady())));
  }

  /** @param force do not wait for what the workers still run; it comes back to the others */
  async close(force: boolean): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close(force)));
    await Promise.all([...this.queues.values()].map((queue) => queue.close()));
    await this.postgres?.close();
  }

  /** One pool for all: the library would open one for each queue and one for each worker. */
  private connectPostgres(queues: number): PostgresConnection {
    if (this.config.database.pooler) {
      throw new Error(
        'QUEUE_BACKEND=postgres listens on its connections, which DATABASE_POOLER=true rules out: ' +
          'set QUEUE_BACKEND=redis, or connect directly',
      );
    }
    const connection = new PostgresConnection({
      connectionString: this.databaseUrl,
      application_name: 'queues',
      max: queues + sharedConnections,
      connectionTimeoutMillis: dialSeconds * 1000,
      query_timeout: answerSeconds * 1000,
      keepAlive: true,
    });
    // every queue and worker adds listeners of its own
    if (connection.pool instanceof EventEmitter) connection.pool.setMaxListeners(0);
    connection.on('error', (error: Error) => this.warn('connection', error));
    return connection;
  }

  private redisOptions(options: { enableOfflineQueue?: boolean; maxRetriesPerRequest: number | null }): QueueOptions {
    return {
      connection: { url: this.redisUrl, connectTimeout: dialSeconds * 1000, ...options },
      // installations that share a Redis by mistake must not run each other's jobs
      prefix: `jobs-${new URL(this.databaseUrl).pathname.slice(1)}`,
    };
  }

  private get databaseUrl(): string {
    const { options } = this.database.source;
    const url = 'url' in options ? options.url : undefined;
    if (!url) throw new Error('the queues need the URL of the database');
    return url;
  }

  private get redisUrl(): string {
    if (!this.config.redisUrl) throw new Error('QUEUE_BACKEND=redis needs REDIS_URL');
    return this.config.redisUrl;
  }

  private warn(queue: string, error: Error): void {
    this.logger.warn({ message: 'queue error', queue, error: error.message });
  }
}

/** A Redis that may evict keys loses jobs without a word. */
async function refuseEviction(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: dialSeconds * 1000 });
  redis.on('error', () => undefined); // `connect` throws it as well
  try {
    const info = await within(
      connectSeconds,
      redis.connect().then(() => redis.info('memory')),
    );
    // CONFIG GET is forbidden on many hosted servers
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
    if (policy !== 'noeviction') {
      throw new Error(`the Redis of the queues must not evict: set its maxmemory-policy to noeviction, not ${policy}`);
    }
  } finally {
    redis.disconnect();
  }
}

async function within<T>(seconds: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the queue did not answer within ${seconds} s`)), seconds * 1000);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
