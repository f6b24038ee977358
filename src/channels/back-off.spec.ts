import fc from '../../test/property.js';
import { backOffSeconds, pauseSeconds } from './back-off.js';

it('waits twice as long each time, up to two hours, by chance more or less', () => {
  expect([1, 2, 3, 7, 8, 1_000].map((attempts) => backOffSeconds(attempts, 0.5))).toEqual([
    60, 120, 240, 3_840, 7_200, 7_200,
  ]);
  const attempts = fc.integer({ min: 1, max: 2_000 });
  const chance = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(attempts, chance, fc.nat(1e9), (count, random, asked) => {
      const seconds = backOffSeconds(count, random, asked);
      expect(seconds).toBeGreaterThanOrEqual(Math.max(45, Math.min(asked, 7_200)));
      expect(seconds).toBeLessThanOrEqual(9_000);
    }),
  );
});

it('leaves a channel alone for half an hour at most', () => {
  expect([1, 2, 5, 6, 99].map(pauseSeconds)).toEqual([60, 120, 960, 1_800, 1_800]);
});
