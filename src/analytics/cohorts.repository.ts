import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import type { Predicate } from '../students/student-filter.js';
import { type AnalyticsScope, placePredicate } from './analytics-scope.js';
import { rosterOf } from './placed-days.repository.js';

export interface CohortsAsked extends Pick<AnalyticsScope, 'asOf' | 'departmentId' | 'instructorId'> {
  /** The first Monday. */
  readonly from: string;
  /** Weeks from then on; `asOf` lies in the last one. */
  readonly weeks: number;
  /** When the day of `asOf` ends; null where that is today: the roster is then the present one. */
  readonly endsAt: Date | null;
}

/** Counts of one week, of those who joined in one. */
export interface CohortCounts {
  /** Weeks after `from`. */
  readonly week: number;
  /** Of joining, the same way; null: before `from`. */
  readonly cohort: number | null;
  readonly students: number;
  readonly active: number;
  readonly activeBefore: number;
  readonly activeInBoth: number;
}

const presentRoster = '(select * from student_progress where tenant_id = $1)';

@Injectable()
export class CohortsRepository {
  constructor(private readonly database: Database) {}

  /** No rows where there are no students. */
  countWeeks(viewer: Viewer, asked: CohortsAsked): Promise<CohortCounts[]> {
    const { sql, parameters }: Predicate = placePredicate(viewer, asked);
    const from = `$${parameters.push(asked.from)}::date`;
    const asOf = `$${parameters.push(asked.asOf)}::date`;
    const weeks = `$${parameters.push(asked.weeks)}::integer`;
    const roster = asked.endsAt ? rosterOf(`$${parameters.push(asked.endsAt)}::timestamptz`) : presentRoster;
    return this.database.read().many<CohortCounts>(
      `-- analytics.countCohortWeeks
      with week as materialized (
        -- the one before the first is number 0
        select number, daterange(${from} + 7 * number - 7, least(${from} + 7 * number - 1, ${asOf}), '[]') as days
        from generate_series(0, ${weeks}) as number
      ), student as materialized (
        select case when s.joined_on >= ${from} then (s.joined_on - ${from}) / 7 end as cohort, active.weeks
        from ${roster} p
        join student_progress s on s.tenant_id = $1 and s.student_id = p.student_id and s.is_active
          and s.joined_on <= ${asOf}
        join active_days d on d.tenant_id = $1 and d.student_id = p.student_id
        -- a bit for each week: whether ranges overlap is looked at once, which is what this costs
        cross join lateral (
          select coalesce(bit_or(1::bigint << w.number), 0) as weeks from week w where d.days && w.days
        ) active
        where ${sql}
      )
      select number - 1 as week, s.cohort, count(*) as students,
        count(*) filter (where s.weeks >> number & 1 = 1) as active,
        count(*) filter (where s.weeks >> (number - 1) & 1 = 1) as "activeBefore",
        count(*) filter (where s.weeks >> (number - 1) & 3 = 3) as "activeInBoth"
      from student s cross join generate_series(1, ${weeks}) as number
      group by number, s.cohort`,
      parameters,
    );
  }
}
