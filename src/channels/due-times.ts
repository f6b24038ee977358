import { addDays, localDay } from '../org/local-day.js';
import { localTime, zonedInstant } from '../reports/zoned-time.js';
import type { Digest } from './choices.js';

/** Minutes after midnight, as clocks show them; an end before the beginning lies on the next day. */
export interface QuietMinutes {
  readonly from: number;
  readonly to: number;
}

const minute = 60_000;
const dayMinutes = 1_440;
const digestMinutes = 8 * 60;

export function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5));
}

/** The next 08:00 of a day, or of a Monday, after an instant; where clocks skip it, the instant at which they do. */
export function nextDigest(timeZone: string, after: Date, digest: Exclude<Digest, 'immediately'>): Date {
  for (let day = localDay(timeZone, after); ; day = addDays(day, 1)) {
    if (digest === 'weekly' && new Date(`${day}T00:00:00Z`).getUTCDay() !== 1) continue;
    const at = localTime(timeZone, day, digestMinutes);
    if (at > after) return at;
  }
}

/** The first instant from `at` on that is in no quiet hours. */
export function afterQuiet(timeZone: string, quiet: QuietMinutes | null, at: Date): Date {
  if (!quiet || !isQuiet(quiet, clockOf(timeZone, at).minutes)) return at;
  const begin = new Date(Math.floor(at.getTime() / minute) * minute);
  const end = endOf(timeZone, quiet, begin);
  const { offset } = clockOf(timeZone, end);
  if (clockOf(timeZone, begin).offset === offset) return end;
  // clocks are put on or back meanwhile: they go on from what they show then
  const changed = firstWith(timeZone, offset, begin, end);
  return isQuiet(quiet, clockOf(timeZone, changed).minutes) ? endOf(timeZone, quiet, changed) : changed;
}

function isQuiet({ from, to }: QuietMinutes, minutes: number): boolean {
  return from < to ? from <= minutes && minutes < to : minutes >= from || minutes < to;
}

/** As long as clocks are left alone. */
function endOf(timeZone: string, { to }: QuietMinutes, within: Date): Date {
  const left = (to - clockOf(timeZone, within).minutes + dayMinutes) % dayMinutes;
  return new Date(within.getTime() + left * minute);
}

/** The first whole minute after `before` at which the zone has an offset that it has at `last`. */
function firstWith(timeZone: string, offset: string, before: Date, last: Date): Date {
  let [low, high] = [before.getTime(), last.getTime()];
  while (high - low > minute) {
    const middle = low + Math.floor((high - low) / 2 / minute) * minute;
    if (clockOf(timeZone, new Date(middle)).offset === offset) high = middle;
    else low = middle;
  }
  return new Date(high);
}

function clockOf(timeZone: string, at: Date): { readonly minutes: number; readonly offset: string } {
  const shown = zonedInstant(timeZone, at);
  return { minutes: minutesOf(shown.slice(11, 16)), offset: shown.slice(19) };
}
