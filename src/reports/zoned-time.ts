import { addDays, startOfDay } from '../org/local-day.js';

const clocks = new Map<string, Intl.DateTimeFormat>();

/** What a clock in an IANA time zone shows, `YYYY-MM-DDTHH:MM:SS`. */
function shown(timeZone: string, instant: Date): string {
  let clock = clocks.get(timeZone);
  if (!clock) {
    // the one locale whose dates are ISO 8601; h23, or midnight is 24:00
    const parts = { dateStyle: 'short', timeStyle: 'medium', hourCycle: 'h23' } as const;
    clocks.set(timeZone, (clock = new Intl.DateTimeFormat('en-CA', { timeZone, ...parts })));
  }
  return clock.format(instant).replace(', ', 'T');
}

/** ISO 8601 to the second with the offset of the zone at that instant, `2026-03-01T09:30:00+00:00`. */
export function zonedInstant(timeZone: string, instant: string | Date): string {
  const at = new Date(instant);
  const local = shown(timeZone, at);
  // zones had offsets with seconds once: they are left off, as ISO 8601 has none
  const minutes = Math.round((Date.parse(`${local}Z`) - Math.floor(at.getTime() / 1_000) * 1_000) / 60_000);
  const two = (count: number): string => String(count).padStart(2, '0');
  const offset = Math.abs(minutes);
  return `${local}${minutes < 0 ? '-' : '+'}${two(Math.floor(offset / 60))}:${two(offset % 60)}`;
}

/**
 * The first instant of a local day at which clocks have reached a time: of a time that is repeated the first one, and of
 * one that is skipped the instant at which clocks are put forward.
 * @param minutes after midnight, as a clock shows them
 */
export function localTime(timeZone: string, day: string, minutes: number): Date {
  const minute = 60_000;
  const wanted = `${day}T${new Date(minutes * minute).toISOString().slice(11, 19)}`;
  const end = startOfDay(timeZone, addDays(day, 1)).getTime();
  // clocks are put back at most once within a day, and what they show rises on either side of that
  for (let at = startOfDay(timeZone, day).getTime(); at < end; at += minute) {
    if (shown(timeZone, new Date(at)) >= wanted) return new Date(at);
  }
  return new Date(end);
}
