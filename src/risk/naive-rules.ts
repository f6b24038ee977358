import type { RiskInputs } from './risk-model.js';

/** What is commonly taken for risk, as scores; each knows what the model knows. What is missing counts as the worst. */
export const naiveRules: Readonly<Record<string, (inputs: RiskInputs) => number>> = {
  'inactive for 7 days': ({ daysSinceActive }) => (daysSinceActive >= 7 ? 100 : 0),
  '100 − mean score': ({ meanScore }) => 100 - (meanScore ?? 0),
  'mean score ≤ 40, half the work missing': ({ meanScore, missedShare }) =>
    (meanScore ?? 0) <= 40 && (missedShare ?? 0) >= 50 ? 100 : 0,
};
