import type { MetricDefinition } from './metric-definition.js';

/** How far the file of a report is. */
export const reportMetrics: readonly MetricDefinition[] = [
  {
    id: 'reportProgress',
    title: 'Progress of a report',
    unit: 'percent',
    meaning: 'How much of the file is written. 100 only once it is whole.',
    formula: 'rows stored ÷ rows expected, perhaps an estimate, × 100, rounded down, at most 99 before the last part',
    fields: ['ReportResponse.progress', 'ReportEvent.progress'],
  },
  {
    id: 'reportRows',
    title: 'Rows of a report',
    unit: 'count',
    meaning: 'Rows of the file that are written, without the heading.',
    formula: 'rows up to the last part stored',
    fields: ['ReportResponse.rows'],
  },
  {
    id: 'accessRows',
    title: 'Rows of an access request',
    unit: 'count',
    meaning: 'Rows that are written of what is kept about the person.',
    formula: 'rows up to the last part stored',
    fields: ['AccessRequestResponse.rows'],
  },
  {
    id: 'reportBytes',
    title: 'Size of a report',
    unit: 'bytes',
    meaning: 'How long the file is that is written so far, as it is downloaded.',
    formula: 'sum of the bytes of its parts, before they are compressed to be stored',
    fields: ['ReportResponse.bytes'],
  },
  {
    id: 'reportAttempts',
    title: 'Attempts of a report',
    unit: 'count',
    meaning: 'How often a worker began to write the file, or to go on with it.',
    formula: 'tries begun',
    fields: ['ReportResponse.attempts'],
  },
  {
    id: 'dayOfMonth',
    title: 'Day of the month',
    unit: 'number',
    meaning: 'On which day of each month a scheduled report is made, 1 to 28. No value where it is made more often.',
    formula: 'as it was asked for',
    fields: ['ReportScheduleResponse.monthDay'],
  },
];
