import { Injectable } from '@nestjs/common';
import type { Period } from '../../analytics/analytics-scope.js';
import { Database } from '../../database/database.js';
import type { Viewer } from '../../http/viewer.js';
import { addDays } from '../../org/local-day.js';
import { scopePredicate } from '../../students/student-filter.js';
import type { Asked } from '../report-kind.js';

export interface DepartmentFilter extends Period {
  readonly departmentId?: string;
}

export interface DepartmentFigures {
  readonly students: number;
  readonly active: number;
  readonly neverStarted: number;
  readonly atRisk: number;
  readonly overallScore: number | null;
  readonly completionRate: number | null;
  readonly sessionsCompleted: number;
  readonly timeSpentSeconds: number;
  readonly averageScore: number | null;
}

export interface DepartmentRow {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly level: number;
  /** Ids from the root down to its own. */
  readonly ids: readonly string[];
  /** Names from the root down, for the order and the eye. */
  readonly path: string;
  readonly own: DepartmentFigures;
  /** With all departments below it. */
  readonly total: DepartmentFigures;
}

const summed = ['students', 'started', 'active', 'atRisk', 'scoreSum', 'scoreCount', 'rateSum', 'rateCount', 'sessions',
  'seconds', 'pointSum', 'pointCount'] as const; // prettier-ignore

const figures = (of: string): string => `json_build_object(
          'students', ${of}.students, 'active', ${of}.active, 'neverStarted', ${of}.students - ${of}.started,
          'atRisk', ${of}."atRisk",
          'overallScore', round(${of}."scoreSum" / nullif(${of}."scoreCount", 0), 2),
          'completionRate', round(${of}."rateSum" / nullif(${of}."rateCount", 0), 2),
          'sessionsCompleted', ${of}.sessions, 'timeSpentSeconds', ${of}.seconds,
          'averageScore', round(${of}."pointSum" / nullif(${of}."pointCount", 0), 2))`;

@Injectable()
export class DepartmentsReportRepository {
  constructor(private readonly database: Database) {}

  /**
   * Departments with students or sessions of the viewer's, in them or below, parents before children. Students are those
   * of now, sessions those of the period where they were then; both are counted once, in their own department.
   */
  list(
    viewer: Viewer,
    { filter: { from, to, departmentId }, moment }: Asked<DepartmentFilter>,
  ): Promise<DepartmentRow[]> {
    const { sql, parameters } = scopePredicate(viewer);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const since = `${parameter(addDays(moment.today, -6))}::date`;
    const [first, last] = [from, to].map((day) => `${parameter(day)}::date`);
    const below = departmentId === undefined ? '' : `and d.path @> array[${parameter(departmentId)}::uuid]`;
    return this.database.read().many<DepartmentRow>(
      `-- reports.listDepartments
      with counted as (
        select p.department_id, sum(p.students) as students, sum(p.started) as started,
          coalesce(sum(p.students) filter (where p.last_active_on >= ${since}), 0) as active,
          sum(p.at_risk) as "atRisk", sum(p.score_sum) as "scoreSum", sum(p.score_count) as "scoreCount",
          sum(p.completion_sum) as "rateSum", sum(p.completion_count) as "rateCount"
        from roster_counts p where p.tenant_id = $1 and ${sql}
        group by p.department_id
      ), practised as (
        select p.department_id, sum(p.sessions_completed) as sessions, sum(p.time_spent_seconds) as seconds,
          sum(p.score_sum) as "pointSum", sum(p.score_count) as "pointCount"
        from roster_days p where p.tenant_id = $1 and p.day between ${first} and ${last} and ${sql}
        group by p.department_id
      ), own as (
        select d.id, d.path, ${summed.map((name) => `coalesce("${name}", 0) as "${name}"`).join(', ')}
        from departments d
        left join counted c on c.department_id = d.id
        left join practised r on r.department_id = d.id
        where d.tenant_id = $1 and (c.students > 0 or r.sessions > 0) ${below}
      ), total as (
        select above.id, ${summed.map((name) => `sum(o."${name}") as "${name}"`).join(', ')}
        from own o cross join lateral unnest(o.path) above (id)
        group by above.id
      )
      select d.id, d.code, d.name, cardinality(d.path) as level, d.path as ids, path.names as path,
        case when o.id is null then ${figures('nothing')} else ${figures('o')} end as own, ${figures('t')} as total
      from total t
      join departments d on d.tenant_id = $1 and d.id = t.id ${below}
      left join own o on o.id = d.id
      cross join (select ${summed.map((name) => `0 as "${name}"`).join(', ')}) nothing
      cross join lateral (
        select string_agg(a.name, ' / ' order by cardinality(a.path)) as names
        from departments a where a.tenant_id = $1 and a.id = any (d.path)
      ) path
      order by path.names, d.id`,
      parameters,
    );
  }
}
