import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory, createDepartment, createInstructor, createModule, createStudents, createTenant, type Member,
  type Module, type Person, type Place, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { figuresOf, expectFigures, Ledger, type Practised } from '../../test/practice-ledger.js';
import fc from '../../test/property.js';

interface Row {
  readonly departmentId: string;
  readonly parentId: string | null;
  readonly own: Readonly<Record<string, number | null>>;
  readonly total: Readonly<Record<string, number | null>>;
}

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let head: Member;
/** A school with two classes, and an instructor in each of the four departments, the root's first. */
let departments: Place[];
let teachers: Member[];
let students: Member[];
let practice: Module;
let ledger: Ledger;

beforeEach(async () => {
  app = await startApp({ now: '2026-03-05T12:00:00Z' });
  tenant = await createTenant(app.database);
  admin = {
    tenantId: tenant.tenantId,
    userId: tenant.tenantId,
    role: 'admin',
    departmentId: null,
    name: '',
    email: '',
  };
  const school = await createDepartment(app.database, tenant);
  departments = [tenant, school, ...(await Promise.all([1, 2].map(() => createDepartment(app.database, school))))];
  teachers = [];
  for (const department of departments) teachers.push(await createInstructor(app.database, department));
  head = await createInstructor(app.database, school, { canViewAll: true });
  practice = await createModule(app.database, await createCategory(app.database, tenant));
  students = [];
  ledger = new Ledger(app, tenant);
  for (const instructor of [teachers[2]!, teachers[2]!, teachers[3]!, teachers[1]!, teachers[0]!]) {
    const [student] = await createStudents(app.database, instructor, [{}]);
    students.push(student!);
    ledger.moves.push({ student: student!, at: '2025-09-01T00:00:00Z', instructor });
  }
});
afterEach(() => app.stop());

const show = async (viewer: Member | Person, query: object = {}): Promise<Row[]> =>
  (await app.as(viewer).get('/analytics/departments').query(query).expect(200)).body.departments as Row[];
const session = (student: Member, at: string, score: number): Practised => ({
  student,
  at,
  moduleId: practice.moduleId,
  completed: true,
  score,
  questions: 4,
  correct: 3,
  seconds: 600,
});
it('shows each department with all below it, and counts nobody twice', async () => {
  await ledger.practise([
    session(students[0]!, '2026-03-02T09:00:00Z', 60),
    session(students[2]!, '2026-03-02T09:00:00Z', 90),
    session(students[4]!, '2026-03-03T09:00:00Z', 30),
  ]);
  await ledger.move(students[0]!, teachers[3]!);
  await ledger.practise([session(students[0]!, '2026-03-05T09:00:00Z', 100)]);
  const { body } = await app.as(admin).get('/analytics/departments').query({ from: '2026-03-01' }).expect(200);
  expect(body).toMatchObject({ from: '2026-03-01', to: '2026-03-05', today: '2026-03-05', smallestGroup: null });
  const rows = body.departments as Row[];
  expect(rows.map(({ departmentId, parentId }) => [departmentId, parentId])).toEqual(
    expect.arrayContaining([
      [departments[0]!.departmentId, null],
      [departments[1]!.departmentId, departments[0]!.departmentId],
      [departments[2]!.departmentId, departments[1]!.departmentId],
      [departments[3]!.departmentId, departments[1]!.departmentId],
    ]),
  );
  const of = (index: number): Row =>
    rows.find(({ departmentId }) => departmentId === departments[index]!.departmentId)!;
  expect(of(2).own).toEqual({
    students: 1,
    activeStudents: 1,
    sessions: 1,
    sessionsCompleted: 1,
    timeSpentSeconds: 600,
    averageScore: 60,
    accuracy: 75,
    atRisk: 0,
    topPerformers: 0,
    completionRate: null,
  });
  expect(of(3).own).toMatchObject({ students: 2, activeStudents: 2, sessions: 2, averageScore: 95 });
  // the one who moved is in both classes and once in the school
  expect(of(1).total).toMatchObject({ students: 4, activeStudents: 2, sessions: 3, averageScore: 83.33 });
  expect(of(1).own).toMatchObject({ students: 1, activeStudents: 0, sessions: 0, averageScore: null });
  expect(of(0).total).toMatchObject({ students: 5, activeStudents: 3, sessions: 4, averageScore: 70 });

  // as of the day before: who was where then
  const before = await show(admin, { from: '2026-03-01', asOf: '2026-03-04' });
  const then = (index: number): Row => before.find((row) => row.departmentId === departments[index]!.departmentId)!;
  expect(then(2).own).toMatchObject({ students: 2, activeStudents: 1, atRisk: null, topPerformers: null });
  expect(then(3).own).toMatchObject({ students: 1, activeStudents: 1, completionRate: null });
  expect(then(1).total).toMatchObject({ students: 4, activeStudents: 2, sessions: 2 });
});

it('is of what the viewer may see', async () => {
  await ledger.practise([session(students[0]!, '2026-03-02T09:00:00Z', 60)]);
  const ids = (rows: Row[]): string[] => rows.map(({ departmentId }) => departmentId).sort();
  const idsOf = (...indices: number[]): string[] => indices.map((index) => departments[index]!.departmentId).sort();
  expect(ids(await show(admin))).toEqual(idsOf(0, 1, 2, 3));
  expect(ids(await show(head))).toEqual(idsOf(1, 2, 3));
  expect(ids(await show(teachers[2]!))).toEqual(idsOf(2));
  expect((await show(teachers[2]!))[0]).toMatchObject({ parentId: null, total: { students: 2, activeStudents: 1 } });
  expect(ids(await show(admin, { departmentId: departments[1]!.departmentId.toUpperCase() }))).toEqual(idsOf(1, 2, 3));
  expect(await show(head, { departmentId: departments[0]!.departmentId })).toHaveLength(3);
  const elsewhere = await createTenant(app.database);
  expect(await show(admin, { departmentId: elsewhere.departmentId })).toEqual([]);
  await app.as(students[0]!).get('/analytics/departments').expect(403);
  await app.anonymous.get('/analytics/departments').expect(401);
  await app.as(admin).get('/analytics/departments').query({ asOf: '2026-03-06' }).expect(400);
  await app.as(admin).get('/analytics/departments').query({ from: '2026-03-05', to: '2026-03-04' }).expect(400);
});

it('is parent = own + children, and equals plain arithmetic, whoever moved where (property)', async () => {
  const event = fc.record({
    hour: fc.integer({ min: 0, max: 24 * 20 }),
    student: fc.integer({ min: 0, max: 4 }),
    moves: fc.constantFrom(null, null, 0, 1, 2, 3),
    score: fc.integer({ min: 0, max: 100 }),
  });
  const period = fc.tuple(
    fc.integer({ min: 1, max: 28 }),
    fc.integer({ min: 0, max: 12 }),
    fc.integer({ min: 0, max: 9 }),
  );
  const begins = Date.parse('2026-03-08T00:00:00Z');
  let start = begins;
  const dayAfter = (days: number): string => ledger.dayOf(new Date(start + days * 86_400_000).toISOString());
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 25 }), period, async (events, [first, length, later]) => {
      const taken = new Set<string>();
      for (const { hour, student, moves, score } of events.toSorted((a, b) => a.hour - b.hour)) {
        const now = start + hour * 3_600_000;
        app.clock.set(new Date(now + 1_800_000).toISOString());
        if (moves !== null) await ledger.move(students[student]!, teachers[moves]!);
        else if (!taken.has(`${student} ${now}`)) {
          taken.add(`${student} ${now}`);
          await ledger.practise([session(students[student]!, new Date(now).toISOString(), score)]);
        }
      }
      app.clock.set(new Date(start + 32 * 86_400_000).toISOString());
      const today = dayAfter(32);
      const from = dayAfter(first);
      const to = [dayAfter(first + length), today].sort()[0]!;
      for (const query of [
        { from },
        { from, to },
        { from, to, asOf: [dayAfter(first + length + later), today].sort()[0]! },
      ]) {
        const rows = await show(admin, query);
        const asOf = query.asOf ?? today;
        const ends = query.to ?? today;
        const instructorsOf = (indices: number[]): Member[] => indices.map((index) => teachers[index]!);
        const below = [[0, 1, 2, 3], [1, 2, 3], [2], [3]];
        for (const index of [0, 1, 2, 3]) {
          const row = rows.find(({ departmentId }) => departmentId === departments[index]!.departmentId)!;
          for (const [shown, indices] of [
            [row.own, [index]],
            [row.total, below[index]!],
          ] as const) {
            const {
              meanSessionSeconds: _,
              sessionsScored: __,
              questions: ___,
              correct: ____,
              ...expected
            } = figuresOf(ledger.within(from, ends, instructorsOf([...indices])));
            const there = students.filter((student) =>
              instructorsOf([...indices]).some(({ userId }) => userId === ledger.instructorOf(student, asOf)),
            );
            expectFigures(shown, { ...expected, students: there.length });
          }
          const children = rows.filter(({ parentId }) => parentId === row.departmentId);
          for (const name of ['students', 'sessions', 'sessionsCompleted', 'timeSpentSeconds']) {
            const sum = [row.own, ...children.map(({ total }) => total)].reduce((all, one) => all + one[name]!, 0);
            expect([name, row.total[name]]).toEqual([name, sum]);
          }
        }
      }
      start += 40 * 86_400_000;
    }),
    { numRuns: 8, endOnFailure: true },
  );
}, 240_000);
