import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import { scopePredicate } from '../students/student-filter.js';
import { AssignmentInView, DashboardStatistics, TrendDay } from './dashboard.dto.js';

/** How many assignments each list of the dashboard shows. */
const listedAssignments = 10;

type WorkCounts = Pick<DashboardStatistics, 'dueSoon' | 'overdue' | 'awaitingGrade'>;

interface WorkRow extends WorkCounts {
  /** NULL in the row of all, which counts each student once. */
  readonly assignmentId: string | null;
  readonly title: string;
  readonly dueSoonAt: string | null;
  readonly overdueAt: string | null;
}

interface Work {
  readonly counts: WorkCounts;
  readonly dueSoon: AssignmentInView[];
  readonly overdue: AssignmentInView[];
}

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

  /** From the maintained counts, a few dozen rows per instructor, however many students there are. */
  statistics(
    viewer: Viewer,
    today: string,
  ): Promise<Omit<DashboardStatistics, keyof WorkCounts | 'overdueInterventions'>> {
    const { sql, parameters } = scopePredicate(viewer);
    const day = `$${parameters.push(today)}::date`;
    const since = `$${parameters.push(addDays(today, -6))}::date`;
    return this.database.read().one(
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

  /**
   * What moves with the clock, from the work itself, in one pass: students with work that is in each state now, and the
   * assignments that it is on, the earliest due first.
   */
  async work(viewer: Viewer, now: Date): Promise<Work> {
    const { sql, parameters } = scopePredicate(viewer);
    const moment = `$${parameters.push(now)}`;
    const rows = await this.database.read().many<WorkRow>(
      `-- analytics.dashboardWork
      with work as (
        select * from open_work_at($1, ${moment}) p
        where (p.is_due_soon or p.is_overdue or p.is_awaiting_grade) and p.is_active and ${sql}
      ), sums as (
        select assignment_id, count(distinct student_id) filter (where is_due_soon)::integer as "dueSoon",
          count(distinct student_id) filter (where is_overdue)::integer as overdue,
          count(distinct student_id) filter (where is_awaiting_grade)::integer as "awaitingGrade",
          min(effective_due_at) filter (where is_due_soon) as "dueSoonAt",
          min(effective_due_at) filter (where is_overdue) as "overdueAt"
        from work group by grouping sets ((), (assignment_id))
      )
      select assignment_id as "assignmentId", s."dueSoon", s.overdue, s."awaitingGrade", s."dueSoonAt", s."overdueAt",
        a.title
      from sums s left join assignments a on a.tenant_id = $1 and a.id = s.assignment_id`,
      parameters,
    );
    const { dueSoon, overdue, awaitingGrade } = rows.find(({ assignmentId }) => assignmentId === null)!;
    const listed = (state: 'dueSoon' | 'overdue'): AssignmentInView[] =>
      rows
        .flatMap(({ assignmentId, title, [state]: students, [`${state}At` as const]: dueAt }) =>
          assignmentId === null || dueAt === null ? [] : [{ assignmentId, title, dueAt, students }],
        )
        .sort((a, b) => (a.dueAt + a.assignmentId < b.dueAt + b.assignmentId ? -1 : 1))
        .slice(0, listedAssignments);
    return { counts: { dueSoon, overdue, awaitingGrade }, dueSoon: listed('dueSoon'), overdue: listed('overdue') };
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
