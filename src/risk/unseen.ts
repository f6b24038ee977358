import { type Example, fitModel } from './fit-model.js';
import type { Judged } from './judgement.js';
import { evaluate } from './risk-model.js';

/** Scores of each presentation by a model that saw neither it nor any of its students. */
export function scoreUnseen(examples: readonly Example[]): Judged[] {
  return [...new Set(examples.map(({ pres }) => pres))].flatMap((held) =>
    scoreOthers(examples, ({ pres }) => pres !== held),
  );
}

/** Scores of what is not fitted on, by a model of what is; who is in both is left out of the fitting. */
export function scoreOthers(examples: readonly Example[], isFitted: (example: Example) => boolean): Judged[] {
  const held = examples.filter((example) => !isFitted(example));
  const known = new Set(held.map(({ studentId }) => studentId));
  const model = fitModel(
    examples.filter((example) => isFitted(example) && !known.has(example.studentId)),
    'unseen',
  );
  return held.map(({ pres, studentId, day, inputs, cohort, isAtRisk }) => {
    const { score, logOdds } = evaluate(model, inputs, cohort);
    return { pres, studentId, day, inputs, isAtRisk, score, logOdds };
  });
}
