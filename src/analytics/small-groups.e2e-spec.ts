import { v7 as uuidv7 } from 'uuid';
import { analyticsQuestions } from '../../test/analytics-questions.js';
import { startApp, type TestApp } from '../../test/app.js';
import { type Cell, cellsIn, cellsOf, type Sitting, type Sums, wholeDays } from '../../test/decoded-sums.js';
import { foundOut } from '../../test/disclosure.js';
import fc from '../../test/property.js';
import { createCategory, createDepartment, createInstructor, createModule, createStudent, createTenant, type Member, type Module, serviceIdOf, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { IngestionService } from '../activity/ingestion.service.js';
import type { Viewer } from '../http/viewer.js';
import type { DepartmentFiguresResponse } from './department-figures.dto.js';
import type { DifficultyResponse, ModulesResponse, ModuleSums } from './modules.dto.js';
import type { PerformanceResponse } from './performance.dto.js';
import type { PlatformMetricsResponse } from './platform-metrics.dto.js';
import { Rebuild } from './rebuild.service.js';
import { RollUps } from './roll-ups.service.js';
import { ViewsService } from './views.service.js';

/** People that a sum must be of. */
const smallestGroup = 3;
const today = '2026-03-02';
const days = ['2026-02-27', '2026-02-28', '2026-03-01'] as const;
const hours = [9, 13, 18, null] as const;
const difficulties = ['easy', 'hard', 'easy'] as const;
const { signal } = new AbortController();

/** What the attack below makes use of; whatever else answers must be looked at. */
const attacked = ['/analytics/departments', '/analytics/difficulty', '/analytics/modules', '/analytics/performance', '/analytics/platform']; // prettier-ignore
/** They say nothing of what anybody did. */
const harmless = ['/metrics'];

interface Plan {
  /** For each student whether they are of the department below. */
  readonly students: readonly boolean[];
  readonly sittings: readonly {
    student: number;
    day: number;
    module: number;
    hour: number;
    seconds: number;
    score: number;
  }[];
}

const plans: fc.Arbitrary<Plan> = fc.record({
  students: fc.array(fc.boolean(), { minLength: 8, maxLength: 11 }),
  sittings: fc.array(
    fc.record({
      student: fc.nat(10),
      day: fc.nat(days.length - 1),
      // the last is rare: a module of few
      module: fc.constantFrom(0, 0, 0, 1, 1, 1, 2),
      hour: fc.nat(hours.length - 1),
      seconds: fc.integer({ min: 1, max: 3_000 }),
      score: fc.nat(100),
    }),
    { minLength: 30, maxLength: 90 },
  ),
});

interface World {
  readonly tenant: Tenant;
  /** The upper one and the one below it. */
  readonly places: readonly { readonly departmentId: string; readonly instructor: Member }[];
  readonly modules: readonly Module[];
  readonly students: Member[];
  readonly sittings: Sitting[];
  readonly service: Viewer;
}

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ environment: { CACHE: 'off' } });
});
afterAll(() => app.stop());

async function build({ students, sittings }: Plan): Promise<World> {
  const { database } = app;
  const tenant = await createTenant(database);
  const scopes = ['analytics:read', 'leaderboard:read', 'metrics:read'] as const;
  await database.run(
    `-- test.confineService
    with tenant as (update tenants set smallest_group = $3 where id = $1)
    update services set scopes = $2 where tenant_id = $1`,
    [tenant.tenantId, scopes, smallestGroup],
  );
  const upper = await createDepartment(database, tenant);
  const lower = await createDepartment(database, upper);
  const places = [];
  for (const place of [upper, lower]) {
    places.push({ departmentId: place.departmentId, instructor: await createInstructor(database, place) });
  }
  const category = await createCategory(database, tenant);
  const modules: Module[] = [];
  for (const difficulty of difficulties) modules.push(await createModule(database, category, { difficulty }));
  const service = { tenantId: tenant.tenantId, userId: serviceIdOf(tenant), role: 'service', departmentId: null, scopes } as const; // prettier-ignore
  const world: World = { tenant, places, modules, students: [], sittings: [], service };
  for (const isBelow of students) await enrol(world, isBelow);
  // one at a time: who does two things at once has spent the time once
  const taken = new Set<string>();
  const apart = sittings.filter((one) => {
    const key = `${one.student % students.length} ${one.day} ${one.hour}`;
    return hours[one.hour] === null || (!taken.has(key) && taken.add(key));
  });
  await practise(
    world,
    apart.map(({ student, day, module, hour, ...rest }) => ({
      student: student % students.length,
      day: days[day]!,
      module,
      hour: hours[hour]!,
      ...rest,
    })),
  );
  return world;
}

async function enrol(world: World, isBelow: boolean): Promise<void> {
  const { instructor } = world.places[Number(isBelow)]!;
  world.students.push(await createStudent(app.database, instructor));
}

type Practised = Omit<Sitting, 'departmentId'> & { readonly isScored?: boolean };

async function practise(world: World, practised: readonly Practised[]): Promise<void> {
  const { tenant, modules, students } = world;
  const sender: Viewer = {
    tenantId: tenant.tenantId,
    userId: serviceIdOf(tenant),
    role: 'service',
    departmentId: null,
  };
  const bodies = practised.map(({ student, day, module, hour, seconds, score, isScored = true }) => {
    const began = hour === null ? 0 : Date.parse(`${day}T${String(hour).padStart(2, '0')}:00:00Z`);
    const at = (offset: number): string => new Date(began + offset * 1000).toISOString();
    return {
      id: uuidv7(),
      studentId: students[student]!.userId,
      moduleId: modules[module]!.moduleId,
      ...(isScored ? { score } : {}),
      ...(hour === null ? { day, durationSeconds: seconds } : { startedAt: at(0), completedAt: at(seconds) }),
    };
  });
  if (bodies.length > 0) {
    const results = await app.app.get(IngestionService, { strict: false }).ingest(sender, bodies);
    expect(results.filter(({ status }) => status !== 'accepted')).toEqual([]);
  }
  world.sittings.push(...practised.map((one) => ({ ...one, departmentId: students[one.student]!.departmentId })));
  await app.app.get(Rebuild, { strict: false }).run(tenant.tenantId, undefined, signal);
  await app.app.get(ViewsService, { strict: false }).refresh(signal);
}

/** All that the service is answered of each day, each two and all of them; of all, and of each department with those below. */
async function askEverything(world: World): Promise<Set<number>[]> {
  const { places, modules, service, sittings } = world;
  const found: Set<number>[] = [];
  const ask = async <T>(path: string): Promise<T> => (await app.as(service).get(path).expect(200)).body as T;
  const cells = cellsOf(sittings);
  const learn = (sums: Sums, candidates: readonly Cell[]): void => {
    found.push(new Set(cellsIn(candidates, sums)?.flatMap(({ indices }) => indices)));
  };
  // of the day that goes on, too, if anything
  const { status } = await app.as(service).get(`/analytics/performance?from=${today}&to=${today}`);
  const last = status === 200 ? [[today, today] as [string, string]] : [];
  const periods = [...last, ...days.map((day) => [day, day]), ...days.slice(1).map((day, index) => [days[index], day]), [days[0], days[2]]] as [string, string][]; // prettier-ignore
  const below = [places[0]!.departmentId, places[1]!.departmentId];
  for (const [from, to] of periods) {
    const during = cells.filter(({ day }) => day >= from && day <= to);
    const whole = wholeDays(during);
    const period = `from=${from}&to=${to}`;
    for (const departments of [undefined, below, below.slice(1)]) {
      const query = `${period}${departments ? `&departmentId=${departments[0]}` : ''}`;
      const within = <T extends Cell>(list: readonly T[]): T[] =>
        list.filter(({ departmentId }) => !departments || departments.includes(departmentId));
      const all = await ask<PerformanceResponse>(`/analytics/performance?${query}`);
      learn(timesOf(all.totals), within(whole));
      const then = await ask<PerformanceResponse>(`/analytics/performance?${query}&asOf=${to}`);
      learn(timesOf(then.totals), within(whole));
      for (const point of all.points) learn(timesOf(point), within(whole.filter(({ day }) => day === point.from)));
      const { modules: figures } = await ask<ModulesResponse>(`/analytics/modules?${query}`);
      for (const [index, { moduleId }] of modules.entries()) {
        const own = within(during.filter(({ module }) => module === index));
        learn(scoresOf(figures.find((one) => one.moduleId === moduleId)!), own);
        const series = await ask<PerformanceResponse>(`/analytics/performance?${query}&moduleId=${moduleId}`);
        learn(scoresOf(series.totals), own);
      }
      const { difficulties: levels } = await ask<DifficultyResponse>(`/analytics/difficulty?${query}`);
      for (const level of levels) {
        learn(scoresOf(level), within(during.filter(({ module }) => difficulties[module] === level.difficulty)));
      }
      const { departments: tree } = await ask<DepartmentFiguresResponse>(`/analytics/departments?${query}`);
      for (const { departmentId, own, total } of tree) {
        learn(timesOf(own), within(whole.filter((cell) => cell.departmentId === departmentId)));
        const parts = departmentId === below[0] || !below.includes(departmentId) ? below : [departmentId];
        learn(timesOf(total), within(whole.filter((cell) => parts.includes(cell.departmentId))));
      }
    }
    const { days: platform } = await ask<PlatformMetricsResponse>(`/analytics/platform?${period}`);
    for (const one of platform) learn(timesOf(one), whole.filter(({ day }) => day === one.day)); // prettier-ignore
  }
  return found;
}

const timesOf = ({ sessions, timeSpentSeconds }: { sessions: number; timeSpentSeconds: number | null }): Sums => ({
  sessions,
  seconds: timeSpentSeconds!,
});
/** Every session that is told of here is completed and has a score, a whole number; means are rounded to hundredths. */
const scoresOf = ({ sessions, averageScore }: Pick<ModuleSums, 'sessions' | 'averageScore'>): Sums => ({
  sessions,
  scores: Math.round((averageScore ?? 0) * sessions),
});

const foundIn = (world: World, sums: readonly ReadonlySet<number>[]): string[] | null =>
  foundOut(
    world.sittings.map(({ student }) => ({ person: `student ${student}` })),
    sums.map((sum) => [...sum]),
    smallestGroup,
  );

it('gives nobody away to whoever may not see people, whatever they ask and subtract', async () => {
  let told = 0;
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const world = await build(plan);
      const come = async (count: number): Promise<void> => {
        const first = world.students.length;
        for (let number = 0; number < count; number++) await enrol(world, true);
        const own = { day: today, module: 0, hour: 6, score: 80 };
        await practise(world, Array.from({ length: count }, (_, i) => ({ ...own, student: first + i, seconds: 71 + i }))); // prettier-ignore
      };
      await come(smallestGroup);
      const sums = await askEverything(world);
      told += sums.filter(({ size }) => size > 0).length;
      expect(foundIn(world, sums)).toBeNull();
      // asked once more when one more person has come
      await come(1);
      expect(foundIn(world, [...sums, ...(await askEverything(world))])).toBeNull();
    }),
    { numRuns: 6, endOnFailure: true },
  );
  // silence would be safe as well
  expect(told).toBeGreaterThan(200);
}, 300_000);

it('tells such a service nothing that is not attacked here', async () => {
  const world = await build({ students: [true, false, true, false], sittings: [] });
  const { departmentId, instructor } = world.places[0]!;
  const questions = analyticsQuestions({
    from: [days[0]],
    to: [days[2]],
    asOf: [days[1]],
    departmentId: [departmentId],
    instructorId: [instructor.userId],
    moduleId: [world.modules[0]!.moduleId],
  });
  const answered = new Set<string>();
  for (const { route, path } of questions) {
    const { status } = await app.as(world.service).get(path);
    if (status === 200) answered.add(route);
    expect([path, status < 500]).toEqual([path, true]);
    if (path.includes('instructorId')) expect([path, status >= 400]).toEqual([path, true]);
  }
  expect([...answered].filter((route) => !harmless.includes(route)).sort()).toEqual(attacked);
});

describe('a day of a department', () => {
  const [day] = days;
  const sitting = (student: number, isScored = true): Practised => {
    return { student, day, module: 0, hour: 9, seconds: 60 + student, score: 70, isScored };
  };
  const empty: Plan = { students: [true, true, true, true, true, true], sittings: [] };
  const sessionsIn = async (world: World, path: string): Promise<number> => {
    const { body } = await app.as(world.service).get(`${path}?from=${day}&to=${day}`).expect(200);
    const { totals, modules = [], days: platform = [] } = body as Partial<PerformanceResponse & ModulesResponse & PlatformMetricsResponse>; // prettier-ignore
    return totals?.sessions ?? [...modules, ...platform].reduce((sum, { sessions }) => sum + sessions, 0);
  };
  const routes = ['/analytics/performance', '/analytics/modules', '/analytics/platform'];
  const sessions = async (world: World): Promise<number[]> => Promise.all(routes.map((one) => sessionsIn(world, one)));

  it('is told of enough people, and not of fewer', async () => {
    const world = await build(empty);
    await practise(world, [sitting(0), sitting(1)]);
    expect(await sessions(world)).toEqual([0, 0, 0]);
    await practise(world, [sitting(2)]);
    expect(await sessions(world)).toEqual([3, 3, 3]);
  });

  it('is not told where the scores are of fewer: their mean would be', async () => {
    const world = await build(empty);
    await practise(
      world,
      [0, 1, 2, 3].map((student) => sitting(student, false)),
    );
    expect(await sessions(world)).toEqual([4, 4, 4]);
    await practise(world, [sitting(4)]);
    expect(await sessions(world)).toEqual([0, 0, 0]);
    // three scores, of two people
    await practise(world, [sitting(5), { ...sitting(5), hour: 13 }]);
    expect(await sessions(world)).toEqual([0, 0, 0]);
    await practise(world, [{ ...sitting(0), hour: 13 }]);
    expect(await sessions(world)).toEqual([8, 8, 8]);
  });

  it('is told of without what may be of fewer: accuracy, and of a module its lengths', async () => {
    const world = await build(empty);
    await practise(
      world,
      [0, 1, 2].map((student) => sitting(student)),
    );
    const period = `from=${day}&to=${day}`;
    const series = async (filter: string): Promise<object> =>
      ((await app.as(world.service).get(`/analytics/performance?${period}${filter}`).expect(200)).body as PerformanceResponse).totals; // prettier-ignore
    const untold = { accuracy: null, questions: null, correct: null };
    expect(await series('')).toMatchObject({ ...untold, sessions: 3, averageScore: 70, timeSpentSeconds: 183 });
    const ofModule = { ...untold, timeSpentSeconds: null, meanSessionSeconds: null };
    expect(await series(`&moduleId=${world.modules[0]!.moduleId}`)).toMatchObject({ ...ofModule, averageScore: 70 });
    const { body: platform } = await app.as(world.service).get(`/analytics/platform?${period}`).expect(200);
    expect((platform as PlatformMetricsResponse).days).toMatchObject([{ sessions: 3, accuracy: null }]);
    const { body: tree } = await app.as(world.service).get(`/analytics/departments?${period}`).expect(200);
    for (const { own, total } of (tree as DepartmentFiguresResponse).departments) {
      expect([own.accuracy, total.accuracy]).toEqual([null, null]);
    }
  });

  it('is not told by module while it is to be added up: beside the roster it would tell of who has just come', async () => {
    const world = await build(empty);
    await practise(
      world,
      [0, 1, 2].map((student) => sitting(student)),
    );
    await app.app.get(RollUps, { strict: false }).markDays(world.tenant.tenantId, { from: day, to: day }, signal);
    expect(await sessions(world)).toEqual([3, 0, 3]);
  });
});

it('keeps hours, and the day that goes on, for who may see people', async () => {
  const { service } = await build({ students: [true], sittings: [] });
  await app.as(service).get('/analytics/activity-heatmap').expect(403);
  await app.as(service).get(`/analytics/modules?from=${today}&to=${today}`).expect(400);
});
