import { blankModel, calibrationOf, type Example, fitModel, implausibleFactors } from './fit-model.js';
import { parseModel, printModel, readModel } from './model-file.js';
import { countInputs, evaluate, factors, factorValues, type RiskInputs, type RiskModel, timeOf } from './risk-model.js';
import { scoreOthers, scoreUnseen } from './unseen.js';

/** Students whose risk follows a model of our own; the same ones each time. */
function madeUp(pres: string, students: number, firstId = 0): Example[] {
  let state = 7 + pres.charCodeAt(0);
  const random = (): number => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  return [30, 60, 90].flatMap((day) => {
    const inputs = Array.from({ length: students }, (): RiskInputs => {
      const due = Math.floor(random() * 5);
      const missed = Math.floor(random() * (due + 1));
      const hasWork = due > missed;
      const meanScore = hasWork ? Math.round(30 + random() * 70) : null;
      return {
        daysInCourse: day,
        activeDays: Math.floor(random() * 29),
        daysSinceActive: Math.floor(random() * 20),
        meanScore,
        lowestScore: meanScore === null ? null : Math.max(0, meanScore - 10),
        missedShare: due === 0 ? null : (100 * missed) / due,
        handInLead: hasWork ? Math.round(random() * 20 - 8) / 2 : null,
        due,
        missed,
      };
    });
    const cohort = countInputs(inputs);
    return inputs.map((one, index): Example => {
      const { missedShare, meanScore } = factorValues(one, cohort);
      const logOdds = -1 + 3 * (missedShare ?? 0.5) - (meanScore ?? 0);
      const isAtRisk = random() < 1 / (1 + Math.exp(-logOdds));
      return { pres, studentId: String(firstId + index), day, inputs: one, cohort, isAtRisk };
    });
  });
}

const examples = [...madeUp('A', 300), ...madeUp('B', 200, 1_000)];

it('finds the weights at which a penalised likelihood is highest', () => {
  const model = fitModel(examples, 'test');
  const values = examples.map(({ inputs, cohort }) => factorValues(inputs, cohort));
  const gap = examples.map(
    ({ inputs, cohort, isAtRisk }) => Number(isAtRisk) - 1 / (1 + Math.exp(-evaluate(model, inputs, cohort).logOdds)),
  );
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
  const times = examples.map(({ inputs }) => timeOf(model, inputs.daysInCourse));
  // of the level and its course in time nothing is left, as they are not penalised
  expect(sum(gap)).toBeCloseTo(0, 2);
  expect(sum(gap.map((one, index) => one * times[index]!))).toBeCloseTo(0, 2);
  // of a factor the slope of the likelihood is that of the penalty: 30 × weight × its variance
  for (const factor of factors) {
    const known = values.map((of) => of[factor]).filter((value) => value !== null);
    expect(model.factors[factor].mean).toBeCloseTo(sum(known) / known.length, 5);
    const parts = values.map((of) => (of[factor] === null ? 0 : of[factor] - model.factors[factor].mean));
    const mean = sum(parts) / parts.length;
    const variance = sum(parts.map((part) => (part - mean) ** 2)) / parts.length;
    const slope = sum(parts.map((part, index) => part * gap[index]!));
    expect(slope).toBeCloseTo(30 * model.factors[factor].weight * variance, 1);
  }
  const { slope, intercept } = calibrationOf(scoreOthers(examples, ({ pres }) => pres === 'A'));
  expect(slope).toBeGreaterThan(0.7);
  expect(slope).toBeLessThan(1.3);
  expect(Math.abs(intercept)).toBeLessThan(0.3);
});

it('comes to the same bytes from the same data, and they are a model that is taken', () => {
  const [once, again] = [fitModel(examples, 'test'), fitModel(structuredClone(examples), 'test')];
  expect(printModel(once)).toBe(printModel(again));
  expect(parseModel(JSON.parse(printModel(once, { about: 'it' })), 'it')).toEqual(once);
  expect(parseModel(JSON.parse(printModel(blankModel)), 'blank')).toEqual(blankModel);
});

it('refuses data that determine nothing', () => {
  const sure = examples.map((one) => ({ ...one, isAtRisk: true }));
  expect(() => fitModel(sure, 'test')).toThrow('too little');
  expect(() => fitModel([], 'test')).toThrow('too little');
});

it('judges by models that have seen neither a presentation nor its students', () => {
  const unseen = scoreUnseen(examples);
  expect(unseen).toHaveLength(examples.length);
  // what happened in A changes the scores of B, and nothing that happened in B does
  const other = examples.map((one) => (one.pres === 'B' ? { ...one, isAtRisk: !one.isAtRisk } : one));
  const scores = (of: Example[], pres: string) =>
    scoreUnseen(of).flatMap((one) => (one.pres === pres ? [one.score] : []));
  expect(scores(other, 'B')).toEqual(scores(examples, 'B'));
  expect(scores(other, 'A')).not.toEqual(scores(examples, 'A'));
  // whoever sits in both is in neither model that judges
  const shared = (isAtRisk: boolean): Example[] => {
    const both = { ...examples[0]!, studentId: 'both', isAtRisk };
    return [...examples, both, { ...examples.at(-1)!, studentId: 'both' }];
  };
  expect(scores(shared(true), 'B')).toEqual(scores(shared(false), 'B'));
});

it('notices a factor that works in the wrong sense at any time', () => {
  const shipped = readModel();
  expect(implausibleFactors(shipped)).toEqual([]);
  const { weight } = shipped.factors.missedShare;
  // the sense turns before the last day
  const turned = { ...shipped.factors, missedShare: { mean: 0, weight, weightByTime: -weight } };
  expect(implausibleFactors({ ...shipped, factors: turned })).toEqual(['missedShare']);
  // to hand in last of all must not be worse than to hand in nothing: the outermost tenth stands at 1.28
  const late = { mean: 0, weight: -1, weightByTime: 0 };
  const nothing = (weight: number) => ({ ...late, weight });
  const lead = (weight: number): RiskModel['factors'] => ({
    ...shipped.factors,
    handInLead: late,
    nothingHandedIn: nothing(weight),
  });
  expect(implausibleFactors({ ...shipped, factors: lead(1.29) })).toEqual([]);
  expect(implausibleFactors({ ...shipped, factors: lead(1.27) })).toEqual(['nothingHandedIn']);
});
