import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import fc from '../../test/property.js';
import {
  createCategory, createDepartment, createInstructor, createModule, createStudent, createStudents, createTenant,
  type Member, type Module, type Place, sessionBody, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import type { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import type { LeaderboardResponse, LeaderboardRow } from './leaderboard.dto.js';

let app: TestApp;
let tenant: Tenant;
let department: Place;
let supervisor: Member;
let quiz: Module;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  department = await createDepartment(app.database, tenant);
  supervisor = await createInstructor(app.database, department, { canViewAll: true });
  quiz = await createModule(app.database, await createCategory(app.database, tenant));
});
afterAll(() => app.stop());

const today = '2026-03-02';
const read = async (viewer: Viewer, query: object = {}): Promise<LeaderboardResponse> =>
  (await app.as(viewer).get('/analytics/leaderboard').query(query).expect(200)).body as LeaderboardResponse;
const places = ({ rows }: LeaderboardResponse): [number | null, string, number | null][] =>
  rows.map(({ rank, name, value }) => [rank, name, value]);
const choose = (student: Viewer, takesPart: boolean | null) =>
  app.as(student).put('/students/me/leaderboard').send({ takesPart });
const takePart = async (students: readonly Viewer[]): Promise<void> => {
  for (const student of students) await choose(student, true).expect(200);
};
const send = async (sessions: object[]): Promise<void> => {
  if (sessions.length > 0) await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
};
const sessionOf = ({ userId: studentId }: Member, day: string, minutes: number, score?: number): object =>
  sessionBody(quiz, { studentId, startedAt: `${day}T06:00:00Z`, completedAt: `${day}T06:${minutes}:00Z`, score });

/** A class of its own, with a session each that has this score, today. */
async function classOf(scores: readonly (number | null)[], place?: Place): Promise<[Member, Member[]]> {
  const instructor = await createInstructor(app.database, department);
  const students = await createStudents(
    app.database,
    place ?? instructor,
    scores.map((_, index) => ({ name: `Student ${index}` })),
  );
  await send(scores.flatMap((score, index) => (score === null ? [] : [sessionOf(students[index]!, today, 10, score)])));
  return [instructor, students];
}

it('ranks by each metric, equal ones sharing a rank, and says what it is about', async () => {
  const [instructor, [first, second, third, fourth]] = await classOf([80, 90, 80, null]);
  await send([sessionOf(first!, '2026-03-01', 20, 80), sessionOf(first!, '2026-01-05', 30, 80)]);
  const body = await read(instructor);
  expect(body).toEqual({
    from: null,
    to: null,
    asOf: '2026-03-02T08:00:00.000Z',
    today,
    freshness: { pendingDays: 0, pendingSince: null },
    metric: 'overallScore',
    students: 3,
    rows: [
      { rank: 1, name: 'Student 1', studentId: second!.userId, value: 90, isOwn: false },
      { rank: 2, name: 'Student 0', studentId: first!.userId, value: 80, isOwn: false },
      { rank: 2, name: 'Student 2', studentId: third!.userId, value: 80, isOwn: false },
    ],
  });
  // today and yesterday are the streak; January is before the usual 30 days
  expect(places(await read(instructor, { metric: 'streak', limit: 1 }))).toEqual([[1, 'Student 0', 2]]);
  // broken by midnight, though no night's job has run
  app.clock.advance(2 * 86_400);
  expect(places(await read(instructor, { metric: 'streak', limit: 1 }))).toMatchObject([[1, expect.anything(), 0]]);
  app.clock.advance(-2 * 86_400);
  const completed = await read(instructor, { metric: 'sessionsCompleted' });
  expect(completed).toMatchObject({ from: '2026-02-01', to: today, students: 4 });
  expect(places(completed)).toEqual([
    [1, 'Student 0', 2],
    [2, 'Student 1', 1],
    [2, 'Student 2', 1],
    [4, 'Student 3', 0],
  ]);
  const period = { metric: 'timeSpent', from: '2026-01-01', to: '2026-03-01' };
  expect(places(await read(instructor, period)).slice(0, 2)).toEqual([
    [1, 'Student 0', 3_000],
    [2, 'Student 1', 0],
  ]);
  expect((await read(fourth!)).rows).toEqual([{ rank: null, name: 'Student 3', studentId: null, value: null, isOwn: true }]); // prettier-ignore
});

it('shows fellow students those who said yes, and staff whoever did not say no', async () => {
  const [instructor, students] = await classOf([90, 80, 70, 60]);
  const [first, second, third, fourth] = students as [Member, Member, Member, Member];
  expect(places(await read(second))).toEqual([[1, 'Student 1', 80]]);
  await takePart([first, third]);
  expect(places(await read(second))).toEqual([[1, 'Student 0', 90], [2, 'Student 1', 80], [3, 'Student 2', 70]]); // prettier-ignore
  // third does not find a gap where second would be
  expect(places(await read(third))).toEqual([[1, 'Student 0', 90], [2, 'Student 2', 70]]); // prettier-ignore
  expect((await read(third)).students).toBe(2);
  expect(places(await read(instructor))).toHaveLength(4);

  await choose(first, false).expect(200);
  await choose(fourth, false).expect(200);
  for (const viewer of [instructor, supervisor]) {
    const { rows, students: ranked } = await read(viewer);
    expect(rows.map(({ name, rank }) => [name, rank]).slice(0, 2)).toEqual(
      viewer === instructor ? [['Student 1', 1], ['Student 2', 2]] : [[expect.any(String), 1], [expect.any(String), expect.any(Number)]],
    ); // prettier-ignore
    expect(JSON.stringify(rows)).not.toContain(first.userId);
    if (viewer === instructor) expect(ranked).toBe(2);
  }
  // nobody, oneself neither
  expect(places(await read(fourth))).toEqual([[1, 'Student 2', 70]]);
  expect(places(await read(third))).toEqual([[1, 'Student 2', 70]]);
});

it('adds the own row where it is not among the best, with the rank it has', async () => {
  const [, students] = await classOf([50, 90, 80, 80, 70]);
  await takePart(students);
  const last = await read(students[0]!, { limit: 2 });
  expect(places(last)).toEqual([[1, 'Student 1', 90], [2, 'Student 2', 80], [5, 'Student 0', 50]]); // prettier-ignore
  expect(last.rows.map(({ isOwn }) => isOwn)).toEqual([false, false, true]);
  // equal to the last that is listed, and not listed: the same rank
  expect(places(await read(students[3]!, { limit: 2 })).at(-1)).toEqual([2, 'Student 3', 80]);
});

it('is of the class: of an instructor, or of a department where nobody is responsible', async () => {
  const [, students] = await classOf([80, 70]);
  const beside = await createDepartment(app.database, tenant);
  const below = await createDepartment(app.database, beside);
  const [, alone] = await classOf([60, 50], beside);
  const child = await createStudent(app.database, below);
  const hasInstructor = await createStudent(app.database, await createInstructor(app.database, beside));
  await takePart([...students, ...alone, child, hasInstructor]);
  expect(places(await read(alone[1]!))).toEqual([[1, 'Student 0', 60], [2, 'Student 1', 50]]); // prettier-ignore
  expect(places(await read(students[1]!))).toEqual([[1, 'Student 0', 80], [2, 'Student 1', 70]]); // prettier-ignore
  // whoever is handed over is of the other class at once
  await app
    .as('admin', tenant)
    .put(`/students/${students[0]!.userId}/instructor`)
    .send({ instructorId: null })
    .expect(204);
  expect(places(await read(students[1]!))).toEqual([[1, 'Student 1', 70]]);
  const other = await createTenant(app.database);
  const stranger = await createStudent(app.database, other);
  expect((await read(stranger)).rows).toHaveLength(1);
});

it('holds at once for everybody who looks, and is on record', async () => {
  const [instructor, [first, second]] = (await classOf([80, 70])) as [Member, Member[]];
  const seen = async (): Promise<number[]> =>
    Promise.all([instructor, second!].map(async (viewer) => (await read(viewer, { limit: 100 })).rows.length));
  expect(await seen()).toEqual([2, 1]);
  for (const [choice, counts] of [[true, [2, 2]], [false, [1, 1]], [null, [2, 1]]] as const) {
    expect((await choose(first!, choice).expect(200)).body).toEqual({ takesPart: choice });
    expect(await seen()).toEqual(counts);
    expect((await app.as(first!).get('/students/me/leaderboard').expect(200)).body).toEqual({ takesPart: choice });
  } // prettier-ignore
  await choose(first!, null).expect(200);
  const entries = (await auditTrail(app.database, tenant.tenantId, 'student.leaderboard_chosen'))
    .filter(({ targetId }) => targetId === first!.userId)
    .map(({ before, after }) => ({ before, after }));
  expect(entries).toEqual([
    { before: { takesPart: null }, after: { takesPart: true } },
    { before: { takesPart: true }, after: { takesPart: false } },
    { before: { takesPart: false }, after: { takesPart: null } },
  ]);
});

it('keeps one choice where many come at once, and each change of it on record', async () => {
  const student = await createStudent(app.database, await createInstructor(app.database, department));
  const choices = [true, false, true, false, null, true];
  await Promise.all(choices.map((choice) => choose(student, choice).expect(200)));
  const entries = (await auditTrail(app.database, tenant.tenantId, 'student.leaderboard_chosen')).filter(
    ({ targetId }) => targetId === student.userId,
  );
  const { body } = await app.as(student).get('/students/me/leaderboard').expect(200);
  // each began where another ended: what was left as often as it was entered is not where it is now
  const balance = new Map<string, number>();
  const add = (state: unknown, sign: number): void =>
    void balance.set(JSON.stringify(state), (balance.get(JSON.stringify(state)) ?? 0) + sign);
  entries.forEach(({ before, after }) => (add(before, -1), add(after, 1)));
  add({ takesPart: null }, 1);
  expect([...balance].filter(([, count]) => count !== 0)).toEqual([[JSON.stringify(body), 1]]);
});

it('lets no merge undo a no', async () => {
  const instructor = await createInstructor(app.database, department);
  for (const [from, into, kept] of [
    [false, true, false], [true, false, false], [true, null, true], [null, false, false], [null, null, null],
  ] as const) {
    const [one, other] = await createStudents(app.database, instructor, [{}, {}]);
    await choose(one!, from).expect(200);
    await choose(other!, into).expect(200);
    await app.as('admin', tenant).post(`/users/${one!.userId}/merge`).send({ intoId: other!.userId }).expect(200);
    expect((await app.as(other!).get('/students/me/leaderboard').expect(200)).body).toEqual({ takesPart: kept });
    await app.as(one!).get('/students/me/leaderboard').expect(404);
  } // prettier-ignore
});

it('refuses what makes no sense, and whom it is not for', async () => {
  const [instructor, [student]] = await classOf([80]);
  const get = (viewer: Viewer, query: object) => app.as(viewer).get('/analytics/leaderboard').query(query);
  for (const [query, pointer] of [
    [{ metric: 'luck' }, '/query/metric'],
    [{ limit: 0 }, '/query/limit'],
    [{ limit: 101 }, '/query/limit'],
    [{ from: '2026-02-01' }, '/query/from'],
    [{ metric: 'streak', to: '2026-02-01' }, '/query/to'],
    [{ metric: 'timeSpent', from: '2026-02-02', to: '2026-02-01' }, '/query/from'],
    [{ metric: 'timeSpent', to: '2026-03-03' }, '/query/to'],
    [{ metric: 'timeSpent', from: '2016-03-01' }, '/query/from'],
    [{ departmentId: tenant.departmentId }, '/query/departmentId'],
  ] as const) {
    const { body } = await get(instructor, query).expect(400);
    expect((body as { errors: { pointer: string }[] }).errors.map((error) => error.pointer)).toEqual([pointer]);
  }
  await app.anonymous.get('/analytics/leaderboard').expect(401);
  await choose(instructor, false).expect(403);
  await app.as(instructor).get('/students/me/leaderboard').expect(403);
  await app.as(student!).put('/students/me/leaderboard').send({}).expect(400);
  await app.as(student!).put('/students/me/leaderboard').send({ takesPart: 'no' }).expect(400);
  const service = (scopes: string[]): Viewer => ({
    tenantId: tenant.tenantId,
    userId: instructor.userId,
    departmentId: null,
    role: 'service',
    scopes,
  });
  await get(service(['leaderboard:read']), {}).expect(403);
  expect((await get(service(['leaderboard:read', 'students:read']), {}).expect(200)).body.rows).not.toEqual([]);
});

it('ranks like plain counting does, whatever was chosen (property)', async () => {
  const [instructor, students] = await classOf([null, null, null, null, null, null, null]);
  const minutes = fc.array(fc.constantFrom(10, 20, 30), { minLength: 7, maxLength: 7 });
  const choices = fc.array(fc.constantFrom(true, false, null), { minLength: 7, maxLength: 7 });
  let round = 0;
  await fc.assert(
    fc.asyncProperty(minutes, choices, fc.integer({ min: 1, max: 8 }), async (lengths, chosen, limit) => {
      // a day of its own for each round, so that rounds do not add up
      const day = addDays(today, -++round);
      await send(students.map((student, index) => sessionOf(student, day, lengths[index]!)));
      await app.database.run(
        `-- test.setChoices
        update student_progress p set takes_part = c.takes_part from unnest($2::uuid[], $3::boolean[]) c (id, takes_part)
        where p.tenant_id = $1 and p.student_id = c.id`,
        [tenant.tenantId, students.map(({ userId }) => userId), chosen],
      );
      // bumps what the statement above did not
      await send([sessionOf(students[0]!, addDays(today, -60), 10)]);
      for (const viewer of [instructor, students[round % 7]!]) {
        const players = students
          .map(({ name, userId }, index) => ({ name, userId, value: lengths[index]! * 60, choice: chosen[index] }))
          .filter(
            ({ choice, userId }) => choice !== false && (viewer === instructor || choice || userId === viewer.userId),
          );
        const ranked = players
          .sort((a, b) => b.value - a.value || a.name.localeCompare(b.name))
          .map(({ name, value, userId }): LeaderboardRow => ({
            rank: 1 + players.filter((other) => other.value > value).length,
            name,
            studentId: viewer === instructor ? userId : null,
            value,
            isOwn: userId === viewer.userId,
          }));
        const body = await read(viewer, { metric: 'timeSpent', from: day, to: day, limit });
        expect(body.rows).toEqual(ranked.filter(({ isOwn }, index) => index < limit || isOwn));
        expect(body.students).toBe(players.length);
      }
    }),
    { numRuns: 20 },
  );
});
