import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { CursorValue, Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import type { Moment } from '../org/tenants.service.js';
import { type Filter, scopePredicate, studentPredicate } from '../students/student-filter.js';
import { instant, midnight } from './due-dates.js';
import type { GradebookAssignment, GradebookCell, GradebookStudent } from './gradebook.dto.js';

/** More students, and a page would no longer be there in a second. */
export const mostStudents = 10_000;

export interface AssignmentFilter {
  readonly assignmentIds?: readonly string[];
  readonly ownerId?: string;
  readonly category?: string;
  readonly tag?: string;
  /** Local days, both included. */
  readonly dueFrom?: string;
  readonly dueTo?: string;
}

export type GradebookSort = 'name' | 'mean';

/** Which students and assignments are meant, in which order, and when. */
export interface GradebookSelection {
  readonly students: Filter;
  readonly assignments: AssignmentFilter;
  readonly sort: GradebookSort;
  readonly order: 'asc' | 'desc';
  readonly moment: Moment;
}

export interface Graded extends Omit<GradebookStudent, 'cells'> {
  readonly nameSort: string;
}

export interface GradebookRange {
  readonly students: Graded[];
  readonly assignments: GradebookAssignment[];
  /** Of the whole selection; up to one more than `mostStudents`. */
  readonly studentCount: number;
  readonly assignmentCount: number;
}

export interface PlacedCell extends GradebookCell {
  readonly studentId: string;
  readonly assignmentId: string;
}

const sortKeys = {
  name: { field: 'nameSort', kind: 'text', expression: 'p.name_sort', of: (n: string) => n },
  // who has no mean stands below everybody who has one
  mean: {
    field: 'mean',
    kind: 'number',
    expression: 'coalesce(p.mean, -1)',
    of: (n: string) => `coalesce(${n}::numeric, -1)`,
  },
} as const;

/** What is excused or exempt has no score that counts, in any mean. */
export const countedScores = 'filter (where s.exemption is null)';
/** Of submissions `s` of assignments `a`; null where no score counts, or all that do weigh nothing. */
export const weightedMean = `round(sum(s.score * a.weight) ${countedScores}
  / nullif(sum(case when s.score is not null then a.weight end) ${countedScores}, 0), 2)`;

@Injectable()
export class GradebookRepository {
  constructor(private readonly database: Database) {}

  /** Up to `limit` students with their means, and a range of the assignments with theirs; both in order. */
  range(
    viewer: Viewer,
    selection: GradebookSelection,
    { limit, offset, after }: Pick<Position, 'limit' | 'offset' | 'after'>,
    columns: { readonly limit: number; readonly offset: number },
  ): Promise<GradebookRange> {
    const { students, assignments, sort, order, moment } = selection;
    const { now } = moment;
    const { sql, parameters } = studentPredicate(viewer, students, moment);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const { expression, of } = sortKeys[sort];
    const orderBy = `${expression} ${order}, p.student_id ${order}`;
    const keyset = after
      ? `where (${expression}, p.student_id) ${order === 'asc' ? '>' : '<'}
          (${of(parameter(after[0]))}, ${parameter(after[1])}::uuid)`
      : '';
    const work = `join submissions s on s.tenant_id = $1 and s.student_id = p.student_id and s.withdrawn_at is null
        join assignments a on a.tenant_id = $1 and a.id = s.assignment_id
          and a.published_at is not null and a.status <> 'draft' ${assignmentConditions(assignments, parameter)}`;
    const range = `${keyset} order by ${orderBy} limit ${parameter(limit)} offset ${parameter(offset)}`;
    // the means of students cost as much as all else: only where they decide on the page is everybody's made
    const [grouping, alsoByStudent, page] =
      sort === 'mean'
        ? [
            'grouping sets ((s.assignment_id), (s.student_id))',
            `, s.student_id, ${weightedMean} as weighted_mean`,
            `select * from (
              select p.*, w.weighted_mean as mean from chosen p left join scored w on w.student_id = p.student_id
            ) p ${range}`,
          ]
        : [
            's.assignment_id',
            '',
            `select p.*, w.mean from (select * from chosen p ${range}) p
            cross join lateral (select ${weightedMean} as mean from (select p.student_id) p ${work}) w`,
          ];
    return this.database.read().one<GradebookRange>(
      `-- assignments.gradebookRange
      with chosen as materialized (
        select p.student_id, p.name, p.name_sort, p.pid, p.department_id
        from student_progress p where p.tenant_id = $1 and ${sql} limit ${mostStudents + 1}
      ), scored as materialized (
        select s.assignment_id, count(s.score) ${countedScores} as n, round(avg(s.score) ${countedScores}, 2) as mean ${alsoByStudent}
        from chosen p ${work}
        group by ${grouping}
      ), page as (
        ${page}
      ), listed as (
        select a.id, a.title, a.due_at, a.weight, w.mean, w.n,
          assignment_status(a.status, a.available_from, ${parameter(now)}) as status,
          row_number() over (order by a.due_at, a.id) as position
        from scored w join assignments a on a.tenant_id = $1 and a.id = w.assignment_id
      )
      select (
        select coalesce(json_agg(json_build_object('id', p.student_id, 'name', p.name, 'pid', p.pid,
          'departmentId', p.department_id, 'mean', p.mean, 'nameSort', p.name_sort) order by ${orderBy}), '[]')
        from page p
      ) as students, (
        select coalesce(json_agg(json_build_object('id', id, 'title', title, 'dueAt', ${instant('due_at')},
          'weight', weight, 'status', status, 'mean', mean, 'n', n) order by position), '[]')
        from listed
        where position > ${parameter(columns.offset)} and position <= ${parameter(columns.offset + columns.limit)}
      ) as assignments, (select count(*) from chosen) as "studentCount",
        (select count(*) from listed) as "assignmentCount"`,
      parameters,
    );
  }

  /** One for each of these assignments that each of these students, where they are the viewer's, has been handed. */
  cells(
    viewer: Viewer,
    studentIds: readonly string[],
    assignmentIds: readonly string[],
    now: Date,
  ): Promise<PlacedCell[]> {
    const { sql, parameters } = scopePredicate(viewer);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    return this.database.read().many<PlacedCell>(
      `-- assignments.gradebookCells
      select s.student_id as "studentId", s.assignment_id as "assignmentId", s.status, s.score, s.grade, s.exemption,
        w.is_late as "isLate", w.is_missing as "isMissing", w.is_overdue as "isOverdue",
        w.is_awaiting_grade as "isAwaitingGrade", s.effective_due_at as "effectiveDueAt", s.version
      from student_progress p
      join submissions s on s.tenant_id = $1 and s.student_id = p.student_id
        and s.assignment_id = any (${parameter(assignmentIds)}::uuid[])
      join work_at($1, ${parameter(now)}) w on w.assignment_id = s.assignment_id and w.student_id = s.student_id
      where p.tenant_id = $1 and p.student_id = any (${parameter(studentIds)}::uuid[]) and ${sql}`,
      parameters,
    );
  }

  cursorOf(sort: GradebookSort, row: Graded): CursorValue[] {
    return [row[sortKeys[sort].field], row.id];
  }

  cursorKinds(sort: GradebookSort): ['text' | 'number', 'id'] {
    return [sortKeys[sort].kind, 'id'];
  }
}

/** On assignments `a`, each with its `and`. */
function assignmentConditions(filter: AssignmentFilter, parameter: (value: unknown) => string): string {
  const conditions: string[] = [];
  const add = (value: unknown, condition: (n: string) => string): void => {
    if (value !== undefined) conditions.push(`and ${condition(parameter(value))}`);
  };
  add(filter.assignmentIds, (n) => `a.id = any (${n}::uuid[])`);
  add(filter.ownerId, (n) => `a.owner_id = ${n}`);
  add(filter.category, (n) => `a.category = ${n}`);
  add(filter.tag, (n) => `${n} = any (a.tags)`);
  add(filter.dueFrom, (n) => `a.due_at >= ${midnight(`${n}::date`)}`);
  add(filter.dueTo, (n) => `a.due_at < ${midnight(`${n}::date + 1`)}`);
  return conditions.join(' ');
}
