import { type FieldError, mostErrors, Problem } from '../http/problem.js';
import type { Moment } from '../org/tenants.service.js';
import type { Work } from './explanation.repository.js';
import type { RiskInputs } from './risk-model.js';

/** What somebody might do. Scores are those that count in the end, with any penalty taken off. */
export interface Change {
  /** More days with a session, of the last 28, the present one among them. */
  readonly activeDays?: number;
  /** Without a score: the student's mean as it is, or 70. */
  readonly handIn?: readonly { readonly assignmentId: string; readonly score?: number }[];
  readonly retakes?: readonly { readonly assignmentId: string; readonly score: number }[];
}

const windowDays = 28;
const farthestLead = 14;
const usualScore = 70;

/** What work that is handed in is taken to reach where nobody says. */
export function expectedScore({ meanScore }: Pick<RiskInputs, 'meanScore'>): number {
  return meanScore ?? usualScore;
}

/**
 * The inputs as they would be once a change was made today: what `RiskRepository.listInputs` would find then.
 * @param work all that the inputs were made of
 */
export function changedInputs(
  inputs: RiskInputs,
  work: readonly Work[],
  change: Change,
  { today, now }: Moment,
): RiskInputs {
  const { activeDays = 0, handIn = [], retakes = [] } = change;
  const active =
    activeDays > 0
      ? { activeDays: Math.min(inputs.activeDays + activeDays, windowDays), daysSinceActive: 0 }
      : undefined;
  if (handIn.length + retakes.length === 0) return { ...inputs, ...active };
  const expected = expectedScore(inputs);
  const handedIn = new Map(handIn.map(({ assignmentId, score = expected }) => [assignmentId, score]));
  const retaken = new Map(retakes.map(({ assignmentId, score }) => [assignmentId, score]));
  const done = work.map((piece): Work => {
    const score = handedIn.get(piece.assignmentId);
    if (score !== undefined) {
      const isDue = piece.dueAt !== null && new Date(piece.dueAt) < now;
      const lead = leadOn(today, piece.dueOn);
      return { ...piece, isDone: true, isDue, score: piece.counts ? score : null, lead };
    }
    return { ...piece, score: retaken.get(piece.assignmentId) ?? piece.score };
  });
  return { ...inputs, ...active, ...workInputs(done, inputs.meanScore) };
}

type WorkInputs = Pick<RiskInputs, 'due' | 'missed' | 'missedShare' | 'meanScore' | 'lowestScore' | 'handInLead'>;

/**
 * What inputs say of work, rounded as SQL rounds.
 * @param practised the mean score where no work has one
 */
export function workInputs(work: readonly Work[], practised: number | null): WorkInputs {
  const due = work.filter((piece) => piece.isDue);
  const missed = due.filter((piece) => !piece.isDone);
  const scores = work.flatMap(({ score }) => score ?? []);
  const leads = work.flatMap(({ lead }) => lead ?? []);
  const weight = hundredths(due.map((piece) => piece.weight));
  const share = weight > 0 ? hundredths(missed.map((piece) => piece.weight)) / weight : missed.length / due.length;
  return {
    due: due.length,
    missed: missed.length,
    missedShare: due.length === 0 ? null : Math.round(10_000 * share) / 100,
    meanScore: scores.length === 0 ? practised : Math.round(hundredths(scores) / (100 * scores.length)),
    lowestScore: scores.length === 0 ? null : Math.min(...scores),
    handInLead: leads.length === 0 ? null : awayFromZero((2 * sum(leads)) / leads.length) / 2,
  };
}

function leadOn(today: string, dueOn: string | null): number | null {
  if (dueOn === null) return null;
  const days = (Date.parse(dueOn) - Date.parse(today)) / 86_400_000;
  return Math.max(-farthestLead, Math.min(days, farthestLead));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Whole, so that sums of values with two decimals are exact. */
function hundredths(values: readonly number[]): number {
  return sum(values.map((value) => Math.round(value * 100)));
}

/** As PostgreSQL rounds, where -2.5 is -3; never -0. */
function awayFromZero(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value)) || 0;
}

/** Ids as they are kept, however they were written. */
export function withIdsAsKept({ activeDays, handIn = [], retakes = [] }: Change): Change {
  const kept = <T extends { readonly assignmentId: string }>(one: T): T => ({
    ...one,
    assignmentId: one.assignmentId.toLowerCase(),
  });
  return { activeDays, handIn: handIn.map(kept), retakes: retakes.map(kept) };
}

/** @throws Problem 422 that says of each piece of work what is wrong with it */
export function refuseImpossible({ handIn = [], retakes = [] }: Change, work: readonly Work[]): void {
  const known = new Map(work.map((piece) => [piece.assignmentId, piece]));
  const named = new Set<string>();
  const errors: FieldError[] = [];
  const check = (list: string, ids: readonly string[], fault: (piece: Work) => [string, string] | null): void => {
    ids.forEach((id, index) => {
      const piece = known.get(id);
      const wrong: [string, string] | null = !piece
        ? ['assignment_unknown', 'The student has no such assignment.']
        : named.has(id)
          ? ['assignment_repeated', 'This assignment stands here more than once.']
          : fault(piece);
      named.add(id);
      if (wrong) errors.push({ pointer: `/${list}/${index}/assignmentId`, code: wrong[0], detail: wrong[1] });
    });
  };
  const ids = (list: readonly { readonly assignmentId: string }[]): string[] =>
    list.map(({ assignmentId }) => assignmentId);
  check('handIn', ids(handIn), ({ isDone }) =>
    isDone ? ['assignment_submitted', 'This has been handed in; it can only be taken again.'] : null,
  );
  check('retakes', ids(retakes), ({ score }) =>
    score === null ? ['assignment_unscored', 'This has no score that another could take the place of.'] : null,
  );
  if (errors.length === 0) return;
  const detail = 'Parts of what is asked cannot be done.';
  throw new Problem(422, 'what_if_impossible', { detail, errors: errors.slice(0, mostErrors) });
}
