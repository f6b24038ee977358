import fc from '../../test/property.js';
import { addDays } from '../org/local-day.js';
import { bucketsOf, granularities } from './calendar-buckets.js';

it('cuts at the days on which weeks, months and quarters begin', () => {
  const period = { from: '2025-12-31', to: '2026-04-02' };
  expect(bucketsOf({ from: '2025-12-31', to: '2026-01-12' }, 'week')).toEqual([
    { from: '2025-12-31', to: '2026-01-04' },
    { from: '2026-01-05', to: '2026-01-11' },
    { from: '2026-01-12', to: '2026-01-12' },
  ]);
  expect(bucketsOf(period, 'month').map(({ from }) => from)).toEqual([
    '2025-12-31', '2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01',
  ]); // prettier-ignore
  expect(bucketsOf(period, 'quarter')).toEqual([
    { from: '2025-12-31', to: '2025-12-31' },
    { from: '2026-01-01', to: '2026-03-31' },
    { from: '2026-04-01', to: '2026-04-02' },
  ]);
});

it('divides the period, whatever it is cut by (property)', () => {
  const start = fc.integer({ min: 0, max: 20_000 }).map((days) => addDays('1990-01-01', days));
  fc.assert(
    fc.property(start, fc.integer({ min: 0, max: 399 }), fc.constantFrom(...granularities), (from, days, groupBy) => {
      const to = addDays(from, days);
      const buckets = bucketsOf({ from, to }, groupBy);
      expect(buckets[0]!.from).toBe(from);
      expect(buckets.at(-1)!.to).toBe(to);
      buckets.forEach((bucket, index) => {
        expect(bucket.from <= bucket.to).toBe(true);
        if (index > 0) expect(bucket.from).toBe(addDays(buckets[index - 1]!.to, 1));
      });
    }),
  );
});

it('says what to ask for where there would be too many', () => {
  let refusal: unknown;
  try {
    bucketsOf({ from: '2025-01-01', to: '2026-02-05' }, 'day');
  } catch (error) {
    refusal = error;
  }
  const detail = 'day would give 401 points, and 400 are the most: ask for week';
  expect(refusal).toMatchObject({ errors: [{ pointer: '/query/groupBy', code: 'value_invalid', detail }] });
  expect(bucketsOf({ from: '2025-01-01', to: '2026-02-04' }, 'day')).toHaveLength(400);
});
