import { startApp, type TestApp } from '../../test/app.js';
import fc from '../../test/property.js';
import {
  createCategory, createDepartment, createInstructor, createModule, createStudents, createTenant, type Member,
  type Module, sessionBody, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import type { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import type { DifficultyResponse, ModuleFigures, ModulesResponse, ModuleSums } from './modules.dto.js';
import { RollUps } from './roll-ups.service.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const { signal } = new AbortController();
const today = '2026-03-02';
const get = (viewer: Viewer, path: string, query: object = {}) => app.as(viewer).get(`/analytics/${path}`).query(query);
const modulesOf = async (viewer: Viewer, query: object = {}): Promise<ModulesResponse> =>
  (await get(viewer, 'modules', query).expect(200)).body as ModulesResponse;
const difficultyOf = async (viewer: Viewer, query: object = {}): Promise<DifficultyResponse> =>
  (await get(viewer, 'difficulty', query).expect(200)).body as DifficultyResponse;

interface World {
  readonly tenant: Tenant;
  readonly supervisor: Member;
  readonly instructors: readonly Member[];
  readonly students: readonly Member[];
  /** Easy, medium, hard of one category; easy of another. */
  readonly modules: readonly Module[];
}

/** Two rosters of three students each. */
async function createWorld(): Promise<World> {
  const tenant = await createTenant(app.database);
  const place = await createDepartment(app.database, tenant);
  const supervisor = await createInstructor(app.database, place, { canViewAll: true });
  const instructors = [await createInstructor(app.database, place), await createInstructor(app.database, place)];
  const rosters = await Promise.all(instructors.map((one) => createStudents(app.database, one, [{}, {}, {}])));
  const [first, second] = [await createCategory(app.database, tenant), await createCategory(app.database, tenant)];
  const modules = [
    await createModule(app.database, first, { difficulty: 'easy' }),
    await createModule(app.database, first, { difficulty: 'medium' }),
    await createModule(app.database, first, { difficulty: 'hard' }),
    await createModule(app.database, second, { difficulty: 'easy' }),
  ];
  return { tenant, supervisor, instructors, students: rosters.flat(), modules };
}

interface Sat {
  readonly student: number;
  readonly module: number;
  readonly ago: number;
  readonly status: 'completed' | 'abandoned' | 'in_progress';
  readonly score?: number;
  readonly questions?: number;
  readonly correct?: number;
  readonly durationSeconds?: number;
  readonly answers?: number;
}

/** Sends them and adds them up. */
async function record({ tenant, students, modules }: World, sessions: readonly Sat[]): Promise<void> {
  if (sessions.length === 0) return;
  const bodies = sessions.map(({ student, module, ago, answers, ...rest }) =>
    sessionBody(modules[module]!, {
      score: undefined,
      startedAt: undefined,
      completedAt: undefined,
      ...rest,
      studentId: students[student]!.userId,
      day: addDays(today, -ago),
      answers: answers === undefined ? undefined : Array.from({ length: answers }, () => ({})),
    }),
  );
  const { body } = await app.as('service', tenant).post('/activity/sessions').send({ sessions: bodies }).expect(200);
  expect(body).toMatchObject({ accepted: bodies.length });
  await app.app.get(RollUps, { strict: false }).rollUp(tenant.tenantId, signal);
}

const rounded = (value: number): number => Math.round(value * 100 + 1e-7) / 100;
const percent = (part: number, whole: number): number | null => (whole === 0 ? null : rounded((part * 100) / whole));
const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : rounded(values.reduce((sum, one) => sum + one, 0) / values.length);
const given = (values: readonly (number | undefined)[]): number[] => values.filter((one) => one !== undefined);

/** The figures of these modules, from all sessions there are of some students. */
function recomputed(all: readonly Sat[], modules: readonly number[], from: number, to: number): ModuleSums {
  const known = all.filter(({ ago, module }) => ago >= to && modules.includes(module));
  const pairs = (list: readonly Sat[]): Set<string> =>
    new Set(list.map(({ student, module }) => `${student} ${module}`));
  const started = pairs(known).size;
  const completed = pairs(known.filter(({ status }) => status === 'completed')).size;
  const sat = known.filter(({ ago }) => ago <= from);
  const begunBefore = pairs(known.filter(({ ago }) => ago > from));
  const firsts = [...pairs(sat)].filter((pair) => !begunBefore.has(pair)).length;
  const done = sat.filter(({ status }) => status === 'completed');
  const abandoned = sat.filter(({ status }) => status === 'abandoned');
  const scores = given(done.map(({ score }) => score));
  const average = scores.reduce((sum, one) => sum + one, 0) / scores.length;
  const squares = scores.reduce((sum, one) => sum + (one - average) ** 2, 0);
  const asked = done.filter(({ questions }) => questions !== undefined);
  const total = (list: readonly Sat[], name: 'questions' | 'correct'): number =>
    list.reduce((sum, one) => sum + (one[name] ?? 0), 0);
  const stopped = abandoned.filter(({ questions, answers }) => (questions ?? 0) > 0 && answers !== undefined);
  const tenths = Array<number>(10).fill(0);
  for (const { questions, answers } of stopped) tenths[Math.min(9, Math.floor((answers! * 10) / questions!))]! += 1;
  return {
    sessions: sat.length,
    sessionsCompleted: done.length,
    sessionsAbandoned: abandoned.length,
    studentsStarted: started,
    studentsCompleted: completed,
    completionRate: percent(completed, started),
    averageScore: mean(scores),
    scoreDeviation: scores.length < 2 ? null : rounded(Math.sqrt(squares / (scores.length - 1))),
    accuracy: percent(total(asked, 'correct'), total(asked, 'questions')),
    meanDurationSeconds: mean(given(done.map(({ durationSeconds }) => durationSeconds))),
    passRate: percent(scores.filter((score) => score >= 70).length, scores.length),
    repeatRate: percent(sat.length - firsts, sat.length),
    abandonRate: percent(abandoned.length, sat.length),
    bounceRate: percent(abandoned.filter(({ durationSeconds = 60 }) => durationSeconds < 60).length, sat.length),
    stops: {
      tenths,
      unknown: abandoned.length - stopped.length,
      meanSeconds: mean(given(abandoned.map(({ durationSeconds }) => durationSeconds))),
    },
  };
}

const sumsOf = ({ stops, ...rest }: ModuleSums): ModuleSums => ({
  sessions: rest.sessions,
  sessionsCompleted: rest.sessionsCompleted,
  sessionsAbandoned: rest.sessionsAbandoned,
  studentsStarted: rest.studentsStarted,
  studentsCompleted: rest.studentsCompleted,
  completionRate: rest.completionRate,
  averageScore: rest.averageScore,
  scoreDeviation: rest.scoreDeviation,
  accuracy: rest.accuracy,
  meanDurationSeconds: rest.meanDurationSeconds,
  passRate: rest.passRate,
  repeatRate: rest.repeatRate,
  abandonRate: rest.abandonRate,
  bounceRate: rest.bounceRate,
  stops,
});

const sat = fc
  .record({
    student: fc.integer({ min: 0, max: 5 }),
    module: fc.integer({ min: 0, max: 3 }),
    ago: fc.integer({ min: 0, max: 20 }),
    status: fc.constantFrom('completed', 'completed', 'abandoned', 'in_progress'),
    score: fc.option(fc.integer({ min: 0, max: 400 }).map((quarters) => quarters / 4), { nil: undefined }),
    questions: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
    share: fc.integer({ min: 0, max: 12 }),
    durationSeconds: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
    answers: fc.option(fc.integer({ min: 0, max: 14 }), { nil: undefined }),
  })
  .map(({ share, ...one }): Sat => ({
    ...one,
    correct: one.questions === undefined ? undefined : Math.min(share, one.questions),
  })); // prettier-ignore

it('equals plain arithmetic over the sessions, by module, difficulty, place and segment (property)', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sat, { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 20 }),
      async (sessions, one, other) => {
        const world = await createWorld();
        await record(world, sessions);
        const { supervisor, instructors, modules } = world;
        const [to, from] = [Math.min(one, other), Math.max(one, other)];
        const period = { from: addDays(today, -from), to: addDays(today, -to) };
        const theirs = (first: number, last: number): Sat[] =>
          sessions.filter(({ student }) => student >= first && student <= last);
        const { body: segment } = await app.as(supervisor).post('/segments').send({ name: 'One', filter: { instructorId: instructors[0]!.userId } }).expect(201); // prettier-ignore
        for (const [viewer, query, own] of [
          [supervisor, period, sessions],
          [instructors[0]!, period, theirs(0, 2)],
          [supervisor, { ...period, instructorId: instructors[1]!.userId }, theirs(3, 5)],
          [supervisor, { ...period, segmentId: (segment as { id: string }).id }, theirs(0, 2)],
        ] as const) {
          const body = await modulesOf(viewer, query);
          expect(body.freshness).toEqual({ pendingDays: 0, pendingSince: null });
          const byId = new Map(body.modules.map((row) => [row.moduleId, row]));
          expect(modules.map(({ moduleId }) => sumsOf(byId.get(moduleId)!))).toEqual(
            modules.map((_, index) => recomputed(own, [index], from, to)),
          );
          const { difficulties, categories } = await difficultyOf(viewer, query);
          expect(difficulties.map(sumsOf)).toEqual([[0, 3], [1], [2]].map((list) => recomputed(own, list, from, to)));
          expect(categories.map((row) => [row.difficulty, row.modules])).toEqual([
            ['easy', 1], ['medium', 1], ['hard', 1], ['easy', 1],
          ]); // prettier-ignore
          expect(categories.map(sumsOf)).toEqual([0, 1, 2, 3].map((index) => recomputed(own, [index], from, to)));
        }
      },
    ),
    { numRuns: 15 },
  );
}, 120_000);

it('lists what is offered, and what is retired where there are sessions, in the order asked for', async () => {
  const world = await createWorld();
  const { supervisor, modules, tenant } = world;
  await record(world, [
    { student: 0, module: 0, ago: 0, status: 'completed', score: 50 },
    { student: 0, module: 1, ago: 0, status: 'completed', score: 90 },
    { student: 1, module: 1, ago: 40, status: 'completed', score: 90 },
  ]);
  await app.database.run(
    '-- test.retireModules\nupdate modules set is_active = false where tenant_id = $1 and id = any ($2)',
    [tenant.tenantId, [modules[1]!.moduleId, modules[2]!.moduleId]],
  );
  const ids = ({ modules: list }: { modules: ModuleFigures[] }): number[] =>
    list.map(({ moduleId }) => modules.findIndex((one) => one.moduleId === moduleId));
  expect(ids(await modulesOf(supervisor))).toEqual([0, 1, 3]);
  expect(ids(await modulesOf(supervisor, { order: 'desc' }))).toEqual([3, 1, 0]);
  expect(ids(await modulesOf(supervisor, { sort: 'averageScore' }))).toEqual([1, 0, 3]);
  expect(ids(await modulesOf(supervisor, { sort: 'averageScore', order: 'asc' }))).toEqual([0, 1, 3]);
  expect(ids(await modulesOf(supervisor, { categoryId: modules[3]!.categoryId.toUpperCase() }))).toEqual([3]);
  // as of a day before today's sessions; the one of 40 days ago is before its 30 days, and was begun by then
  const past = await modulesOf(supervisor, { asOf: '2026-02-28' });
  expect(past).toMatchObject({ from: '2026-01-30', to: '2026-02-28', smallestGroup: null });
  expect(past.modules[0]).toMatchObject({ sessions: 0, studentsStarted: 0, averageScore: null });
  expect((await modulesOf(supervisor, { asOf: '2026-02-28', from: '2026-01-01' })).modules[1]).toMatchObject({
    code: modules[1]!.code,
    isActive: false,
    sessions: 1,
    studentsStarted: 1,
    studentsCompleted: 1,
  });
});

it('tells who may not see people of days alone on which every module had enough of them', async () => {
  const world = await createWorld();
  const { tenant, supervisor } = world;
  const sitting = (student: number, module: number, ago: number): Sat =>
    ({ student, module, ago, status: 'completed', score: 80 }); // prettier-ignore
  await record(world, [
    ...[0, 1, 2, 3, 4].map((student) => sitting(student, 0, 1)),
    // four of one module keep back the whole day, or they were its difference from the day's sums
    ...[0, 1, 2, 3, 4, 5].map((student) => sitting(student, 0, 2)),
    ...[0, 1, 2, 3].map((student) => sitting(student, 1, 2)),
  ]);
  const service: Viewer = { ...supervisor, departmentId: null, role: 'service', scopes: ['analytics:read'] };
  const full = { ...service, scopes: ['analytics:read', 'students:read'] };
  const sessions = ({ modules }: ModulesResponse): number[] => modules.map((one) => one.sessions);
  const told = await modulesOf(service);
  expect([sessions(told), told.smallestGroup]).toEqual([[5, 0, 0, 0], 5]);
  expect(told.modules[0]).toMatchObject({
    averageScore: 80,
    studentsStarted: null,
    accuracy: null,
    meanDurationSeconds: null,
    stops: null,
  });
  expect(sessions(await modulesOf(full))).toEqual([11, 4, 0, 0]);
  const { difficulties, smallestGroup } = await difficultyOf(service);
  expect([difficulties.map((one) => one.sessions), smallestGroup]).toEqual([[5, 0, 0], 5]);
  // what each day tells sums up to what both do: nothing can be had by difference
  const [first, second] = await Promise.all(
    [1, 2].map((ago) => modulesOf(service, { from: addDays(today, -ago), to: addDays(today, -ago) })),
  );
  expect([sessions(first!), sessions(second!)]).toEqual([[5, 0, 0, 0], [0, 0, 0, 0]]); // prettier-ignore
  await get(service, 'modules', { instructorId: supervisor.userId }).expect(400);
  await get(service, 'modules', { segmentId: tenant.tenantId }).expect(403);
  await get(service, 'questions', { moduleId: world.modules[0]!.moduleId }).expect(403);
});

it('refuses what makes no sense, and shows nothing of others', async () => {
  const world = await createWorld();
  const { supervisor, students } = world;
  await record(world, [{ student: 0, module: 0, ago: 0, status: 'completed' }]);
  for (const path of ['modules', 'difficulty']) {
    for (const [query, pointer] of [
      [{ from: '2026-02-02', to: '2026-02-01' }, '/query/from'],
      [{ from: '2016-03-01' }, '/query/from'],
      [{ to: '2026-03-03' }, '/query/to'],
      [{ asOf: '2026-02-28', to: '2026-03-01' }, '/query/to'],
      [{ categoryId: 'radio' }, '/query/categoryId'],
      [{ segmentId: 'mine' }, '/query/segmentId'],
    ] as const) {
      const { body } = await get(supervisor, path, query).expect(400);
      expect((body as { errors: { pointer: string }[] }).errors.map((error) => error.pointer)).toEqual([pointer]);
    }
    await get(students[0]!, path).expect(403);
    await app.anonymous.get(`/analytics/${path}`).expect(401);
    await get(supervisor, path, { segmentId: world.tenant.tenantId }).expect(404);
  }
  await get(supervisor, 'modules', { sort: 'luck' }).expect(400);
  const stranger = (await createWorld()).supervisor;
  const theirs = await modulesOf(stranger, { departmentId: supervisor.departmentId });
  expect(theirs.modules.map((one) => one.sessions)).toEqual([0, 0, 0, 0]);
  expect((await modulesOf(stranger, { categoryId: world.modules[0]!.categoryId })).modules).toEqual([]);
});
