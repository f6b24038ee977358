export const achievementKinds = ['streak', 'sessions', 'time', 'modulesPassed', 'assignments'] as const;
export type AchievementKind = (typeof achievementKinds)[number];

/** What is achieved as soon as the number that the kind names reaches the threshold, and stays so. */
export interface AchievementRule {
  /** Of a tenant's achievement, which keeps its own title where it was there before. */
  readonly code: string;
  readonly title: string;
  readonly description: string;
  /**
   * `streak`: the longest so far, in days; `sessions`: completed ones; `time`: spent, in seconds; `modulesPassed`: with a
   * completed session at the tenant's pass mark; `assignments`: completed ones.
   */
  readonly kind: AchievementKind;
  readonly threshold: number;
}

const hour = 3_600;

/** In the order in which they are shown. Somebody who has done anything has one of them, by which back-filling stops. */
export const achievementRules: readonly AchievementRule[] = [
  { code: 'first-session', title: 'First session', description: 'Completed the first session.', kind: 'sessions', threshold: 1 },
  { code: 'sessions-10', title: '10 sessions', description: 'Completed 10 sessions.', kind: 'sessions', threshold: 10 },
  { code: 'sessions-100', title: '100 sessions', description: 'Completed 100 sessions.', kind: 'sessions', threshold: 100 },
  { code: 'sessions-1000', title: '1,000 sessions', description: 'Completed 1,000 sessions.', kind: 'sessions', threshold: 1_000 },
  { code: 'streak-3', title: '3 days in a row', description: 'Practised on 3 days in a row.', kind: 'streak', threshold: 3 },
  { code: 'streak-7', title: '7 days in a row', description: 'Practised on 7 days in a row.', kind: 'streak', threshold: 7 },
  { code: 'streak-14', title: '14 days in a row', description: 'Practised on 14 days in a row.', kind: 'streak', threshold: 14 },
  { code: 'streak-30', title: '30 days in a row', description: 'Practised on 30 days in a row.', kind: 'streak', threshold: 30 },
  { code: 'streak-100', title: '100 days in a row', description: 'Practised on 100 days in a row.', kind: 'streak', threshold: 100 },
  { code: 'hours-10', title: '10 hours', description: 'Practised for 10 hours.', kind: 'time', threshold: 10 * hour },
  { code: 'hours-100', title: '100 hours', description: 'Practised for 100 hours.', kind: 'time', threshold: 100 * hour },
  { code: 'first-pass', title: 'First pass', description: 'Passed the first module.', kind: 'modulesPassed', threshold: 1 },
  { code: 'modules-5', title: '5 modules passed', description: 'Passed 5 modules.', kind: 'modulesPassed', threshold: 5 },
  { code: 'modules-25', title: '25 modules passed', description: 'Passed 25 modules.', kind: 'modulesPassed', threshold: 25 },
  { code: 'first-assignment', title: 'First assignment', description: 'Completed the first assignment.', kind: 'assignments', threshold: 1 },
  { code: 'assignments-10', title: '10 assignments', description: 'Completed 10 assignments.', kind: 'assignments', threshold: 10 },
  { code: 'assignments-50', title: '50 assignments', description: 'Completed 50 assignments.', kind: 'assignments', threshold: 50 },
]; // prettier-ignore
