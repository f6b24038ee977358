import type { Viewer } from '../http/viewer.js';

export type Role = Viewer['role'];

/**
 * Who may do what. Which rows a permission reaches is another question, answered in SQL by the viewer's scope: a
 * student's own, an instructor's roster, a supervisor's department and all below it, a tenant for administrators and
 * services. An operator reaches the installation and no tenant's people.
 */
export const permissions = {
  'tenants:read': ['operator'],
  'tenants:write': ['operator'],
  'runs:read': ['operator'],
  'cache:read': ['operator'],
  'logs:read': ['operator'],
  'settings:read': ['instructor', 'supervisor', 'admin'],
  'settings:write': ['admin'],
  'departments:read': ['instructor', 'supervisor', 'admin', 'service'],
  'departments:write': ['admin'],
  'users:read': ['admin', 'service'],
  'users:write': ['admin', 'service'],
  'users:merge': ['admin'],
  'instructors:read': ['instructor', 'supervisor', 'admin', 'service'],
  'instructors:write': ['admin'],
  'delegations:read': ['instructor', 'supervisor', 'admin'],
  'delegations:write': ['instructor', 'supervisor', 'admin'],
  'services:read': ['admin'],
  'services:write': ['admin'],
  'sessions:write': ['student', 'service'],
  'students:read': ['student', 'instructor', 'supervisor', 'admin', 'service'],
  'students:write': ['instructor', 'supervisor', 'admin'],
  'rosters:write': ['supervisor', 'admin'],
  'segments:read': ['instructor', 'supervisor', 'admin'],
  'segments:write': ['instructor', 'supervisor', 'admin'],
  'dashboard:read': ['instructor', 'supervisor', 'admin'],
  'modules:read': ['student', 'instructor', 'supervisor', 'admin', 'service'],
  'modules:write': ['admin'],
  'assignments:read': ['student', 'instructor', 'supervisor', 'admin', 'service'],
  'assignments:write': ['instructor', 'supervisor', 'admin', 'service'],
  'submissions:read': ['student', 'instructor', 'supervisor', 'admin', 'service'],
  'submissions:write': ['student', 'service'],
  'grades:write': ['instructor', 'supervisor', 'admin', 'service'],
  'gradebook:read': ['instructor', 'supervisor', 'admin', 'service'],
  'extensions:write': ['instructor', 'supervisor', 'admin'],
  'accommodations:read': ['instructor', 'supervisor', 'admin'],
  'accommodations:write': ['instructor', 'supervisor', 'admin'],
  'risk:read': ['instructor', 'supervisor', 'admin', 'service'],
  'thresholds:read': ['instructor', 'supervisor', 'admin'],
  'thresholds:write': ['instructor', 'supervisor', 'admin'],
  'interventions:read': ['instructor', 'supervisor', 'admin'],
  'interventions:write': ['instructor', 'supervisor', 'admin'],
  'analytics:read': ['instructor', 'supervisor', 'admin', 'service'],
  'leaderboard:read': ['student', 'instructor', 'supervisor', 'admin', 'service'],
  'leaderboard:write': ['student'],
  'metrics:read': ['student', 'instructor', 'supervisor', 'admin', 'service'],
  'views:read': ['admin', 'operator'],
  'views:write': ['operator'],
  'reports:read': ['instructor', 'supervisor', 'admin', 'service'],
  'reports:write': ['instructor', 'supervisor', 'admin', 'service'],
  'notifications:read': ['student', 'instructor', 'supervisor', 'admin'],
  'notifications:write': ['student', 'instructor', 'supervisor', 'admin'],
  'messages:read': ['student', 'instructor', 'supervisor', 'admin'],
  'messages:write': ['student', 'instructor', 'supervisor', 'admin'],
  'preferences:read': ['student', 'instructor', 'supervisor', 'admin'],
  'preferences:write': ['student', 'instructor', 'supervisor', 'admin'],
  'channels:read': ['admin'],
  'channels:write': ['admin'],
  'bounces:write': ['admin', 'service'],
  'events:read': ['student', 'instructor', 'supervisor', 'admin', 'service'],
  'audit:read': ['admin'],
  'retention:read': ['admin'],
  'retention:write': ['admin'],
  'access:read': ['student', 'instructor', 'supervisor', 'admin'],
  'access:write': ['student', 'instructor', 'supervisor', 'admin'],
  'erasures:read': ['admin'],
  'erasures:write': ['admin'],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof permissions;

export function isPermission(name: string): name is Permission {
  return Object.hasOwn(permissions, name);
}

export function permissionsOf(viewer: Pick<Viewer, 'role' | 'scopes'>): Permission[] {
  return (Object.keys(permissions) as Permission[]).filter((name) => holds(viewer, name));
}

/** Whether the role has it and, of a service, its scopes do not leave it out. */
export function holds({ role, scopes }: Pick<Viewer, 'role' | 'scopes'>, permission: Permission): boolean {
  return (permissions[permission] as readonly Role[]).includes(role) && (scopes?.includes(permission) ?? true);
}
