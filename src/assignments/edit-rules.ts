import { Problem } from '../http/problem.js';
import type { Assignment, WorkDone } from './assignments.repository.js';

type Field = keyof Assignment;

/** Scores of submitted attempts would be another sum, or stand for other work. */
const fixedOnceSubmitted: readonly Field[] = ['attemptPolicy', 'moduleIds'];
/** Who has passed would not have, and grades would be taken from the sight of those who have seen them. */
const fixedOnceScored: readonly Field[] = ['targetScore', 'gradeRelease'];

/** @throws Problem 409 `assignment_<status>` for one in another state */
export function refuseState(status: Assignment['status'], states: readonly Assignment['status'][]): void {
  if (states.includes(status)) return;
  throw Problem.conflict(`assignment_${status}`, `It is ${status}, and would have to be ${states.join(' or ')}.`);
}

/** What students have of it cannot be changed either. @throws Problem 409 */
export function refuseArchived({ status }: Pick<Assignment, 'status'>): void {
  if (status === 'archived') throw Problem.conflict('assignment_archived', 'An archived assignment is read only.');
}

/** @param codes of modules that nothing new may be built on @throws Problem 422 when there are any */
export function refuseRetired(codes: readonly string[]): void {
  if (codes.length === 0) return;
  throw Problem.unprocessable('module_inactive', `No longer in use: ${codes.join(', ')}`, '/moduleIds');
}

/**
 * What students have done stays what it was. All else is free: lateness, penalty and feedback stand on what was
 * submitted, so due date, late policy and feedback rules are about attempts to come, and so is the retake policy;
 * a weight is no part of a submission.
 * @throws Problem 409 with a pointer to each field that cannot change any more
 */
export function refuseRewriting(before: Assignment, wanted: Assignment, done: WorkDone): void {
  // a change keeps what it does not say
  const changed = (field: Field): boolean => before[field] !== wanted[field];
  const refuse = (fields: readonly Field[], code: string, detail: string) =>
    fields.filter(changed).map((field) => ({ pointer: `/${field}`, code, detail }));
  const errors = [
    ...(done.isSubmitted ? refuse(fixedOnceSubmitted, 'assignment_submitted', 'Something has been submitted.') : []),
    ...(done.isScored ? refuse(fixedOnceScored, 'assignment_graded', 'Something has been graded.') : []),
    ...(wanted.maxAttempts !== null && wanted.maxAttempts < done.mostAttempts
      ? refuse(['maxAttempts'], 'attempts_used', `Somebody has begun ${done.mostAttempts} attempts.`)
      : []),
  ];
  const [first] = errors;
  if (first) throw new Problem(409, first.code, { detail: first.detail, errors });
}
