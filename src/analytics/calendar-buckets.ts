import { addDays } from '../org/local-day.js';
import { type Period, refuse } from './analytics-scope.js';

export const granularities = ['day', 'week', 'month', 'quarter'] as const;
export type Granularity = (typeof granularities)[number];

/** More can neither be drawn nor read. */
export const mostPoints = 400;

/**
 * A period in whole local days, cut at the days on which weeks (ISO 8601: Mondays), months or quarters begin; the first
 * and the last part may be shorter than the others.
 * @throws Problem 400 where there would be more than `mostPoints`
 */
export function bucketsOf({ from, to }: Period, groupBy: Granularity): Period[] {
  const buckets: Period[] = [];
  for (let first = from; first <= to;) {
    const next = startAfter(first, groupBy);
    buckets.push({ from: first, to: next > to ? to : addDays(next, -1) });
    first = next;
  }
  if (buckets.length > mostPoints) {
    const coarser = granularities[granularities.indexOf(groupBy) + 1]!;
    const detail = `${groupBy} would give ${buckets.length} points, and ${mostPoints} are the most: ask for ${coarser}`;
    refuse('groupBy', detail);
  }
  return buckets;
}

/** The day on which the next day, week, month or quarter begins. */
function startAfter(day: string, groupBy: Granularity): string {
  if (groupBy === 'day') return addDays(day, 1);
  const date = new Date(`${day}T00:00:00Z`);
  if (groupBy === 'week') return addDays(day, 7 - ((date.getUTCDay() + 6) % 7));
  const month = date.getUTCMonth();
  const next = groupBy === 'month' ? month + 1 : month - (month % 3) + 3;
  return new Date(Date.UTC(date.getUTCFullYear(), next, 1)).toISOString().slice(0, 10);
}
