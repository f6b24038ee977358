import { bandOf, bandRanges, type RiskBand } from '../students/risk-bands.js';

/** How far beyond the edge of the announced band a score must lie to be told of at once. */
const margin = 2;

/** Whether a score has left a band for good, and not by a hair that it may go back by tomorrow. */
export function isWellBeyond(announced: RiskBand, score: number): boolean {
  // in hundredths, so that 72 is 2 beyond 70 and 42.0 − 40 is not 1.9999
  const { above, upTo } = bandRanges[announced];
  const beyond = Math.max(score - upTo, above - score);
  return Math.round(beyond * 100) >= margin * 100;
}

export interface Announcement {
  /** The band that is announced from now on. */
  readonly band: RiskBand | null;
  readonly isTold: boolean;
}

/**
 * Which band is announced after a score, and whether an event tells of it. A first score is told of only where it is at
 * risk.
 * @param score null: there is too little to show one, and nothing changes
 * @param bandOfNightBefore of a night's score that of the one before; null: there is none, or this is no night
 */
export function announce(
  announced: RiskBand | null,
  score: number | null,
  { isAtRisk, bandOfNightBefore }: { readonly isAtRisk: boolean; readonly bandOfNightBefore: RiskBand | null },
): Announcement {
  if (score === null) return { band: announced, isTold: false };
  const band = bandOf(score);
  if (announced === null) return { band, isTold: isAtRisk };
  if (band === announced) return { band, isTold: false };
  if (isWellBeyond(announced, score) || band === bandOfNightBefore) return { band, isTold: true };
  return { band: announced, isTold: false };
}
