import { Injectable } from '@nestjs/common';
import { appendPredicate } from '../assignments/assignment-scope.js';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { currentStreak, type Predicate, scopePredicate } from '../students/student-filter.js';
import type { Period } from './analytics-scope.js';
import type { LeaderboardMetric, LeaderboardRow } from './leaderboard.dto.js';

/** Who learns together: the students of one instructor, or those of a department whom nobody is responsible for. */
export interface StudentClass {
  readonly instructorId: string | null;
  readonly departmentId: string;
}

export interface RankedStudent extends LeaderboardRow {
  /** Of all who are ranked, on each row. */
  readonly students: number;
}

const inPeriod = (column: string): string => `(
  select coalesce(sum(s.${column}), 0) from progress_snapshots s
  where s.tenant_id = $1 and s.student_id = p.student_id and s.day between $3::date and $4::date
)`;

const values: Readonly<Record<LeaderboardMetric, string>> = {
  overallScore: 'p.overall_score',
  sessionsCompleted: inPeriod('sessions_completed'),
  timeSpent: inPeriod('time_spent_seconds'),
  streak: currentStreak('$3'),
};

@Injectable()
export class LeaderboardRepository {
  constructor(private readonly database: Database) {}

  findClass(viewer: Viewer): Promise<StudentClass | null> {
    return this.database.read().maybeOne<StudentClass>(
      `-- analytics.findClass
      select instructor_id as "instructorId", department_id as "departmentId" from student_progress
      where tenant_id = $1 and student_id = $2 and is_active`,
      [viewer.tenantId, viewer.userId],
    );
  }

  /**
   * Of those who may be shown to this viewer the best, and the viewer's own row. Whoever may not be shown is left out
   * before anybody is ranked.
   * @param own of a viewer who is a student; null: all whom the viewer may see
   * @param period of the metrics that have one
   */
  list(
    viewer: Viewer,
    own: StudentClass | null,
    {
      metric,
      period,
      today,
      limit,
    }: { metric: LeaderboardMetric; period: Period | null; today: string; limit: number },
  ): Promise<RankedStudent[]> {
    const { sql, parameters } = playersFor(
      viewer,
      own,
      period ? [period.from, period.to] : metric === 'streak' ? [today] : [],
    );
    return this.database.read().many<RankedStudent>(
      `-- analytics.leaderboard
      with player as materialized (
        select p.student_id, p.name, p.name_sort, ${values[metric]} as value
        from student_progress p
        where p.tenant_id = $1 and p.is_active and ${sql}
      ), best as (
        select *, rank() over (order by value desc) as rank
        from (
          select * from player where value is not null order by value desc, name_sort, student_id
          limit $${parameters.push(limit)}
        ) first
      ), shown as (
        select * from best
        union all
        select *, case when value is not null then (select count(*) + 1 from player o where o.value > p.value) end
        from player p
        where p.student_id = $2 and not exists (select from best b where b.student_id = p.student_id)
      )
      select s.rank, s.name, ${own ? 'null::uuid' : 's.student_id'} as "studentId", s.value,
        s.student_id = $2 as "isOwn", (select count(value) from player) as students
      from shown s
      order by s.value desc nulls last, s.name_sort, s.student_id`,
      parameters,
    );
  }
}

/** On `student_progress p`; the viewer is the second parameter, the days of the metric follow. */
function playersFor(viewer: Viewer, own: StudentClass | null, days: readonly string[]): Predicate {
  const parameters: unknown[] = [viewer.tenantId, viewer.userId, ...days];
  if (own === null) {
    return { sql: `${appendPredicate(scopePredicate(viewer), parameters)} and p.takes_part is not false`, parameters };
  }
  const place =
    own.instructorId === null
      ? `p.instructor_id is null and p.department_id = $${parameters.push(own.departmentId)}`
      : `p.instructor_id = $${parameters.push(own.instructorId)}`;
  // what nobody else is shown may be shown to oneself, unless one does not want to be compared
  return { sql: `${place} and (p.takes_part or p.student_id = $2 and p.takes_part is not false)`, parameters };
}
