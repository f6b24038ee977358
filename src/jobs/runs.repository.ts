import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { ConstraintViolation } from '../database/errors.js';
import type { JobData } from './job.js';

/** How one attempt ended. `queued`: it will be tried again, or another worker goes on. */
export interface RunEnd {
  readonly status: 'completed' | 'failed' | 'queued';
  readonly finishedAt: Date;
  readonly durationSeconds: number;
  readonly outcome: Readonly<Record<string, unknown>> | null;
  readonly error: string | null;
}

export interface RunStart extends JobData {
  readonly job: string;
  readonly exclusive: boolean;
  readonly attempt: number;
  /** A new UUID, which the worker shows with everything it writes about the run. */
  readonly claim: string;
  readonly now: Date;
}

/** Tells of runs that have ended as failed, where they were a tenant's. @param now of a statement's parameters */
const tellingOfFailed = (now: string): string => `
  told as (
    insert into outbox (tenant_id, topic, key, payload, created_at)
    select tenant_id, 'jobs.failed', job, jsonb_build_object('job', job, 'occasion', occasion), ${now}
    from ended where status = 'failed' and tenant_id is not null
  )
  select from ended`;

/**
 * Who runs what. A running row is alive while its heartbeat is younger than the lease; heartbeats are compared by the
 * server's clock, because workers run on many machines.
 */
@Injectable()
export class RunsRepository {
  constructor(private readonly database: Database) {}

  /**
   * Writes down that a job was due at a tick, and the event that starts it, unless someone already has.
   *
   * @param onlyResume do nothing when the job has never had a tick: a new installation has missed none
   * @returns whether this call was the one
   */
  async claimTick(job: string, occasion: string, tick: Date, now: Date, onlyResume: boolean): Promise<boolean> {
    const count = await this.database.run(
      `-- jobs.claimTick
      with claimed as (
        insert into job_runs (job, occasion, key, exclusive, status, attempt, queued_at)
        select $1, $2, '', false, 'queued', 0, $4
        where not $5::boolean
           or exists (select from job_runs where job = $1 and starts_with(occasion, 'tick-'))
        on conflict on constraint job_runs__job_occasion_key do nothing
        returning occasion
      )
      insert into outbox (topic, key, payload, created_at)
      select $1, occasion, jsonb_build_object('tick', $3::text), $4 from claimed`,
      [job, occasion, tick.toISOString(), now, onlyResume],
    );
    return count === 1;
  }

  /**
   * @returns `started`; `ended` when it was completed or skipped before; `running` when another worker has this very
   * run; `overlapping` when it must not run beside another run of the same job, tenant and key
   */
  async start(run: RunStart, leaseSeconds: number): Promise<'started' | 'ended' | 'running' | 'overlapping'> {
    try {
      return await this.database.transaction(async () => {
        if (run.exclusive) await this.handBackDead(run, leaseSeconds);
        if (await this.insert(run, leaseSeconds)) return 'started';
        return (await this.isRunning(run.job, run.occasion)) ? 'running' : 'ended';
      });
    } catch (error) {
      if (error instanceof ConstraintViolation && error.constraint === 'job_runs__exclusive_idx') return 'overlapping';
      throw error;
    }
  }

  /** A run whose worker died must not hold up others of its key; the queue brings it back in its own time. */
  private async handBackDead({ job, tenantId, key, occasion }: RunStart, leaseSeconds: number): Promise<void> {
    await this.database.run(
      `-- jobs.handBackDeadRuns
      update job_runs set status = 'queued', claim = null
      where job = $1 and tenant_id is not distinct from $2::uuid and key = $3 and occasion <> $4
        and status = 'running' and exclusive
        and heartbeat_at < clock_timestamp() - make_interval(secs => $5)`,
      [job, tenantId, key, occasion, leaseSeconds],
    );
  }

  private async insert(run: RunStart, leaseSeconds: number): Promise<boolean> {
    const count = await this.database.run(
      `-- jobs.startRun
      insert into job_runs as run
        (tenant_id, job, occasion, key, exclusive, status, attempt, claim, queued_at, started_at, heartbeat_at)
      values ($1, $2, $3, $4, $5, 'running', $6, $7, $8, $8, clock_timestamp())
      on conflict on constraint job_runs__job_occasion_key do update set
        exclusive = excluded.exclusive, status = excluded.status, attempt = excluded.attempt, claim = excluded.claim,
        started_at = excluded.started_at, heartbeat_at = excluded.heartbeat_at, finished_at = null,
        duration_seconds = null, error = null
      where run.status in ('queued', 'failed')
         or run.status = 'running' and run.heartbeat_at < clock_timestamp() - make_interval(secs => $9)`,
      [run.tenantId, run.job, run.occasion, run.key, run.exclusive, run.attempt, run.claim, run.now, leaseSeconds],
    );
    return count === 1;
  }

  private async isRunning(job: string, occasion: string): Promise<boolean> {
    const { running } = await this.database.one<{ running: boolean }>(
      `-- jobs.isRunning
      select status = 'running' as running from job_runs where job = $1 and occasion = $2`,
      [job, occasion],
    );
    return running;
  }

  /** @returns false when the run no longer belongs to this claim */
  async beat(claim: string, job: string, occasion: string): Promise<boolean> {
    const count = await this.database.run(
      `-- jobs.beatRun
      update job_runs set heartbeat_at = clock_timestamp()
      where job = $1 and occasion = $2 and claim = $3 and status = 'running'`,
      [job, occasion, claim],
    );
    return count === 1;
  }

  /** @returns false when the run no longer belongs to this claim, and nothing was written */
  async finish(claim: string, job: string, occasion: string, end: RunEnd): Promise<boolean> {
    const count = await this.database.run(
      `-- jobs.finishRun
      with ended as (
        update job_runs set status = $4, finished_at = $5, duration_seconds = $6, outcome = $7::jsonb, error = $8
        where job = $1 and occasion = $2 and claim = $3 and status = 'running'
        returning tenant_id, job, occasion, status
      ), ${tellingOfFailed('$5')}`,
      [
        job,
        occasion,
        claim,
        end.status,
        end.finishedAt,
        end.durationSeconds,
        end.outcome === null ? null : JSON.stringify(end.outcome),
        end.error,
      ],
    );
    return count === 1;
  }

  /** For a tick that came while the one before was still running. */
  async skip(job: string, occasion: string, now: Date): Promise<void> {
    await this.database.run(
      `-- jobs.skipRun
      update job_runs set status = 'skipped', finished_at = $3
      where job = $1 and occasion = $2 and status = 'queued'`,
      [job, occasion, now],
    );
  }

  /** For a run that the queue gave up, because its workers died again and again. */
  async fail(job: string, occasion: string, error: string, now: Date): Promise<void> {
    await this.database.run(
      `-- jobs.failRun
      with ended as (
        update job_runs set status = 'failed', finished_at = $4, error = $3
        where job = $1 and occasion = $2 and status in ('queued', 'running')
        returning tenant_id, job, occasion, status
      ), ${tellingOfFailed('$4')}`,
      [job, occasion, error, now],
    );
  }

  /** @returns how many were deleted; fewer than `limit` when nothing is left */
  delete(before: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- jobs.deleteRuns
      delete from job_runs
      where id = any(array(select id from job_runs where queued_at < $1 order by queued_at limit $2))`,
      [before, limit],
    );
  }
}
