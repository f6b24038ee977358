import fc from '../../test/property.js';
import { localDay } from '../org/local-day.js';
import { nextRun, periodBefore, type Recurrence } from './schedule-times.js';

const daily = (atMinute: number): Recurrence => ({ every: 'day', atMinute, weekday: null, monthDay: null });
const runs = (timeZone: string, recurrence: Recurrence, after: string, count: number): string[] => {
  const list: Date[] = [];
  for (let at = new Date(after); list.length < count; list.push(at)) at = nextRun(timeZone, recurrence, at);
  return list.map((at) => at.toISOString());
};

it('runs once on a day with 23 hours, when its time is skipped', () => {
  expect(runs('Europe/Berlin', daily(150), '2026-03-27T12:00:00Z', 3)).toEqual([
    '2026-03-28T01:30:00.000Z',
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ]);
});

it('runs once on a day with 25 hours, when its time comes twice', () => {
  expect(runs('Europe/Berlin', daily(150), '2026-10-24T12:00:00Z', 3)).toEqual([
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
    '2026-10-27T01:30:00.000Z',
  ]);
});

it('knows weeks and months', () => {
  const monday: Recurrence = { every: 'week', atMinute: 7 * 60, weekday: 1, monthDay: null };
  expect(runs('Europe/London', monday, '2026-03-23T07:00:00Z', 2)).toEqual([
    '2026-03-30T06:00:00.000Z',
    '2026-04-06T06:00:00.000Z',
  ]);
  const monthly: Recurrence = { every: 'month', atMinute: 0, weekday: null, monthDay: 28 };
  expect(runs('UTC', monthly, '2026-01-28T00:00:00Z', 2)).toEqual([
    '2026-02-28T00:00:00.000Z',
    '2026-03-28T00:00:00.000Z',
  ]);
});

it('is one run for each local day, whatever clocks do (property)', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('Europe/London', 'America/Santiago', 'Australia/Lord_Howe', 'Africa/Cairo'),
      fc.integer({ min: 0, max: 1_439 }),
      fc.integer({ min: 0, max: 700 }),
      (timeZone, minute, days) => {
        const after = new Date(Date.parse('2025-01-01T13:17:00Z') + days * 86_400_000).toISOString();
        const on = runs(timeZone, daily(minute), after, 9).map((at) => localDay(timeZone, new Date(at)));
        const first = Date.parse(on[0]!);
        expect(on).toEqual(on.map((_, index) => new Date(first + index * 86_400_000).toISOString().slice(0, 10)));
      },
    ),
    { numRuns: 40 },
  );
});

it.each([
  ['lastDay', '2026-03-01', '2026-02-28', '2026-02-28'],
  ['lastWeek', '2026-03-02', '2026-02-23', '2026-03-01'],
  ['lastWeek', '2026-03-01', '2026-02-16', '2026-02-22'],
  ['lastMonth', '2026-03-01', '2026-02-01', '2026-02-28'],
  ['lastMonth', '2026-01-31', '2025-12-01', '2025-12-31'],
] as const)('%s before %s is from %s to %s', (period, today, from, to) => {
  expect(periodBefore(period, today)).toEqual({ from, to });
});
