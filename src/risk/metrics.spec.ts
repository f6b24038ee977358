import fc from '../../test/property.js';
import {
  auc,
  averagePrecision,
  brier,
  calibrationError,
  flaggingOf,
  type Outcome,
  precisionAt,
  qualityOf,
} from './metrics.js';

const of = (...pairs: [score: number, came: 0 | 1][]): Outcome[] =>
  pairs.map(([score, came]) => ({ score, isAtRisk: came === 1 }));

const four = of([80, 0], [90, 1], [60, 0], [70, 1]);
const equal = of([50, 1], [50, 0], [50, 0]);

it('counts the pairs that stand in the right order', () => {
  expect(auc(four)).toBe(3 / 4); // all but 70 over 80
  expect(auc(equal)).toBe(1 / 2);
  expect(auc(of([50, 1], [60, 1]))).toBeNull();
  expect(auc([])).toBeNull();
});

it('weighs precision by what each step finds', () => {
  expect(averagePrecision(four)).toBeCloseTo(1 / 2 + (1 / 2) * (2 / 3), 12);
  expect(averagePrecision(equal)).toBeCloseTo(1 / 3, 12);
  expect(averagePrecision(of([50, 0]))).toBeNull();
});

it('takes the tenth with the highest scores, of equal ones a part', () => {
  expect(precisionAt(four, 0.1)).toBe(1); // at least one
  expect(precisionAt(four, 0.5)).toBe(1 / 2);
  expect(precisionAt(equal, 0.5)).toBeCloseTo(1 / 3, 12); // 1.5 is 2 of 3
  // 2.5 is 2 and 3.5 is 4, as where scores are judged
  const first = (hits: number, all: number): Outcome[] =>
    Array.from({ length: all }, (_, index) => ({ score: all - index, isAtRisk: index < hits }));
  expect(precisionAt(first(2, 25), 0.1)).toBe(1);
  expect(precisionAt(first(3, 35), 0.1)).toBe(3 / 4);
});

it('measures how far probabilities are from what came', () => {
  expect(brier(four)).toBeCloseTo((0.64 + 0.01 + 0.36 + 0.09) / 4, 12);
  // each in a band of its own
  expect(calibrationError(four)).toBeCloseTo((0.8 + 0.1 + 0.6 + 0.3) / 4, 12);
  // two of one band make up for each other
  expect(calibrationError(of([50, 1], [50, 0], [100, 1], [0, 0]))).toBe(0);
});

it('says what a flag would have done', () => {
  expect(flaggingOf(four, 70)).toEqual({ flagged: 1 / 2, truePositives: 1 / 2, falsePositives: 1 / 2 });
  expect(flaggingOf(of([80, 1]), 70)).toEqual({ flagged: 1, truePositives: 1, falsePositives: null });
});

const outcomes = fc.array(fc.record({ score: fc.integer({ min: 0, max: 20 }), isAtRisk: fc.boolean() }), {
  minLength: 1,
  maxLength: 60,
});

it('obeys the laws of what it measures', () => {
  fc.assert(
    fc.property(outcomes, (some) => {
      const [hits, others] = [some.filter((one) => one.isAtRisk), some.filter((one) => !one.isAtRisk)];
      const { auc: area, averagePrecision: precision, baseRate } = qualityOf(some);
      expect(precisionAt(some, 1)).toBeCloseTo(baseRate, 12);
      const reversed = some.map(({ score, isAtRisk }) => ({ score: -score, isAtRisk }));
      const stretched = some.map(({ score, isAtRisk }) => ({ score: score ** 3 + 1, isAtRisk }));
      expect(auc(stretched)).toBe(area);
      expect(averagePrecision(stretched)).toBe(precision);
      if (area === null) return;
      const pairs = hits.flatMap((hit) =>
        others.map((other) => (hit.score > other.score ? 1 : hit.score === other.score ? 1 / 2 : 0)),
      );
      expect(area).toBeCloseTo(pairs.reduce<number>((sum, won) => sum + won, 0) / pairs.length, 12);
      expect(auc(reversed)).toBeCloseTo(1 - area, 12);
      expect(precision).toBeGreaterThan(0);
      expect(precision).toBeLessThanOrEqual(1 + 1e-12);
      const known = some.map(({ isAtRisk }) => ({ score: isAtRisk ? 100 : 0, isAtRisk }));
      expect([auc(known), averagePrecision(known), brier(known), calibrationError(known)]).toEqual([1, 1, 0, 0]);
    }),
  );
});
