import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { CursorKind, CursorValue, Position } from '../http/paging.js';
import { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import type { Moment } from '../org/tenants.service.js';
import { sqlBandOf } from './risk-bands.js';
import { currentStreak, Filter, scopePredicate, StudentSort, studentPredicate } from './student-filter.js';
import { StudentRow } from './students.dto.js';

interface SortKey {
  /** Of the row, and so of the cursor. */
  readonly field: keyof StudentRow | 'nameSort' | 'scoreBucket';
  readonly kind: CursorKind;
  readonly expression: string;
  /** The same for the value of a cursor. */
  readonly of: (n: string) => string;
}

const id: SortKey = { field: 'id', kind: 'id', expression: 'p.student_id', of: (n) => `${n}::uuid` };
const never = "'-infinity'";

/** Missing values have a place of their own, below all others, so that a cursor can stand on them. */
const sortKeys: Readonly<Record<StudentSort, readonly SortKey[]>> = {
  name: [{ field: 'nameSort', kind: 'text', expression: 'p.name_sort', of: (n) => n }, id],
  // the bucket is what the index has; within it PostgreSQL sorts incrementally
  score: [
    {
      field: 'scoreBucket',
      kind: 'number',
      expression: 'p.score_bucket',
      // a cursor may hold any number
      of: (n) => `least(greatest(${n}::numeric, -1), 101)::smallint`,
    },
    {
      field: 'overallScore',
      kind: 'number',
      expression: 'coalesce(p.overall_score, -1)',
      of: (n) => `coalesce(${n}::numeric, -1)`,
    },
    id,
  ],
  risk: [
    {
      field: 'riskScore',
      kind: 'number',
      expression: 'coalesce(p.risk_score, -1)',
      of: (n) => `coalesce(${n}::numeric, -1)`,
    },
    id,
  ],
  // by local day: within a day the order would have to be sorted anew for every page
  lastActive: [
    {
      field: 'lastActiveOn',
      kind: 'day',
      expression: `coalesce(p.last_active_on, ${never})`,
      of: (n) => `coalesce(${n}::date, ${never})`,
    },
    id,
  ],
  joined: [{ field: 'joinedOn', kind: 'day', expression: 'p.joined_on', of: (n) => `${n}::date` }, id],
  progress: [
    {
      field: 'completionRate',
      kind: 'number',
      expression: 'coalesce(p.completion_rate, -1)',
      of: (n) => `coalesce(${n}::numeric, -1)`,
    },
    id,
  ],
};

/** The planner must know how few rows are wanted, so the limit is part of the statement; there are three of them. */
const limits = [21, 51, 101] as const;
/** Beyond this many rows a total is an estimate. */
const countedRows = 10_000;

export interface ListedStudent extends StudentRow {
  readonly nameSort: string;
  readonly scoreBucket: number;
}

interface ListOptions {
  readonly sort: StudentSort;
  readonly order: 'asc' | 'desc';
  readonly moment: Moment;
  /** True unless told: to a student it may be hidden. */
  readonly showsRisk?: boolean;
}

@Injectable()
export class StudentListRepository {
  constructor(private readonly database: Database) {}

  cursorKinds(sort: StudentSort): CursorKind[] {
    return sortKeys[sort].map(({ kind }) => kind);
  }

  cursorOf(sort: StudentSort, row: ListedStudent): CursorValue[] {
    return sortKeys[sort].map(({ field }) => row[field] as CursorValue);
  }

  /** Up to `position.limit + 1` students, the one too many telling that there are more. */
  async list(
    viewer: Viewer,
    filter: Filter,
    { sort, order, moment, showsRisk }: ListOptions,
    { limit, offset, after }: Position,
  ): Promise<ListedStudent[]> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const keys = sortKeys[sort];
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const keyset = after
      ? `and (${keys.map(({ expression }) => expression).join(', ')}) ${order === 'asc' ? '>' : '<'}
          (${keys.map(({ of }, index) => of(parameter(after[index]))).join(', ')})`
      : '';
    const orderBy = keys.map(({ expression }) => `${expression} ${order}`).join(', ');
    const rows = await this.database.read().many<ListedStudent>(
      `-- students.list
      with page as (
        select p.* from student_progress p
        where p.tenant_id = $1 and ${sql} ${keyset}
        order by ${orderBy}
        limit ${limits.find((size) => size > limit)!} ${offset > 0 ? `offset ${parameter(offset)}` : ''}
      )
      select ${studentColumns(parameter(moment.today), parameter(moment.now), showsRisk)}, p.name_sort as "nameSort", p.score_bucket as "scoreBucket"
      from page p
      join departments d on d.tenant_id = $1 and d.id = p.department_id
      left join users i on i.tenant_id = $1 and i.id = p.instructor_id
      order by ${orderBy}`,
      parameters,
    );
    return rows.slice(0, limit + 1);
  }

  /**
   * How many students a filter means. Exact up to 10,000; an unfiltered list or one filtered by status alone is always
   * exact, from maintained counts. What lies above is the planner's estimate.
   */
  async count(viewer: Viewer, filter: Filter, moment: Moment): Promise<{ total: number; isEstimate: boolean }> {
    const given = Object.keys(filter);
    if (given.every((name) => name === 'status') && viewer.role !== 'student') {
      return { total: await this.countByStatus(viewer, filter.status, moment.today), isEstimate: false };
    }
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const { total } = await this.database.read().one<{ total: number }>(
      `-- students.count
      select count(*) as total
      from (select from student_progress p where p.tenant_id = $1 and ${sql} limit ${countedRows + 1}) counted`,
      parameters,
    );
    if (total <= countedRows) return { total, isEstimate: false };
    const [plan] = await this.database.read().many<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
      `-- students.estimate
      explain (format json) select from student_progress p where p.tenant_id = $1 and ${sql}`,
      parameters,
    );
    return { total: Math.max(plan!['QUERY PLAN'][0].Plan['Plan Rows'], countedRows + 1), isEstimate: true };
  }

  private async countByStatus(viewer: Viewer, status: Filter['status'], today: string): Promise<number> {
    const { sql, parameters } = scopePredicate(viewer);
    const windowed = status === 'active' || status === 'inactive';
    const since = windowed ? `$${parameters.push(addDays(today, -6))}::date` : '';
    const count: Readonly<Record<NonNullable<Filter['status']> | 'all', string>> = {
      all: 'sum(p.students)',
      active: `sum(p.students) filter (where p.last_active_on >= ${since})`,
      inactive: `sum(p.started) - coalesce(sum(p.students) filter (where p.last_active_on >= ${since}), 0)`,
      neverStarted: 'sum(p.students) - sum(p.started)',
      atRisk: 'sum(p.at_risk)',
      topPerformer: 'sum(p.top_performers)',
    };
    const { total } = await this.database.read().one<{ total: number }>(
      `-- students.countByStatus
      select coalesce(${count[status ?? 'all']}, 0)::integer as total
      from roster_counts p
      where p.tenant_id = $1 and ${sql}`,
      parameters,
    );
    return total;
  }
}

/** Of `student_progress p`, were these two as told: the first that holds. */
export const badge = (isAtRisk: string, isTopPerformer: string, today: string): string => `case
    when ${isAtRisk} then 'atRisk'
    when not p.has_started then 'neverStarted'
    when p.last_active_on is null or p.last_active_on < ${today}::date - 6 then 'inactive'
    when ${isTopPerformer} then 'topPerformer'
    else 'active'
  end`;

/** One student as lists show them; `p` is `student_progress`, `d` the department, `i` the instructor. */
export const studentColumns = (today: string, now: string, showsRisk = true): string => `
  p.student_id as id, p.name, p.email, p.pid, p.department_id as "departmentId", d.name as "departmentName",
  p.instructor_id as "instructorId", i.name as "instructorName", p.joined_on as "joinedOn",
  ${badge(showsRisk ? 'p.is_at_risk' : 'false', 'p.is_top_performer', today)} as badge,
  p.overall_score as "overallScore", p.completion_rate as "completionRate",
  p.assignments_assigned as "assignmentsAssigned", p.assignments_completed as "assignmentsCompleted",
  (select count(*) from work_at($1, ${now}) w where w.student_id = p.student_id and w.is_overdue)
    as "assignmentsOverdue",
  p.quiz_accuracy as "quizAccuracy", p.voice_accuracy as "voiceAccuracy", p.improvement_rate as "improvementRate",
  p.consistency_score as "consistencyScore",
  ${currentStreak(today)} as "currentStreak",
  p.longest_streak as "longestStreak", p.sessions_completed as "sessionsCompleted",
  p.total_time_spent_seconds as "totalTimeSpentSeconds", p.last_active_on as "lastActiveOn",
  p.last_active_at as "lastActiveAt", ${showsRisk ? 'p.risk_score' : 'null::numeric'} as "riskScore",
  ${showsRisk ? sqlBandOf('p.risk_score') : 'null::text'} as "riskBand"`;
