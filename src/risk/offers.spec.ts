import type { Work } from './explanation.repository.js';
import { offersOf, type Situation } from './offers.js';
import type { RiskInputs, RiskModel } from './risk-model.js';
import { workInputs } from './what-if.js';

const none = { mean: 0, weight: 0, weightByTime: 0 };
/** Of which log-odds can be told by hand: 1 at base, 4 for all that was missed, 1 for each 15 points below 60. */
const model: RiskModel = {
  format: 1,
  version: 'by hand',
  time: { center: 0, scale: 1, first: 0, last: 0 },
  base: { weight: 1, weightByTime: 0 },
  factors: {
    activeDays: none,
    daysSinceActive: none,
    meanScore: none,
    lowestScore: { ...none, weight: -1 },
    missedShare: { ...none, weight: 4 },
    missedAndQuiet: none,
    nothingHandedIn: none,
    handInLead: none,
  },
};
const counts = { activeDays: [], daysSinceActive: [], meanScore: [], handInLead: [] };
const moment = { today: '2026-03-02', now: new Date('2026-03-02T08:00:00Z') };

const overdue = (title: string, fields: Partial<Work> = {}): Work => ({
  assignmentId: title,
  title,
  dueAt: '2026-02-20T12:00:00Z',
  dueOn: '2026-02-20',
  weight: 1,
  isDone: false,
  isDue: true,
  counts: true,
  score: null,
  lead: null,
  mayHandIn: true,
  mayRetake: false,
  ...fields,
});
const done = (title: string, score: number, fields: Partial<Work> = {}): Work =>
  overdue(title, { isDone: true, score, lead: 0, mayHandIn: false, mayRetake: true, ...fields });
const logistic = (logOdds: number): number => Math.round(10_000 / (1 + Math.exp(-logOdds))) / 100;

const situation = (work: readonly Work[], fields: Partial<Situation> = {}): Situation => {
  const known: RiskInputs = {
    daysInCourse: 60,
    activeDays: 20,
    daysSinceActive: 1,
    ...workInputs(work, null),
  };
  return { model, inputs: known, counts, work, moment, threshold: 70, ...fields };
};
const offered = (work: readonly Work[], fields: Partial<Situation> = {}) =>
  offersOf(situation(work, fields)).map(({ action, steps, score }) => [action, steps, score]);

it('takes the fewest steps that come down to the threshold', () => {
  const work = [overdue('A'), overdue('B'), overdue('C', { weight: 2 }), done('D', 80)];
  // 4 of 5 parts are missed, without C 2, without C and A 1, each by its root
  const left = (parts: number): number => logistic(1 + 4 * Math.sqrt(parts / 5));
  expect(offered(work, { threshold: 98 })).toEqual([['Hand in “C”', 1, left(2)]]);
  expect(offered(work, { threshold: left(1) })).toEqual([['Hand in 2 of the 3 overdue assignments', 2, left(1)]]);
  expect(offered(work, { threshold: logistic(1) })).toEqual([['Hand in the 3 overdue assignments', 3, logistic(1)]]);
});

it('takes what drops most for each step where nothing comes down to it, or nothing has to', () => {
  const work = [overdue('A'), overdue('B'), done('C', 100)];
  // from 1 + 4 √⅔: 98.62; less A: 1 + 4 √⅓: 96.48; less both: 73.11, which is 12.8 a step
  for (const threshold of [50, 99]) {
    expect(offered(work, { threshold })).toEqual([['Hand in the 2 overdue assignments', 2, logistic(1)]]);
  }
});

it('puts what comes down before what does not, though it takes more steps', () => {
  const work = [overdue('A'), overdue('B'), done('Low', 30), done('Good', 90)];
  // mean 60. 1 + 4 √½ + 2: 99.71; both in, 3: 95.26; Low retaken with 60, 1 + 4 √½: 97.87
  expect(offered(work, { threshold: 96 })).toEqual([
    ['Hand in the 2 overdue assignments', 2, logistic(3)],
    ['Retake “Low” and reach 60', 1, logistic(1 + 4 * Math.SQRT1_2)],
  ]);
});

it('offers what is still to come, retakes of several, and nothing twice', () => {
  const later = overdue('Later', { dueAt: '2026-03-09T12:00:00Z', dueOn: '2026-03-09', isDue: false });
  // from -2 + 4 + 2 to -2 + 4
  const raised = {
    ...model,
    base: { weight: -2, weightByTime: 0 },
    factors: { ...model.factors, nothingHandedIn: { ...none, weight: 2 } },
  };
  const closed = overdue('Closed', { mayHandIn: false });
  expect(offered([closed, later], { model: raised })).toEqual([['Hand in “Later” before it is due', 1, logistic(2)]]);
  const passed = { ...later, dueAt: '2026-03-02T07:00:00Z' };
  expect(offered([closed, passed], { model: raised })).toEqual([]);
  const poor = [done('A', 10), done('B', 10), done('C', 100), done('D', 100)];
  // mean 55; from 1 + 50/15 to 1 + 5/15 once both are retaken
  expect(offered(poor)).toEqual([['Retake the 2 assignments with the lowest scores and reach 55', 2, logistic(4 / 3)]]);
  expect(offered(poor.map((one) => ({ ...one, mayRetake: false })))).toEqual([]);
});

it('counts days of the next seven, of the 28 that there are', () => {
  const active = { ...model, factors: { ...model.factors, activeDays: { ...none, weight: -1 } } };
  const spread = { ...counts, activeDays: Array.from({ length: 29 }, (_, day) => [day, 1] as const) };
  const days = (activeDays: number, threshold: number) => {
    const all = situation([]);
    return offersOf({ ...all, model: active, counts: spread, threshold, inputs: { ...all.inputs, activeDays } });
  };
  expect(days(2, 90)[0]).toMatchObject({ steps: 1, action: 'Be active on 1 more day in the next 7' });
  const [most] = days(2, 83);
  expect(most).toMatchObject({ action: `Be active on ${most!.steps} more days in the next 7` });
  expect(most!.steps).toBeLessThanOrEqual(7);
  expect(days(28, 0)).toEqual([]);
});
