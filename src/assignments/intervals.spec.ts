import { fisherInterval, wilsonInterval } from './intervals.js';

it.each([
  // (0.5 + 3.8415 ÷ 20 ± 1.96 √(0.25 ÷ 10 + 3.8415 ÷ 400)) ÷ 1.38415
  [0.5, 10, 0.2366, 0.7634],
  [0, 10, 0, 0.2775],
  [1, 10, 0.7225, 1],
  // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I: 81 of 263
  [81 / 263, 263, 0.2553, 0.3662],
])('holds a proportion of %f in %i', (share, n, low, high) => {
  const interval = wilsonInterval(share, n);
  expect(interval.low).toBeCloseTo(low, 4);
  expect(interval.high).toBeCloseTo(high, 4);
});

it.each([
  // atanh 0.6 = 0.6931; 1.96 ÷ √7 = 0.7408; tanh −0.0477 and tanh 1.4339
  [0.6, 10, -0.0476, 0.8925],
  [0, 28, -0.3731, 0.3731],
  [1, 10, 1, 1],
  [-1, 10, -1, -1],
])('holds a correlation of %f in %i', (correlation, n, low, high) => {
  const interval = fisherInterval(correlation, n);
  expect(interval.low).toBeCloseTo(low, 4);
  expect(interval.high).toBeCloseTo(high, 4);
});
