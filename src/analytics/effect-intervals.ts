import { type Interval, wilsonInterval, z } from '../assignments/intervals.js';

/** What became of some and of others, how far apart that is, and the 95 % interval of how far; in one unit. */
export interface Difference {
  readonly contacted: number;
  readonly others: number;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}

export interface Means {
  readonly contacted: number;
  readonly others: number;
  /** Sum over students of the square of what each adds to the difference, beyond what was to be expected. */
  readonly squares: number;
  /** Different students of the smaller side; at least 2. */
  readonly students: number;
}

/** A mean of what is 0 or 1, and of how many independent students it would be as uncertain as it is. */
export interface Share {
  readonly share: number;
  readonly size: number;
}

/**
 * 95 % interval of a difference of means by its linearised variance, with the student as the cluster: whoever was
 * contacted twice, or is compared in several weeks, counts once (D. A. Binder, "On the variances of asymptotically
 * normal estimators from complex surveys", 1983). Student's t with the degrees of freedom of the smaller side, which is
 * rather too wide than too narrow (D. S. Moore, G. P. McCabe and B. A. Craig, Introduction to the Practice of Statistics).
 */
export function differenceOfMeans({ contacted, others, squares, students }: Means): Difference {
  const difference = contacted - others;
  const half = studentsT(students - 1) * Math.sqrt((squares * students) / (students - 1));
  return { contacted, others, difference, low: difference - half, high: difference + half };
}

/**
 * 95 % interval of a difference of shares from the Wilson intervals of both (R. G. Newcombe, "Interval estimation for
 * the difference between independent proportions", 1998, method 10). It needs no variance, which nobody has where all
 * did or none.
 */
export function differenceOfShares(contacted: Share, others: Share): Difference {
  const difference = contacted.share - others.share;
  const [ours, theirs] = [contacted, others].map(({ share, size }) => wilsonInterval(share, size)) as [
    Interval,
    Interval,
  ];
  return {
    contacted: contacted.share,
    others: others.share,
    difference,
    low: difference - Math.hypot(contacted.share - ours.low, theirs.high - others.share),
    high: difference + Math.hypot(ours.high - contacted.share, others.share - theirs.low),
  };
}

/** Of values of students, each independent of the others. */
export interface Sample {
  readonly n: number;
  readonly mean: number;
  /** With n − 1. */
  readonly variance: number;
}

/**
 * 95 % interval of the difference of two means whose variances need not be equal (B. L. Welch, "The generalization of
 * 'Student's' problem when several different population variances are involved", 1947; degrees of freedom of F. E.
 * Satterthwaite, 1946).
 * @param one of 10 students at least, as the other: so are the degrees of freedom 9 at least
 */
export function differenceOfSamples(one: Sample, other: Sample): Interval {
  const [ours, theirs] = [one.variance / one.n, other.variance / other.n];
  const square = ours + theirs;
  const difference = one.mean - other.mean;
  if (square === 0) return { low: difference, high: difference };
  const degrees = square ** 2 / (ours ** 2 / (one.n - 1) + theirs ** 2 / (other.n - 1));
  const half = studentsT(degrees) * Math.sqrt(square);
  return { low: difference - half, high: difference + half };
}

/**
 * 95 % interval of a mean by Student's t: of differences of the same students, that of a paired comparison ("Student",
 * "The probable error of a mean", 1908).
 * @param differences of 10 students at least
 */
export function meanOfDifferences({ n, mean, variance }: Sample): Interval {
  const half = studentsT(n - 1) * Math.sqrt(variance / n);
  return { low: mean - half, high: mean + half };
}

/** M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 26.7.5: from 9 degrees on right to 0.0003. */
function studentsT(degrees: number): number {
  return (
    z +
    (z ** 3 + z) / (4 * degrees) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * degrees ** 3)
  );
}
