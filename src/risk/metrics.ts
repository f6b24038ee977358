/** A score of 0 to 100, and whether what it warns of came true. */
export interface Outcome {
  readonly score: number;
  readonly isAtRisk: boolean;
}

/** How good scores are; null: cannot be said, because one of the two outcomes did not occur. */
export interface Quality {
  readonly students: number;
  /** Share of those for whom it came true. */
  readonly baseRate: number;
  /** The probability that of two students, one of each outcome, the right one has the higher score. */
  readonly auc: number | null;
  readonly averagePrecision: number | null;
  /** Share for whom it came true, of the tenth with the highest scores. */
  readonly precisionAt10: number;
  /** Mean square of probability less outcome. */
  readonly brier: number;
  /** Mean distance, over ten bands of scores, of the probability that was given from the share that came. */
  readonly calibrationError: number;
}

export function qualityOf(outcomes: readonly Outcome[]): Quality {
  return {
    students: outcomes.length,
    baseRate: outcomes.filter(({ isAtRisk }) => isAtRisk).length / outcomes.length,
    auc: auc(outcomes),
    averagePrecision: averagePrecision(outcomes),
    precisionAt10: precisionAt(outcomes, 0.1),
    brier: brier(outcomes),
    calibrationError: calibrationError(outcomes),
  };
}

/** Equal scores count half. */
export function auc(outcomes: readonly Outcome[]): number | null {
  const positives = outcomes.filter(({ isAtRisk }) => isAtRisk).length;
  const negatives = outcomes.length - positives;
  if (positives === 0 || negatives === 0) return null;
  let above = negatives;
  let won = 0;
  for (const { hits, students } of tiesOf(outcomes)) {
    above -= students - hits;
    won += hits * (above + (students - hits) / 2);
  }
  return won / (positives * negatives);
}

/** The mean of the precision at each step down the scores, weighed by what the step finds; equal scores are one step. */
export function averagePrecision(outcomes: readonly Outcome[]): number | null {
  const positives = outcomes.filter(({ isAtRisk }) => isAtRisk).length;
  if (positives === 0) return null;
  let found = 0;
  let taken = 0;
  let sum = 0;
  for (const { hits, students } of tiesOf(outcomes)) {
    found += hits;
    taken += students;
    sum += (hits / positives) * (found / taken);
  }
  return sum;
}

/** Of equal scores at the border the same part is taken of both outcomes. Half a student is rounded to an even number. */
export function precisionAt(outcomes: readonly Outcome[], share: number): number {
  const exact = outcomes.length * share;
  const wanted = Math.max(1, exact % 1 === 0.5 ? 2 * Math.round(exact / 2) : Math.round(exact));
  let found = 0;
  let taken = 0;
  for (const { hits, students } of tiesOf(outcomes)) {
    const part = Math.min(1, (wanted - taken) / students);
    found += hits * part;
    taken += students * part;
    if (taken >= wanted) break;
  }
  return found / wanted;
}

export function brier(outcomes: readonly Outcome[]): number {
  return mean(outcomes.map(({ score, isAtRisk }) => (score / 100 - Number(isAtRisk)) ** 2));
}

export function calibrationError(outcomes: readonly Outcome[]): number {
  const gaps = new Array<number>(10).fill(0);
  for (const { score, isAtRisk } of outcomes)
    gaps[Math.min(9, Math.floor(score / 10))]! += Number(isAtRisk) - score / 100;
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / outcomes.length;
}

/** What a flag above a threshold would have done. */
export interface Flagging {
  /** Share of all who are flagged. */
  readonly flagged: number;
  /** Share flagged, of those for whom it came true. */
  readonly truePositives: number | null;
  /** Share flagged, of the others. */
  readonly falsePositives: number | null;
}

export function flaggingOf(outcomes: readonly Outcome[], threshold: number): Flagging {
  const share = (of: readonly Outcome[]): number | null =>
    of.length === 0 ? null : of.filter(({ score }) => score > threshold).length / of.length;
  return {
    flagged: share(outcomes) ?? 0,
    truePositives: share(outcomes.filter(({ isAtRisk }) => isAtRisk)),
    falsePositives: share(outcomes.filter(({ isAtRisk }) => !isAtRisk)),
  };
}

/** By falling score: how many students have it, and for how many of them it came true. */
function tiesOf(outcomes: readonly Outcome[]): { hits: number; students: number }[] {
  const ties = new Map<number, { hits: number; students: number }>();
  for (const { score, isAtRisk } of outcomes) {
    const tie = ties.get(score) ?? { hits: 0, students: 0 };
    tie.students += 1;
    tie.hits += Number(isAtRisk);
    ties.set(score, tie);
  }
  return [...ties].sort(([a], [b]) => b - a).map(([, tie]) => tie);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
