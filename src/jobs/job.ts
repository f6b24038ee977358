import { Reflector } from '@nestjs/core';
import { CronTime } from 'cron';

/** Ids, keys and days; never what they stand for, because payloads are kept in queues and logs. */
export type Payload = Readonly<
  Record<string, string | number | boolean | null | readonly string[] | readonly number[]>
>;

export interface JobDefinition {
  /** `feature.verb-object`; the feature is the queue. */
  readonly name: string;
  /** How often it is tried in all. */
  readonly attempts: number;
  /** The pause before the second attempt; it doubles with each further one. */
  readonly backoffSeconds: number;
  /** After this long the run's signal is aborted and the attempt counts as failed. */
  readonly timeoutSeconds: number;
  /** It is run so long after what starts it, at the earliest: what comes in meanwhile can be done at one go. */
  readonly delaySeconds?: number;
  /**
   * `skip`: never two runs of the same tenant and key at once. A tick that finds the last one still running is skipped;
   * an event waits for it, because the running one may have read what the event changed before it changed.
   */
  readonly overlap: 'allow' | 'skip';
  /** Jobs of its queue that a process runs at a time, where it is the queue's greatest; 2 unless told. */
  readonly parallel?: number;
  /** Topics of the outbox that start it. */
  readonly on?: readonly string[];
  /** When it recurs: five or six fields, in UTC. */
  readonly schedule?: { readonly cron: string };
}

/** What a handler is told. The same occasion may be told again after a crash: handlers are idempotent. */
export interface Run {
  readonly job: string;
  /** Null: for the whole installation. */
  readonly tenantId: string | null;
  /** The key of the event that started it; empty for a tick. */
  readonly key: string;
  /** `outbox-<id>` or `tick-<instant>`: the same for every attempt, unique in its job. */
  readonly occasion: string;
  /** Of the event; `{ tick }`, the instant it was due, for a tick. */
  readonly payload: Payload;
  /** 1, 2 … */
  readonly attempt: number;
  /**
   * Aborted when the time is up, the process stops, or another worker has taken over. Check it between two steps with
   * `signal.throwIfAborted()`; a handler that goes on for more than 5 s is given up.
   */
  readonly signal: AbortSignal;
}

/** What the run did, in counts and ids; kept in `job_runs.outcome`. */
export type Outcome = Readonly<Record<string, unknown>> | void;
export type Handler = (run: Run) => Promise<Outcome>;

/** What travels through the queue. */
export type JobData = Pick<Run, 'tenantId' | 'key' | 'occasion' | 'payload'>;

/** What `JobsModule.forRoot` was given. A class and not an interface, so that it is its own injection token. */
export abstract class JobSettings {
  abstract readonly jobs: readonly JobDefinition[];
  /** A worker that is silent for this long has lost its runs to the others. */
  abstract readonly lockSeconds: number;
}

/** Marks the method that runs a job: `(run: Run) => Promise<Outcome>`, on a provider in the feature's `*.jobs.ts`. */
export const Handles = Reflector.createDecorator<JobDefinition>();

/** @throws Error when the definition contradicts itself or could never run */
export function defineJob(definition: JobDefinition): JobDefinition {
  const { name, attempts, backoffSeconds, timeoutSeconds, on = [], schedule } = definition;
  if (!/^[a-z]+\.[a-z]+(-[a-z]+)*$/.test(name)) throw new Error(`job ${name} must be named feature.verb-object`);
  if (!(Number.isInteger(attempts) && attempts >= 1)) throw new Error(`job ${name} needs at least one attempt`);
  if (!(backoffSeconds >= 0 && timeoutSeconds > 0)) throw new Error(`job ${name} needs a back-off and a timeout`);
  if (on.length === 0 && !schedule) throw new Error(`job ${name} needs a topic or a schedule to start it`);
  if (schedule) new CronTime(schedule.cron, 'UTC');
  return Object.freeze(definition);
}

export function queueOf(job: string): string {
  return job.slice(0, job.indexOf('.'));
}
