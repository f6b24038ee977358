import { holds } from '../auth/permissions.js';
import { Day, Id } from '../http/fields.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import type { Moment } from '../org/tenants.service.js';
import { isBelow, type Predicate, scopePredicate } from '../students/student-filter.js';

/** Of a period: three years and a leap day. */
export const mostDays = 1_096;
const usualDays = 30;
/** Nothing is known of days before. */
const earliest = '1900-01-01';
/** How long answers may come from the cache. */
export const analyticsSeconds = 900;
/** The same of a segment, as of lists: who is in it may change with the clock. */
export const segmentSeconds = 60;

export class AnalyticsQuery {
  @Day({ optional: true, description: 'First local day; 30 days up to `to` unless told' })
  readonly from?: string;

  @Day({ optional: true, description: 'Last local day, included; `asOf`, or else today, unless told' })
  readonly to?: string;

  @Day({
    optional: true,
    description: 'As it stood at the end of this local day, with that day’s roster; today unless told',
  })
  readonly asOf?: string;

  @Id({ optional: true, description: 'This department and those below it' })
  readonly departmentId?: string;

  @Id({ optional: true, description: 'The rosters of this instructor' })
  readonly instructorId?: string;
}

/** Whole local days, both included. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

/** What is asked about: a period, and a part of what the viewer may see. */
export interface AnalyticsScope extends Period {
  /** The last day that counts as known: today, or the day of `asOf`. */
  readonly asOf: string;
  readonly departmentId: string | undefined;
  readonly instructorId: string | undefined;
}

/** Viewers who are told sums, and may not see the people: services without `students:read`. */
export function seesPeople(viewer: Viewer): boolean {
  return holds(viewer, 'students:read');
}

/** Before a segment is asked about. @throws Problem 403 */
export function demandSegments(viewer: Viewer): void {
  demandPeople(viewer);
  if (holds(viewer, 'segments:read')) return;
  throw new Problem(403, 'permission_denied', { detail: 'Segments are for who may read segments (segments:read).' });
}

/** Before what is about people and cannot be made of cells that nobody is found in. @throws Problem 403 */
export function demandPeople(viewer: Viewer): void {
  if (seesPeople(viewer)) return;
  throw new Problem(403, 'permission_denied', { detail: 'This is for who may see students, too (students:read).' });
}

/**
 * @param names of the parameters that say the period
 * @throws Problem 400 for a period that ends before it begins, lies after the day it is asked as of, or is longer than
 *   `mostDays`; for a day before there was anything, or to come; for an instructor or the day that it is, asked by who may not see people
 */
export function scopeAsked(
  viewer: Viewer,
  query: AnalyticsQuery,
  { today }: Moment,
  names = { from: 'from', to: 'to' },
): AnalyticsScope {
  const asOf = query.asOf ?? today;
  // while a day goes on, whoever asks twice would be told what one person did in between
  const last = seesPeople(viewer) || asOf < today ? asOf : addDays(today, -1);
  const to = query.to ?? last;
  const from = query.from ?? addDays(to, 1 - usualDays);
  const { departmentId, instructorId } = query;
  if (asOf < earliest) refuse('asOf', `must not lie before ${earliest}`);
  if (asOf > today) refuse('asOf', 'must not lie after today');
  if (to > asOf) refuse(names.to, query.asOf === undefined ? 'must not lie after today' : 'must not lie after asOf');
  if (to > last) refuse(names.to, 'must have ended: days that go on are for who may see students');
  for (const name of ['to', 'from'] as const) {
    if ({ to, from }[name] < earliest) refuse(names[name], `must not lie before ${earliest}`);
  }
  if (from > to) refuse(names.from, 'must not lie after the last day');
  if (addDays(from, mostDays) <= to)
    refuse(names.from, `must not lie more than ${mostDays - 1} days before the last day`);
  if (instructorId !== undefined && !seesPeople(viewer)) refuse('instructorId', 'is for who may see students');
  return { from, to, asOf, departmentId: departmentId?.toLowerCase(), instructorId: instructorId?.toLowerCase() };
}

/** @throws Problem 400 */
export function refuse(name: string, detail: string): never {
  throw Problem.invalid([{ pointer: `/query/${name}`, code: 'value_invalid', detail }]);
}

/**
 * On rows `p` with a tenant, an instructor and a department (roll-ups, snapshots, entries of the roster): what is this
 * viewer's and was asked about. History stays with whom it happened: the instructor and department are those of the row.
 */
export function placePredicate(
  viewer: Viewer,
  { departmentId, instructorId }: Pick<AnalyticsScope, 'departmentId' | 'instructorId'>,
): Predicate {
  const { sql, parameters } = scopePredicate(viewer);
  const conditions = [sql];
  if (departmentId !== undefined) conditions.push(isBelow('p.department_id', `$${parameters.push(departmentId)}`));
  if (instructorId !== undefined) conditions.push(`p.instructor_id = $${parameters.push(instructorId)}`);
  return { sql: conditions.join(' and '), parameters };
}

/** What the days of a table are divided into, and how many people a part has at least. */
const dayTables = {
  roster_days: { part: '', students: 'active_students' },
  module_days: { part: ', c.module_id', students: 'students' },
} as const;

/**
 * The same on rows `p` of `roster_days` and `module_days` within the period. Who may not see people is told
 * only of cells that nobody can be found in: a department's own day, whole, and only where each part it is divided into
 * (modules) has enough people, and enough of them a score or none. Every sum is then one of such cells, and so is every difference
 * of two sums. That holds of one way to divide a day: together with modules, hours would tell of fewer people than each
 * of them has, so that hours are for who may see people. And it holds of sums of the same sessions: a day that is still
 * to be added up would differ from `roster_days` by who has just come.
 * @param smallestGroup of the tenant's settings
 */
export function dayPredicate(
  viewer: Viewer,
  scope: Omit<AnalyticsScope, 'asOf'>,
  table: 'roster_days' | 'module_days',
  smallestGroup: number,
): Predicate {
  const { sql, parameters } = placePredicate(viewer, scope);
  const from = `$${parameters.push(scope.from)}::date`;
  const to = `$${parameters.push(scope.to)}::date`;
  const conditions = [sql, `p.day between ${from} and ${to}`];
  if (!seesPeople(viewer)) {
    const { part, students } = dayTables[table];
    const group = `$${parameters.push(smallestGroup)}`;
    conditions.push(`(p.department_id, p.day) in (
      select cell.department_id, cell.day from (
        select c.department_id, c.day, sum(c.${students}) as students, sum(c.students_scored) as scored from ${table} c
        where c.tenant_id = $1 and c.day between ${from} and ${to}
        group by c.department_id, c.day${part}
      ) cell
      group by cell.department_id, cell.day
      having min(cell.students) >= ${group} and bool_and(cell.scored = 0 or cell.scored >= ${group})
    )`);
    if (table === 'module_days') {
      conditions.push(`not exists (
        select from stale_days c where c.tenant_id = $1 and c.department_id = p.department_id and c.day = p.day
      )`);
    }
  }
  return { sql: conditions.join(' and '), parameters };
}
