import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { DelayedError, WaitingError } from 'bullmq';
import { Clock } from '../database/clock.js';
import { DatabaseUnavailable } from '../database/errors.js';
import { Handlers, type Binding } from './handlers.js';
import { JobSettings, type Outcome } from './job.js';
import type { QueuedJob } from './queues.js';
import { RunsRepository, type RunEnd } from './runs.repository.js';

const overlapPauseSeconds = 1;
const outagePauseSeconds = 2;
/** A worker of the version before, or after, may know the job. */
const unknownPauseSeconds = 30;
/** What a handler gets to stop in once its signal is aborted; then it is given up. */
const stopSeconds = 5;
const longestError = 2_000;

class TimedOut extends Error {}
class Stopping extends Error {}
class LostRun extends Error {}

/** Runs what the queues hand out: once at a time, within its time, and written down. */
@Injectable()
export class Runner {
  private readonly logger = new Logger('Jobs');
  private readonly stopping = new AbortController();
  private readonly underWay = new Set<Promise<void>>();
  private bindings: ReadonlyMap<string, Binding> = new Map();
  private draining = false;

  constructor(
    private readonly runs: RunsRepository,
    private readonly handlers: Handlers,
    private readonly clock: Clock,
    private readonly settings: JobSettings,
  ) {}

  /** @throws Error naming every job that does not have exactly one handler */
  bind(): void {
    this.bindings = this.handlers.bind(this.settings.jobs);
  }

  /** @throws what the queue understands: an error to try again, or one that says the job was moved */
  run(job: QueuedJob, token: string, lost: AbortSignal): Promise<void> {
    const run = this.attempt(job, token, lost);
    const settled = run.then(
      () => undefined,
      () => undefined,
    );
    this.underWay.add(settled);
    void settled.then(() => this.underWay.delete(settled));
    return run;
  }

  /** For a job that the queue gave up without running it again. */
  async recordGivenUp(job: QueuedJob, error: Error): Promise<void> {
    await this.runs.fail(job.name, job.data.occasion, error.message, this.clock.now());
  }

  /**
   * Lets what runs finish for `drainSeconds`, then asks it to stop and hands it back.
   * @returns false when a handler would not stop
   */
  async drain(drainSeconds: number): Promise<boolean> {
    this.draining = true;
    const finished = (seconds: number) => settledWithin(seconds, Promise.all(this.underWay));
    if (await finished(drainSeconds)) return true;
    this.stopping.abort(new Stopping('the worker stops'));
    return finished(stopSeconds + 1);
  }

  private async attempt(job: QueuedJob, token: string, lost: AbortSignal): Promise<void> {
    if (this.draining) return handBack(job, token);
    const binding = this.bindings.get(job.name);
    if (!binding) {
      this.logger.warn({ message: 'unknown job', job: job.name });
      return postpone(job, token, unknownPauseSeconds);
    }
    const { occasion } = job.data;
    const claim = randomUUID();
    const exclusive = binding.definition.overlap === 'skip';
    const attempt = job.attemptsMade + 1;
    const start = { ...job.data, job: job.name, exclusive, attempt, claim, now: this.clock.now() };
    const answer = await this.runs.start(start, this.leaseSeconds).catch((error: unknown) => {
      if (error instanceof DatabaseUnavailable) return 'unavailable' as const;
      throw error;
    });
    switch (answer) {
      case 'unavailable':
        return postpone(job, token, outagePauseSeconds);
      case 'ended':
        return;
      case 'overlapping':
        if (!occasion.startsWith('tick-')) return postpone(job, token, overlapPauseSeconds);
        return this.runs.skip(job.name, occasion, this.clock.now());
      case 'running':
        return postpone(job, token, overlapPauseSeconds);
      case 'started':
        return this.execute(job, token, lost, binding, claim);
    }
  }

  private async execute(
    job: QueuedJob,
    token: string,
    lost: AbortSignal,
    { definition, handle }: Binding,
    claim: string,
  ): Promise<void> {
    const started = performance.now();
    const attempt = job.attemptsMade + 1;
    const own = new AbortController();
    const signal = AbortSignal.any([own.signal, lost, this.stopping.signal]);
    const timedOut = () => own.abort(new TimedOut(`timed out after ${definition.timeoutSeconds} s`));
    const timer = setTimeout(timedOut, definition.timeoutSeconds * 1000);
    const heart = this.keepAlive(job, claim, own);
    let outcome: Outcome = undefined;
    let failure: Error | undefined;
    try {
      outcome = await orGiveUp(handle({ ...job.data, job: job.name, attempt, signal }), signal);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
    } finally {
      clearTimeout(timer);
      await heart.stop();
    }
    const reason: unknown = signal.reason;
    // a handler that returns late has not shown that it did its work
    if (reason instanceof TimedOut || reason instanceof LostRun) failure = reason;
    const stopped = reason instanceof Stopping && failure !== undefined;
    const last = attempt >= (job.opts.attempts ?? 1);
    const end: RunEnd = {
      status: !failure ? 'completed' : stopped || !last ? 'queued' : 'failed',
      finishedAt: this.clock.now(),
      durationSeconds: (performance.now() - started) / 1000,
      outcome: outcome ?? null,
      error: failure && !stopped ? failure.message.slice(0, longestError) : null,
    };
    await this.runs.finish(claim, job.name, job.data.occasion, end);
    if (stopped) return handBack(job, token);
    this.report(job, end);
    if (failure) throw failure;
  }

  private report({ name: job, data: { tenantId, occasion } }: QueuedJob, end: RunEnd): void {
    const { status, durationSeconds, error } = end;
    if (error) this.logger.warn({ message: 'job failed', job, tenantId, occasion, status, durationSeconds, error });
    else this.logger.log({ message: 'job completed', job, tenantId, occasion, durationSeconds });
  }

  /** Shorter than the queue's own lock, so that whoever is given the job after a crash finds the run free. */
  private get leaseSeconds(): number {
    return this.settings.lockSeconds * 0.8;
  }

  private keepAlive(job: QueuedJob, claim: string, own: AbortController): { stop(): Promise<void> } {
    let alive = performance.now();
    let beating = Promise.resolve();
    const beat = async (): Promise<void> => {
      let held = true;
      try {
        const asked = performance.now();
        held = await this.runs.beat(claim, job.name, job.data.occasion);
        if (held) alive = asked;
      } catch {
        held = performance.now() - alive < this.leaseSeconds * 1000;
      }
      if (!held) own.abort(new LostRun('another worker has taken over'));
    };
    const timer = setInterval(() => void (beating = beat()), this.settings.lockSeconds * 200);
    return {
      stop: async () => {
        clearInterval(timer);
        await beating;
      },
    };
  }
}

/** Waits for a handler, and a little longer for one that was told to stop. */
async function orGiveUp<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let wait = (): void => undefined;
  const givenUp = new Promise<never>((_, reject) => {
    wait = () => (timer = setTimeout(() => reject(signal.reason as Error), stopSeconds * 1000));
  });
  if (signal.aborted) wait();
  else signal.addEventListener('abort', wait);
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    signal.removeEventListener('abort', wait);
    clearTimeout(timer);
  }
}

/** Not now, and without counting as an attempt. */
async function postpone(job: QueuedJob, token: string, seconds: number): Promise<never> {
  // the queue's time is the wall's, whatever time the application thinks it is
  await job.moveToDelayed(Date.now() + Math.round(seconds * 1000), token);
  throw new DelayedError();
}

async function handBack(job: QueuedJob, token: string): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

async function settledWithin(seconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), seconds * 1000);
  });
  try {
    return await Promise.race([work.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
