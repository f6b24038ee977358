import fc from '../../test/property.js';
import type { Work } from './explanation.repository.js';
import { offersOf, scoreWith, type Situation } from './offers.js';
import {
  type CohortCounts, evaluate, factors, pointsOf, type RiskInputs, type RiskModel,
} from './risk-model.js'; // prettier-ignore
import { bandOf } from '../students/risk-bands.js';
import { shownParts } from './shown-risk.js';
import { type Change, changedInputs, workInputs } from './what-if.js';

const runs = { numRuns: 500 };
const today = '2026-03-02';
const now = new Date('2026-03-02T08:00:00Z');

const real = (most: number): fc.Arbitrary<number> => fc.double({ min: -most, max: most, noNaN: true });
const score = fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100);
const points = fc.integer({ min: 0, max: 100 });
const lead = fc.integer({ min: -28, max: 28 }).map((halves) => halves / 2);

/** @param weight of a factor, by its name */
const modelOf = (weight: (factor: string) => fc.Arbitrary<object>): fc.Arbitrary<RiskModel> =>
  fc.record({
    format: fc.constant(1 as const),
    version: fc.constant('random'),
    time: fc.record({
      center: fc.integer({ min: 0, max: 200 }),
      scale: fc.integer({ min: 10, max: 200 }),
      first: fc.integer({ min: 0, max: 50 }),
      last: fc.integer({ min: 50, max: 300 }),
    }),
    base: fc.record({ weight: real(6), weightByTime: real(2) }),
    factors: fc.record(
      Object.fromEntries(factors.map((factor) => [factor, weight(factor)])),
    ) as unknown as fc.Arbitrary<RiskModel['factors']>,
  });
const anyModel = modelOf(() => fc.record({ mean: real(3), weight: real(6), weightByTime: real(3) }));
/** Factors that grow as things go well: all others weigh the other way. */
const good = ['activeDays', 'meanScore', 'lowestScore', 'handInLead'];
const saneModel = modelOf((factor) =>
  fc.record({
    mean: real(3),
    weight: fc.double({ min: 0, max: 4, noNaN: true }).map((size) => (good.includes(factor) ? -size : size)),
    weightByTime: fc.constant(0),
  }),
);

const inputs: fc.Arbitrary<RiskInputs> = fc
  .record({
    daysInCourse: fc.integer({ min: 0, max: 400 }),
    activeDays: fc.integer({ min: 0, max: 28 }),
    daysSinceActive: fc.integer({ min: 0, max: 365 }),
    meanScore: fc.option(points),
    lowestScore: fc.option(score),
    missedShare: fc.option(score),
    handInLead: fc.option(lead),
    due: fc.integer({ min: 0, max: 30 }),
    missed: fc.integer({ min: 0, max: 30 }),
  })
  .map((one) => ({ ...one, missedShare: one.due === 0 ? null : (one.missedShare ?? 0) }));
const countsOf = (value: fc.Arbitrary<number>): fc.Arbitrary<(readonly [number, number])[]> =>
  fc
    .uniqueArray(fc.tuple(value, fc.integer({ min: 1, max: 40 })), { selector: ([one]) => one, maxLength: 12 })
    .map((all) => all.sort(([a], [b]) => a - b));
const cohort: fc.Arbitrary<CohortCounts> = fc.record({
  activeDays: countsOf(fc.integer({ min: 0, max: 28 })),
  daysSinceActive: countsOf(fc.integer({ min: 0, max: 365 })),
  meanScore: countsOf(points),
  handInLead: countsOf(lead),
});

const piece = fc
  .record({
    weight: fc.constantFrom(0, 0.33, 1, 1, 2.5, 1000),
    isDone: fc.boolean(),
    counts: fc.boolean(),
    score: fc.option(score),
    lead: fc.integer({ min: -14, max: 14 }),
    dueOn: fc.option(
      fc.constantFrom('2026-01-20', '2026-02-20', '2026-02-28', '2026-03-02', '2026-03-05', '2026-04-30'),
    ),
    mayDo: fc.boolean(),
  })
  .map(({ mayDo, ...one }): Omit<Work, 'assignmentId' | 'title'> => ({
    ...one,
    isDue: one.dueOn !== null && one.dueOn < today,
    dueAt: one.dueOn && `${one.dueOn}T12:00:00Z`,
    score: one.isDone && one.counts ? one.score : null,
    lead: one.isDone && one.dueOn !== null ? one.lead : null,
    mayHandIn: mayDo && !one.isDone,
    mayRetake: mayDo && one.isDone,
  }));
const work: fc.Arbitrary<Work[]> = fc
  .array(piece, { maxLength: 10 })
  .map((all) => all.map((one, index) => ({ ...one, assignmentId: `work-${index}`, title: `Work ${index}` })));

/** Whose inputs fit the work. */
const situationOf = (model: fc.Arbitrary<RiskModel>): fc.Arbitrary<Situation> =>
  fc
    .record({ model, inputs, counts: cohort, work, moment: fc.constant({ today, now }), threshold: score })
    .map((one) => ({ ...one, inputs: { ...one.inputs, ...workInputs(one.work, one.inputs.meanScore) } }));

const sum = (values: readonly number[], unit: number): number =>
  values.reduce((total, value) => total + Math.round(value * unit), 0);

it('adds up to the log-odds in millionths and to the score in hundredths, and is always a number', () => {
  fc.assert(
    fc.property(anyModel, inputs, cohort, (model, known, counts) => {
      const evaluation = evaluate(model, known, counts);
      const { base, contributions } = shownParts({ ...evaluation, insufficient: null });
      const logOdds = contributions.map((one) => one.logOdds);
      expect(sum([evaluation.baseLogOdds, ...logOdds], 1e6)).toBe(Math.round(evaluation.logOdds * 1e6));
      expect(sum([base!, ...contributions.map((one) => one.points)], 100)).toBe(Math.round(evaluation.score * 100));
      expect(JSON.stringify([evaluation, base, contributions])).not.toMatch(/null|NaN|Infinity/);
      expect(bandOf(evaluation.score)).toBeDefined();
    }),
    runs,
  );
});

it('gives points to what has weight alone, in its direction, and in proportion but for a hundredth', () => {
  fc.assert(
    fc.property(anyModel, inputs, cohort, (model, known, counts) => {
      const evaluation = evaluate(model, known, counts);
      const { points: given } = pointsOf(evaluation);
      evaluation.contributions.forEach(({ logOdds }, index) => {
        if (logOdds === 0) expect(given[index]).toBe(0);
        else expect(given[index]! * Math.sign(logOdds)).toBeGreaterThanOrEqual(-0.01);
      });
    }),
    runs,
  );
});

it('says the same score where nothing is changed', () => {
  fc.assert(
    fc.property(situationOf(anyModel), (situation) => {
      const { model, inputs: known, counts } = situation;
      expect(changedInputs(known, situation.work, {}, situation.moment)).toEqual(known);
      expect(scoreWith(situation, { activeDays: 0, handIn: [], retakes: [] })).toBe(
        evaluate(model, known, counts).score,
      );
    }),
    runs,
  );
});

it('never says more for more of the same: days, scores of what is handed in, scores of retakes', () => {
  const more = fc.record({ days: fc.nat(28), handIn: score, retake: score });
  fc.assert(
    fc.property(situationOf(saneModel), more, more, (situation, some, others) => {
      const change = (best: (a: number, b: number) => number): Change => ({
        activeDays: best(some.days, others.days),
        handIn: situation.work
          .filter(({ isDone }) => !isDone)
          .map(({ assignmentId }) => ({ assignmentId, score: best(some.handIn, others.handIn) })),
        retakes: situation.work
          .filter(({ score: reached }) => reached !== null)
          .map(({ assignmentId }) => ({ assignmentId, score: best(some.retake, others.retake) })),
      });
      expect(scoreWith(situation, change(Math.max))).toBeLessThanOrEqual(scoreWith(situation, change(Math.min)));
    }),
    runs,
  );
});

it('never says more for another piece that is handed in no later and no worse than the others', () => {
  fc.assert(
    fc.property(situationOf(saneModel), fc.nat(), (situation, choice) => {
      const { inputs: known } = situation;
      const open = situation.work.filter(({ isDone, dueOn }) => !isDone && dueOn !== null && dueOn > '2026-03-15');
      const [extra] = open.slice(choice % Math.max(open.length, 1));
      // what was unknown and has no weight may come to have some
      fc.pre(extra !== undefined && known.handInLead !== null && known.lowestScore !== null);
      const handIn = [{ assignmentId: extra!.assignmentId, score: 100 }];
      expect(scoreWith(situation, { handIn })).toBeLessThanOrEqual(scoreWith(situation, {}));
    }),
    runs,
  );
});

it('offers the cheapest, each of which helps by a point or more', () => {
  fc.assert(
    fc.property(situationOf(anyModel), (situation) => {
      const before = scoreWith(situation, {});
      const offers = offersOf(situation);
      expect(offers.length).toBeLessThanOrEqual(3);
      const clears = offers.map(({ score: after }) => before > situation.threshold && after <= situation.threshold);
      expect(clears.toSorted((a, b) => Number(b) - Number(a))).toEqual(clears);
      for (const offer of offers) {
        expect(before - offer.score).toBeGreaterThan(0.999);
        expect(scoreWith(situation, offer.change)).toBe(offer.score);
        const named = [...(offer.change.handIn ?? []), ...(offer.change.retakes ?? [])];
        expect(named.length + (offer.change.activeDays ?? 0)).toBe(offer.steps);
      }
      const steps = offers.filter((_, index) => clears[index]).map((offer) => offer.steps);
      expect(steps.toSorted((a, b) => a - b)).toEqual(steps);
    }),
    runs,
  );
});
