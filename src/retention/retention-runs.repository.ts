import type { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Category } from './categories.js';
import type { RetentionFigures, RetentionRunResponse } from './retention.dto.js';
import type { Extent, HeldBack } from './retention.repository.js';

const run = `r.id, r.started_at as "startedAt", r.finished_at as "finishedAt", (
    select coalesce(jsonb_agg(jsonb_build_object('category', f.category, 'keptFrom', f.kept_from, 'rows', f.rows,
      'oldest', f.oldest, 'newest', f.newest, 'partitions', f.partitions, 'heldBack', f.held_back) order by f.category), '[]')
    from retention_figures f where f.tenant_id = $1 and f.run_id = r.id
  ) as categories`;

export class RetentionRunsRepository {
  constructor(private readonly database: Database) {}

  async start(tenantId: string, id: string, now: Date): Promise<void> {
    await this.database.run(
      `-- retention.startRun
      insert into retention_runs (tenant_id, id, started_at) values ($1, $2, $3)`,
      [tenantId, id, now],
    );
  }

  async note(
    tenantId: string,
    runId: string,
    category: Category,
    keptFrom: string,
    heldBack: readonly HeldBack[],
  ): Promise<void> {
    await this.database.run(
      `-- retention.noteCategory
      insert into retention_figures as f (tenant_id, run_id, category, kept_from, rows, partitions, held_back)
      values ($1, $2, $3, $4, 0, '{}', $5)
      on conflict (tenant_id, run_id, category) do update set held_back = excluded.held_back`,
      [tenantId, runId, category, keptFrom, JSON.stringify(heldBack)],
    );
  }

  /** In the transaction that deletes. */
  async add(
    tenantId: string,
    runId: string,
    category: Category,
    { rows, oldest, newest, partition }: Extent & { readonly partition?: string },
  ): Promise<void> {
    await this.database.run(
      `-- retention.addFigures
      update retention_figures
      set rows = rows + $4, oldest = least(oldest, $5::date), newest = greatest(newest, $6::date),
        partitions = partitions || case when $7::text is null then '{}'::text[] else array[$7] end
      where tenant_id = $1 and run_id = $2 and category = $3`,
      [tenantId, runId, category, rows, oldest, newest, partition ?? null],
    );
  }

  /** @returns null where it has ended before */
  finish(tenantId: string, id: string, now: Date): Promise<{ categories: RetentionFigures[] } | null> {
    return this.database.maybeOne(
      `-- retention.finishRun
      update retention_runs r set finished_at = $3 where r.tenant_id = $1 and r.id = $2 and r.finished_at is null
      returning ${run}`,
      [tenantId, id, now],
    );
  }

  /** Those that were cut off. */
  async listUnfinished(tenantId: string): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- retention.listUnfinished
      select id from retention_runs where tenant_id = $1 and finished_at is null order by started_at, id`,
      [tenantId],
    );
    return rows.map(({ id }) => id);
  }

  /** The latest first. */
  list(tenantId: string, { limit, offset, after }: Position): Promise<RetentionRunResponse[]> {
    return this.database.many<RetentionRunResponse>(
      `-- retention.listRuns
      select ${run} from retention_runs r
      where r.tenant_id = $1 and ($2::timestamptz is null or (r.started_at, r.id) < ($2, $3::uuid))
      order by r.started_at desc, r.id desc limit $4 offset $5`,
      [tenantId, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }
}
