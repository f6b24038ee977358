import { Problem } from '../http/problem.js';

export const statuses = ['open', 'contacted', 'resolved', 'dismissed'] as const;
export const origins = ['flag', 'manual'] as const;
export const actions = ['message', 'email', 'call', 'meeting', 'extra_support', 'other'] as const;
/** What came of it; `duplicate` only where two students with open cases turned out to be one person. */
export const outcomes = ['better', 'unchanged', 'left', 'other'] as const;
export const dismissals = ['excused_absence', 'data_wrong', 'already_supported', 'not_at_risk', 'other'] as const;
export const entryKinds = [
  'opened', 'contacted', 'note', 'changed', 'snoozed', 'resolved', 'dismissed', 'reopened', 'closed_itself',
] as const; // prettier-ignore

export type Status = (typeof statuses)[number];
export type Origin = (typeof origins)[number];
export type Action = (typeof actions)[number];
export type Outcome = (typeof outcomes)[number] | 'duplicate';
export type Dismissal = (typeof dismissals)[number];
export type EntryKind = (typeof entryKinds)[number];

/** What can be done to a case: all but `reopen` and `note` only until it is closed. */
export type Step = 'change' | 'note' | 'contact' | 'snooze' | 'resolve' | 'dismiss' | 'reopen';

/** @throws Problem 409 */
export function refuseStep(step: Step, { closedAt }: { readonly closedAt: string | null }): void {
  if (step === 'note') return;
  if (step === 'reopen') {
    if (closedAt === null) throw Problem.conflict('intervention_not_closed', 'Only a closed case can be reopened.');
  } else if (closedAt !== null) {
    throw Problem.conflict('intervention_closed', 'The case is closed; reopen it first.');
  }
}
