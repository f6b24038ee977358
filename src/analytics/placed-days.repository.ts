import type { Viewer } from '../http/viewer.js';
import { type Predicate, scopeOf } from '../students/student-filter.js';
import { type AnalyticsScope, placePredicate } from './analytics-scope.js';

type Asked = Pick<AnalyticsScope, 'from' | 'departmentId' | 'instructorId'>;

/** Whether nobody of the tenant is left out: every day is somebody's or nobody's. */
export function isEverybody(viewer: Viewer, { departmentId, instructorId }: Asked): boolean {
  return scopeOf(viewer) === 'tenant' && departmentId === undefined && instructorId === undefined;
}

/**
 * Which days an entry `p` of the roster is for. A day belongs to the entry that held at its end, the first entry of a
 * student counts back to the beginning, and one goes on until the next.
 * @param from the first day that matters: before it, it is all the same when an entry began
 */
export const daysOfEntry = (from: string): string => `daterange(
            case when (p.valid_from at time zone t.time_zone)::date > ${from} and exists (
              select from roster_entries o
              where o.tenant_id = $1 and o.student_id = p.student_id and o.valid_from < p.valid_from
            ) then (p.valid_from at time zone t.time_zone)::date end,
            case when p.valid_to is not null then (
              select (min(n.valid_from) at time zone t.time_zone)::date from roster_entries n
              where n.tenant_id = $1 and n.student_id = p.student_id and n.valid_from > p.valid_from
            ) end
          )`;

/**
 * A query of `(student_id, days)`: whose students were, on which days, of what is asked about.
 * @param place of what is asked about; gets another parameter
 */
export function placedStudents(viewer: Viewer, asked: Asked, { sql, parameters }: Predicate): string {
  if (isEverybody(viewer, asked)) {
    return `select student_id, '{(,)}'::datemultirange as days from student_progress where tenant_id = $1`;
  }
  const from = `$${parameters.push(asked.from)}::date`;
  return `select p.student_id, range_agg(${daysOfEntry(from)}) as days
        from roster_entries p join tenants t on t.id = $1
        where p.tenant_id = $1 and ${sql}
        group by p.student_id`;
}

/** A query of `(student_id, days)`: the active days of each student that belong to what is asked about. */
export function placedDays(viewer: Viewer, asked: Asked): Predicate {
  const place = placePredicate(viewer, asked);
  const { parameters } = place;
  if (isEverybody(viewer, asked)) {
    return { sql: 'select student_id, days from active_days where tenant_id = $1', parameters };
  }
  return {
    // a look-up each, of those asked about alone; and not cut anew for everything that is asked of the days
    sql: `select place.student_id, own.days
      from (${placedStudents(viewer, asked, place)}) place
      cross join lateral (
        select d.days * place.days as days from active_days d
        where d.tenant_id = $1 and d.student_id = place.student_id offset 0
      ) own`,
    parameters,
  };
}

/**
 * Whose students there were at the end of a day in the past, one row each. Before the first entry of a student it was as
 * that says; whoever has none was always where they are.
 * @param endsAt when that day ended
 */
export const rosterOf = (endsAt: string): string => `(
      select e.student_id, e.instructor_id, e.department_id from roster_entries e
      where e.tenant_id = $1 and e.valid_from < ${endsAt} and (e.valid_to is null or e.valid_to >= ${endsAt})
      union all
      select e.student_id, e.instructor_id, e.department_id from roster_entries e
      where e.tenant_id = $1 and e.valid_from >= ${endsAt} and not exists (
        select from roster_entries o
        where o.tenant_id = $1 and o.student_id = e.student_id and o.valid_from < e.valid_from
      )
      union all
      select s.student_id, s.instructor_id, s.department_id from student_progress s
      where s.tenant_id = $1 and s.is_active and not exists (
        select from roster_entries o where o.tenant_id = $1 and o.student_id = s.student_id
      )
    )`;
