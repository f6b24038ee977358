import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Period } from './analytics-scope.js';
import type { PlatformDay } from './platform-metrics.dto.js';

@Injectable()
export class PlatformMetricsRepository {
  constructor(private readonly database: Database) {}

  /**
   * One row for each day, zeros where nothing happened.
   * @param smallestGroup only departments with so many active students that day, and as many scores or none, and not
   *   who joined; null: all
   */
  listDays(tenantId: string, { from, to }: Period, smallestGroup: number | null): Promise<PlatformDay[]> {
    return this.database.read().many<PlatformDay>(
      `-- analytics.listPlatformDays
      select d.day::date as day, coalesce(sum(m.active_students), 0) as "activeStudents",
        case when $4::integer is null then coalesce(sum(m.new_students), 0) end as "newStudents",
        coalesce(sum(m.sessions), 0) as sessions, coalesce(sum(m.sessions_completed), 0) as "sessionsCompleted",
        coalesce(sum(m.time_spent_seconds), 0) as "timeSpentSeconds",
        round(sum(m.score_sum) / nullif(sum(m.score_count), 0), 2) as "averageScore",
        round(sum(m.correct) * 100.0 / nullif(sum(m.questions), 0), 2) as accuracy
      from generate_series($2::date, $3::date, interval '1 day') as d (day)
      left join daily_platform_metrics m on m.tenant_id = $1 and m.day = d.day::date
        and ($4::integer is null or m.active_students >= $4 and (m.score_count = 0 or m.score_count >= $4))
      group by d.day order by d.day`,
      [tenantId, from, to, smallestGroup],
    );
  }
}
