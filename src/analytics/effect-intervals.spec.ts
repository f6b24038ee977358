import fc from '../../test/property.js';
import {
  differenceOfMeans,
  differenceOfSamples,
  differenceOfShares,
  meanOfDifferences,
  type Share,
} from './effect-intervals.js';

it.each([
  // R. G. Newcombe, 1998, table II, method 10: 56/70 − 48/80, 9/10 − 3/10, 10/10 − 0/10
  [56, 70, 48, 80, 0.0524, 0.3339],
  [9, 10, 3, 10, 0.1705, 0.809],
  [10, 10, 0, 10, 0.6075, 1],
])('holds %i of %i against %i of %i', (a, m, b, n, low, high) => {
  const found = differenceOfShares({ share: a / m, size: m }, { share: b / n, size: n });
  expect(found.difference).toBeCloseTo(a / m - b / n, 10);
  expect(found.low).toBeCloseTo(low, 4);
  expect(found.high).toBeCloseTo(high, 4);
});

it.each([
  // 10 students each, squares 4: 2.2622 (t, 9 degrees) × √(4 × 10 ÷ 9) = 4.7690
  [10, 4, 4.769],
  // 2.0930 (t, 19 degrees) × √(4 × 20 ÷ 19) = 4.2948
  [20, 4, 4.2948],
  [10, 0, 0],
])('holds a mean of %i students whose squares come to %f', (students, squares, half) => {
  const found = differenceOfMeans({ contacted: -11, others: -4, squares, students });
  expect(found.difference).toBe(-7);
  expect(found.low).toBeCloseTo(-7 - half, 2);
  expect(found.high).toBeCloseTo(-7 + half, 2);
});

it('holds the difference of two samples whose variances differ', () => {
  // 2.5 + 0.4 = 2.9; 2.9² ÷ (2.5² ÷ 9 + 0.4² ÷ 19) = 11.97 degrees, t = 2.1793 (12: 2.1788); × √2.9 = 3.711
  const { low, high } = differenceOfSamples({ n: 10, mean: 7, variance: 25 }, { n: 20, mean: 4, variance: 8 });
  expect(low).toBeCloseTo(3 - 3.711, 2);
  expect(high).toBeCloseTo(3 + 3.711, 2);
  const equal = { n: 10, mean: 7, variance: 0 };
  expect(differenceOfSamples(equal, { ...equal, mean: 4 })).toEqual({ low: 3, high: 3 });
});

it('holds the mean of what the same students differ by', () => {
  // t of 15 degrees = 2.13145; × √(9 ÷ 16) = 1.5986
  const { low, high } = meanOfDifferences({ n: 16, mean: 2, variance: 9 });
  expect(low).toBeCloseTo(0.4014, 3);
  expect(high).toBeCloseTo(3.5986, 3);
});

const share = fc.record({
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  size: fc.double({ min: 1, max: 1e6, noNaN: true }),
});
const change = fc.double({ min: -100, max: 100, noNaN: true });
const squares = fc.double({ min: 0, max: 1e4, noNaN: true });
const students = fc.integer({ min: 10, max: 100_000 });

it('holds the difference, is a number, and turns over with the sides (property)', () => {
  const turned = ({ low, high }: { low: number; high: number }): unknown => [
    expect.closeTo(-high),
    expect.closeTo(-low),
  ];
  fc.assert(
    fc.property(share, share, (ours, theirs) => {
      const { difference, low, high } = differenceOfShares(ours, theirs);
      expect(low).toBeGreaterThanOrEqual(-1 - 1e-9);
      expect(high).toBeLessThanOrEqual(1 + 1e-9);
      expect(low <= difference && difference <= high).toBe(true);
      const back = differenceOfShares(theirs, ours);
      expect([back.low, back.high]).toEqual(turned({ low, high }));
    }),
  );
  fc.assert(
    fc.property(change, change, squares, students, (contacted, others, squares, students) => {
      const { difference, low, high } = differenceOfMeans({ contacted, others, squares, students });
      expect(low <= difference && difference <= high).toBe(true);
      const back = differenceOfMeans({ contacted: others, others: contacted, squares, students });
      expect([back.low, back.high]).toEqual(turned({ low, high }));
    }),
  );
});

it('is wider with fewer students (property)', () => {
  const width = ({ low, high }: { low: number; high: number }): number => high - low;
  const fewer = ({ share, size }: Share): Share => ({ share, size: size / 2 });
  fc.assert(
    fc.property(share, share, (ours, theirs) => {
      expect(width(differenceOfShares(fewer(ours), theirs))).toBeGreaterThan(width(differenceOfShares(ours, theirs)));
    }),
  );
  fc.assert(
    fc.property(squares, students, (squares, students) => {
      const of = (students: number): number => width(differenceOfMeans({ contacted: 0, others: 0, squares, students }));
      expect(of(students)).toBeGreaterThanOrEqual(of(students * 2));
    }),
  );
});
