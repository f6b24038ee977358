/** Of data that is kept for a time which the tenant sets. Sessions go by that of snapshots. */
export const categories = ['audit', 'snapshots', 'analytics', 'messages', 'riskEvaluations'] as const;

export type Category = (typeof categories)[number];
