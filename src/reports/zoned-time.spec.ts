import fc from '../../test/property.js';
import { localDay } from '../org/local-day.js';
import { localTime, zonedInstant } from './zoned-time.js';

it.each([
  ['Europe/London', '2026-03-01T09:30:00Z', '2026-03-01T09:30:00+00:00'],
  ['Europe/London', '2026-07-01T09:30:00.987654Z', '2026-07-01T10:30:00+01:00'],
  ['America/St_Johns', '2026-01-01T00:00:00Z', '2025-12-31T20:30:00-03:30'],
  ['Asia/Kathmandu', '2026-01-01T18:15:00Z', '2026-01-02T00:00:00+05:45'],
  ['UTC', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00+00:00'],
])('in %s %s is %s', (timeZone, instant, zoned) => {
  expect(zonedInstant(timeZone, instant)).toBe(zoned);
});

it.each([
  // 02:30 does not exist: clocks go from 02:00 CET to 03:00 CEST at 01:00 UTC
  ['Europe/Berlin', '2026-03-29', 150, '2026-03-29T01:00:00.000Z'],
  // 02:30 comes twice: the first is in summer time
  ['Europe/Berlin', '2026-10-25', 150, '2026-10-25T00:30:00.000Z'],
  ['Europe/Berlin', '2026-10-25', 360, '2026-10-25T05:00:00.000Z'],
  ['Europe/London', '2026-07-01', 0, '2026-06-30T23:00:00.000Z'],
  // midnight itself does not exist there
  ['Africa/Cairo', '2026-04-24', 0, '2026-04-23T22:00:00.000Z'],
  ['Africa/Cairo', '2026-04-24', 30, '2026-04-23T22:00:00.000Z'],
])('in %s on %s, minute %i is %s', (timeZone, day, minutes, instant) => {
  expect(localTime(timeZone, day, minutes).toISOString()).toBe(instant);
});

it('lies on its day, and is the same instant however it is written (property)', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('Europe/London', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia'),
      fc.integer({ min: 0, max: 1_500 }),
      fc.integer({ min: 0, max: 1_439 }),
      (timeZone, days, minutes) => {
        const day = new Date(Date.parse('2024-01-01') + days * 86_400_000).toISOString().slice(0, 10);
        const instant = localTime(timeZone, day, minutes);
        expect(localDay(timeZone, instant)).toBe(day);
        expect(new Date(zonedInstant(timeZone, instant))).toEqual(instant);
        expect(
          zonedInstant(timeZone, instant).slice(11, 16) >= new Date(minutes * 60_000).toISOString().slice(11, 16),
        ).toBe(true);
      },
    ),
    { numRuns: 60 },
  );
});
