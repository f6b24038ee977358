import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { type AnalyticsScope, type Period, placePredicate } from './analytics-scope.js';
import { placedStudents } from './placed-days.repository.js';

export const comparedFigures = [
  'averageScore', 'accuracy', 'sessionsPerStudent', 'activeShare', 'timePerStudentSeconds',
] as const; // prettier-ignore
export type ComparedName = (typeof comparedFigures)[number];

/** Of students who have a value; NULL without any, the variance without two. */
export interface Moments {
  readonly n: number;
  readonly mean: number | null;
  readonly variance: number | null;
}

export type SideMoments = { readonly students: number } & Readonly<Record<ComparedName, Moments>>;

/** Of the same students in two periods: their means, and the moments of what they differ by. */
export interface PairedMoments extends Moments {
  readonly one: number | null;
  readonly other: number | null;
}

export type PairMoments = { readonly students: number; readonly otherStudents: number } & Readonly<
  Record<ComparedName, PairedMoments>
>;

/** Of one student; NULL where there is no value. Who did nothing has sums of nothing, which are NULL. */
const values: Readonly<Record<ComparedName, string>> = {
  averageScore: 'sum(score_sum)::double precision / nullif(sum(score_count), 0)',
  accuracy: 'sum(correct) * 100::double precision / nullif(sum(questions), 0)',
  sessionsPerStudent: 'coalesce(sum(sessions), 0)::double precision',
  activeShare: 'case when sum(sessions_completed) > 0 then 100 else 0 end::double precision',
  timePerStudentSeconds: 'coalesce(sum(time_spent_seconds), 0)::double precision',
};
const columns = (of: (name: ComparedName) => string): string => comparedFigures.map(of).join(', ');

/**
 * A query of one row for each student who was there on any day of a period, with a value for each figure. Students and
 * days are not joined: how many there are of either cannot be estimated, and a nested loop over them would be quadratic.
 */
const sideOf = (students: string, place: string, from: string, to: string): string => `
        select student_id, ${columns((name) => `${values[name]} as "${name}"`)}
        from (
          select s.student_id, true as is_there, null::numeric as score_sum, null::integer as score_count,
            null::integer as correct, null::integer as questions, null::integer as sessions,
            null::integer as sessions_completed, null::integer as time_spent_seconds
          from (${students}) student
          join student_progress s on s.tenant_id = $1 and s.student_id = student.student_id and s.is_active
            and s.joined_on <= ${to}
          where student.days && daterange(${from}, ${to}, '[]')
          union all
          select p.student_id, false, p.score_sum, p.score_count, p.correct, p.questions, p.sessions,
            p.sessions_completed, p.time_spent_seconds
          from progress_snapshots p
          where p.tenant_id = $1 and ${place} and p.day between ${from} and ${to}
        ) part
        group by student_id having bool_or(is_there)`;

@Injectable()
export class ComparisonRepository {
  constructor(private readonly database: Database) {}

  /** How many rows have to be added up: one for each student and day. */
  async countStudentDays(viewer: Viewer, scope: AnalyticsScope): Promise<number> {
    const { sql, parameters } = placePredicate(viewer, scope);
    const period = `p.day between $${parameters.push(scope.from)}::date and $${parameters.push(scope.to)}::date`;
    const { count } = await this.database.read().one<{ count: number }>(
      `-- analytics.countStudentDays
      select coalesce(sum(p.active_students), 0)::integer as count
      from roster_days p where p.tenant_id = $1 and ${sql} and ${period}`,
      parameters,
    );
    return count;
  }

  /** Of the students of one side. */
  summarise(viewer: Viewer, scope: AnalyticsScope): Promise<SideMoments> {
    const place = placePredicate(viewer, scope);
    const { parameters } = place;
    const students = placedStudents(viewer, scope, place);
    const from = `$${parameters.push(scope.from)}::date`;
    const to = `$${parameters.push(scope.to)}::date`;
    const moments = (name: ComparedName): string => `json_build_object('n', count("${name}"),
          'mean', avg("${name}"), 'variance', var_samp("${name}")) as "${name}"`;
    return this.database.read().one<SideMoments>(
      `-- analytics.comparedSide
      select count(*)::integer as students, ${columns(moments)}
      from (${sideOf(students, place.sql, from, to)}) side`,
      parameters,
    );
  }

  /** Of the students of two periods, and how far apart those are who were there in both. */
  pair(viewer: Viewer, scope: AnalyticsScope, period: Period): Promise<PairMoments> {
    const place = placePredicate(viewer, scope);
    const { parameters } = place;
    const earliest = scope.from < period.from ? scope.from : period.from;
    const students = placedStudents(viewer, { ...scope, from: earliest }, place);
    const [from, to, otherFrom, otherTo] = [scope.from, scope.to, period.from, period.to].map(
      (day) => `$${parameters.push(day)}::date`,
    ) as [string, string, string, string];
    const moments = (name: ComparedName): string => {
      const [one, other] = [`one."${name}"`, `other."${name}"`];
      const both = `filter (where ${one} is not null and ${other} is not null)`;
      return `json_build_object('n', count(${one} - ${other}), 'one', avg(${one}) ${both}, 'other', avg(${other}) ${both},
          'mean', avg(${one} - ${other}), 'variance', var_samp(${one} - ${other})) as "${name}"`;
    };
    return this.database.read().one<PairMoments>(
      `-- analytics.comparedPeriods
      select count(one.student_id)::integer as students, count(other.student_id)::integer as "otherStudents",
        ${columns(moments)}
      from (${sideOf(students, place.sql, from, to)}) one
      full join (${sideOf(students, place.sql, otherFrom, otherTo)}) other using (student_id)`,
      parameters,
    );
  }
}
