import type { Period } from '../analytics/analytics-scope.js';
import { addDays, localDay } from '../org/local-day.js';
import { localTime } from './zoned-time.js';

export const recurrences = ['day', 'week', 'month'] as const;
export const relativePeriods = ['lastDay', 'lastWeek', 'lastMonth'] as const;
export type RelativePeriod = (typeof relativePeriods)[number];

export interface Recurrence {
  readonly every: (typeof recurrences)[number];
  /** After local midnight, as a clock shows it. */
  readonly atMinute: number;
  /** Of every week: 1 is Monday; null otherwise. */
  readonly weekday: number | null;
  /** Of every month, up to 28, which all months have; null otherwise. */
  readonly monthDay: number | null;
}

/** The first run after an instant: one for each day it is meant for, however clocks are changed on it. */
export function nextRun(timeZone: string, recurrence: Recurrence, after: Date): Date {
  for (let day = localDay(timeZone, after); ; day = addDays(day, 1)) {
    if (!isMeant(recurrence, day)) continue;
    const at = localTime(timeZone, day, recurrence.atMinute);
    if (at > after) return at;
  }
}

function isMeant({ every, weekday, monthDay }: Recurrence, day: string): boolean {
  if (every === 'week') return weekdayOf(day) === weekday;
  return every === 'day' || Number(day.slice(8)) === monthDay;
}

/** Whole local days before today: yesterday, the last Monday to Sunday, the last calendar month. */
export function periodBefore(period: RelativePeriod, today: string): Period {
  const yesterday = addDays(today, -1);
  if (period === 'lastDay') return { from: yesterday, to: yesterday };
  if (period === 'lastWeek') {
    const to = addDays(today, -weekdayOf(today));
    return { from: addDays(to, -6), to };
  }
  const to = addDays(today, -Number(today.slice(8)));
  return { from: `${to.slice(0, 8)}01`, to };
}

/** 1: Monday. */
function weekdayOf(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay() || 7;
}
