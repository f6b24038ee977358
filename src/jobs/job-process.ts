import { BeforeApplicationShutdown, Injectable, Logger, OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '../config.js';
import { type JobDefinition, JobSettings, queueOf } from './job.js';
import { Queues, type JobWorker } from './queues.js';
import { Relay } from './relay.js';
import { Runner } from './runner.js';
import { Schedules } from './schedules.js';

/** Runs of one feature at once, in one process, unless it says otherwise: together they must leave connections for requests. */
const concurrency = 2;

/** Starts and stops, in order, everything that a process does which takes jobs. */
@Injectable()
export class JobProcess implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Jobs');
  private workers: JobWorker[] = [];

  constructor(
    private readonly config: Config,
    private readonly settings: JobSettings,
    private readonly queues: Queues,
    private readonly relay: Relay,
    private readonly runner: Runner,
    private readonly schedules: Schedules,
  ) {}

  /** @throws Error when a job has no handler or two, or when the queues cannot be used */
  async onApplicationBootstrap(): Promise<void> {
    const { jobs, lockSeconds } = this.settings;
    this.runner.bind();
    const names = [...new Set(jobs.map(({ name }) => queueOf(name)))];
    try {
      await this.queues.open(names);
      this.workers = names.map((name) =>
        this.queues.work(name, {
          process: (job, token, lost) => this.runner.run(job, token, lost),
          onGivenUp: (job, error) => this.runner.recordGivenUp(job, error),
          concurrency: concurrencyOf(name, jobs),
          lockSeconds,
        }),
      );
      await this.queues.waitForWorkers();
    } catch (error) {
      await this.queues.close(true);
      throw error;
    }
    for (const worker of this.workers) {
      worker.run().catch((error) => this.logger.error({ message: 'worker ended', error: String(error) }));
    }
    this.relay.start(jobs);
    this.schedules.start(jobs);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.schedules.stop();
    await Promise.all(this.workers.map((worker) => worker.pause(true)));
    await this.relay.stop();
    const idle = await this.runner.drain(this.config.http.drainSeconds);
    await this.queues.close(!idle);
  }
}

function concurrencyOf(queue: string, jobs: readonly JobDefinition[]): number {
  const own = jobs.filter(({ name }) => queueOf(name) === queue);
  return Math.max(...own.map(({ parallel = concurrency }) => parallel));
}
