import { Injectable } from '@nestjs/common';
import type { Period } from '../../analytics/analytics-scope.js';
import { Database } from '../../database/database.js';
import type { Viewer } from '../../http/viewer.js';
import { type Filter, type Predicate, studentPredicate } from '../../students/student-filter.js';
import type { Asked } from '../report-kind.js';

export type ActivityFilter = Filter & Period;

export interface ActivityRow {
  readonly studentId: string;
  readonly name: string;
  readonly pid: string | null;
  readonly day: string;
  readonly sessions: number;
  readonly sessionsCompleted: number;
  readonly timeSpentSeconds: number;
  readonly interactions: number;
  readonly questions: number;
  readonly correct: number;
  readonly accuracy: number | null;
  readonly averageScore: number | null;
  readonly lastSessionAt: string | null;
}

export interface ActivitySums {
  readonly students: number;
  readonly days: number;
  readonly sessionsCompleted: number;
  readonly timeSpentSeconds: number;
  readonly averageScore: number | null;
  readonly accuracy: number | null;
}

export interface ActivityStep {
  readonly day: string;
  readonly students: number;
  readonly sessionsCompleted: number;
  readonly averageScore: number | null;
}

const means = `round(sum(s.score_sum) / nullif(sum(s.score_count), 0), 2) as "averageScore"`;

/** On students `p` and their snapshots `s`: the days of the period. A day without activity has none. */
function daysOf(viewer: Viewer, { filter, moment }: Asked<ActivityFilter>): Predicate {
  const { from, to, ...students } = filter;
  const { sql, parameters } = studentPredicate(viewer, students, moment);
  const [first, last] = [from, to].map((day) => `$${parameters.push(day)}::date`);
  return { sql: `${sql} and s.day between ${first} and ${last}`, parameters };
}

const tables = `student_progress p
      join progress_snapshots s on s.tenant_id = $1 and s.student_id = p.student_id`;

@Injectable()
export class ActivityReportRepository {
  constructor(private readonly database: Database) {}

  /** In the order of student and day, after these. */
  list(
    viewer: Viewer,
    asked: Asked<ActivityFilter>,
    after: readonly [studentId: string, day: string] | null,
    limit: number,
  ): Promise<ActivityRow[]> {
    const { sql, parameters } = daysOf(viewer, asked);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    let further = '';
    if (after) {
      const [student, day] = [`${parameter(after[0])}::uuid`, `${parameter(after[1])}::date`];
      // the first condition is what the index of students begins with
      further = `and p.student_id >= ${student} and (p.student_id, s.day) > (${student}, ${day})`;
    }
    return this.database.read().many<ActivityRow>(
      `-- reports.listActivity
      select p.student_id as "studentId", p.name, p.pid, s.day, s.sessions, s.sessions_completed as "sessionsCompleted",
        s.time_spent_seconds as "timeSpentSeconds", s.interactions, s.questions, s.correct,
        round(s.correct * 100.0 / nullif(s.questions, 0), 2) as accuracy,
        round(s.score_sum / nullif(s.score_count, 0), 2) as "averageScore", s.last_session_at as "lastSessionAt"
      from ${tables}
      where p.tenant_id = $1 and ${sql} ${further}
      order by p.student_id, s.day
      limit ${parameter(limit)}`,
      parameters,
    );
  }

  sumUp(viewer: Viewer, asked: Asked<ActivityFilter>): Promise<ActivitySums> {
    const { sql, parameters } = daysOf(viewer, asked);
    return this.database.read().one<ActivitySums>(
      `-- reports.sumUpActivity
      select count(distinct p.student_id) filter (where s.sessions_completed > 0) as students, count(*) as days,
        coalesce(sum(s.sessions_completed), 0) as "sessionsCompleted",
        coalesce(sum(s.time_spent_seconds), 0) as "timeSpentSeconds", ${means},
        round(sum(s.correct) * 100.0 / nullif(sum(s.questions), 0), 2) as accuracy
      from ${tables}
      where p.tenant_id = $1 and ${sql}`,
      parameters,
    );
  }

  /** Every day or week of the period, those without activity too. */
  listSteps(viewer: Viewer, asked: Asked<ActivityFilter>, step: 'day' | 'week'): Promise<ActivityStep[]> {
    const { sql, parameters } = daysOf(viewer, asked);
    const { from, to } = asked.filter;
    const [first, last] = [from, to].map((day) => `$${parameters.push(day)}::date`);
    const begin = (day: string): string => (step === 'day' ? day : `date_trunc('week', ${day})::date`);
    return this.database.read().many<ActivityStep>(
      `-- reports.listActivitySteps
      with activity as (
        select ${begin('s.day')} as day,
          count(distinct p.student_id) filter (where s.sessions_completed > 0) as students,
          sum(s.sessions_completed) as sessions, ${means}
        from ${tables}
        where p.tenant_id = $1 and ${sql}
        group by 1
      )
      select t.day::date as day, coalesce(a.students, 0) as students, coalesce(a.sessions, 0) as "sessionsCompleted",
        a."averageScore"
      from generate_series(${begin(first!)}, ${last}, interval '1 ${step}') t (day)
      left join activity a on a.day = t.day::date
      order by t.day`,
      parameters,
    );
  }
}
