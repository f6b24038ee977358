import fc from '../../test/property.js';
import { afterQuiet, nextDigest } from './due-times.js';

const minute = 60_000;
// clocks go on and back by an hour and by half of one, at midnight, in the north and in the south, and never
const zones = [
  'Europe/London', 'America/New_York', 'America/Santiago', 'Australia/Lord_Howe', 'Africa/Cairo', 'Asia/Kathmandu',
] as const; // prettier-ignore
const formats = new Map(
  zones.map((timeZone) => {
    const parts = { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
    return [timeZone as string, new Intl.DateTimeFormat('en-GB', { timeZone, ...parts })];
  }),
);
/** `Mon 08:00` */
const clock = (zone: string, at: number): string => formats.get(zone)!.format(at).replace(',', '');
const minutes = (zone: string, at: number): number => {
  const [hour, rest] = clock(zone, at).slice(4).split(':').map(Number);
  return hour! * 60 + rest!;
};

/** Days on which one of the zones changes its clocks in 2026, and any others. */
const days = ['2026-03-08', '2026-03-29', '2026-04-04', '2026-04-05', '2026-04-24', '2026-09-06', '2026-10-04', '2026-10-25',
  '2026-10-29', '2026-11-01', '2026-06-15'] as const; // prettier-ignore
const instants = fc
  .record({ day: fc.constantFrom(...days), minutes: fc.integer({ min: -1_440, max: 2_880 }), ms: fc.nat(59_999) })
  .map(({ day, minutes: count, ms }) => new Date(Date.parse(`${day}T00:00:00Z`) + count * minute + ms));
const time = fc.integer({ min: 0, max: 1_439 });

it('is quiet for as long as clocks say so, and no longer', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), instants, time, time, (zone, at, from, to) => {
      fc.pre(from !== to);
      const isQuiet = (instant: number): boolean => {
        const shown = minutes(zone, instant);
        return from < to ? from <= shown && shown < to : shown >= from || shown < to;
      };
      const found = afterQuiet(zone, { from, to }, at).getTime();
      let expected = at.getTime();
      if (isQuiet(expected)) expected -= expected % minute;
      while (isQuiet(expected)) expected += minute;
      expect(new Date(found)).toEqual(new Date(expected));
    }),
    { numRuns: 300 },
  );
});

it('gathers for the next eight o’clock, of a day or of a Monday', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), instants, fc.boolean(), (zone, after, isWeekly) => {
      const found = nextDigest(zone, after, isWeekly ? 'weekly' : 'daily').getTime();
      let expected = after.getTime() - (after.getTime() % minute) + minute;
      while (!(isWeekly ? clock(zone, expected) === 'Mon 08:00' : clock(zone, expected).endsWith(' 08:00'))) {
        expected += minute;
      }
      expect(new Date(found)).toEqual(new Date(expected));
    }),
    { numRuns: 60 },
  );
});

it('knows of clocks that are put on and back', () => {
  const night = { from: 22 * 60, to: 150 };
  const quiet = (zone: string, at: string): string => afterQuiet(zone, night, new Date(at)).toISOString();
  // 02:30 is skipped, so quiet ends at 03:00; and in November there is one hour more before it
  expect(quiet('America/New_York', '2026-03-08T06:30:00Z')).toBe('2026-03-08T07:00:00.000Z');
  expect(quiet('America/New_York', '2026-11-01T05:30:00Z')).toBe('2026-11-01T07:30:00.000Z');
  expect(quiet('Europe/London', '2026-06-15T21:00:00Z')).toBe('2026-06-16T01:30:00.000Z');
  expect(afterQuiet('Europe/London', null, new Date('2026-06-15T21:00:00Z')).toISOString()).toBe(
    '2026-06-15T21:00:00.000Z',
  );
});
