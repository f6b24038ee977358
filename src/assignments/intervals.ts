/** Both ends belong to it. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Of the standard normal distribution, for 95 %. */
export const z = 1.959963984540054;

/**
 * 95 % interval of a proportion (E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
 * 1927). Of the mean of scores from 0 to 1 it is at least as wide as it should be: none of them varies more than those
 * that are 0 or 1 alone.
 * @param share from 0 to 1
 */
export function wilsonInterval(share: number, n: number): Interval {
  const middle = share + z ** 2 / (2 * n);
  const half = z * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  const scale = 1 + z ** 2 / n;
  return { low: Math.max(0, (middle - half) / scale), high: Math.min(1, (middle + half) / scale) };
}

/**
 * 95 % interval of a correlation by its z-transform (R. A. Fisher, "On the probable error of a coefficient of
 * correlation deduced from a small sample", 1921).
 * @param n more than 3
 */
export function fisherInterval(correlation: number, n: number): Interval {
  const half = z / Math.sqrt(n - 3);
  const middle = Math.atanh(correlation);
  return { low: Math.tanh(middle - half), high: Math.tanh(middle + half) };
}
