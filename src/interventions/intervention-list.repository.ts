import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { CursorKind, Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { sqlBandOf } from '../students/risk-bands.js';
import { isBelow, type Predicate, scopePredicate } from '../students/student-filter.js';
import type { Intervention, InterventionCounts, InterventionFilter, InterventionSort } from './interventions.dto.js';

export type CaseFilter = Partial<Omit<InterventionFilter, 'limit' | 'page' | 'cursor'>>;

/** On `interventions c`; `today` is the tenant's local day. */
const isSnoozed = (today: string): string => `(c.closed_at is null and coalesce(c.snoozed_until > ${today}, false))`;
const isOverdue = (today: string): string =>
  `(c.closed_at is null and coalesce(c.due_on < ${today}, false) and not ${isSnoozed(today)})`;

/** Cases of students who have left are still there, and still to be closed. */
export const caseTables = `interventions c
  join student_progress p on p.tenant_id = $1 and p.student_id = c.student_id
  join users o on o.tenant_id = $1 and o.id = c.owner_id`;

export const caseColumns = (today: string): string => `c.id, c.student_id as "studentId", p.name as "studentName",
  p.is_active as "studentIsActive", c.owner_id as "ownerId", o.name as "ownerName", o.is_active as "ownerIsActive",
  c.origin, c.status, c.action, c.reason, c.due_on as "dueOn", ${isOverdue(today)} as "isOverdue",
  c.snoozed_until as "snoozedUntil", ${isSnoozed(today)} as "isSnoozed", c.opened_at as "openedAt",
  c.opened_by as "openedBy", c.opened_score as "openedScore", c.opened_band as "openedBand",
  c.contacted_at as "contactedAt", c.contacted_score as "contactedScore", c.closed_at as "closedAt",
  c.closed_by as "closedBy", c.closed_score as "closedScore", c.closed_itself as "closedItself", c.outcome, c.dismissal,
  p.risk_score as "riskScore", ${sqlBandOf('p.risk_score')} as "riskBand", c.updated_at as "updatedAt", c.version`;

interface SortKey {
  readonly kind: CursorKind;
  readonly field: keyof Intervention;
  /** Of a row, and of the value of a cursor; what has none comes last whichever way. */
  readonly expression: (value: string, order: 'asc' | 'desc') => string;
  readonly column: string;
}

const end = { asc: "'infinity'", desc: "'-infinity'" } as const;
const sortKeys: Readonly<Record<InterventionSort, SortKey>> = {
  due: {
    kind: 'day',
    field: 'dueOn',
    column: 'c.due_on',
    expression: (value, order) => `coalesce(${value}::date, ${end[order]})`,
  },
  opened: { kind: 'instant', field: 'openedAt', column: 'c.opened_at', expression: (value) => `${value}::timestamptz` },
  score: {
    kind: 'number',
    field: 'riskScore',
    column: 'p.risk_score',
    expression: (value, order) => `coalesce(${value}::numeric, ${order === 'asc' ? 101 : -1})`,
  },
};

export const cursorKinds = (sort: InterventionSort): CursorKind[] => [sortKeys[sort].kind, 'id'];
export const cursorOf = (sort: InterventionSort, row: Intervention): (string | number | null)[] => [
  row[sortKeys[sort].field] as string | number | null,
  row.id,
];

/** The one predicate that lists, counts and dashboards share. */
export function casePredicate(viewer: Viewer, filter: CaseFilter, today: string): Predicate {
  const { sql, parameters } = scopePredicate(viewer);
  const conditions = [sql];
  const add = (value: unknown, condition: (n: string) => string): void => {
    if (value !== undefined) conditions.push(condition(`$${parameters.push(value)}`));
  };
  add(filter.status, (n) => `c.status = any (${n}::text[])`);
  add(filter.ownerId, (n) => `c.owner_id = ${n}`);
  add(filter.studentId, (n) => `c.student_id = ${n}`);
  add(filter.departmentId, (n) => isBelow('p.department_id', n));
  add(filter.instructorId, (n) => `p.instructor_id = ${n}`);
  add(filter.origin, (n) => `c.origin = ${n}`);
  add(filter.action, (n) => `c.action = ${n}`);
  add(filter.from, (n) => `c.opened_day >= ${n}`);
  add(filter.to, (n) => `c.opened_day <= ${n}`);
  if (filter.overdue !== undefined) add(today, (n) => `${isOverdue(`${n}::date`)} = ${filter.overdue}`);
  if (filter.snoozed !== undefined) add(today, (n) => `${isSnoozed(`${n}::date`)} = ${filter.snoozed}`);
  return { sql: conditions.join(' and '), parameters };
}

@Injectable()
export class InterventionListRepository {
  constructor(private readonly database: Database) {}

  /** Up to `position.limit + 1` cases. */
  list(
    viewer: Viewer,
    filter: CaseFilter,
    { sort, order, today }: { readonly sort: InterventionSort; readonly order: 'asc' | 'desc'; readonly today: string },
    { limit, offset, after }: Position,
  ): Promise<Intervention[]> {
    const { sql, parameters } = casePredicate(viewer, filter, today);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const { column, expression } = sortKeys[sort];
    const keyset = after
      ? `and (${expression(column, order)}, c.id) ${order === 'asc' ? '>' : '<'}
          (${expression(parameter(after[0]), order)}, ${parameter(after[1])}::uuid)`
      : '';
    return this.database.read().many<Intervention>(
      `-- interventions.list
      select ${caseColumns(`${parameter(today)}::date`)} from ${caseTables}
      where c.tenant_id = $1 and ${sql} ${keyset}
      order by ${expression(column, order)} ${order}, c.id ${order}
      limit ${parameter(limit + 1)} offset ${parameter(offset)}`,
      parameters,
    );
  }

  async count(viewer: Viewer, filter: CaseFilter, today: string): Promise<number> {
    const { sql, parameters } = casePredicate(viewer, filter, today);
    const { count } = await this.database.read().one<{ count: number }>(
      `-- interventions.count
      select count(*) as count from ${caseTables} where c.tenant_id = $1 and ${sql}`,
      parameters,
    );
    return count;
  }

  countByStatus(viewer: Viewer, filter: CaseFilter, today: string): Promise<InterventionCounts> {
    const { sql, parameters } = casePredicate(viewer, filter, today);
    const day = `$${parameters.push(today)}::date`;
    return this.database.read().one<InterventionCounts>(
      `-- interventions.countByStatus
      select count(*) filter (where c.status = 'open') as open,
        count(*) filter (where c.status = 'contacted') as contacted,
        count(*) filter (where c.status = 'resolved') as resolved,
        count(*) filter (where c.status = 'dismissed') as dismissed,
        count(*) filter (where ${isOverdue(day)}) as overdue,
        count(*) filter (where ${isSnoozed(day)}) as snoozed
      from ${caseTables} where c.tenant_id = $1 and ${sql}`,
      parameters,
    );
  }
}
