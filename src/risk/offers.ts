import type { Moment } from '../org/tenants.service.js';
import type { Work } from './explanation.repository.js';
import { type CohortCounts, evaluate, type RiskInputs, type RiskModel } from './risk-model.js';
import { type Change, changedInputs, expectedScore } from './what-if.js';

/** Something that can be done now, and what the score would be then. */
export interface Offer {
  /** What one would do, without an end. */
  readonly action: string;
  /** Pieces of work, or days. */
  readonly steps: number;
  readonly score: number;
  readonly change: Change;
}

/** A student's present score, and all that could be different. */
export interface Situation {
  readonly model: RiskModel;
  readonly inputs: RiskInputs;
  readonly counts: CohortCounts;
  readonly work: readonly Work[];
  readonly moment: Moment;
  readonly threshold: number;
}

/** Of one kind, each a step longer than the one before. */
type Ladder = readonly Omit<Offer, 'score'>[];

const mostOffers = 3;
const leastDrop = 1;
const nextDays = 7;
/** Nobody reads on beyond it, and each is scored. */
const longestLadder = 20;

/** The score with a change; without any, the present one. */
export function scoreWith({ model, inputs, counts, work, moment }: Situation, change: Change): number {
  return evaluate(model, changedInputs(inputs, work, change, moment), counts).score;
}

/**
 * The cheapest things to do, of each kind the best: those that take a score that is above the threshold down to it, by
 * fewest steps; behind them those with the largest drop per step. What helps by less than a point is left out.
 */
export function offersOf(situation: Situation): Offer[] {
  const { threshold } = situation;
  const before = scoreWith(situation, {});
  const clears = ({ score }: Offer): boolean => before > threshold && score <= threshold;
  const perStep = ({ score, steps }: Offer): number => (before - score) / steps;
  const cheaper = (a: Offer, b: Offer): number =>
    clears(a) || clears(b)
      ? Number(clears(b)) - Number(clears(a)) || a.steps - b.steps || a.score - b.score
      : perStep(b) - perStep(a) || a.steps - b.steps;
  return laddersOf(situation)
    .flatMap((ladder) => {
      const offers = ladder.map((step): Offer => ({ ...step, score: scoreWith(situation, step.change) }));
      return offers
        .filter(({ score }) => Math.round((before - score) * 100) >= 100 * leastDrop)
        .sort(cheaper)
        .slice(0, 1);
    })
    .sort(cheaper)
    .slice(0, mostOffers);
}

function laddersOf({ inputs, work, moment: { now } }: Situation): Ladder[] {
  const reached = expectedScore(inputs);
  const handIn = (pieces: readonly Work[]): Change => ({
    handIn: pieces.map(({ assignmentId }) => ({ assignmentId, score: reached })),
  });
  const open = work.filter(({ mayHandIn, isDone }) => mayHandIn && !isDone);
  const overdue = open.filter(({ isDue }) => isDue).sort((a, b) => b.weight - a.weight);
  const next = open.find(({ isDue, dueAt }) => !isDue && dueAt !== null && new Date(dueAt) > now);
  const poor = work
    .filter(({ mayRetake, score }) => mayRetake && score !== null && score < reached)
    .sort((a, b) => a.score! - b.score!);
  return [
    rungs(overdue, (pieces) => ({
      action: `Hand in ${overdueWork(pieces, overdue.length)}`,
      change: handIn(pieces),
    })),
    rungs(next ? [next] : [], (pieces) => ({
      action: `Hand in “${pieces[0]!.title}” before it is due`,
      change: handIn(pieces),
    })),
    rungs(poor, (pieces) => ({
      action: `Retake ${lowestWork(pieces)} and reach ${reached}`,
      change: { retakes: pieces.map(({ assignmentId }) => ({ assignmentId, score: reached })) },
    })),
    rungs(Array.from({ length: Math.min(nextDays, 28 - inputs.activeDays) }), ({ length }) => ({
      action: `Be active on ${length} more ${length === 1 ? 'day' : 'days'} in the next ${nextDays}`,
      change: { activeDays: length },
    })),
  ];
}

function rungs<T>(all: readonly T[], rung: (some: readonly T[]) => Omit<Offer, 'score' | 'steps'>): Ladder {
  const most = all.slice(0, longestLadder);
  return most.map((_, index) => ({ ...rung(most.slice(0, index + 1)), steps: index + 1 }));
}

function overdueWork(pieces: readonly Work[], all: number): string {
  if (pieces.length === 1) return `“${pieces[0]!.title}”`;
  return pieces.length === all
    ? `the ${all} overdue assignments`
    : `${pieces.length} of the ${all} overdue assignments`;
}

function lowestWork(pieces: readonly Work[]): string {
  return pieces.length === 1 ? `“${pieces[0]!.title}”` : `the ${pieces.length} assignments with the lowest scores`;
}
