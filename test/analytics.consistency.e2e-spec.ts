import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from './app.js';
import { createAdmin, createCategory, createDepartment, createInstructor, createModule, createStudents, createTenant, type Person } from './factories.js'; // prettier-ignore
import type { ActivityHeatmapResponse } from '../src/analytics/activity-heatmap.dto.js';
import type { StatisticsResponse, TrendResponse } from '../src/analytics/dashboard.dto.js';
import type { DepartmentFiguresResponse } from '../src/analytics/department-figures.dto.js';
import type { DifficultyResponse, ModulesResponse } from '../src/analytics/modules.dto.js';
import type { PerformanceResponse } from '../src/analytics/performance.dto.js';
import type { PlatformMetricsResponse } from '../src/analytics/platform-metrics.dto.js';
import { Rebuild } from '../src/analytics/rebuild.service.js';
import { ViewsService } from '../src/analytics/views.service.js';
import { addDays } from '../src/org/local-day.js';
import fc from './property.js';

/** Of the clock of `startApp`. */
const today = '2026-03-02';
const from = addDays(today, -29);
const { signal } = new AbortController();

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

interface Sitting {
  readonly student: number;
  readonly daysAgo: number;
  readonly hour: number | null;
  readonly seconds: number;
  readonly module: number;
  readonly status: 'completed' | 'abandoned' | 'in_progress';
  readonly score: number | null;
}

interface Plan {
  /** How many students each of three instructors has: of the upper department, of one below it, and of another there. */
  readonly rosters: readonly number[];
  readonly before: readonly Sitting[];
  /** Who then comes to the first instructor. */
  readonly moved: readonly number[];
  readonly after: readonly Sitting[];
}

const sittings = fc.array(
  fc.record<Sitting>({
    student: fc.nat(20),
    daysAgo: fc.nat(45),
    hour: fc.option(fc.nat(7)),
    seconds: fc.integer({ min: 0, max: 9_000 }),
    module: fc.nat(2),
    status: fc.constantFrom('completed', 'completed', 'completed', 'abandoned', 'in_progress'),
    score: fc.option(fc.nat(100)),
  }),
  { minLength: 5, maxLength: 40 },
);
const plans = fc.record<Plan>({
  rosters: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(5), fc.nat(5)),
  before: sittings,
  moved: fc.array(fc.nat(20), { maxLength: 3 }),
  after: sittings,
});

async function live({ rosters, before, moved, after }: Plan): Promise<{ people: Person[]; tenantId: string }> {
  const { database } = app;
  const tenant = await createTenant(database);
  const { tenantId } = tenant;
  const upper = await createDepartment(database, tenant);
  const places = [upper, await createDepartment(database, upper), await createDepartment(database, upper)];
  const instructors = await Promise.all(places.map((place) => createInstructor(database, place)));
  const supervisor = await createInstructor(database, upper, { canViewAll: true });
  const category = await createCategory(database, tenant);
  const modules = await Promise.all(
    ['easy', 'medium', 'easy'].map((difficulty) => createModule(database, category, { difficulty })),
  );
  const students: Person[] = [];
  for (const [index, count] of rosters.entries()) {
    const options = Array.from({ length: count }, (_, i) => ({ joinedOn: addDays(today, -10 * i - 20) }));
    if (count > 0) students.push(...(await createStudents(database, instructors[index]!, options)));
  }
  const send = async (list: readonly Sitting[]): Promise<void> => {
    const sessions = list.map(({ student, daysAgo, hour, seconds, module, status, score }) => {
      const day = addDays(today, -daysAgo);
      const at = (offset: number): string => new Date(Date.parse(`${day}T00:00:00Z`) + offset * 1000).toISOString();
      const times = { startedAt: at(hour! * 3600 - 7_000), completedAt: at(hour! * 3600 - 7_000 + seconds) };
      return {
        id: uuidv7(),
        studentId: students[student % students.length]!.userId,
        moduleId: modules[module]!.moduleId,
        status,
        ...(score === null ? {} : { score, questions: 10, correct: score % 11 }),
        ...(hour === null ? { day, durationSeconds: seconds } : times),
      };
    });
    await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  };
  await send(before);
  const studentIds = [...new Set(moved.map((one) => students[one % students.length]!.userId))];
  if (studentIds.length > 0) {
    const body = { studentIds, instructorId: instructors[0]!.userId };
    await app.as('admin', tenant).post('/students/assign').send(body).expect(200);
  }
  await send(after);
  await app.app.get(Rebuild, { strict: false }).run(tenantId, undefined, signal);
  await app.app.get(ViewsService, { strict: false }).refresh(signal);
  return { people: [...instructors, supervisor, await createAdmin(database, tenant)], tenantId };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

it('says the same of the same on every screen', async () => {
  let shown = 0;
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const { people } = await live(plan);
      for (const viewer of people) {
        const get = async <T>(path: string): Promise<T> => (await app.as(viewer).get(path).expect(200)).body as T;
        const period = `from=${from}&to=${today}`;
        const { statistics } = await get<StatisticsResponse>('/dashboard/statistics');
        const { trend } = await get<TrendResponse>('/dashboard/trend');
        const { totals, points } = await get<PerformanceResponse>(`/analytics/performance?${period}`);
        const { departments } = await get<DepartmentFiguresResponse>(`/analytics/departments?${period}`);
        const { modules } = await get<ModulesResponse>(`/analytics/modules?${period}`);
        const { difficulties } = await get<DifficultyResponse>(`/analytics/difficulty?${period}`);
        const heatmap = await get<ActivityHeatmapResponse>(`/analytics/activity-heatmap?${period}`);
        const list = async (query = ''): Promise<number> => {
          const { pagination } = await get<{ pagination: { total: number } }>(`/students?limit=1&page=1${query}`);
          return pagination.total;
        };
        shown += totals.sessions;

        // who there is: dashboard, list, tree
        const tops = departments.filter(({ parentId }) => parentId === null).map(({ total }) => total);
        const own = departments.map((one) => one.own);
        const { totalStudents, activeStudents, inactiveStudents, neverStarted, atRisk, topPerformers } = statistics;
        expect(await list()).toBe(totalStudents);
        expect(await list('&status=active')).toBe(activeStudents);
        expect(activeStudents + inactiveStudents + neverStarted).toBe(totalStudents);
        for (const level of [tops, own]) {
          expect(sum(level.map(({ students }) => students!))).toBe(totalStudents);
          expect(sum(level.map((one) => one.atRisk!))).toBe(atRisk);
          expect(sum(level.map((one) => one.topPerformers!))).toBe(topPerformers);
          expect(sum(level.map(({ sessions }) => sessions))).toBe(totals.sessions);
          expect(sum(level.map(({ timeSpentSeconds }) => timeSpentSeconds))).toBe(totals.timeSpentSeconds);
        }
        if (tops.length === 1) expect(tops[0]!.activeStudents).toBe(totals.activeStudents);

        // the same 30 days: the trend and the series
        const days = points.map(
          ({ from: day, sessionsCompleted, timeSpentSeconds, averageScore, accuracy, ...rest }) => {
            const { activeStudents: active } = rest;
            return { day, activeStudents: active, sessionsCompleted, timeSpentSeconds, averageScore, accuracy };
          },
        );
        expect(trend).toEqual(days);

        // the same sessions: in all, by module, by difficulty, by hour
        for (const parts of [modules, difficulties]) {
          expect(sum(parts.map(({ sessions }) => sessions))).toBe(totals.sessions);
          expect(sum(parts.map(({ sessionsCompleted }) => sessionsCompleted))).toBe(totals.sessionsCompleted);
        }
        const timed = sum(heatmap.cells.map(({ sessions }) => sessions));
        expect(timed + heatmap.sessionsWithoutTime!).toBe(totals.sessions);
        if (viewer.role !== 'admin') continue;
        const { days: platform } = await get<PlatformMetricsResponse>(`/analytics/platform?${period}`);
        const { activeStudents: _, ...known } = points.at(-1)!;
        expect(platform.at(-1)).toMatchObject({ day: known.from, sessions: known.sessions });
        expect(sum(platform.map(({ sessions }) => sessions))).toBe(totals.sessions);
        expect(sum(platform.map(({ timeSpentSeconds }) => timeSpentSeconds))).toBe(totals.timeSpentSeconds);
      }
    }),
    { numRuns: 6, endOnFailure: true },
  );
  expect(shown).toBeGreaterThan(100);
}, 240_000);
