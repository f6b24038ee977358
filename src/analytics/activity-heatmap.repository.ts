import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import type { Predicate } from '../students/student-filter.js';
import { type AnalyticsScope, demandPeople, placePredicate } from './analytics-scope.js';
import { HeatmapCell } from './activity-heatmap.dto.js';

/** @throws Problem 403 for who may not see people */
function daysOf(viewer: Viewer, scope: AnalyticsScope): Predicate {
  demandPeople(viewer);
  const { sql, parameters } = placePredicate(viewer, scope);
  const period = `p.day between $${parameters.push(scope.from)}::date and $${parameters.push(scope.to)}::date`;
  return { sql: `${sql} and ${period}`, parameters };
}

@Injectable()
export class ActivityHeatmapRepository {
  constructor(private readonly database: Database) {}

  /** One row for every hour of the week. Of who may see people: beside modules, hours tell of fewer people than each has. */
  listCells(viewer: Viewer, scope: AnalyticsScope): Promise<HeatmapCell[]> {
    const { sql, parameters } = daysOf(viewer, scope);
    return this.database.read().many<HeatmapCell>(
      `-- analytics.activityHeatmap
      with summed as (
        select extract(isodow from p.day) as weekday, p.hour, sum(p.sessions)::integer as sessions,
          sum(p.sessions_completed)::integer as sessions_completed, sum(p.students)::integer as student_days
        from hour_days p
        where p.tenant_id = $1 and ${sql}
        group by 1, 2
      )
      select weekday, hour, coalesce(s.sessions, 0) as sessions,
        coalesce(s.sessions_completed, 0) as "sessionsCompleted", coalesce(s.student_days, 0) as "studentDays"
      from generate_series(1, 7) as weekday
      cross join generate_series(0, 23) as hour
      left join summed s using (weekday, hour)
      order by weekday, hour`,
      parameters,
    );
  }

  /** Of what has been added up; hours and modules of a day always are together. */
  async countWithoutTime(viewer: Viewer, scope: AnalyticsScope): Promise<number> {
    const { sql, parameters } = daysOf(viewer, scope);
    const { count } = await this.database.read().one<{ count: number }>(
      `-- analytics.countSessionsWithoutTime
      select coalesce((select sum(p.sessions) from module_days p where p.tenant_id = $1 and ${sql}), 0)
        - coalesce((select sum(p.sessions) from hour_days p where p.tenant_id = $1 and ${sql}), 0)
        as count`,
      parameters,
    );
    return count;
  }
}
