import { type CohortCounts, type Factor, type RelativeInput, type RiskInputs, smallestCohort } from './risk-model.js';
import type { Insufficient } from './risk-scoring.service.js';

export const units = ['days', 'points', 'percent', 'yesNo'] as const;

/** What a factor is made of, in units of daily life. */
export interface Plain {
  readonly unit: (typeof units)[number];
  /** Of `yesNo` 1 is yes; null: unknown, and of no weight. */
  readonly value: number | null;
  /** The median of the cohort; null where the factor is not measured against it, or nobody has a value. */
  readonly cohortValue: number | null;
  readonly sentence: string;
}

/** What inputs do not tell. */
export interface Circumstances {
  readonly hasBeenActive: boolean;
  /** Whether a score of work is known; else the mean is of sessions. */
  readonly hasScoredWork: boolean;
}

type Describe = (inputs: RiskInputs, counts: CohortCounts, circumstances: Circumstances) => Plain;

const farthest = 365;

const descriptions: Readonly<Record<Factor, Describe>> = {
  activeDays: ({ activeDays: value }, counts) => {
    const cohortValue = median(counts.activeDays);
    const own = value === 0 ? 'Not active on any of the last 28 days' : `Active on ${value} of the last 28 days`;
    return { unit: 'days', value, cohortValue, sentence: beside(own, cohortValue, String) };
  },
  daysSinceActive: ({ daysSinceActive: value }, counts, { hasBeenActive }) => {
    const cohortValue = median(counts.daysSinceActive);
    const days = value >= farthest ? `${farthest} days or more` : counted(value, 'day');
    let own = hasBeenActive ? `No session for ${days}` : `No session yet, ${days} after joining`;
    if (value === 0) own = hasBeenActive ? 'A session on the latest day' : 'No session yet, on the day of joining';
    const others = value === 0 ? (other: number) => `${counted(other, 'day')} without one` : String;
    return { unit: 'days', value, cohortValue, sentence: beside(own, cohortValue, others) };
  },
  meanScore: ({ meanScore: value }, counts, { hasScoredWork }) => {
    const cohortValue = median(counts.meanScore);
    const what = hasScoredWork ? 'Scores of assignments' : 'Scores of sessions in the last 28 days';
    const own = value === null ? 'Nothing has a score yet' : `${what} average ${value}`;
    return { unit: 'points', value, cohortValue, sentence: beside(own, cohortValue, String) };
  },
  lowestScore: ({ lowestScore: value }) => ({
    unit: 'points',
    value,
    cohortValue: null,
    sentence: value === null ? 'No assignment has a score yet.' : `The lowest score of an assignment is ${value}.`,
  }),
  missedShare: ({ due, missed, missedShare: value }) => ({
    unit: 'percent',
    value,
    cohortValue: null,
    sentence: value === null ? 'No assignment has been due yet.' : `${missedWork(due, missed, value)}.`,
  }),
  missedAndQuiet: ({ activeDays, missed, missedShare }, counts) => {
    const cohortValue = median(counts.activeDays);
    const isQuiet = cohortValue !== null && activeDays < cohortValue;
    const sentences = isQuiet
      ? 'Work is missing, and its student has been active on fewer days than the class.'
      : 'Work is missing, and its student has been active on no fewer days than the class.';
    return {
      unit: 'yesNo',
      value: missedShare === null ? null : Number(missed > 0 && isQuiet),
      cohortValue: null,
      sentence:
        missedShare === null ? 'No assignment has been due yet.' : missed === 0 ? 'No work is missing.' : sentences,
    };
  },
  nothingHandedIn: ({ due, handInLead }) => ({
    unit: 'yesNo',
    value: due === 0 ? null : handInLead === null ? 1 : 0,
    cohortValue: null,
    sentence:
      due === 0
        ? 'No assignment has been due yet.'
        : handInLead === null
          ? `No assignment with a due date has been handed in since the course began; ${due} ${due === 1 ? 'has' : 'have'} been due.`
          : 'Work has been handed in.',
  }),
  handInLead: ({ handInLead: value }, counts) => {
    const cohortValue = median(counts.handInLead);
    const own =
      value === null
        ? 'No assignment with a due date has been handed in since the course began'
        : value === 0
          ? 'Work is handed in on the day it is due, on average'
          : `Work is handed in ${aroundDue(value)} it is due, on average`;
    const others = (other: number): string => (other === 0 ? 'the day itself' : aroundDue(other));
    return { unit: 'days', value, cohortValue, sentence: beside(own, cohortValue, others) };
  },
};

/** Null for a factor of an earlier release. */
export function describe(
  factor: string,
  inputs: RiskInputs,
  counts: CohortCounts,
  circumstances: Circumstances,
): Plain | null {
  return Object.hasOwn(descriptions, factor) ? descriptions[factor as Factor](inputs, counts, circumstances) : null;
}

/** Why there is too little to show a score. */
export const insufficiencies: Readonly<Record<Insufficient, string>> = {
  newStudent: 'The course began less than 7 days ago for this student, and nothing has been due yet.',
  silentCohort: 'Nobody of the department has been active in the last 28 days, and nothing has been due yet.',
  noSignals: 'The department has too few students to compare with, and nothing has been due yet.',
};

/**
 * Of all who have a value; between the two in the middle where their number is even. Null: so few have one that it
 * would tell what is known of them.
 */
export function median(counts: CohortCounts[RelativeInput]): number | null {
  const all = counts.reduce((sum, [, students]) => sum + students, 0);
  if (all < smallestCohort) return null;
  const at = (place: number): number => {
    let passed = 0;
    return counts.find(([, students]) => (passed += students) > place)![0];
  };
  return (at(Math.floor((all - 1) / 2)) + at(Math.floor(all / 2))) / 2;
}

function beside(own: string, cohortValue: number | null, say: (value: number) => string): string {
  return cohortValue === null ? `${own}.` : `${own}; the class median is ${say(cohortValue)}.`;
}

function missedWork(due: number, missed: number, share: number): string {
  if (due === 1) return `The one assignment that has been due was ${missed === 0 ? '' : 'not '}handed in`;
  if (missed === 0) return `All ${due} assignments that have been due were handed in`;
  if (missed === due) return `None of the ${due} assignments that have been due was handed in`;
  return `${missed} of ${due} assignments that have been due ${missed === 1 ? 'was' : 'were'} not handed in, ${share}% by weight`;
}

/** `2.5 days before`, of a value that is not 0. */
function aroundDue(days: number): string {
  return `${counted(Math.abs(days), 'day')} ${days > 0 ? 'before' : 'after'}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
