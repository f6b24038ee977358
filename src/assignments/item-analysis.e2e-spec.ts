import { startApp, type TestApp } from '../../test/app.js';
import { type Assignment, createAssignment, handOut } from '../../test/factories.assignments.js';
import {
  type Category,
  createCategory,
  createInstructor,
  createModule,
  createStudents,
  createTenant,
  type Member,
  type Module,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import { setWork } from '../../test/gradebook.js';
import fc from '../../test/property.js';
import type { Viewer } from '../http/viewer.js';
import type { AssignmentAnalysis, ItemStatistics, ModuleAnalysis } from './item-analysis.dto.js';

let app: TestApp;
let tenant: Tenant;
let category: Category;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  category = await createCategory(app.database, tenant);
});

afterAll(() => app.stop());

interface Class {
  readonly instructor: Member;
  readonly students: Member[];
  readonly modules: Module[];
  readonly assignment: Assignment;
}

async function createClass(size: number, moduleCount: number, options: object = {}): Promise<Class> {
  const instructor = await createInstructor(app.database, tenant);
  const students = await createStudents(app.database, instructor, Array(size).fill({}));
  const modules: Module[] = [];
  for (let count = 0; count < moduleCount; count++) modules.push(await createModule(app.database, category));
  const moduleIds = modules.map(({ moduleId }) => moduleId);
  const assignment = await createAssignment(app.database, instructor, { moduleIds, ...options });
  await handOut(app.database, assignment, students);
  return { instructor, students, modules, assignment };
}

const session = ({ userId: studentId }: Member, module: Module, fields: object): Record<string, unknown> =>
  sessionBody(module, { studentId, ...fields });

async function record(sessions: readonly object[]): Promise<void> {
  const { body } = await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  expect(body.rejected).toBe(0);
}

const ofAssignment = async (
  { assignment, instructor }: Class,
  viewer: Viewer = instructor,
): Promise<AssignmentAnalysis> =>
  (await app.as(viewer).get(`/assignments/${assignment.assignmentId}/analysis`).expect(200)).body as AssignmentAnalysis;
const ofModule = async ({ moduleId }: Module, viewer: Viewer): Promise<ModuleAnalysis> =>
  (await app.as(viewer).get(`/modules/${moduleId}/analysis`).expect(200)).body as ModuleAnalysis;

describe('of an assignment', () => {
  it('has difficulty, discrimination and time of each module, with their intervals', async () => {
    const group = await createClass(10, 2);
    // five have all of the first; of those four have all of the second, and so has one of the others
    const scores = [...Array<[number, number]>(4).fill([100, 100]), [100, 0], [0, 100], ...Array<[number, number]>(4).fill([0, 0])] as const; // prettier-ignore
    await record(
      scores.flatMap(([a, b], index) => [
        session(group.students[index]!, group.modules[0]!, { score: a, durationSeconds: 100 + index }),
        session(group.students[index]!, group.modules[1]!, { score: b }),
      ]),
    );
    const { students, items } = await ofAssignment(group);
    expect(students).toBe(10);
    expect(items[0]).toEqual({
      moduleId: group.modules[0]!.moduleId,
      code: group.modules[0]!.code,
      title: group.modules[0]!.code,
      n: 10,
      // 5 of 10; Wilson
      difficulty: 0.5,
      difficultyLow: 0.2366,
      difficultyHigh: 0.7634,
      // four of both, four of none, one of each alone: (4 × 4 − 1 × 1) ÷ √(5 × 5 × 5 × 5) = 0.6; Fisher
      discrimination: 0.6,
      discriminationLow: -0.0476,
      discriminationHigh: 0.8925,
      // 100 to 109
      meanTimeSeconds: 104.5,
      medianTimeSeconds: 104.5,
      flags: [],
      reason: null,
    });
    // ten minutes each, from beginning to end
    expect(items[1]).toMatchObject({ discrimination: 0.6, meanTimeSeconds: 600, medianTimeSeconds: 600 });
  });

  it('flags what is too easy, too hard, and what tells nobody apart', async () => {
    const group = await createClass(40, 4);
    const shares = (index: number): number[] => [
      // of forty times 0.98 PostgreSQL's corr() makes a number
      98,
      index === 0 ? 50 : 10,
      index < 20 ? 90 : 20,
      // the worse, the better
      index < 20 ? 30 : 80,
    ];
    await record(
      group.students.flatMap((student, index) =>
        group.modules.map((module, item) => session(student, module, { score: shares(index)[item] })),
      ),
    );
    const { items } = await ofAssignment(group);
    expect(items.map(({ flags }) => flags)).toEqual([
      ['tooEasy'],
      ['tooHard'],
      ['notDiscriminating'],
      ['notDiscriminating'],
    ]);
    // who all have the same cannot be told apart by it
    expect(items.map(({ reason }) => reason)).toEqual(['noVariation', null, null, null]);
    expect(items[0]).toMatchObject({ difficulty: 0.98, discrimination: null, discriminationHigh: null });
    expect(items[2]!.discriminationHigh).toBeLessThan(0.2);
  });

  it('says nothing of few, and nothing at all of very few', async () => {
    const group = await createClass(9, 3);
    await record([
      ...group.students.map((student) => session(student, group.modules[0]!, {})),
      ...group.students.slice(0, 4).map((student) => session(student, group.modules[1]!, {})),
    ]);
    const { students, items } = await ofAssignment(group);
    expect(students).toBe(9);
    const nothing: Partial<ItemStatistics> = { difficulty: null, difficultyLow: null, discrimination: null, flags: [] };
    expect(items[0]).toMatchObject({ ...nothing, n: 9, meanTimeSeconds: 600, reason: 'tooFewStudents' });
    expect(items[1]).toMatchObject({ ...nothing, n: 4, meanTimeSeconds: null, reason: 'tooFewStudents' });
    expect(items[2]).toMatchObject({ ...nothing, n: 0, medianTimeSeconds: null, reason: 'tooFewStudents' });
  });

  it('knows that a module by itself has nothing to be compared with', async () => {
    const group = await createClass(10, 1);
    await record(group.students.map((student, index) => session(student, group.modules[0]!, { score: index * 10 })));
    const [item] = (await ofAssignment(group)).items;
    expect(item).toMatchObject({ n: 10, difficulty: 0.45, discrimination: null, reason: 'noOtherItems' });
  });

  it("takes each student's best completed session while the work was there", async () => {
    const group = await createClass(10, 1, {
      availableFrom: '2026-02-10T12:00:00Z',
      availableUntil: '2026-02-20T12:00:00Z',
      dueAt: '2026-02-20T12:00:00Z',
    });
    const [module] = group.modules as [Module];
    const at =
      (completedAt: string, score: number, fields: object = {}) =>
      (student: Member) =>
        session(student, module, { startedAt: undefined, completedAt, score, ...fields });
    const day = (student: Member): object => ({
      ...session(student, module, { score: 30 }),
      startedAt: undefined,
      completedAt: undefined,
      day: '2026-02-10',
    });
    const [first, ...others] = group.students as [Member, ...Member[]];
    await record([
      at('2026-02-10T11:59:59Z', 100)(first), // before
      at('2026-02-20T12:00:01Z', 99)(first), // after
      at('2026-02-15T12:00:00Z', 98, { status: 'abandoned' })(first),
      at('2026-02-10T12:00:00Z', 10)(first),
      at('2026-02-20T12:00:00Z', 60)(first),
      at('2026-02-16T12:00:00Z', 40)(first),
      ...others.map(day),
    ]);
    // (60 + 9 × 30) ÷ 10 ÷ 100
    expect((await ofAssignment(group)).items[0]).toMatchObject({ n: 10, difficulty: 0.33 });
  });

  it('takes the sessions that an attempt names instead, and leaves out who is exempt', async () => {
    const group = await createClass(12, 1);
    const [module] = group.modules as [Module];
    const named = session(group.students[0]!, module, { score: 20 });
    await record([named, ...group.students.map((student) => session(student, module, { score: 100 }))]);
    await app.database.run(
      `-- test.insertAttempt
      insert into attempts (tenant_id, id, assignment_id, student_id, number, source, started_at, submitted_at, session_ids)
      values ($1, gen_random_uuid(), $2, $3, 1, 'sessions', '2026-03-01', '2026-03-02', $4)`,
      [tenant.tenantId, group.assignment.assignmentId, group.students[0]!.userId, [named.id]],
    );
    await setWork(app.database, group.assignment, group.students[1]!, { exemption: 'exempt' });
    // (20 + 10 × 100) ÷ 11 ÷ 100
    expect((await ofAssignment(group)).items[0]).toMatchObject({ n: 11, difficulty: 0.9273 });
  });

  it("is about the viewer's own students, and not there for who does not see it", async () => {
    const group = await createClass(10, 1);
    const sibling = await createInstructor(app.database, tenant);
    const theirs = await createStudents(app.database, sibling, Array(10).fill({}));
    await handOut(app.database, group.assignment, theirs);
    await record([
      ...group.students.map((student) => session(student, group.modules[0]!, { score: 50 })),
      ...theirs.map((student) => session(student, group.modules[0]!, { score: 100 })),
    ]);
    expect((await ofAssignment(group)).items[0]).toMatchObject({ n: 10, difficulty: 0.5 });
    expect((await ofAssignment(group, sibling)).items[0]).toMatchObject({ n: 10, difficulty: 1 });
    const path = `/assignments/${group.assignment.assignmentId}/analysis`;
    const { body } = await app.as('admin', tenant).get(path).expect(200);
    expect(body.items[0]).toMatchObject({ n: 20, difficulty: 0.75 });
    await app
      .as(await createInstructor(app.database, tenant))
      .get(path)
      .expect(404);
    await app.as(group.students[0]!).get(path).expect(403);
    await app
      .as(await createInstructor(app.database, await createTenant(app.database)))
      .get(path)
      .expect(404);
    await app.as(sibling).get('/assignments/x/analysis').expect(400);
  });
});

describe('of a module', () => {
  it("has the questions of everybody's first completed session", async () => {
    const group = await createClass(10, 1);
    const [module] = group.modules as [Module];
    await record(
      group.students.flatMap((student, index) => [
        session(student, module, {
          startedAt: '2026-03-01T09:00:00Z',
          completedAt: '2026-03-01T09:10:00Z',
          answers: [
            { questionId: 'q-1', correct: index < 5, durationSeconds: 10 + index, said: 'Alpha' },
            { questionId: 'q-2', score: [0, 1, 2, 3, 5].includes(index) ? 100 : 0 },
            { questionId: 'q-1', correct: true },
            ...(index < 4 ? [{ questionId: 'q-3', correct: true, durationSeconds: 3 }] : []),
          ],
        }),
        // the second time everybody knows
        session(student, module, { answers: [{ questionId: 'q-1', correct: true }] }),
        session(student, module, { status: 'abandoned', completedAt: '2026-02-20T09:00:00Z', startedAt: undefined, answers: [{ questionId: 'q-9', correct: true }] }), // prettier-ignore
      ]),
    );
    const { students, items } = await ofModule(module, group.instructor);
    expect([students, items.map(({ questionId, n }) => [questionId, n])]).toEqual([10, [['q-1', 10], ['q-2', 10], ['q-3', 4]]]); // prettier-ignore
    expect(items[0]).toMatchObject({
      difficulty: 0.5,
      difficultyLow: 0.2366,
      meanTimeSeconds: 14.5,
      medianTimeSeconds: 14.5,
    });
    expect(items[1]).toMatchObject({ difficulty: 0.5, meanTimeSeconds: null, medianTimeSeconds: null });
    expect(items[2]).toMatchObject({ difficulty: null, meanTimeSeconds: null, reason: 'tooFewStudents' });
  });

  it('reads what answers say in their own way as nothing', async () => {
    const group = await createClass(10, 1);
    const [module] = group.modules as [Module];
    const odd = [
      {}, { questionId: 7, correct: true }, { questionId: 'a' }, { questionId: 'b', correct: 'true' }, { questionId: 'c', score: 101 },
      { questionId: 'd', score: -1 }, { questionId: '', correct: true }, { questionId: 'x'.repeat(101), correct: true },
      { questionId: 'e', score: null }, { questionId: 'f', correct: null, score: '5' }, { questionId: ['g'], correct: true },
      { questionId: 'good', score: 50, durationSeconds: -1 }, { questionId: 'fine', correct: false, score: 100 },
    ]; // prettier-ignore
    await record(group.students.map((student) => session(student, module, { answers: odd })));
    const { items } = await ofModule(module, group.instructor);
    expect(items.map(({ questionId, difficulty }) => [questionId, difficulty])).toEqual([['fine', 0], ['good', 0.5]]); // prettier-ignore
    expect(items[1]!.meanTimeSeconds).toBeNull();
  });

  it("is about the viewer's own students, and only of modules that there are", async () => {
    const group = await createClass(5, 1);
    const [module] = group.modules as [Module];
    await record(
      group.students.map((student) => session(student, module, { answers: [{ questionId: 'q', correct: true }] })),
    );
    expect(await ofModule(module, group.instructor)).toMatchObject({ students: 5, items: [{ n: 5, difficulty: null, meanTimeSeconds: null }] }); // prettier-ignore
    expect(await ofModule(module, await createInstructor(app.database, tenant))).toMatchObject({
      students: 0,
      items: [],
    });
    const stranger = await createInstructor(app.database, await createTenant(app.database));
    await app.as(stranger).get(`/modules/${module.moduleId}/analysis`).expect(404);
    await app.as(group.students[0]!).get(`/modules/${module.moduleId}/analysis`).expect(403);
    await app.as(group.instructor).get(`/modules/${tenant.tenantId}/analysis`).expect(404);
  });
});

/** Item by item from the results of each student, without SQL. */
function analysed(
  results: readonly (number | null)[][],
): { n: number; difficulty: number; discrimination: number | null }[] {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  return results[0]!.map((_, item) => {
    const own: number[] = [];
    const pairs: [number, number][] = [];
    for (const row of results) {
      const value = row[item];
      if (value === null || value === undefined) continue;
      own.push(value);
      const others = row.filter((other, index): other is number => index !== item && other !== null);
      if (others.length > 0) pairs.push([value, mean(others)]);
    }
    const [x, y] = [mean(pairs.map(([a]) => a)), mean(pairs.map(([, b]) => b))];
    const sum = (of: (a: number, b: number) => number): number =>
      pairs.reduce((total, [a, b]) => total + of(a - x, b - y), 0);
    const [xx, yy] = [sum((a) => a * a), sum((_a, b) => b * b)];
    const isJudged = pairs.length >= 10 && xx > 1e-9 && yy > 1e-9;
    return {
      n: own.length,
      difficulty: mean(own) / 100,
      discrimination: isJudged ? sum((a, b) => a * b) / Math.sqrt(xx * yy) : null,
    };
  });
}

it('is what the same arithmetic comes to elsewhere', async () => {
  const score = fc.option(
    fc.integer({ min: 0, max: 4 }).map((quarter) => quarter * 25),
    { freq: 6 },
  );
  const table = fc.array(fc.array(score, { minLength: 4, maxLength: 4 }), { minLength: 12, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(table, async (results) => {
      const group = await createClass(results.length, 4);
      const questions = await createModule(app.database, category);
      await record(
        results.flatMap((row, index) => {
          const student = group.students[index]!;
          const answers = row.flatMap((value, item) =>
            value === null ? [] : [{ questionId: `q-${item}`, score: value }],
          );
          const sat = row.flatMap((value, item) =>
            value === null ? [] : [session(student, group.modules[item]!, { score: value })],
          );
          return [...sat, session(student, questions, { answers })];
        }),
      );
      const expected = analysed(results);
      const modules = (await ofAssignment(group)).items;
      const byQuestion = new Map(
        (await ofModule(questions, group.instructor)).items.map((item) => [item.questionId, item]),
      );
      for (const [item, { n, difficulty, discrimination }] of expected.entries()) {
        for (const shown of [modules[item]!, ...(n > 0 ? [byQuestion.get(`q-${item}`)!] : [])]) {
          expect(shown.n).toBe(n);
          if (n < 10) expect(shown.difficulty).toBeNull();
          else expect(shown.difficulty).toBeCloseTo(difficulty, 4);
          if (n < 10 || discrimination === null) expect(shown.discrimination).toBeNull();
          else expect(shown.discrimination).toBeCloseTo(discrimination, 3);
        }
      }
    }),
    { numRuns: 8 },
  );
}, 60_000);
