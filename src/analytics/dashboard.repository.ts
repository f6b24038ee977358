import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import { scopePredicate } from '../students/student-filter.js';
import { DashboardStatistics, TrendDay } from './dashboard.dto.js';

@Injectable()
export class DashboardRepository {
  constructor(private readonly database: Database) {}

  /** From the maintained counts: a few dozen rows per instructor, however many students there are. */
  statistics(viewer: Viewer, today: string): Promise<DashboardStatistics> {
    const { sql, parameters } = scopePredicate(viewer);
    const day = `$${parameters.push(today)}::date`;
    const since = `$${parameters.push(addDays(today, -6))}::date`;
    return this.database.read().one<DashboardStatistics>(
      `-- analytics.dashboardStatistics
      select coalesce(sum(students), 0)::integer as "totalStudents",
        coalesce(sum(students) filter (where last_active_on >= ${day}), 0)::integer as "activeToday",
        coalesce(sum(students) filter (where last_active_on >= ${since}), 0)::integer as "activeStudents",
        coalesce(sum(started), 0)::integer
          - coalesce(sum(students) filter (where last_active_on >= ${since}), 0)::integer as "inactiveStudents",
        coalesce(sum(students) - sum(started), 0)::integer as "neverStarted",
        coalesce(sum(at_risk), 0)::integer as "atRisk",
        coalesce(sum(top_performers), 0)::integer as "topPerformers",
        (
          select count(*)::integer from student_progress p
          where p.tenant_id = $1 and p.is_active and p.joined_on > ${day} - 30 and ${sql}
        ) as "newStudents",
        round(sum(score_sum) / nullif(sum(score_count), 0), 2) as "averageScore",
        round(sum(completion_sum) / nullif(sum(completion_count), 0), 2) as "completionRate"
      from roster_counts p
      where p.tenant_id = $1 and ${sql}`,
      parameters,
    );
  }

  /** One row for each of the last 30 local days; a day without activity is zeros, and NULL where there is no mean. */
  trend(viewer: Viewer, today: string): Promise<TrendDay[]> {
    const { sql, parameters } = scopePredicate(viewer);
    const day = `$${parameters.push(today)}::date`;
    return this.database.read().many<TrendDay>(
      `-- analytics.dashboardTrend
      select series.day::date as day, coalesce(sum(p.active_students), 0)::integer as "activeStudents",
        coalesce(sum(p.sessions_completed), 0)::integer as "sessionsCompleted",
        coalesce(sum(p.time_spent_seconds), 0)::bigint as "timeSpentSeconds",
        round(sum(p.score_sum) / nullif(sum(p.score_count), 0), 2) as "averageScore",
        round(sum(p.correct) * 100.0 / nullif(sum(p.questions), 0), 2) as accuracy
      from generate_series(${day} - 29, ${day}, interval '1 day') as series (day)
      left join (
        select * from roster_days p where p.tenant_id = $1 and p.day > ${day} - 30 and p.day <= ${day} and ${sql}
      ) p on p.day = series.day
      group by series.day order by series.day`,
      parameters,
    );
  }
}
