import { holds, type Permission } from '../auth/permissions.js';
import type { Viewer } from '../http/viewer.js';
import { type Predicate, rostersOf, scopeOf } from '../students/student-filter.js';
import { type Audience, type LiveKind, liveKinds, type ToldKind } from './live-event.js';

/** What is needed to read what a kind tells of. */
const permissionsOfKinds: Readonly<Record<ToldKind, Permission>> = {
  progress: 'students:read',
  risk: 'risk:read',
  submission: 'submissions:read',
  message: 'messages:read',
  notification: 'notifications:read',
  report: 'reports:read',
  dashboard: 'dashboard:read',
};

/** @param asked all of them where nothing is asked for */
export function mayBeTold(viewer: Viewer, kind: ToldKind, asked?: readonly ToldKind[]): boolean {
  return (asked?.includes(kind) ?? true) && holds(viewer, permissionsOfKinds[kind]);
}

export function kindsFor(viewer: Viewer, asked?: readonly ToldKind[]): LiveKind[] {
  return liveKinds.filter((kind) => mayBeTold(viewer, kind, asked));
}

/**
 * Which events a viewer hears of, by the student they are about and whose that was when they were published: what lists
 * of students show. One's own are about oneself. The same is said in SQL by `heardBy`.
 */
export function hearing(viewer: Viewer): (event: Audience) => boolean {
  const { tenantId, userId, departmentId, rosters = [] } = viewer;
  const own = rostersOf(viewer);
  const isOfRoster = ({ instructorId }: Audience): boolean => instructorId !== null && own.includes(instructorId);
  const isOfDepartment = ({ departmentPath }: Audience): boolean =>
    departmentId !== null && departmentPath!.includes(departmentId);
  const sees: Readonly<Record<ReturnType<typeof scopeOf>, (event: Audience) => boolean>> = {
    own: ({ subjectId }) => subjectId === userId,
    roster: isOfRoster,
    departments: (event) => isOfDepartment(event) || (rosters.length > 0 && isOfRoster(event)),
    tenant: () => true,
  };
  const seesStudent = sees[scopeOf(viewer)];
  return (event) =>
    event.tenantId === tenantId && (event.userId === null ? seesStudent(event) : event.userId === userId);
}

/** The same on `live_events e`, beside `e.tenant_id = $1`. */
export function heardBy(viewer: Viewer): Predicate {
  const { tenantId, userId, departmentId, rosters = [] } = viewer;
  const isOfDepartment = 'e.department_path @> array[$3::uuid]';
  const parameters: unknown[] = [tenantId, userId];
  const about = (student: string): Predicate => {
    return { sql: `(e.user_id = $2 or (e.user_id is null and ${student}))`, parameters };
  };
  switch (scopeOf(viewer)) {
    case 'own':
      return about('e.subject_id = $2');
    case 'roster':
      parameters.push(rostersOf(viewer));
      return about('e.instructor_id = any ($3::uuid[])');
    case 'departments':
      parameters.push(departmentId);
      if (rosters.length === 0) return about(isOfDepartment);
      parameters.push(rostersOf(viewer));
      return about(`(${isOfDepartment} or e.instructor_id = any ($4::uuid[]))`);
    case 'tenant':
      return about('true');
  }
}
