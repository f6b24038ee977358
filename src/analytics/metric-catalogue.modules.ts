import type { MetricDefinition } from './metric-definition.js';

/** A figure of a module, and of the modules of a difficulty, with a category or without. */
export const sumsOfModules = (name: string): string[] =>
  ['ModuleFigures', 'DifficultyFigures', 'CategoryDifficultyFigures'].map((schema) => `${schema}.${name}`);

/** How modules and their questions are worked on. */
export const moduleMetrics: readonly MetricDefinition[] = [
  {
    id: 'sessionsAbandoned',
    title: 'Abandoned sessions',
    unit: 'count',
    meaning: 'Sessions of the period that were given up.',
    formula: 'sessions with status abandoned',
  },
  {
    id: 'studentsStarted',
    title: 'Students who began',
    unit: 'count',
    meaning:
      'Students who had begun the module by the end of the period, also before it; of several modules once for each. ' +
      'It counts where a student was on the day of beginning; of a segment wherever.',
    formula:
      'students whose first session of the module, of any status, is on a day up to the last of the period, as far ' +
      'back as sums by day are kept',
  },
  {
    id: 'studentsCompleted',
    title: 'Students who completed',
    unit: 'count',
    meaning:
      'Students who had completed the module by the end of the period, also before it; of several modules once for ' +
      'each. It counts where a student was on the day of first completing; of a segment wherever.',
    formula:
      'students whose first completed session of the module is on a day up to the last of the period, as far back ' +
      'as sums by day are kept',
  },
  {
    id: 'moduleCompletionRate',
    title: 'Completion rate of a module',
    unit: 'percent',
    meaning: 'Share of the students who began the module that have completed it. No value where nobody began.',
    formula: 'studentsCompleted ÷ studentsStarted × 100, at most 100: some began where they no longer are',
    fields: sumsOfModules('completionRate'),
  },
  {
    id: 'scoreDeviation',
    title: 'Deviation of scores',
    unit: 'points',
    meaning: 'How far the scores of completed sessions are from their mean. No value of fewer than two.',
    formula: 'standard deviation of a sample: √(sum of (score − mean)² ÷ (scores − 1))',
  },
  {
    id: 'meanDurationSeconds',
    title: 'Mean length of a session',
    unit: 'seconds',
    meaning:
      'How long a completed session takes on average, of those whose length is known. No value without any, and for ' +
      'who may not see students.',
    formula: 'sum of lengths ÷ completed sessions with a length',
  },
  {
    id: 'passRate',
    title: 'Pass rate',
    unit: 'percent',
    meaning: 'Share of the completed sessions with a score that are passed. No value without a score.',
    formula: 'completed sessions with score ≥ passMark ÷ completed sessions with a score × 100',
  },
  {
    id: 'repeatRate',
    title: 'Repeat rate',
    unit: 'percent',
    meaning: 'Share of the sessions of the period that were not the student’s first of the module.',
    formula: '(sessions − students whose first session of the module is in the period) ÷ sessions × 100',
  },
  {
    id: 'abandonRate',
    title: 'Abandon rate',
    unit: 'percent',
    meaning: 'Share of the sessions of the period that were given up.',
    formula: 'sessionsAbandoned ÷ sessions × 100',
  },
  {
    id: 'bounceRate',
    title: 'Bounce',
    unit: 'percent',
    meaning: 'Share of the sessions of the period that were given up in the first minute.',
    formula: 'sessions with status abandoned and a length below 60 seconds ÷ sessions × 100',
  },
  {
    id: 'stops',
    title: 'Where sessions stop',
    unit: 'count',
    meaning: 'Abandoned sessions by the tenth of the questions that they got to: below 10 %, below 20 % and so on.',
    formula: 'abandoned sessions by ⌊answers × 10 ÷ questions⌋, at most 9; those with both alone',
    fields: ['Stops.tenths'],
  },
  {
    id: 'stopsUnknown',
    title: 'Stops unknown',
    unit: 'count',
    meaning: 'Abandoned sessions that do not say how far they got: without questions, or without their answers.',
    formula: 'sessionsAbandoned − the sum of stops',
    fields: ['Stops.unknown'],
  },
  {
    id: 'meanSecondsToStop',
    title: 'Mean time to the stop',
    unit: 'seconds',
    meaning: 'How long sessions went on before they were abandoned, of those whose length is known.',
    formula: 'sum of lengths ÷ abandoned sessions with a length',
    fields: ['Stops.meanSeconds'],
  },
  {
    id: 'modulesOfDifficulty',
    title: 'Modules',
    unit: 'count',
    meaning: 'Modules of a difficulty that are offered, or have sessions in the period though they are retired.',
    formula: 'modules that are active or have sessions > 0',
    fields: ['DifficultyFigures.modules', 'CategoryDifficultyFigures.modules'],
  },
  {
    id: 'answers',
    title: 'Answers to a question',
    unit: 'count',
    meaning: 'Answers of completed and abandoned sessions of the period that name this question.',
    formula: 'answers with the question’s id',
    fields: ['QuestionFigures.answers'],
  },
  {
    id: 'correctRate',
    title: 'Correct answers to a question',
    unit: 'percent',
    meaning: 'Share of the answers to a question that are right. No value of fewer than 10 that tell.',
    formula: 'answers said to be correct, else with score ≥ passMark ÷ answers that say either × 100',
  },
  {
    id: 'meanSecondsOfQuestion',
    title: 'Mean time of a question',
    unit: 'seconds',
    meaning: 'How long a question takes on average, of the answers that say how long, from 0 seconds to 7 days.',
    formula: 'sum of lengths ÷ answers with a length',
    fields: ['QuestionFigures.meanSeconds'],
  },
];
