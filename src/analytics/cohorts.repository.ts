import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import type { Predicate } from '../students/student-filter.js';
import { addDays } from '../org/local-day.js';
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

/** How many weeks a statement has a place for, so that there are few statements; one more than `mostWeeks` at most. */
const slots = [13, 27] as const;

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
    // a bit for each week, the one before the first being number 0: whether ranges overlap is looked at once
    const length = slots.find((count) => count > asked.weeks)!;
    const bits = Array.from({ length }, (_, number) => {
      const range = parameters.push(number > asked.weeks ? null : weekOf(number, asked));
      return `case when d.days && $${range}::daterange then ${2 ** number} else 0 end`;
    });
    return this.database.read().many<CohortCounts>(
      `-- analytics.countCohortWeeks
      with student as (
        select case when s.joined_on >= ${from} then (s.joined_on - ${from}) / 7 end as cohort, ${bits.join(' + ')} as weeks
        from ${roster} p
        join student_progress s on s.tenant_id = $1 and s.student_id = p.student_id and s.is_active
          and s.joined_on <= ${asOf}
        join active_days d on d.tenant_id = $1 and d.student_id = p.student_id
        where ${sql}
      ), counted as (
        select cohort, weeks, count(*)::integer as students from student group by cohort, weeks
      )
      select number - 1 as week, c.cohort, sum(students)::integer as students,
        coalesce(sum(students) filter (where c.weeks >> number & 1 = 1), 0)::integer as active,
        coalesce(sum(students) filter (where c.weeks >> (number - 1) & 1 = 1), 0)::integer as "activeBefore",
        coalesce(sum(students) filter (where c.weeks >> (number - 1) & 3 = 3), 0)::integer as "activeInBoth"
      from counted c cross join generate_series(1, ${weeks}) as number
      group by number, c.cohort`,
      parameters,
    );
  }
}

/** The days of a week, up to the last that counts. */
function weekOf(number: number, { from, asOf }: CohortsAsked): string {
  const monday = addDays(from, 7 * number - 7);
  const sunday = addDays(monday, 6);
  return `[${monday},${sunday < asOf ? sunday : asOf}]`;
}
