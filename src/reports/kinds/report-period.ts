import { mostDays, type Period } from '../../analytics/analytics-scope.js';
import { Day } from '../../http/fields.js';
import { Problem } from '../../http/problem.js';
import { validated } from '../../http/validation.pipe.js';
import { addDays } from '../../org/local-day.js';

const usualDays = 30;
/** Of more days a chart shows weeks. */
const mostDaysShown = 62;

class PeriodFields {
  @Day({ optional: true, description: 'First local day; 30 days up to `to` unless told' })
  readonly from?: string;

  @Day({ optional: true, description: 'Last local day, included; today unless told' })
  readonly to?: string;
}

/**
 * Takes `from` and `to` out of a filter: the period with nothing left out, and what else was given.
 * @throws Problem 400 with pointers below `/filter`
 */
export function periodMeant(
  { from: given, to: last, ...others }: Readonly<Record<string, unknown>>,
  today: string,
): [Period, Readonly<Record<string, unknown>>] {
  const asked = validated(
    PeriodFields,
    { ...(given !== undefined && { from: given }), ...(last !== undefined && { to: last }) },
    '/filter',
  );
  const to = asked.to ?? today;
  const from = asked.from ?? addDays(to, 1 - usualDays);
  const refuse = (name: string, detail: string): never => {
    throw Problem.invalid([{ pointer: `/filter/${name}`, code: 'value_invalid', detail }]);
  };
  if (to > today) refuse('to', 'must not lie after today');
  if (from > to) refuse('from', 'must not lie after the last day');
  if (addDays(from, mostDays) <= to) refuse('from', `must not lie more than ${mostDays - 1} days before the last day`);
  return [{ from, to }, others];
}

/** By what a chart over a period is divided; weeks begin on Mondays. */
export function stepOf({ from, to }: Period): 'day' | 'week' {
  return addDays(from, mostDaysShown) > to ? 'day' : 'week';
}

const label = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** Of a day on an axis: `1 Mar`. */
export function dayLabel(day: string): string {
  return label.format(new Date(`${day}T00:00:00Z`));
}
