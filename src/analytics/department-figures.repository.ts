import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { type Predicate, scopeOf } from '../students/student-filter.js';
import { type AnalyticsScope, dayPredicate, placePredicate } from './analytics-scope.js';
import type { DepartmentFigures } from './department-figures.dto.js';
import { daysOfEntry, isEverybody, rosterOf } from './placed-days.repository.js';

/** Of one department: what is its own, and what it and all below it have together. */
export interface OwnAndTotal<Figure extends keyof DepartmentFigures> {
  readonly departmentId: string;
  readonly own: Pick<DepartmentFigures, Figure>;
  readonly total: Pick<DepartmentFigures, Figure>;
}

export interface Department {
  readonly id: string;
  readonly name: string;
  /** Ids from the root to this one. */
  readonly path: readonly string[];
}

type SessionFigure = 'sessions' | 'sessionsCompleted' | 'timeSpentSeconds' | 'averageScore' | 'accuracy';
type StudentFigure = 'students' | 'atRisk' | 'topPerformers' | 'completionRate';

/**
 * Adds rows `f` of single departments up the tree.
 * @param figures names and sums of `f`; `of` narrows each sum down to rows of the department itself
 */
function upTheTree(figures: Readonly<Record<string, (of: string) => string>>): string {
  const object = (of: string): string =>
    `json_build_object(${Object.entries(figures)
      .map(([name, sum]) => `'${name}', ${sum(of)}`)
      .join(', ')})`;
  return `select a.id as "departmentId", ${object('filter (where a.id = f.department_id)')} as own, ${object('')} as total
      from figure f
      join departments d on d.tenant_id = $1 and d.id = f.department_id
      cross join lateral unnest(d.path) as a (id)
      group by a.id`;
}
const count =
  (column: string) =>
  (of: string): string =>
    `coalesce(sum(f.${column}) ${of}, 0)::bigint`;
const mean =
  (sum: string, number: string, factor = '1.0') =>
  (of: string): string =>
    `round(sum(f.${sum}) ${of} * ${factor} / nullif(sum(f.${number}) ${of}, 0), 2)`;

@Injectable()
export class DepartmentFiguresRepository {
  constructor(private readonly database: Database) {}

  /** @param smallestGroup of the tenant's settings */
  sumSessions(viewer: Viewer, scope: AnalyticsScope, smallestGroup: number): Promise<OwnAndTotal<SessionFigure>[]> {
    const { sql, parameters } = dayPredicate(viewer, scope, 'roster_days', smallestGroup);
    return this.database.read().many<OwnAndTotal<SessionFigure>>(
      `-- analytics.departmentSessions
      with figure as (
        select p.department_id, sum(p.sessions) as sessions, sum(p.sessions_completed) as sessions_completed,
          sum(p.time_spent_seconds) as time_spent_seconds, sum(p.score_sum) as score_sum,
          sum(p.score_count) as score_count, sum(p.correct) as correct, sum(p.questions) as questions
        from roster_days p
        where p.tenant_id = $1 and ${sql}
        group by p.department_id
      )
      ${upTheTree({
        sessions: count('sessions'),
        sessionsCompleted: count('sessions_completed'),
        timeSpentSeconds: count('time_spent_seconds'),
        averageScore: mean('score_sum', 'score_count'),
        accuracy: mean('correct', 'questions', '100.0'),
      })}`,
      parameters,
    );
  }

  /** From the maintained counts. */
  countStudents(viewer: Viewer, scope: AnalyticsScope): Promise<OwnAndTotal<StudentFigure>[]> {
    const { sql, parameters } = placePredicate(viewer, scope);
    return this.database.read().many<OwnAndTotal<StudentFigure>>(
      `-- analytics.departmentStudents
      with figure as (
        select p.department_id, sum(p.students) as students, sum(p.at_risk) as at_risk,
          sum(p.top_performers) as top_performers, sum(p.completion_sum) as completion_sum,
          sum(p.completion_count) as completion_count
        from roster_counts p
        where p.tenant_id = $1 and ${sql}
        group by p.department_id having sum(p.students) > 0
      )
      ${upTheTree({
        students: count('students'),
        atRisk: count('at_risk'),
        topPerformers: count('top_performers'),
        completionRate: mean('completion_sum', 'completion_count'),
      })}`,
      parameters,
    );
  }

  /**
   * Of a day in the past, of students who are not deactivated.
   * @param endsAt when the day of `asOf` ended
   */
  countStudentsAsOf(viewer: Viewer, scope: AnalyticsScope, endsAt: Date): Promise<OwnAndTotal<'students'>[]> {
    const { sql, parameters } = placePredicate(viewer, scope);
    const asOf = `$${parameters.push(scope.asOf)}::date`;
    const ends = `$${parameters.push(endsAt)}::timestamptz`;
    return this.database.read().many<OwnAndTotal<'students'>>(
      `-- analytics.departmentStudentsAsOf
      with figure as (
        select p.department_id, count(*) as students
        from ${rosterOf(ends)} p
        join student_progress s on s.tenant_id = $1 and s.student_id = p.student_id and s.is_active
          and s.joined_on <= ${asOf}
        where ${sql}
        group by p.department_id
      )
      ${upTheTree({ students: count('students') })}`,
      parameters,
    );
  }

  /**
   * Different students who were active while they were there. Who was active in several departments is counted in each
   * of them, and once in those above; so that these are few, everybody who has stayed is told by the list row alone
   * where everybody is asked about: measured on 100,000 students, a third of what it takes to look at all their days.
   * @param staysFrom when the first day of the period ended: who has not moved since was where they are
   */
  countActive(viewer: Viewer, scope: AnalyticsScope, staysFrom: Date): Promise<OwnAndTotal<'activeStudents'>[]> {
    const { sql, parameters } = placePredicate(viewer, scope);
    const from = `$${parameters.push(scope.from)}::date`;
    const to = `$${parameters.push(scope.to)}::date`;
    const everybody = isEverybody(viewer, scope);
    const stays = everybody ? `$${parameters.push(staysFrom)}::timestamptz` : '';
    return this.database.read().many<OwnAndTotal<'activeStudents'>>(
      `-- analytics.departmentActiveStudents
      with ${everybody ? stayed(from, to, stays) : ''} placed as (
        select p.student_id, p.department_id, range_agg(${daysOfEntry(from)}) as days
        from roster_entries p join tenants t on t.id = $1
        where p.tenant_id = $1 and ${everybody ? 'p.student_id = any (array(select student_id from mover))' : sql}
        group by p.student_id, p.department_id
      ), place as (
        select p.student_id, array_agg(p.department_id order by p.department_id) as departments
        from placed p
        cross join lateral (
          select from active_days d
          where d.tenant_id = $1 and d.student_id = p.student_id
            and d.days && (p.days * datemultirange(daterange(${from}, ${to}, '[]')))
          offset 0
        ) active
        group by p.student_id
      ), figure as (
        select row_number() over () as number, f.* from (
          select departments, count(*) as students from place group by departments
          ${everybody ? 'union all select array[department_id], students from stayed' : ''}
        ) f
      )
      select a.id as "departmentId",
        json_build_object('activeStudents', coalesce(sum(a.students) filter (where a.id = any (a.departments)), 0)::bigint)
          as own,
        json_build_object('activeStudents', sum(a.students)::bigint) as total
      from (
        select distinct f.number, f.departments, f.students, unnest(d.path) as id
        from figure f
        cross join lateral unnest(f.departments) as own (id)
        join departments d on d.tenant_id = $1 and d.id = own.id
      ) a
      group by a.id`,
      parameters,
    );
  }

  /** All that a supervisor or administrator is responsible for, and those that there is something to show of. */
  listTree(viewer: Viewer, { departmentId }: AnalyticsScope, ids: readonly string[]): Promise<Department[]> {
    const { sql, parameters } = topOf(viewer, departmentId);
    return this.database.read().many<Department>(
      `-- analytics.departmentTree
      select d.id, d.name, d.path from departments d
      where d.tenant_id = $1 and (${sql} or d.id = any ($${parameters.push(ids)}::uuid[]))
      order by cardinality(d.path), d.name, d.id`,
      parameters,
    );
  }
}

/** Everybody who was in one place for all of the period, by that place; `mover`: the others. */
const stayed = (from: string, to: string, staysFrom: string): string => `mover as materialized (
        select distinct student_id from roster_entries where tenant_id = $1 and valid_to >= ${staysFrom}
      ), stayed as (
        select p.department_id, count(*) as students
        from student_progress p
        where p.tenant_id = $1 and p.last_active_on >= ${from} and (
          -- of who has been active since, the days have to be looked at: of nobody where the period ends today
          p.last_active_on <= ${to} or exists (
            select from active_days d
            where d.tenant_id = $1 and d.student_id = p.student_id and d.days && daterange(${from}, ${to}, '[]') offset 0
          )
        ) and p.student_id not in (select student_id from mover)
        group by p.department_id
      ),`;

/** On departments `d`: those that are shown even where there is nothing in them. */
function topOf(viewer: Viewer, departmentId: string | undefined): Predicate {
  const parameters: unknown[] = [viewer.tenantId];
  const conditions: string[] = [];
  const scope = scopeOf(viewer);
  if (scope === 'roster') conditions.push('false');
  if (scope === 'departments') conditions.push(`d.path @> array[$${parameters.push(viewer.departmentId)}::uuid]`);
  if (departmentId !== undefined) conditions.push(`d.path @> array[$${parameters.push(departmentId)}::uuid]`);
  return { sql: conditions.length > 0 ? `(${conditions.join(' and ')})` : 'true', parameters };
}
