import type { Viewer } from '../http/viewer.js';
import { isBelow, type Predicate, rostersOf, scopeOf, scopePredicate } from '../students/student-filter.js';

/** Assignments `a` that are this viewer's own to change: they, and whom they stand in for, or oversee, own them. */
export function ownPredicate(viewer: Viewer): Predicate {
  const { tenantId, departmentId } = viewer;
  switch (scopeOf(viewer)) {
    case 'own':
      return { sql: 'false', parameters: [tenantId] };
    case 'roster':
      return { sql: 'a.owner_id = any ($2::uuid[])', parameters: [tenantId, rostersOf(viewer)] };
    case 'departments':
      return {
        sql: `(a.owner_id = any ($2::uuid[]) or exists (
          select from users o
          where o.tenant_id = $1 and o.id = a.owner_id and ${isBelow('o.department_id', '$3')}
        ))`,
        parameters: [tenantId, rostersOf(viewer), departmentId],
      };
    case 'tenant':
      return { sql: 'true', parameters: [tenantId] };
  }
}

/**
 * Assignments `a` that this viewer may see: those of one's own, templates that are shared, and what was handed out to
 * students whom one may see. A student sees what is theirs to do once it is available.
 * @param which `many` finds first all that one's students have: for lists, and not to look at one by its id
 */
export function seenPredicate(viewer: Viewer, now: Date, which: 'one' | 'many'): Predicate {
  const scope = scopeOf(viewer);
  const { sql: own, parameters } = ownPredicate(viewer);
  if (scope === 'tenant') return { sql: own, parameters };
  const theirs = `student_progress p
    join submissions s on s.tenant_id = $1 and s.student_id = p.student_id and s.withdrawn_at is null
    where p.tenant_id = $1 and ${appendPredicate(scopePredicate(viewer), parameters)}`;
  const handedOut =
    which === 'one'
      ? `a.status <> 'draft' and exists (select from ${theirs} and s.assignment_id = a.id)`
      : `a.status <> 'draft' and a.id in (select s.assignment_id from ${theirs})`;
  if (scope !== 'own') return { sql: `(${own} or a.is_shared or ${handedOut})`, parameters };
  return {
    sql: `${handedOut} and (a.available_from is null or a.available_from <= $${parameters.push(now)})`,
    parameters,
  };
}

/**
 * The SQL of a predicate beside others.
 * @param parameters those that are there, the tenant first; the predicate's own are put behind them
 */
export function appendPredicate({ sql, parameters: own }: Predicate, parameters: unknown[]): string {
  const taken = parameters.length;
  parameters.push(...own.slice(1));
  return sql.replaceAll(/\$(\d+)/g, (_, n: string) => (n === '1' ? '$1' : `$${Number(n) - 1 + taken}`));
}
