import { sumsOfModules } from './metric-catalogue.modules.js';
import type { MetricDefinition } from './metric-definition.js';

/** What students did in a period: together, by department, by hour of the week, compared, and by when they joined. */
export const analyticsMetrics: readonly MetricDefinition[] = [
  {
    id: 'sessions',
    title: 'Sessions',
    unit: 'count',
    meaning:
      'Sessions, whatever became of them, of what the number stands beside: a local day, a part of the period, a ' +
      'department, a module.',
    formula: 'sessions of every status whose local day is in the period',
    fields: [
      'PerformancePoint.sessions',
      'DepartmentFigures.sessions',
      'PlatformDay.sessions',
      ...sumsOfModules('sessions'),
    ],
  },
  {
    id: 'sessionsScored',
    title: 'Sessions with a score',
    unit: 'count',
    meaning: 'Completed sessions that have a score, which the mean score beside it is of.',
    formula: 'sessions with status completed and a score',
  },
  {
    id: 'averageSessionScore',
    title: 'Mean score of sessions',
    unit: 'percent',
    meaning:
      'Mean score of the completed sessions of a period, a department or a module, each session counting once. No ' +
      'value without a score.',
    formula: 'sum of scores ÷ completed sessions with a score',
    fields: ['PerformancePoint.averageScore', 'DepartmentFigures.averageScore', ...sumsOfModules('averageScore')],
  },
  {
    id: 'accuracy',
    title: 'Accuracy',
    unit: 'percent',
    meaning:
      'Share of the questions of completed sessions that were answered right: of a period, a department, a module, ' +
      'or of all that a student has done. No value without questions, and of modules for who may not see students.',
    formula: 'correct ÷ questions × 100 of the completed sessions',
    fields: [
      'PerformancePoint.accuracy',
      'DepartmentFigures.accuracy',
      'LearningSummary.accuracy',
      ...sumsOfModules('accuracy'),
    ],
  },
  {
    id: 'activeInPeriod',
    title: 'Students active in a period',
    unit: 'count',
    meaning:
      'Different students with a completed session in the period, on a day on which they were of what is asked ' +
      'about. Of one module those with any session of it. No value where it cannot be told: of one module, and for ' +
      'who may not see students, of more than one day; by department for who may not see students.',
    formula: 'different students with a completed session (of one module: a session of any status) in the period',
    fields: ['PerformancePoint.activeStudents', 'DepartmentFigures.activeStudents'],
  },
  {
    id: 'timeSpentInPeriod',
    title: 'Time spent in a period',
    unit: 'seconds',
    meaning:
      'Time practised in the period by those who were of what is asked about; of an instructor in the last 30 local ' +
      'days. Two sessions of a student at once do not count twice, but of one module, where lengths are added up.',
    formula:
      'sum of timeSpentOnDay over the days; of one module the sum of the known lengths of its completed sessions',
    fields: [
      'PerformancePoint.timeSpentSeconds',
      'DepartmentFigures.timeSpentSeconds',
      'InstructorFigures.timeSpentSeconds',
    ],
  },
  {
    id: 'meanSessionSeconds',
    title: 'Mean time of a session',
    unit: 'seconds',
    meaning: 'How much time was spent for each session. No value without sessions, or of one module without a length.',
    formula: 'timeSpentInPeriod ÷ sessions; of one module ÷ completed sessions whose length is known',
  },
  {
    id: 'pendingDays',
    title: 'Days to be added up',
    unit: 'days',
    meaning:
      'Local days whose sums do not hold everything yet, for anybody that was asked about: of the period, and of those ' +
      'before it where a figure reaches back. 0 where what is answered is not read from such sums.',
    formula: 'different local days with a mark that something has changed',
  },
  {
    id: 'departmentStudentsAsOf',
    title: 'Students of a department on a day',
    unit: 'count',
    meaning:
      'Students of the department, in `total` also of those below it, at the end of the day that it is asked as of. ' +
      'No value for who may not see students.',
    formula: 'students on the roster at the end of the day, joined by then, and not deactivated since',
    fields: ['DepartmentFigures.students'],
  },
  {
    id: 'weekday',
    title: 'Day of the week',
    unit: 'number',
    meaning: 'Which day of the week the sessions of a cell are of: 1 is Monday, 7 is Sunday.',
    formula: 'ISO 8601 day of the week of the local day',
  },
  {
    id: 'hour',
    title: 'Hour of the day',
    unit: 'number',
    meaning: 'In which hour of the local day the sessions of a cell began, 0 to 23: 0 is the one from midnight on.',
    formula: 'hour of the time of beginning in the tenant’s zone',
  },
  {
    id: 'sessionsInHour',
    title: 'Sessions of an hour of the week',
    unit: 'count',
    meaning:
      'Sessions that began in this hour of this day of the week, whatever became of them. One from before midnight ' +
      'counts in the first hour of the day that it ended on.',
    formula: 'sessions of the period by the hour they began in, else were completed in; none without a time of day',
    fields: ['HeatmapCell.sessions'],
  },
  {
    id: 'studentDays',
    title: 'Days of students in an hour of the week',
    unit: 'count',
    meaning: 'Students with a session that began in this hour, counted anew on each day: not different students.',
    formula: 'sum over the days of the different students with a session that began in the hour',
  },
  {
    id: 'sessionsWithoutTime',
    title: 'Sessions without a time of day',
    unit: 'count',
    meaning: 'Sessions of the period of which only the day is known, and which are in no hour.',
    formula: 'sessions of the period − the sum of sessionsInHour',
  },
  {
    id: 'comparedStudents',
    title: 'Students of a side',
    unit: 'count',
    meaning:
      'Students who were of this side of a comparison on any day of its period, whether they did anything or not.',
    formula: 'students with a day of the period there, joined by its end, and not deactivated since',
    fields: ['ComparedSide.students'],
  },
  {
    id: 'comparedMean',
    title: 'Mean of a side',
    unit: 'number',
    meaning:
      'Mean of a figure over the students of one side of a comparison, each counting once, in the unit of the ' +
      'figure: per cent, sessions or seconds. Of two periods over those who have a value in both.',
    formula: 'sum of the students’ values ÷ students with a value; of activeShare 100 with a completed session, else 0',
    fields: ['ComparedFigure.one', 'ComparedFigure.other'],
  },
  {
    id: 'comparedDifference',
    title: 'Difference of two sides',
    unit: 'number',
    meaning: 'By how much the one side of a comparison is above the other, in the unit of the figure.',
    formula: 'comparedMean of the one − that of the other',
    fields: ['ComparedFigure.difference'],
  },
  {
    id: 'comparedInterval',
    title: 'Interval of a difference of sides',
    unit: 'number',
    meaning: 'Between these the difference lies with 95 % confidence.',
    formula:
      'two periods: Student’s t of the differences of each student; two departments: Welch’s t, of activeShare ' +
      'Newcombe’s interval of two shares',
    fields: ['ComparedFigure.low', 'ComparedFigure.high'],
  },
  {
    id: 'comparedWithValue',
    title: 'Students of a compared figure',
    unit: 'count',
    meaning:
      'Students of a side who have a value, at least 10; of two periods those who have one in both, the same number ' +
      'for both.',
    formula: 'students with a score or with questions; of sessions, time and activeShare all who were there',
    fields: ['ComparedFigure.students', 'ComparedFigure.otherStudents'],
  },
  {
    id: 'cohortSize',
    title: 'Students of a week of joining',
    unit: 'count',
    meaning: 'Students who joined in that ISO week and are on the roster that is asked about.',
    formula:
      'students on the roster at the end of the day it is asked as of, joined in the week, not deactivated since',
    fields: ['Cohort.students'],
  },
  {
    id: 'cohortWeek',
    title: 'Weeks since joining',
    unit: 'number',
    meaning: 'Which week of a cohort it is: 0 is the one of joining.',
    formula: 'ISO weeks after the week of joining',
    fields: ['CohortWeek.number'],
  },
  {
    id: 'cohortActive',
    title: 'Active students of a cohort',
    unit: 'count',
    meaning: 'Students of a cohort with a completed session in the ISO week; in the last up to the day asked as of.',
    formula: 'cohortSize with a completed session on a local day of the week',
    fields: ['CohortWeek.activeStudents'],
  },
  {
    id: 'activeRate',
    title: 'Active share of a cohort',
    unit: 'percent',
    meaning: 'Share of a cohort that was active in the ISO week. No value of a week in which nobody joined.',
    formula: 'cohortActive ÷ cohortSize × 100',
  },
  {
    id: 'activeInWeek',
    title: 'Students active in a week',
    unit: 'count',
    meaning:
      'Students on the roster with a completed session in the ISO week, whenever they joined and wherever they were ' +
      'then; in the last week up to the day asked as of.',
    formula: 'students on the roster at the end of the day it is asked as of, with a completed session in the week',
    fields: ['RetentionWeek.activeStudents'],
  },
  {
    id: 'activeBefore',
    title: 'Students active the week before',
    unit: 'count',
    meaning: 'Students of the same roster with a completed session in the ISO week before.',
    formula: 'activeInWeek of the week before',
  },
  {
    id: 'activeInBoth',
    title: 'Students active in both weeks',
    unit: 'count',
    meaning: 'Students of the same roster with a completed session in the ISO week and in the one before.',
    formula: 'activeBefore with a completed session in the week, too',
  },
  {
    id: 'retention',
    title: 'Retention',
    unit: 'percent',
    meaning: 'Share of the students active in one ISO week who are active in the next. No value where none were.',
    formula: 'activeInBoth ÷ activeBefore × 100',
  },
];
