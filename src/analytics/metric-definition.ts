export const units = [
  'count', 'percent', 'points', 'share', 'correlation', 'logOdds', 'seconds', 'days', 'years', 'factor', 'bytes', 'number',
] as const; // prettier-ignore

/** What one number means, wherever it stands. */
export interface MetricDefinition {
  readonly id: string;
  /** One more whenever the same data would give another number; 1 unless told. */
  readonly version?: number;
  readonly title: string;
  readonly unit: (typeof units)[number];
  readonly meaning: string;
  readonly formula: string;
  /**
   * Where it stands: `name`, a field that means this in every answer, or `Schema.name`, where other answers mean
   * something else by it. The id unless told.
   */
  readonly fields?: readonly string[];
}
