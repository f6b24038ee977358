import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import type { Moment } from '../org/tenants.service.js';
import { scopeOf, scopePredicate, workPredicates } from '../students/student-filter.js';
import { AssignmentInView, DashboardStatistics, TrendDay } from './dashboard.dto.js';

/** How many assignments each list of the dashboard shows. */
const listedAssignments = 10;

@Injectable()
export class DashboardRepository {
  constructor(private readonly database: Database) {}

  /** Staff of all tenants who are likely to look next: who used a sign-in last, then who has the most students. */
  listLikelyViewers(limit: number, now: Date): Promise<{ tenantId: string; userId: string }[]> {
    return this.database.read().many<{ tenantId: string; userId: string }>(
      `-- analytics.listLikelyViewers
      select u.tenant_id as "tenantId", u.id as "userId"
      from users u
      join tenants t on t.id = u.tenant_id and t.is_active
      left join (
        select tenant_id, user_id, max(last_used_at) as at from sign_ins
        where expires_at > $2 and revoked_at is null group by tenant_id, user_id
      ) used on used.tenant_id = u.tenant_id and used.user_id = u.id
      left join (
        select tenant_id, instructor_id, sum(students) as students from roster_counts group by tenant_id, instructor_id
      ) roster on roster.tenant_id = u.tenant_id and roster.instructor_id = u.id
      where u.role in ('instructor', 'admin') and u.is_active and (used.at is not null or roster.students > 0)
      order by used.at desc nulls last, roster.students desc nulls last, u.tenant_id, u.id limit $1`,
      [limit, now],
    );
  }

  /**
   * From the maintained counts, a few dozen rows per instructor, however many students there are; what moves with the
   * clock from the work itself.
   */
  statistics(viewer: Viewer, { today, now }: Moment): Promise<Omit<DashboardStatistics, 'overdueInterventions'>> {
    const { sql, parameters } = scopePredicate(viewer);
    const day = `$${parameters.push(today)}::date`;
    const since = `$${parameters.push(addDays(today, -6))}::date`;
    const moment = `$${parameters.push(now)}`;
    const each = eachStudent(viewer);
    const studentsWith = (state: 'dueSoon' | 'overdue' | 'awaitingGrade'): string => `(
          select count(*)::integer from student_progress p
          where p.tenant_id = $1 and p.is_active and ${sql} and exists (
            select from work_at($1, ${moment}) w where w.student_id = p.student_id and ${workPredicates[state]} ${each}
          ) is true
        )`;
    return this.database.read().one<Omit<DashboardStatistics, 'overdueInterventions'>>(
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
        ${studentsWith('dueSoon')} as "dueSoon", ${studentsWith('overdue')} as overdue,
        ${studentsWith('awaitingGrade')} as "awaitingGrade",
        round(sum(score_sum) / nullif(sum(score_count), 0), 2) as "averageScore",
        round(sum(completion_sum) / nullif(sum(completion_count), 0), 2) as "completionRate"
      from roster_counts p
      where p.tenant_id = $1 and ${sql}`,
      parameters,
    );
  }

  /** Assignments with students whose work is in that state now, the earliest due first. */
  listAssignments(viewer: Viewer, state: 'dueSoon' | 'overdue', now: Date): Promise<AssignmentInView[]> {
    const { sql, parameters } = scopePredicate(viewer);
    const moment = `$${parameters.push(now)}`;
    return this.database.read().many<AssignmentInView>(
      `-- analytics.dashboardAssignments
      select a.id as "assignmentId", a.title, found."dueAt", found.students
      from (
        select w.assignment_id, min(w.effective_due_at) as "dueAt", count(*)::integer as students
        from student_progress p
        cross join lateral (
          select * from work_at($1, ${moment}) w
          where w.student_id = p.student_id and ${workPredicates[state]} ${eachStudent(viewer)}
        ) w
        where p.tenant_id = $1 and p.is_active and ${sql}
        group by w.assignment_id
        order by "dueAt", w.assignment_id limit ${listedAssignments}
      ) found
      join assignments a on a.tenant_id = $1 and a.id = found.assignment_id
      order by found."dueAt", a.id`,
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

/**
 * Behind work: looked up student by student where few of all are asked about, however much is due elsewhere; of all,
 * what there is of it is read once.
 */
function eachStudent(viewer: Viewer): string {
  return scopeOf(viewer) === 'roster' ? 'offset 0' : '';
}
