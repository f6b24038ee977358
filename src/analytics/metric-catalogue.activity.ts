import type { MetricDefinition } from './metric-definition.js';

/** Sessions, and what they add up to by student, category and day. */
export const activityMetrics: readonly MetricDefinition[] = [
  {
    id: 'sessionsCompleted',
    title: 'Completed sessions',
    unit: 'count',
    meaning:
      'Completed sessions of what the number stands beside: a student, a category of a student, a local day, an ' +
      'hour of the week, a period, a module, a department, or the last 30 local days of an instructor.',
    formula: 'sessions with status completed',
  },
  {
    id: 'activeOnDay',
    title: 'Students active on a day',
    unit: 'count',
    meaning: 'Students with a completed session on that local day, of whom the viewer may see.',
    formula: 'different students with a completed session on the day',
    fields: ['TrendDay.activeStudents', 'PlatformDay.activeStudents'],
  },
  {
    id: 'timeSpentOnDay',
    title: 'Time spent on a day',
    unit: 'seconds',
    meaning: 'Time practised on that local day: of a student, or of all whom the viewer may see together.',
    formula: 'per student the union of the session intervals on the day, each cut at sessionCapSeconds; summed',
    fields: ['TrendDay.timeSpentSeconds', 'TimelineDay.timeSpentSeconds', 'PlatformDay.timeSpentSeconds'],
  },
  {
    id: 'averageScoreOnDay',
    title: 'Mean score of a day',
    unit: 'percent',
    meaning: 'Mean score of the completed sessions of that local day. No value without a score.',
    formula: 'sum of scores ÷ completed sessions with a score',
    fields: ['TrendDay.averageScore', 'TimelineDay.score', 'PlatformDay.averageScore'],
  },
  {
    id: 'accuracyOnDay',
    title: 'Accuracy of a day',
    unit: 'percent',
    meaning: 'Share of the questions of that local day that were answered right. No value without questions.',
    formula: 'correct ÷ questions × 100 of the completed sessions',
    fields: ['TrendDay.accuracy', 'PlatformDay.accuracy'],
  },
  {
    id: 'questions',
    title: 'Questions',
    unit: 'count',
    meaning: 'Questions answered in completed sessions.',
    formula: 'sum of the questions of the completed sessions',
  },
  {
    id: 'correct',
    title: 'Correct answers',
    unit: 'count',
    meaning: 'Questions answered right in completed sessions.',
    formula: 'sum of the correct answers of the completed sessions',
  },
  {
    id: 'sessionScore',
    title: 'Score of a session',
    unit: 'percent',
    meaning: 'What one session was scored with. No value where nothing was scored.',
    formula: 'as sent with the session',
    fields: ['RecentSession.score'],
  },
  {
    id: 'sessionDuration',
    title: 'Length of a session',
    unit: 'seconds',
    meaning: 'How long one session took.',
    formula: 'as sent with the session',
    fields: ['RecentSession.durationSeconds'],
  },
  {
    id: 'interactions',
    title: 'Interactions',
    unit: 'count',
    meaning: 'Clicks or events inside a session, where only their number is known.',
    formula: 'as sent with the session',
  },
  {
    id: 'accepted',
    title: 'Sessions taken in',
    unit: 'count',
    meaning: 'Items of a batch that were new, or newer than what was known.',
    formula: 'items − duplicates − rejected',
  },
  {
    id: 'duplicates',
    title: 'Sessions known already',
    unit: 'count',
    meaning: 'Items of a batch that were known with the same or a newer `updatedAt`, and changed nothing.',
    formula: 'items with the result duplicate',
  },
];
