export type ViewName =
  'instructor_dashboard_summary' | 'user_learning_summary' | 'daily_platform_metrics' | 'instructor_performance';

export interface View {
  readonly name: ViewName;
  /** Materialised views that it reads. */
  readonly dependsOn: readonly ViewName[];
}

/** All materialised views, in the order they are refreshed: each after those that it reads. */
export const views: readonly View[] = [
  { name: 'instructor_dashboard_summary', dependsOn: [] },
  { name: 'user_learning_summary', dependsOn: [] },
  { name: 'daily_platform_metrics', dependsOn: [] },
  { name: 'instructor_performance', dependsOn: ['instructor_dashboard_summary'] },
];

/** They are refreshed every quarter of an hour; what has missed two of these is stale. */
export const staleAfterSeconds = 1_800;
