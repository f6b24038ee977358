import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { type AnalyticsScope, placePredicate } from './analytics-scope.js';

/** How much of what was asked about still has to be added up. */
export interface Freshness {
  /** Days of the period whose figures do not hold everything yet. */
  readonly pendingDays: number;
  /** ISO 8601, since when; null where nothing is pending. */
  readonly pendingSince: string | null;
}

/** What is read from snapshots and `roster_days`, which are exact at once. */
export const alwaysFresh: Freshness = { pendingDays: 0, pendingSince: null };

@Injectable()
export class FreshnessRepository {
  constructor(private readonly database: Database) {}

  /** Of what is read from `module_days`, `hour_days` and `question_days`. */
  freshness(viewer: Viewer, scope: Omit<AnalyticsScope, 'asOf'>): Promise<Freshness> {
    const { sql, parameters } = placePredicate(viewer, scope);
    const from = `$${parameters.push(scope.from)}::date`;
    const to = `$${parameters.push(scope.to)}::date`;
    return this.database.read().one<Freshness>(
      `-- analytics.freshness
      select count(distinct p.day)::integer as "pendingDays", min(p.since) as "pendingSince"
      from stale_days p
      where p.tenant_id = $1 and ${sql} and p.day between ${from} and ${to}`,
      parameters,
    );
  }
}
