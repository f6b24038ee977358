export const riskBands = ['low', 'moderate', 'high', 'critical'] as const;
export type RiskBand = (typeof riskBands)[number];

/** Scores of a band lie above the one and up to the other; nobody else says where bands end. */
export const bandRanges: Readonly<Record<RiskBand, { readonly above: number; readonly upTo: number }>> = {
  low: { above: -Infinity, upTo: 40 },
  moderate: { above: 40, upTo: 70 },
  high: { above: 70, upTo: 85 },
  critical: { above: 85, upTo: Infinity },
};

export function bandOf(score: number): RiskBand {
  return riskBands.find((band) => score <= bandRanges[band].upTo)!;
}

/** SQL of whether a score is in a band, as a range, which an index finds; null where there is no score. */
export function isInBand(score: string, band: RiskBand): string {
  const { above, upTo } = bandRanges[band];
  const bounds = [above > -Infinity ? `${score} > ${above}` : '', upTo < Infinity ? `${score} <= ${upTo}` : ''];
  return bounds.filter(Boolean).join(' and ');
}

/** SQL of the band of a score; null where there is none. */
export function sqlBandOf(score: string): string {
  return `case ${riskBands.map((band) => `when ${isInBand(score, band)} then '${band}'`).join(' ')} end`;
}
