import { startApp, type TestApp } from '../../test/app.js';
import { createAssignment, handOut } from '../../test/factories.assignments.js';
import { createInstructor, createStudents, createTenant } from '../../test/factories.js';
import { createGradebook, type Gradebook, setWork, submitted } from '../../test/gradebook.js';
import fc from '../../test/property.js';
import type { Viewer } from '../http/viewer.js';
import type { GradebookCell, GradebookResponse } from './gradebook.dto.js';
import { GradebookRepository } from './gradebook.repository.js';

let app: TestApp;
let gradebook: Gradebook;
let instructor: Viewer;

beforeAll(async () => {
  app = await startApp();
  gradebook = await createGradebook(app.database);
  ({ instructor } = gradebook);
});

afterAll(() => app.stop());

const show = async (query = '', viewer: Viewer = instructor): Promise<GradebookResponse> =>
  (await app.as(viewer).get(`/gradebook?${query}`).expect(200)).body as GradebookResponse;
const titles = ({ assignments }: GradebookResponse): string[] => assignments.map(({ title }) => title);
const names = ({ students }: GradebookResponse): string[] => students.map(({ name }) => name);

describe('what is shown', () => {
  it('has a cell for every student and assignment, by name and by due date', async () => {
    const book = await show();
    expect(titles(book)).toEqual(['Radio', 'Codes', 'Essay', 'Later']);
    expect(book.assignments.map(({ status }) => status)).toEqual(['active', 'active', 'active', 'scheduled']);
    expect(names(book)).toEqual([gradebook.people[2]!.name, 'Ada Abel', 'Ben Berg', gradebook.people[3]!.name]);
    expect(book.students[1]).toMatchObject({
      id: gradebook.people[0]!.userId,
      pid: 'P-1',
      departmentId: gradebook.tenant.departmentId,
    });
    const [radioCell, codesCell, essayCell, laterCell] = book.students[1]!.cells as GradebookCell[];
    expect(radioCell).toEqual({
      status: 'submitted',
      score: 80,
      grade: null,
      exemption: null,
      isLate: false,
      isMissing: false,
      isOverdue: false,
      isAwaitingGrade: false,
      effectiveDueAt: '2026-02-20T12:00:00Z',
      version: 1,
    });
    // a grade of 90 less 10 % stands in place of what the attempts came to
    expect(codesCell).toMatchObject({ status: 'graded', score: 81, grade: 90 });
    expect(essayCell).toMatchObject({ status: 'submitted', score: null, isAwaitingGrade: true });
    expect(laterCell).toMatchObject({ status: 'not_started', effectiveDueAt: null, isOverdue: false });
    const [ben, dora] = [book.students[2]!, book.students[3]!];
    expect(ben.cells[0]).toMatchObject({ isLate: true, score: 50 });
    expect(ben.cells[1]).toMatchObject({ isOverdue: true, isMissing: true, score: null });
    expect(ben.cells[2]).toMatchObject({ exemption: 'excused', isOverdue: false });
    // never handed out, and withdrawn
    expect([dora.cells[1], dora.cells[3]]).toEqual([null, null]);
  });

  it('counts in the means what counts, and nothing as 0', async () => {
    const { students, assignments } = await show();
    // Ada: (80 × 1 + 81 × 3) ÷ (1 + 3) = 80.75; Ben: 50; Dora's only score is exempt
    expect(students.map(({ mean }) => mean)).toEqual([null, 80.75, 50, null]);
    // Radio: (80 + 50) ÷ 2, without the exempt 10 and without the student of somebody else, who has 0
    expect(assignments.map(({ mean, n }) => [mean, n])).toEqual([[65, 2], [81, 1], [null, 0], [null, 0]]); // prettier-ignore
    const all = await show('', gradebook.admin);
    // (80 + 50 + 0) ÷ 3
    expect(all.assignments[0]).toMatchObject({ title: 'Radio', mean: 43.33, n: 3 });
    expect(all.students.find(({ id }) => id === gradebook.other.userId)!.mean).toBe(0);
  });

  it('means all chosen assignments and students, also those on other pages', async () => {
    const page = await show('assignmentsLimit=1&limit=1&search=Ada');
    expect(titles(page)).toEqual(['Radio']);
    expect(page.students[0]!.mean).toBe(80.75);
    const first = await show('limit=1');
    expect(first.assignments[0]!.n).toBe(2);
    const chosen = await show(`assignmentIds=${gradebook.radio.assignmentId}`);
    expect(chosen.students.map(({ mean }) => mean)).toEqual([null, 80, 50, null]);
  });

  it.each([
    ['dueFrom=2026-02-21', ['Codes', 'Essay']],
    ['dueFrom=2026-02-20&dueTo=2026-02-20', ['Radio']],
    ['dueTo=2026-02-19', []],
    ['search=Dora', ['Radio', 'Essay']],
    ['category=none', []],
    ['tag=none', []],
  ])('shows with %s the assignments that it means and somebody has', async (query, expected) => {
    expect(titles(await show(query))).toEqual(expected);
  });

  it('shows the assignments of an owner, a category, a tag, a segment', async () => {
    expect(titles(await show(`ownerId=${instructor.userId}`))).toEqual(['Radio', 'Codes', 'Essay']);
    await app.database.run(
      `-- test.tagAssignment
      update assignments set category = 'Listening', tags = '{exam,spring}' where tenant_id = $1 and id = $2`,
      [gradebook.tenant.tenantId, gradebook.essay.assignmentId],
    );
    expect(titles(await show('category=Listening&tag=exam'))).toEqual(['Essay']);
    const { body } = await app
      .as(instructor)
      .post('/segments')
      .send({ name: 'Ada', filter: { search: 'Ada' } })
      .expect(201);
    expect(names(await show(`segmentId=${body.id}`))).toEqual(['Ada Abel']);
    expect(names(await show(`segmentId=${body.id}&search=Ben`))).toEqual(['Ben Berg']);
    await app.as(gradebook.sibling).get(`/gradebook?segmentId=${body.id}`).expect(404);
  });

  it('moves with the clock', async () => {
    app.clock.set('2026-03-09T12:00:01Z');
    const { students } = await show('search=Dora');
    app.clock.set('2026-03-02T08:00:00Z');
    expect(students[0]!.cells[1]).toMatchObject({ isOverdue: true, isMissing: false });
  });
});

describe('paging', () => {
  it.each(['sort=name', 'sort=name&order=desc', 'sort=mean', 'sort=mean&order=asc'])(
    'shows by %s everybody once, with pages and with cursors, in both directions',
    async (sort) => {
      const whole = await show(`${sort}&limit=100`);
      const byPage: GradebookResponse['students'] = [];
      for (let page = 1; page <= 4; page++) byPage.push(...(await show(`${sort}&limit=1&page=${page}`)).students);
      expect(byPage).toEqual(whole.students);
      const byCursor: GradebookResponse['students'] = [];
      let cursor = '';
      do {
        const { students, pagination } = await show(`${sort}&limit=3${cursor && `&cursor=${cursor}`}`);
        byCursor.push(...students);
        cursor = (pagination as { nextCursor?: string }).nextCursor ?? '';
      } while (cursor);
      expect(byCursor).toEqual(whole.students);
      const columns: GradebookResponse[] = [];
      for (let page = 1; page <= 2; page++)
        columns.push(await show(`${sort}&assignmentsLimit=3&assignmentsPage=${page}`));
      expect(columns.flatMap(({ assignments }) => assignments)).toEqual(whole.assignments);
      expect(whole.students.map(({ cells }) => cells)).toEqual(
        columns[0]!.students.map(({ cells }, index) => [...cells, ...columns[1]!.students[index]!.cells]),
      );
    },
  );

  it('says how much there is in both directions', async () => {
    const { pagination, assignmentsPagination } = await show('limit=3&assignmentsLimit=3&assignmentsPage=2');
    expect(pagination).toMatchObject({ limit: 3, page: 1, total: 4, totalPages: 2, hasNext: true });
    const expected = { limit: 3, page: 2, total: 4, totalPages: 2, hasNext: false, hasPrevious: true };
    expect(assignmentsPagination).toMatchObject(expected);
    const beyond = await show('page=9&assignmentsPage=9');
    expect([beyond.students, beyond.assignments]).toEqual([[], []]);
    expect(beyond.pagination).toMatchObject({ total: 4 });
  });

  it('puts who has no mean last in descending order', async () => {
    const { students } = await show('sort=mean');
    expect(students.map(({ mean }) => mean)).toEqual([80.75, 50, null, null]);
  });
});

describe('whose students', () => {
  it('shows to each no more than what they oversee', async () => {
    expect(names(await show('', gradebook.sibling))).toEqual(['Zoe Zorn']);
    expect(titles(await show('', gradebook.sibling))).toEqual(['Radio', 'Theirs', 'Later']);
    expect((await show('', gradebook.supervisor)).students).toHaveLength(5);
    expect((await show('', gradebook.admin)).students).toHaveLength(5);
    const stranger = await createInstructor(app.database, await createTenant(app.database));
    expect(await show(`assignmentIds=${gradebook.radio.assignmentId}`, stranger)).toMatchObject({
      students: [],
      assignments: [],
    });
    expect(await show(`assignmentIds=${gradebook.theirs.assignmentId}`)).toMatchObject({ assignments: [] });
  });

  it('has no cells of students who are somebody else’s by the time they are read', async () => {
    const { people, radio, sibling } = gradebook;
    const cellsFor = (viewer: Viewer) =>
      app.app
        .get(GradebookRepository, { strict: false })
        .cells(viewer, [people[0]!.userId], [radio.assignmentId], app.clock.now());
    expect(await cellsFor(instructor)).toHaveLength(1);
    expect(await cellsFor(sibling)).toEqual([]);
  });

  it('is nothing for students, and needs no more than a good query', async () => {
    await app.as(gradebook.people[0]!).get('/gradebook').expect(403);
    await app.as(gradebook.people[0]!).get('/gradebook/export?format=csv').expect(403);
    await app.anonymous.get('/gradebook').expect(401);
    for (const query of [
      'limit=101',
      'assignmentsLimit=51',
      'sort=risk',
      'assignmentIds=x',
      'dueFrom=2026-02-30',
      'x=1',
    ]) {
      await app.as(instructor).get(`/gradebook?${query}`).expect(400);
    }
    await app.as(instructor).get('/gradebook?page=1&cursor=abc').expect(400);
    const { body } = await app.as(instructor).get('/gradebook?limit=1').expect(200);
    const { nextCursor: cursor } = body.pagination as { nextCursor: string };
    await app.as(gradebook.sibling).get(`/gradebook?limit=1&cursor=${cursor}`).expect(400);
    await app.as(instructor).get('/gradebook/export').expect(400);
    await app.as(instructor).get('/gradebook/export?format=pdf').expect(400);
  });
});

describe('any gradebook', () => {
  it('has the means that its own cells have', async () => {
    const score = fc.option(fc.record({ score: fc.integer({ min: 0, max: 10_000 }), exempt: fc.boolean() }));
    const matrix = fc.array(fc.array(score, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 5 });
    const weights = fc.tuple(...Array.from({ length: 3 }, () => fc.integer({ min: 0, max: 400 })));
    await fc.assert(
      fc.asyncProperty(matrix, weights, async (scores, hundredths) => {
        const owner = await createInstructor(app.database, await createTenant(app.database));
        const students = await createStudents(
          app.database,
          owner,
          scores.map(() => ({})),
        );
        for (const [column, weight] of hundredths.entries()) {
          const assignment = await createAssignment(app.database, owner, { weight: weight / 100 });
          await handOut(app.database, assignment, students);
          for (const [row, student] of students.entries()) {
            const given = scores[row]![column];
            if (!given) continue;
            const fields = submitted('2026-02-03T10:00:00Z', given.score / 100);
            await setWork(app.database, assignment, student, { ...fields, exemption: given.exempt ? 'exempt' : null });
          }
        }
        const book = await show('', owner);
        const scoreOf = (cell: GradebookCell | null): number | null =>
          cell && cell.exemption === null && cell.score !== null ? Math.round(cell.score * 100) : null;
        const isMean = (mean: number | null, sum: number, parts: number): void => {
          // the nearest hundredth, told in whole numbers
          if (parts === 0) expect(mean).toBeNull();
          else expect(Math.abs(Math.round(mean! * 100) * parts - sum) * 2).toBeLessThanOrEqual(parts);
        };
        for (const { mean, cells } of book.students) {
          const counted = cells.map((cell, index) => [
            scoreOf(cell),
            Math.round(book.assignments[index]!.weight * 100),
          ]);
          const scored = counted.filter((pair): pair is [number, number] => pair[0] !== null);
          const sum = scored.reduce((total, [points, weight]) => total + points * weight, 0);
          isMean(mean, sum, scored.reduce((total, [, weight]) => total + weight, 0)); // prettier-ignore
        }
        for (const [column, { mean, n }] of book.assignments.entries()) {
          const counted = book.students.map(({ cells }) => scoreOf(cells[column]!)).filter((one) => one !== null);
          expect(n).toBe(counted.length);
          isMean(mean, counted.reduce((total, points) => total + points, 0), n); // prettier-ignore
        }
      }),
      { numRuns: 10 },
    );
  });
});
