import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { type Factor, factors, factorValues, type CohortCounts, outermostStanding, type RiskInputs, type RiskModel, timeOf } from './risk-model.js'; // prettier-ignore

/** What was known of a student on a day, and how it ended. */
export interface Example {
  readonly pres: string;
  readonly studentId: string;
  readonly day: number;
  readonly inputs: RiskInputs;
  readonly cohort: CohortCounts;
  readonly isAtRisk: boolean;
}

/** What raises the risk must do so at every time, and what lowers it too. */
const senses: Readonly<Record<Factor, 1 | -1>> = {
  activeDays: -1,
  daysSinceActive: 1,
  meanScore: -1,
  lowestScore: -1,
  missedShare: 1,
  missedAndQuiet: 1,
  nothingHandedIn: 1,
  handInLead: -1,
};

const time = { center: 75, scale: 60, first: 30, last: 150 };
/** On standardised columns; between 3 and 300 nothing measurable changes. */
const penalty = 30;
const mostSteps = 50;
const smallestStep = 1e-9;

/**
 * A logistic regression on factors and factors × time, penalised, by Newton's steps. The same examples in the same order
 * give the same model.
 * @throws Error where the examples do not determine one
 */
export function fitModel(examples: readonly Example[], version: string): RiskModel {
  const values = examples.map(({ inputs, cohort }) => factorValues(inputs, cohort));
  const means = factors.map((factor) => {
    const known = values.map((of) => of[factor]).filter((value) => value !== null);
    return rounded(known.length === 0 ? 0 : known.reduce((sum, value) => sum + value, 0) / known.length);
  });
  const rows = examples.map(({ inputs }, index): number[] => {
    const t = timeOf({ time }, inputs.daysInCourse);
    const parts = factors.map((factor, at) => {
      const value = values[index]![factor];
      return value === null ? 0 : value - means[at]!;
    });
    return [1, t, ...parts, ...parts.map((part) => part * t)];
  });
  const weights = logisticRegression(
    new Matrix(rows),
    examples.map(({ isAtRisk }) => Number(isAtRisk)),
  ).map(rounded);
  const [weight, weightByTime, ...slopes] = weights;
  return {
    format: 1,
    version,
    time,
    base: { weight: weight!, weightByTime: weightByTime! },
    factors: Object.fromEntries(
      factors.map((factor, at) => [
        factor,
        { mean: means[at]!, weight: slopes[at]!, weightByTime: slopes[factors.length + at]! },
      ]),
    ) as unknown as RiskModel['factors'],
  };
}

/** Says nothing of anybody: what is there before there is a model. */
export const blankModel: RiskModel = {
  format: 1,
  version: 'blank',
  time,
  base: { weight: 0, weightByTime: 0 },
  factors: Object.fromEntries(
    factors.map((factor) => [factor, { mean: 0, weight: 0, weightByTime: 0 }]),
  ) as unknown as RiskModel['factors'],
};

/**
 * Factors that work in the wrong sense at some time, and `nothingHandedIn` where it weighs less than handing in last of
 * all. A model that has any would tell people to do less.
 */
export function implausibleFactors({ factors: weights, time: { center, scale, first, last } }: RiskModel): Factor[] {
  const at = (factor: Factor, day: number): number =>
    weights[factor].weight + (weights[factor].weightByTime * (day - center)) / scale;
  // linear in time: what holds at both ends holds between them
  return factors.filter((factor) =>
    [first, last].some((day) => {
      const least = factor === 'nothingHandedIn' ? -at('handInLead', day) * outermostStanding : 0;
      return at(factor, day) * senses[factor] < least;
    }),
  );
}

/** Of log-odds on outcomes: 1 and 0 where probabilities are what they say. */
export interface Calibration {
  readonly slope: number;
  readonly intercept: number;
}

export function calibrationOf(
  scored: readonly { readonly logOdds: number; readonly isAtRisk: boolean }[],
): Calibration {
  const x = new Matrix(scored.map(({ logOdds }) => [1, logOdds]));
  const [intercept, slope] = newton(x, Matrix.columnVector(scored.map(({ isAtRisk }) => Number(isAtRisk))), [0, 0]);
  return { slope: slope!, intercept: intercept! };
}

/** The first two columns, the level and its course in time, are not penalised. */
function logisticRegression(x: Matrix, outcomes: readonly number[]): number[] {
  const deviations = x
    .standardDeviation('column', { unbiased: false })
    .map((deviation, column) => (column < 2 ? 1 : deviation || 1));
  const penalties = deviations.map((_, column) => (column < 2 ? 0 : penalty));
  const standardised = x.clone().divRowVector(deviations);
  const weights = newton(standardised, Matrix.columnVector([...outcomes]), penalties);
  return weights.map((weight, column) => weight / deviations[column]!);
}

function newton(x: Matrix, outcomes: Matrix, penalties: readonly number[]): number[] {
  const transposed = x.transpose();
  const ridge = Matrix.diag([...penalties]);
  const weights = Matrix.zeros(x.columns, 1);
  for (let step = 0; step < mostSteps; step++) {
    const probabilities = x
      .mmul(weights)
      .to1DArray()
      .map((logOdds) => 1 / (1 + Math.exp(-logOdds)));
    const gradient = transposed.mmul(Matrix.sub(outcomes, Matrix.columnVector(probabilities))).sub(ridge.mmul(weights));
    // a product with itself is symmetric to the last digit
    const weighed = x.clone().mulColumnVector(probabilities.map((p) => Math.sqrt(p * (1 - p))));
    const curvature = new CholeskyDecomposition(weighed.transpose().mmul(weighed).add(ridge));
    if (!curvature.isPositiveDefinite()) break;
    const change = curvature.solve(gradient);
    weights.add(change);
    if (change.abs().max() < smallestStep) return weights.to1DArray();
  }
  throw new Error('there is too little in the data to fit a model to');
}

/** Six decimals, as a model's file has them. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6 || 0;
}
