import type { AnswerFields, ShownField } from '../http/openapi-numbers.js';
import { activityMetrics } from './metric-catalogue.activity.js';
import { analyticsMetrics } from './metric-catalogue.analytics.js';
import { interfaceMetrics } from './metric-catalogue.interface.js';
import { interventionMetrics } from './metric-catalogue.interventions.js';
import { channelMetrics } from './metric-catalogue.channels.js';
import { messageMetrics } from './metric-catalogue.messages.js';
import { moduleMetrics } from './metric-catalogue.modules.js';
import { notificationMetrics } from './metric-catalogue.notifications.js';
import { organisationMetrics } from './metric-catalogue.organisation.js';
import { reportMetrics } from './metric-catalogue.reports.js';
import { retentionMetrics } from './metric-catalogue.retention.js';
import { riskMetrics } from './metric-catalogue.risk.js';
import { studentMetrics } from './metric-catalogue.students.js';
import { viewMetrics } from './metric-catalogue.views.js';
import { workMetrics } from './metric-catalogue.work.js';
import type { MetricDefinition } from './metric-definition.js';

export const metricDefinitions: readonly MetricDefinition[] = [
  ...studentMetrics,
  ...activityMetrics,
  ...analyticsMetrics,
  ...moduleMetrics,
  ...viewMetrics,
  ...workMetrics,
  ...riskMetrics,
  ...retentionMetrics,
  ...interventionMetrics,
  ...organisationMetrics,
  ...reportMetrics,
  ...notificationMetrics,
  ...messageMetrics,
  ...channelMetrics,
  ...interfaceMetrics,
];

export interface ShownMetric extends Required<Omit<MetricDefinition, 'fields'>> {
  readonly shownIn: readonly ShownField[];
}

export interface MetricCatalogue {
  readonly metrics: readonly ShownMetric[];
  /** Why the catalogue is not whole, one line each; none where each number has one entry and each entry a number. */
  readonly faults: readonly string[];
}

/** Every definition with where it is shown, in the order of their ids. */
export function catalogueOf(
  definitions: readonly MetricDefinition[],
  { numbers }: Pick<AnswerFields, 'numbers'>,
): MetricCatalogue {
  const faults: string[] = [];
  const owners = new Map<string, MetricDefinition>();
  for (const definition of definitions) {
    for (const field of definition.fields ?? [definition.id]) {
      const other = owners.get(field);
      if (other) faults.push(`${field} is of two entries, ${other.id} and ${definition.id}`);
      owners.set(field, definition);
    }
  }
  const shownIn = new Map<MetricDefinition, ShownField[]>(definitions.map((definition) => [definition, []]));
  const used = new Set<string>();
  for (const shown of numbers) {
    const found = [`${shown.schema}.${shown.field}`, shown.field.split('.').at(-1)!].filter((name) => owners.has(name));
    for (const name of found) used.add(name);
    if (found.length === 0) faults.push(`${shown.schema}.${shown.field} has no entry`);
    else if (found.length === 2) faults.push(`${found[0]} has an entry, and ${found[1]} has one for all answers`);
    else shownIn.get(owners.get(found[0]!)!)!.push(shown);
  }
  for (const [field, { id }] of owners) if (!used.has(field)) faults.push(`${field} of ${id} is in no answer`);
  const ids = definitions.map(({ id }) => id);
  for (const id of new Set(ids.filter((id, index) => ids.indexOf(id) !== index))) faults.push(`two entries are ${id}`);
  return {
    metrics: definitions
      .map(({ fields: _, version = 1, ...definition }, index) => ({
        ...definition,
        version,
        shownIn: shownIn.get(definitions[index]!)!,
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
    faults,
  };
}
