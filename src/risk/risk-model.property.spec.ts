import fc from '../../test/property.js';
import { readModel } from './model-file.js';
import {
  type CohortCounts,
  countInputs,
  evaluate,
  type Factor,
  factors,
  factorValues,
  pointsOf,
  relativeInputs,
  type RelativeInput,
  type RiskInputs,
  type RiskModel,
  timeOf,
} from './risk-model.js';

const model = readModel();
const property = { numRuns: 2_000 };

const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 4 });
const hundredths = (most: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: most * 100 }).map((n) => n / 100);

/** Whatever the database could say of a student, and days and numbers beyond that. */
const anyInputs: fc.Arbitrary<RiskInputs> = fc
  .record({
    daysInCourse: fc.oneof(fc.nat(400), fc.nat(1_000_000)),
    activeDays: fc.nat(28),
    daysSinceActive: fc.nat(365),
    meanScore: maybe(fc.nat(100)),
    lowestScore: maybe(hundredths(100)),
    missedShare: maybe(hundredths(100)),
    handInLead: maybe(fc.integer({ min: -28, max: 28 }).map((halves) => halves / 2 || 0)),
    due: fc.oneof(fc.nat(10), fc.nat(1_000_000)),
    missed: fc.nat(1_000_000),
  })
  .map((inputs) => ({ ...inputs, missed: Math.min(inputs.missed, inputs.due) }));

/** Any number of students, nobody and a thousand million among them, with values of their own. */
const anyCounts = (value: fc.Arbitrary<number>): fc.Arbitrary<[number, number][]> =>
  fc
    .uniqueArray(fc.tuple(value, fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 1e9 }))), {
      selector: ([one]) => one,
      maxLength: 40,
    })
    .map((counts) => counts.sort(([a], [b]) => a - b));
const anyCohort: fc.Arbitrary<CohortCounts> = fc.oneof(
  fc.record({
    activeDays: anyCounts(fc.nat(28)),
    daysSinceActive: anyCounts(fc.nat(365)),
    meanScore: anyCounts(fc.nat(100)),
    handInLead: anyCounts(fc.integer({ min: -28, max: 28 }).map((halves) => halves / 2 || 0)),
  }),
  fc.array(anyInputs, { maxLength: 30 }).map(countInputs),
);

/** A model by which those in the middle differ from the base by nothing at all. */
const centred: RiskModel = {
  ...model,
  factors: Object.fromEntries(
    factors.map((factor) => [factor, { ...model.factors[factor], mean: 0 }]),
  ) as unknown as RiskModel['factors'],
};
const anyModel = fc.constantFrom(model, centred);

const logOddsOf = (inputs: RiskInputs, cohort: CohortCounts): number => evaluate(model, inputs, cohort).logOdds;
const millionths = (logOdds: number): number => Math.round(logOdds * 1e6);

it('is a number for whatever is known, the same each time, and adds up', () => {
  fc.assert(
    fc.property(anyModel, anyInputs, anyCohort, (any, inputs, cohort) => {
      const evaluation = evaluate(any, inputs, cohort);
      const { logOdds, baseLogOdds, contributions, score } = evaluation;
      const { base, points } = pointsOf(evaluation);
      const numbers = [logOdds, baseLogOdds, score, base, ...contributions.map((one) => one.logOdds), ...points];
      for (const number of numbers) {
        expect(Number.isFinite(number)).toBe(true);
        expect(Object.is(number, -0)).toBe(false);
      }
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(100);
      expect(score).toBe(Math.round(score * 100) / 100);
      const parts = contributions.reduce((sum, one) => sum + millionths(one.logOdds), millionths(baseLogOdds));
      expect(parts).toBe(millionths(logOdds));
      const shown = points.reduce((sum, one) => sum + Math.round(one * 100), Math.round(base * 100));
      expect(shown).toBe(Math.round(score * 100));
      expect(JSON.stringify(evaluate(any, structuredClone(inputs), structuredClone(cohort)))).toBe(
        JSON.stringify(evaluation),
      );
    }),
    property,
  );
});

it('says nothing by a factor of which nothing is known', () => {
  fc.assert(
    fc.property(anyInputs, anyCohort, (inputs, cohort) => {
      const values = factorValues(inputs, cohort);
      for (const { factor, logOdds } of evaluate(model, inputs, cohort).contributions) {
        if (values[factor] === null) expect(logOdds).toBe(0);
      }
    }),
    property,
  );
});

/** For which changes nobody may ever be thought of as safer; the other way round nobody as more at risk. */
const worse: Readonly<Record<string, (inputs: RiskInputs) => RiskInputs>> = {
  'a day less of activity': (one) => ({ ...one, activeDays: Math.max(one.activeDays - 1, 0) }),
  'a day more of silence': (one) => ({ ...one, daysSinceActive: Math.min(one.daysSinceActive + 1, 365) }),
  'a lower mean': (one) => ({ ...one, meanScore: one.meanScore === null ? null : Math.max(one.meanScore - 5, 0) }),
  'a lower lowest score': (one) => ({
    ...one,
    lowestScore: one.lowestScore === null ? null : Math.max(one.lowestScore - 5, 0),
  }),
  'more of the work missed': (one) => ({
    ...one,
    missedShare: one.missedShare === null ? null : Math.min(one.missedShare + 10, 100),
  }),
  'work handed in later': (one) => ({
    ...one,
    handInLead: one.handInLead === null ? null : Math.max(one.handInLead - 1, -14),
  }),
  'nothing handed in, of work that was due': (one) =>
    one.due === 0 ? one : { ...one, handInLead: null, missed: one.due, missedShare: 100 },
  'the first work that is due, and missed': (one) =>
    one.due > 0 ? one : { ...one, handInLead: null, missedShare: 100, due: 1, missed: 1 },
};

// the shipped model, at all times: a weight that changes its sign on the way would be found here
it.each(Object.keys(worse))('is never lower with %s', (name) => {
  const consistent = anyInputs.map((one) => (one.due === 0 ? { ...one, missedShare: null } : one));
  fc.assert(
    fc.property(consistent, anyCohort, (inputs, cohort) => {
      expect(logOddsOf(worse[name]!(inputs), cohort)).toBeGreaterThanOrEqual(logOddsOf(inputs, cohort));
    }),
    property,
  );
});

it('has weights that keep their signs from the first day to the last', () => {
  const signs: Readonly<Record<Factor, 1 | -1>> = {
    activeDays: -1, daysSinceActive: 1, meanScore: -1, lowestScore: -1, missedShare: 1, missedAndQuiet: 1,
    nothingHandedIn: 1, handInLead: -1,
  }; // prettier-ignore
  for (const day of [0, model.time.first, model.time.center, model.time.last, 10_000]) {
    const time = timeOf(model, day);
    const seen = factors.map((factor) => Math.sign(model.factors[factor].weight + model.factors[factor].weightByTime * time)); // prettier-ignore
    expect(seen).toEqual(factors.map((factor) => signs[factor]));
  }
});

describe('a cohort', () => {
  const student: RiskInputs = {
    daysInCourse: 75, activeDays: 0, daysSinceActive: 40, meanScore: 20, lowestScore: null, missedShare: null,
    handInLead: -10, due: 0, missed: 0,
  }; // prettier-ignore
  const standings = (cohort: CohortCounts, one = student): (number | null)[] => {
    const values = factorValues(one, cohort);
    return relativeInputs.map((input: RelativeInput) => values[input]);
  };

  it('of nobody, of one, and of any number of equals leaves everyone in the middle', () => {
    const middle = [0, 0, 0, 0];
    expect(standings(countInputs([]))).toEqual(middle);
    expect(standings(countInputs([student]))).toEqual(middle);
    expect(standings(countInputs(Array.from({ length: 1_000 }, () => student)))).toEqual(middle);
  });

  it('pulls to the middle the more, the smaller it is', () => {
    const better: RiskInputs = { ...student, activeDays: 20, daysSinceActive: 0, meanScore: 90, handInLead: 10 };
    const distances = [4, 8, 16, 32, 64].map((size) => {
      const cohort = countInputs([student, ...Array.from({ length: size }, () => better)]);
      return Math.abs(standings(cohort)[0]!);
    });
    expect(distances).toEqual([...distances].sort((a, b) => a - b));
    // one of five: rank (0.5 + 1) / 7 = 0.214, whose normal score is −0.792; beyond a tenth nobody stands
    expect(distances[0]).toBeCloseTo(0.792, 2);
    const many = countInputs([student, ...Array.from({ length: 100_000 }, () => better)]);
    expect(Math.abs(standings(many)[0]!)).toBeCloseTo(1.28, 2);
  });

  it('of fewer than five tells nothing of them, whatever is asked', () => {
    const few = fc.array(anyInputs, { maxLength: 4 }).map(countInputs);
    fc.assert(
      fc.property(anyInputs, few, (one, cohort) => {
        expect(evaluate(model, one, cohort)).toEqual(evaluate(model, one, countInputs([])));
      }),
    );
  });

  it('that is silent makes nobody stand out by silence, whatever else is known', () => {
    fc.assert(
      fc.property(fc.array(anyInputs, { minLength: 1, maxLength: 30 }), (students) => {
        const silent = students.map((one) => ({ ...one, activeDays: 0, daysSinceActive: 30 }));
        const cohort = countInputs(silent);
        for (const one of silent)
          expect(factorValues(one, cohort)).toMatchObject({ activeDays: 0, daysSinceActive: 0 });
      }),
    );
  });

  it('does not depend on the order of its students', () => {
    const students = fc.array(anyInputs, { maxLength: 20 });
    fc.assert(
      fc.property(anyInputs, students, (one, others) => {
        const [there, back] = [countInputs(others), countInputs([...others].reverse())];
        expect(back).toEqual(there);
        expect(evaluate(model, one, back)).toEqual(evaluate(model, one, there));
      }),
    );
  });
});

it.each(['daysInCourse', 'activeDays', 'daysSinceActive', 'meanScore', 'lowestScore', 'missedShare', 'handInLead'])(
  'refuses what is no number as %s',
  (name) => {
    const nobody = countInputs([]);
    fc.assert(
      fc.property(anyInputs, anyCohort, (inputs, cohort) => {
        expect(() => evaluate(model, { ...inputs, [name]: NaN }, cohort)).toThrow('not a number');
        expect(() => evaluate(model, { ...inputs, [name]: NaN }, nobody)).toThrow('not a number');
      }),
    );
  },
);
