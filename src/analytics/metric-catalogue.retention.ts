import type { MetricDefinition } from './metric-definition.js';

/** Lines of the system log, and what runs of retention count. */
export const retentionMetrics: readonly MetricDefinition[] = [
  {
    id: 'systemLogDurationSeconds',
    title: 'Duration at a line of the log',
    unit: 'seconds',
    meaning: 'How long what the line is about had taken by then. No value where it has no duration.',
    formula: 'end − beginning',
    fields: ['SystemLogEntry.durationSeconds'],
  },
  {
    id: 'memoryBytes',
    title: 'Memory of the process',
    unit: 'bytes',
    meaning: 'What the process that wrote the line held in memory, up to a second before.',
    formula: 'resident set size',
    fields: ['SystemLogEntry.memoryBytes'],
  },
  {
    id: 'retainedRows',
    title: 'Rows past their time',
    unit: 'count',
    meaning: 'Rows of a category that a run of retention has deleted or, in a dry run, would delete.',
    formula: 'rows of days before keptFrom, without those that a hold keeps',
    fields: ['RetentionFigures.rows'],
  },
  {
    id: 'heldBackRows',
    title: 'Rows held back',
    unit: 'count',
    meaning: 'Rows past their time that a hold keeps. A row that several holds keep counts for each of them.',
    formula: 'rows of days before keptFrom that are of the hold’s category and person',
    fields: ['HeldBackRows.rows'],
  },
  {
    id: 'removedEntries',
    title: 'Audit entries removed',
    unit: 'count',
    meaning: 'Entries of the audit trail that retention has removed since the trail began.',
    formula: 'sum over all runs',
    fields: ['AuditRemoval.entries'],
  },
];
