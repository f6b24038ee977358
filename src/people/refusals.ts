import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import type { PersonRow } from '../org/people.repository.js';

/** A service provides students and instructors; who runs the tenant is decided by people. */
export function refuseAdmins(viewer: Viewer, roles: readonly (string | undefined)[]): void {
  if (viewer.role !== 'service' || !roles.includes('admin')) return;
  throw new Problem(403, 'permission_denied', { detail: 'A service may not create or change administrators.' });
}

/** By address and number people come in, where they are told of things is theirs to say, and a supervisor sees what is below the department. */
const supervisorFields = ['email', 'pid', 'phone', 'departmentId'] as const;

export function refuseSupervisor(before: PersonRow, after: PersonRow): void {
  if (supervisorFields.every((name) => before[name] === after[name])) return;
  const detail = 'A service may not change address, number and department of supervisors.';
  throw new Problem(403, 'permission_denied', { detail });
}

export function refuseMerged({ mergedIntoId }: PersonRow): void {
  if (mergedIntoId === null) return;
  throw Problem.conflict('user_merged', `This person has been merged into ${mergedIntoId}.`);
}

export function refuseRoleChange(before: PersonRow, after: PersonRow): void {
  if (before.role === after.role || (before.role !== 'student' && after.role !== 'student')) return;
  throw Problem.unprocessable('role_fixed', 'Nobody becomes a student, and no student anything else.', '/role');
}

export function refuseInstructorOf(role: string, instructorId: string | null | undefined): void {
  if (role === 'student' || (instructorId ?? null) === null) return;
  throw Problem.unprocessable('instructor_not_allowed', 'Only a student has an instructor.', '/instructorId');
}
