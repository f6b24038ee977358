import { createHash } from 'node:crypto';
import { probit } from 'simple-statistics';

/** What is known of a student at a moment; null: there is nothing to tell it by. */
export interface RiskInputs {
  /** Days since the student joined or the department began, whichever was later. */
  readonly daysInCourse: number;
  /** Local days with a completed session, of the last 28. */
  readonly activeDays: number;
  /** Days since the last of them, or since joining where there is none; at most 365. */
  readonly daysSinceActive: number;
  /** Mean score, in whole points, of scored work; of the sessions of 28 days where no work has a score. */
  readonly meanScore: number | null;
  readonly lowestScore: number | null;
  /** Per cent, by weight, of the work that has been due and was not handed in. */
  readonly missedShare: number | null;
  /** Mean days between handing in and the due date, in halves, each within ±14; negative: late. */
  readonly handInLead: number | null;
  /** Work that has been due, and how much of it was not handed in. */
  readonly due: number;
  readonly missed: number;
}

/** Inputs that only mean something beside those of others. */
export const relativeInputs = ['activeDays', 'daysSinceActive', 'meanScore', 'handInLead'] as const;
export type RelativeInput = (typeof relativeInputs)[number];

/** How many students of a cohort have which value, by rising value; those without a value are not in it. */
export type CohortCounts = Readonly<Record<RelativeInput, readonly (readonly [value: number, students: number])[]>>;

/** In the order in which they are shown where they weigh the same. */
export const factors = [
  'activeDays',
  'daysSinceActive',
  'meanScore',
  'lowestScore',
  'missedShare',
  'missedAndQuiet',
  'nothingHandedIn',
  'handInLead',
] as const;
export type Factor = (typeof factors)[number];

interface Weight {
  /** The factor's mean where the model was fitted: of a student who has exactly this the factor says nothing. */
  readonly mean: number;
  /** Log-odds for each unit above the mean, and what comes to it for each unit of time. */
  readonly weight: number;
  readonly weightByTime: number;
}

/**
 * A calibrated logistic model. Time is `(daysInCourse − center) / scale`, days below `first` and above `last` taken
 * for these.
 */
export interface RiskModel {
  readonly format: 1;
  readonly version: string;
  readonly time: { readonly center: number; readonly scale: number; readonly first: number; readonly last: number };
  readonly base: { readonly weight: number; readonly weightByTime: number };
  readonly factors: Readonly<Record<Factor, Weight>>;
}

export interface Contribution {
  readonly factor: Factor;
  /** Six decimals; the base and all of them come to the log-odds exactly. */
  readonly logOdds: number;
}

export interface Evaluation {
  readonly logOdds: number;
  readonly baseLogOdds: number;
  readonly contributions: readonly Contribution[];
  /** Probability × 100, two decimals. */
  readonly score: number;
}

/** Millionths, so that sums are exact. */
const unit = 1_000_000;
/** Beyond it differences tell nothing more; and so the latest of all is never worse off than who handed in nothing. */
const outermostRank = 0.1;
/** The standing that nobody lies beyond, below or above. */
export const outermostStanding = probit(1 - outermostRank);
/** With fewer there is nothing to compare with, and a comparison would give away what is known of the others. */
export const smallestCohort = 5;

/**
 * @param cohort of the same day and department, the student included or not
 * @throws Error for anything that would not be a number
 */
export function evaluate(model: RiskModel, inputs: RiskInputs, cohort: CohortCounts): Evaluation {
  const time = timeOf(model, inputs.daysInCourse);
  const values = factorValues(inputs, cohort);
  const base = millionths(model.base.weight + model.base.weightByTime * time);
  const contributions = factors.map((factor): Contribution & { readonly parts: number } => {
    const { mean, weight, weightByTime } = model.factors[factor];
    const value = values[factor];
    const parts = value === null ? 0 : millionths((weight + weightByTime * time) * (value - mean));
    return { factor, logOdds: parts / unit, parts };
  });
  const sum = contributions.reduce((total, { parts }) => total + parts, base);
  return {
    logOdds: sum / unit,
    baseLogOdds: base / unit,
    contributions: contributions.map(({ factor, logOdds }) => ({ factor, logOdds })),
    score: scoreOf(sum / unit),
  };
}

/** The factors as the model takes them; null: unknown, and of no weight. */
export function factorValues(inputs: RiskInputs, cohort: CohortCounts): Record<Factor, number | null> {
  const relative = (input: RelativeInput): number | null => standing(cohort[input], inputs[input]);
  const activeDays = relative('activeDays');
  const missed = inputs.missedShare === null ? null : inputs.missedShare / 100;
  return {
    activeDays,
    daysSinceActive: relative('daysSinceActive'),
    meanScore: relative('meanScore'),
    lowestScore: inputs.lowestScore === null ? null : Math.min(0, inputs.lowestScore - 60) / 15,
    // the first piece that is missing tells more than the next
    missedShare: missed === null ? null : Math.sqrt(missed),
    // who misses work and is there has not given up
    missedAndQuiet: missed === null ? null : missed * Math.max(0, -(activeDays ?? 0)),
    nothingHandedIn: inputs.due === 0 ? null : inputs.handInLead === null ? 1 : 0,
    handInLead: relative('handInLead'),
  };
}

/**
 * Where a value stands in its cohort, as a normal score: 0 in the middle, and of whom too few are known. One imagined student below and one above
 * hold it to the middle where the cohort is small; equals stand at the mean of their ranks.
 */
function standing(counts: CohortCounts[RelativeInput], value: number | null): number | null {
  if (value === null) return null;
  // compared with others it would stand below them all
  if (Number.isNaN(value)) throw new Error('what is known of a student is not a number');
  let below = 0;
  let equal = 0;
  let all = 0;
  for (const [other, students] of counts) {
    all += students;
    if (other < value) below += students;
    else if (other === value) equal = students;
  }
  if (all < smallestCohort) return 0;
  const rank = (below + equal / 2 + 1) / (all + 2);
  return probit(Math.min(Math.max(rank, outermostRank), 1 - outermostRank));
}

export function timeOf({ time }: Pick<RiskModel, 'time'>, daysInCourse: number): number {
  return (Math.min(Math.max(daysInCourse, time.first), time.last) - time.center) / time.scale;
}

export function scoreOf(logOdds: number): number {
  return Math.round(10_000 / (1 + Math.exp(-logOdds))) / 100;
}

/**
 * Contributions in points: each its share of the way from the base's score to the student's, in hundredths, and
 * together exactly that way. The share is bounded: it is the slope of the logistic curve somewhere between the two.
 */
export function pointsOf({ logOdds, baseLogOdds, contributions, score }: Evaluation): {
  readonly base: number;
  readonly points: readonly number[];
} {
  const base = scoreOf(baseLogOdds);
  const way = Math.round((score - base) * 100);
  const total = logOdds - baseLogOdds;
  const probability = 1 / (1 + Math.exp(-logOdds));
  const slope =
    Math.abs(total) < 1e-5
      ? 10_000 * probability * (1 - probability)
      : (10_000 / (1 + Math.exp(-logOdds)) - 10_000 / (1 + Math.exp(-baseLogOdds))) / total;
  const exact = contributions.map((one) => one.logOdds * slope);
  const shares = exact.map(Math.floor);
  let left = way - shares.reduce((sum, share) => sum + share, 0);
  // a hundredth that is left over never goes to what has no weight
  const byRest = exact
    .map((share, index) => ({ index, rest: share - Math.floor(share) }))
    .filter(({ index }) => contributions[index]!.logOdds !== 0);
  byRest.sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (let next = 0; left !== 0 && byRest.length > 0; next = (next + 1) % byRest.length, left -= Math.sign(left)) {
    shares[byRest[next]!.index]! += Math.sign(left);
  }
  return { base, points: shares.map((share) => share / 100) };
}

/** How many of these have which value. */
export function countInputs(students: Iterable<RiskInputs>): CohortCounts {
  const counts = Object.fromEntries(relativeInputs.map((input) => [input, new Map<number, number>()])) as Record<
    RelativeInput,
    Map<number, number>
  >;
  for (const student of students) {
    for (const input of relativeInputs) {
      const value = student[input];
      if (value !== null) counts[input].set(value, (counts[input].get(value) ?? 0) + 1);
    }
  }
  return Object.fromEntries(
    relativeInputs.map((input) => [input, [...counts[input]].sort(([a], [b]) => a - b)]),
  ) as unknown as CohortCounts;
}

/** Of two groups of students that have nobody in common, those of both. */
export function addCounts(some: CohortCounts, others: CohortCounts): CohortCounts {
  return Object.fromEntries(
    relativeInputs.map((input) => {
      const students = new Map(some[input]);
      for (const [value, more] of others[input]) students.set(value, (students.get(value) ?? 0) + more);
      return [input, [...students].sort(([a], [b]) => a - b)];
    }),
  ) as unknown as CohortCounts;
}

/** The checksum that a model's file carries, so that one that was changed by hand or half written is noticed. */
export function checksumOf({ format, version, time, base, factors: weights }: RiskModel): string {
  return createHash('sha256')
    .update(JSON.stringify([format, version, time, base, weights]))
    .digest('hex');
}

function millionths(logOdds: number): number {
  if (!Number.isFinite(logOdds)) throw new Error('a contribution to a risk score is not a number');
  const rounded = Math.round(logOdds * unit);
  return rounded === 0 ? 0 : rounded; // not -0, which is other bytes
}
