import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { ViewName } from './views.js';

/** What came of refreshing one view. */
export interface Refresh {
  readonly view: ViewName;
  /** `skipped`: a view that it is made from could not be refreshed. */
  readonly status: 'refreshed' | 'failed' | 'skipped';
  readonly durationSeconds: number;
  readonly rows: number | null;
  readonly error: string | null;
}

export interface ViewStanding extends Omit<Refresh, 'error'> {
  /** Null: never. */
  readonly lastRefreshedAt: string | null;
  readonly lastError: string | null;
  readonly lastFailedAt: string | null;
}

/** Any number that nothing else locks. */
const refreshLock = 7_203_815_447;

@Injectable()
export class ViewsRepository {
  constructor(private readonly database: Database) {}

  /** Until the end of the transaction. @returns false when another one has it */
  async lock(): Promise<boolean> {
    const { locked } = await this.database.one<{ locked: boolean }>(
      `-- analytics.lockViews
      select pg_try_advisory_xact_lock($1) as locked`,
      [refreshLock],
    );
    return locked;
  }

  /** What the views are going to be of: a materialised view has no parameters. */
  async setMoment(now: Date): Promise<void> {
    await this.database.run(
      `-- analytics.setViewMoment
      insert into view_moment (at) values ($1) on conflict (id) do update set at = excluded.at`,
      [now],
    );
  }

  /**
   * Readers go on reading what was there. An error leaves the view as it is and the transaction alive.
   * @returns the SQLSTATE of the error, and what PostgreSQL says, in which there may be data
   */
  refresh(view: ViewName): Promise<{ rows: number | null; code: string | null; error: string | null }> {
    return this.database.one(
      `-- analytics.refreshView
      select rows, error_code as code, error from refresh_view($1::text::regclass)`,
      [view],
    );
  }

  async insertRefreshes(refreshes: readonly Refresh[], now: Date): Promise<void> {
    await this.database.run(
      `-- analytics.insertViewRefreshes
      insert into view_refreshes (view, at, status, duration_seconds, rows, error)
      select view, $2, status, "durationSeconds", rows, error
      from jsonb_to_recordset($1::jsonb) as refresh (view text, status text, "durationSeconds" numeric, rows bigint,
        error text)`,
      [JSON.stringify(refreshes), now],
    );
  }

  /** All but the last successful one of each view. @returns how many were deleted */
  deleteRefreshes(before: Date): Promise<number> {
    return this.database.run(
      `-- analytics.deleteViewRefreshes
      delete from view_refreshes
      where at < $1 and id not in (select max(id) from view_refreshes where status = 'refreshed' group by view)`,
      [before],
    );
  }

  /** How it stands with each view: the last time it was tried, the last time it was done, and the last time it failed. */
  listStandings(names: readonly ViewName[]): Promise<ViewStanding[]> {
    return this.database.many<ViewStanding>(
      `-- analytics.listViews
      select named.view, last.status, last.duration_seconds as "durationSeconds", done.at as "lastRefreshedAt",
        done.rows, failed.error as "lastError", failed.at as "lastFailedAt"
      from unnest($1::text[]) with ordinality as named (view, position)
      join lateral (
        select r.* from view_refreshes r where r.view = named.view order by r.id desc limit 1
      ) last on true
      left join lateral (
        select r.* from view_refreshes r where r.view = named.view and r.status = 'refreshed' order by r.id desc limit 1
      ) done on true
      left join lateral (
        select r.* from view_refreshes r where r.view = named.view and r.status = 'failed' order by r.id desc limit 1
      ) failed on true
      order by named.position`,
      [names],
    );
  }

  /** Which moment a view is of. Asked before the view, so that it is never older than is said; null: of none yet. */
  async findMoment(view: ViewName): Promise<string | null> {
    const found = await this.database.read().maybeOne<{ at: string }>(
      `-- analytics.findViewMoment
      select at from view_refreshes where view = $1 and status = 'refreshed' order by id desc limit 1`,
      [view],
    );
    return found?.at ?? null;
  }
}
