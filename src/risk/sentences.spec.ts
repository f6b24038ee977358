import type { CohortCounts, RiskInputs } from './risk-model.js';
import { describe as describeFactor, insufficiencies, median } from './sentences.js';

const inputs: RiskInputs = {
  daysInCourse: 60,
  activeDays: 3,
  daysSinceActive: 9,
  meanScore: 55,
  lowestScore: 35.5,
  missedShare: 40,
  handInLead: -2.5,
  due: 5,
  missed: 2,
};
const nobody: CohortCounts = { activeDays: [], daysSinceActive: [], meanScore: [], handInLead: [] };
/** Medians 12, 1, 70 and, between -1 and 2, 0.5. */
const some: CohortCounts = {
  activeDays: [[3, 1], [12, 5]],
  daysSinceActive: [[1, 4], [9, 2]],
  meanScore: [[70, 5]],
  handInLead: [[-1, 3], [2, 3]],
}; // prettier-ignore

const say = (
  factor: string,
  own: Partial<RiskInputs> = {},
  {
    counts = nobody,
    hasBeenActive = true,
    hasScoredWork = true,
  }: { counts?: CohortCounts; hasBeenActive?: boolean; hasScoredWork?: boolean } = {},
) => describeFactor(factor, { ...inputs, ...own }, counts, { hasBeenActive, hasScoredWork })!;
const sentence = (...given: Parameters<typeof say>): string => say(...given).sentence;

it('says on how many days a student was active', () => {
  expect(say('activeDays', {}, { counts: some })).toEqual({
    unit: 'days',
    value: 3,
    cohortValue: 12,
    sentence: 'Active on 3 of the last 28 days; the class median is 12.',
  });
  expect(sentence('activeDays', { activeDays: 0 })).toBe('Not active on any of the last 28 days.');
});

it('says whether who misses work is quiet, too', () => {
  const quiet = 'Work is missing, and its student has been active on fewer days than the class.';
  expect(say('missedAndQuiet', {}, { counts: some })).toMatchObject({ unit: 'yesNo', value: 1, sentence: quiet });
  expect(say('missedAndQuiet', { activeDays: 12 }, { counts: some })).toMatchObject({
    value: 0,
    sentence: 'Work is missing, and its student has been active on no fewer days than the class.',
  });
  expect(say('missedAndQuiet', { missed: 0, missedShare: 0 })).toMatchObject({
    value: 0,
    sentence: 'No work is missing.',
  });
  expect(say('missedAndQuiet', { due: 0, missed: 0, missedShare: null }).value).toBeNull();
});

it('says how long it has been', () => {
  expect(sentence('daysSinceActive', {}, { counts: some })).toBe('No session for 9 days; the class median is 1.');
  expect(sentence('daysSinceActive', { daysSinceActive: 1 })).toBe('No session for 1 day.');
  expect(sentence('daysSinceActive', { daysSinceActive: 365 })).toBe('No session for 365 days or more.');
  expect(sentence('daysSinceActive', { daysSinceActive: 0 }, { counts: some })).toBe(
    'A session on the latest day; the class median is 1 day without one.',
  );
  expect(sentence('daysSinceActive', {}, { hasBeenActive: false })).toBe('No session yet, 9 days after joining.');
  expect(sentence('daysSinceActive', { daysSinceActive: 1 }, { hasBeenActive: false, counts: some })).toBe(
    'No session yet, 1 day after joining; the class median is 1.',
  );
  expect(sentence('daysSinceActive', { daysSinceActive: 0 }, { hasBeenActive: false })).toBe(
    'No session yet, on the day of joining.',
  );
});

it('says which scores there are', () => {
  expect(sentence('meanScore', {}, { counts: some })).toBe('Scores of assignments average 55; the class median is 70.');
  expect(sentence('meanScore', {}, { hasScoredWork: false })).toBe(
    'Scores of sessions in the last 28 days average 55.',
  );
  expect(sentence('meanScore', { meanScore: null }, { counts: some })).toBe(
    'Nothing has a score yet; the class median is 70.',
  );
  expect(say('lowestScore')).toEqual({
    unit: 'points',
    value: 35.5,
    cohortValue: null,
    sentence: 'The lowest score of an assignment is 35.5.',
  });
  expect(say('lowestScore', { lowestScore: null })).toMatchObject({
    value: null,
    sentence: 'No assignment has a score yet.',
  });
});

it('says what was missed', () => {
  expect(sentence('missedShare')).toBe('2 of 5 assignments that have been due were not handed in, 40% by weight.');
  expect(sentence('missedShare', { missed: 1, missedShare: 12.5 })).toBe(
    '1 of 5 assignments that have been due was not handed in, 12.5% by weight.',
  );
  expect(sentence('missedShare', { missed: 0, missedShare: 0 })).toBe(
    'All 5 assignments that have been due were handed in.',
  );
  expect(sentence('missedShare', { missed: 5, missedShare: 100 })).toBe(
    'None of the 5 assignments that have been due was handed in.',
  );
  expect(sentence('missedShare', { due: 1, missed: 0, missedShare: 0 })).toBe(
    'The one assignment that has been due was handed in.',
  );
  expect(sentence('missedShare', { due: 1, missed: 1, missedShare: 100 })).toBe(
    'The one assignment that has been due was not handed in.',
  );
  expect(sentence('missedShare', { due: 0, missed: 0, missedShare: null })).toBe('No assignment has been due yet.');
});

it('says whether anything was handed in', () => {
  expect(say('nothingHandedIn')).toEqual({
    unit: 'yesNo',
    value: 0,
    cohortValue: null,
    sentence: 'Work has been handed in.',
  });
  expect(say('nothingHandedIn', { handInLead: null })).toMatchObject({
    value: 1,
    sentence: 'No assignment with a due date has been handed in since the course began; 5 have been due.',
  });
  expect(sentence('nothingHandedIn', { handInLead: null, due: 1 })).toMatch(/; 1 has been due\.$/);
  expect(say('nothingHandedIn', { due: 0, handInLead: null })).toMatchObject({
    value: null,
    sentence: 'No assignment has been due yet.',
  });
});

it('says how early work is handed in', () => {
  expect(sentence('handInLead', {}, { counts: some })).toBe(
    'Work is handed in 2.5 days after it is due, on average; the class median is 0.5 days before.',
  );
  expect(sentence('handInLead', { handInLead: 1 })).toBe('Work is handed in 1 day before it is due, on average.');
  expect(sentence('handInLead', { handInLead: 0 }, { counts: { ...some, handInLead: [[0, 5]] } })).toBe(
    'Work is handed in on the day it is due, on average; the class median is the day itself.',
  );
  expect(sentence('handInLead', { handInLead: null }, { counts: { ...some, handInLead: [[-1, 5]] } })).toBe(
    'No assignment with a due date has been handed in since the course began; the class median is 1 day after.',
  );
});

it('says nothing of a factor that it does not know', () => {
  expect(describeFactor('shoeSize', inputs, nobody, { hasBeenActive: true, hasScoredWork: true })).toBeNull();
  expect(describeFactor('toString', inputs, nobody, { hasBeenActive: true, hasScoredWork: true })).toBeNull();
});

it('says in a sentence why there is too little', () => {
  for (const words of Object.values(insufficiencies))
    expect(words).toMatch(/^[A-Z].*, and nothing has been due yet\.$/);
});

it('finds who is in the middle', () => {
  expect(median([])).toBeNull();
  expect(median([[4, 5]])).toBe(4);
  // 1 1 1 1 9 9
  expect(median([[1, 4], [9, 2]])).toBe(1); // prettier-ignore
  // 1 1 1 9 9 9
  expect(median([[1, 3], [9, 3]])).toBe(5); // prettier-ignore
  // 1 1 9 9 9
  expect(median([[1, 2], [9, 3]])).toBe(9); // prettier-ignore
});

it('tells nothing of fewer than five', () => {
  expect(median([[1, 2], [9, 2]])).toBeNull(); // prettier-ignore
  expect(median([[4, 1]])).toBeNull();
});
