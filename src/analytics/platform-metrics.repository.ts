import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Period } from './analytics-scope.js';
import type { PlatformDay } from './platform-metrics.dto.js';

@Injectable()
export class PlatformMetricsRepository {
  constructor(private readonly database: Database) {}

  /**
   * One row for each day, zeros where nothing happened.
   * @param smallestGroup only departments with so many active students that day, and as many with a score or none, and
   *   neither who joined nor accuracy, which may be of fewer; null: all
   */
  listDays(tenantId: string, { from, to }: Period, smallestGroup: number | null): Promise<PlatformDay[]> {
    return this.database.read().many<PlatformDay>(
      `-- analytics.listPlatformDays
      select d.day::date as day, coalesce(sum(m.active_students), 0) as "activeStudents",
        case when $4::integer is null then coalesce(sum(m.new_students), 0) end as "newStudents",
        coalesce(sum(m.sessions), 0) as sessions, coalesce(sum(m.sessions_completed), 0) as "sessionsCompleted",
        coalesce(sum(m.time_spent_seconds), 0) as "timeSpentSeconds",
        round(sum(m.score_sum) / nullif(sum(m.score_count), 0), 2) as "averageScore",
        case when $4::integer is null then round(sum(m.correct) * 100.0 / nullif(sum(m.questions), 0), 2) end as accuracy
      from generate_series($2::date, $3::date, interval '1 day') as d (day)
      left join daily_platform_metrics m on m.tenant_id = $1 and m.day = d.day::date
        and ($4::integer is null or m.active_students >= $4 and (m.students_scored = 0 or m.students_scored >= $4))
      group by d.day order by d.day`,
      [tenantId, from, to, smallestGroup],
    );
  }
}
