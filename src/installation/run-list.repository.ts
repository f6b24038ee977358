import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

export interface ListedRun {
  readonly id: number;
  readonly job: string;
  readonly status: string;
  readonly attempt: number;
  readonly tenantId: string | null;
  readonly occasion: string;
  readonly queuedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  readonly durationSeconds: number | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly error: string | null;
}

@Injectable()
export class RunListRepository {
  constructor(private readonly database: Database) {}

  /** The latest first. Without keys, which name people, and of outcomes the numbers alone. */
  list(
    filter: { readonly job: string | null; readonly status: string | null },
    { limit, offset, before }: { readonly limit: number; readonly offset: number; readonly before: number | null },
  ): Promise<ListedRun[]> {
    return this.database.many<ListedRun>(
      `-- installation.listRuns
      select id, job, status, attempt, tenant_id as "tenantId", occasion, queued_at as "queuedAt",
        started_at as "startedAt", finished_at as "finishedAt", duration_seconds as "durationSeconds", error,
        coalesce((
          select jsonb_object_agg(name, value)
          from jsonb_each(case jsonb_typeof(outcome) when 'object' then outcome end) as part (name, value)
          where jsonb_typeof(value) = 'number'
        ), '{}') as counts
      from job_runs
      where ($1::text is null or job = $1) and ($2::text is null or status = $2) and ($3::bigint is null or id < $3)
      order by id desc limit $4 offset $5`,
      [filter.job, filter.status, before, limit, offset],
    );
  }
}
