import type { Viewer } from '../http/viewer.js';

export interface DepartmentScope {
  /** On departments `d` beside `d.tenant_id = $1`: which of them this viewer may know of. */
  readonly visible: string;
  /** Which of them the viewer may see into: how many people there are, and who. */
  readonly within: string;
  readonly parameters: unknown[];
}

const above = 'd.id = any ((select o.path from departments o where o.tenant_id = $1 and o.id = $2)::uuid[])';

/**
 * Everybody who teaches knows the departments above the own one by name; a supervisor sees into the own one and all
 * below it, an administrator or a service into all of them.
 */
export function departmentScope({ tenantId, departmentId, role }: Viewer): DepartmentScope {
  if (role === 'admin' || role === 'service') return { visible: 'true', within: 'true', parameters: [tenantId] };
  const within = role === 'supervisor' ? 'd.path @> array[$2::uuid]' : 'false';
  return { visible: `(${above} or ${within})`, within, parameters: [tenantId, departmentId] };
}
