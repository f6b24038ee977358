import { bandOf } from '../students/risk-bands.js';
import type { FactorPoints, RiskOutcome } from './risk.dto.js';
import { type Evaluation, pointsOf } from './risk-model.js';
import type { Insufficient } from './risk-scoring.service.js';
import { insufficiencies } from './sentences.js';

/** An evaluation, and whether there was enough to show it. */
export interface Judged extends Evaluation {
  readonly insufficient: Insufficient | null;
}

export interface ShownParts {
  /** In points. */
  readonly base: number | null;
  /** In the order of the model; together with the base exactly the score. */
  readonly contributions: FactorPoints[];
}

export function shownOutcome({ insufficient, score }: Judged): RiskOutcome {
  if (insufficient === null) return { score, band: bandOf(score), insufficientData: null };
  const insufficientData = { reason: insufficient, explanation: insufficiencies[insufficient] };
  return { score: null, band: null, insufficientData };
}

export function shownParts({ insufficient, ...evaluation }: Judged): ShownParts {
  if (insufficient !== null) return { base: null, contributions: [] };
  const { base, points } = pointsOf(evaluation);
  const contributions = evaluation.contributions.map(({ factor, logOdds }, index) => ({
    factor,
    logOdds,
    points: points[index]!,
  }));
  return { base, contributions };
}
