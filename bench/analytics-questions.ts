import type { Viewer } from '../src/http/viewer.js';
import { addDays } from '../src/org/local-day.js';
import type { Population } from '../test/population.js';

/** What is asked of a route, by another viewer each time. */
export interface Question {
  readonly name: string;
  /** Of the 95th percentile, in milliseconds; undefined where none was promised. */
  readonly limit?: number;
  readonly cachedLimit?: number;
  readonly ask: (
    population: Population,
    index: number,
    history: { readonly today: string; readonly days: number },
  ) => { readonly viewer: Viewer; readonly path: string };
}

const instructor = ({ tenantId, instructors }: Population, index: number): Viewer => ({
  ...instructors[index]!,
  tenantId,
  role: 'instructor',
});
const admin = ({ tenantId }: Population): Viewer => ({
  tenantId,
  userId: tenantId,
  role: 'admin',
  departmentId: null,
});

type Asker = (population: Population, index: number) => Viewer;
const whole =
  (who: Asker, path: string, query = ''): Question['ask'] =>
  (population, index, { today, days }) => ({
    viewer: who(population, index),
    path: `${path}?from=${addDays(today, 1 - days)}&to=${today}${query}`,
  });
const now =
  (who: Asker, path: string): Question['ask'] =>
  (population, index) => ({ viewer: who(population, index), path });
/** A month ago. */
const past =
  (who: Asker, path: string): Question['ask'] =>
  (population, index, { today }) => ({ viewer: who(population, index), path: `${path}?asOf=${addDays(today, -30)}` });

export const questions: readonly Question[] = [
  { name: 'dashboard statistics', limit: 10, cachedLimit: 3, ask: now(instructor, '/dashboard/statistics') },
  { name: 'dashboard', limit: 10, cachedLimit: 3, ask: now(instructor, '/dashboard') },
  { name: 'performance by day', limit: 50, ask: whole(instructor, '/analytics/performance', '&groupBy=day') },
  { name: 'performance by week', limit: 50, ask: whole(instructor, '/analytics/performance', '&groupBy=week') },
  { name: 'performance of all by week', ask: whole(admin, '/analytics/performance', '&groupBy=week') },
  { name: 'departments of all', limit: 100, ask: whole(admin, '/analytics/departments') },
  { name: 'modules', ask: whole(instructor, '/analytics/modules') },
  { name: 'modules of all', ask: whole(admin, '/analytics/modules') },
  { name: 'activity heatmap', ask: whole(instructor, '/analytics/activity-heatmap') },
  { name: 'activity heatmap of all', ask: whole(admin, '/analytics/activity-heatmap') },
  { name: 'cohorts', ask: now(instructor, '/analytics/cohorts') },
  { name: 'cohorts of all', ask: now(admin, '/analytics/cohorts') },
  { name: 'cohorts of all, as of a day', ask: past(admin, '/analytics/cohorts') },
];
