import { startApp, type TestApp } from '../../test/app.js';
import {
  createDepartment, createInstructor, createStudent, createStudents, createTenant, type Member, type Person, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { createIntervention, setRisk } from '../../test/factories.risk.js';
import type { Body } from '../../test/workroom.js';

let app: TestApp;
let tenant: Tenant;
let supervisor: Member;
let instructor: Member;
let colleague: Member;
let student: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  const department = await createDepartment(app.database, tenant);
  supervisor = await createInstructor(app.database, department, { canViewAll: true });
  instructor = await createInstructor(app.database, department);
  colleague = await createInstructor(app.database, department);
  student = await createStudent(app.database, instructor);
});

const list = async (query: string, viewer: Person = instructor): Promise<Body[]> =>
  (await app.as(viewer).get(`/interventions?${query}`).expect(200)).body.data;

it('filters, sorts, counts and pages', async () => {
  const students = await createStudents(app.database, instructor, [{}, {}, {}, {}, {}]);
  const scores = [90, 60, null, 75, 30];
  for (const [index, one] of students.entries()) await setRisk(app.database, one, scores[index]!);
  const make = (index: number, options: Parameters<typeof createIntervention>[3]): Promise<string> =>
    createIntervention(app.database, students[index]!, index === 1 ? supervisor : instructor, options);
  const a = await make(0, { dueOn: '2026-03-01', openedDay: '2026-02-03' });
  const b = await make(1, { dueOn: '2026-02-27', openedDay: '2026-02-01', status: 'contacted', action: 'email' });
  const c = await make(2, { openedDay: '2026-02-04' });
  const d = await make(3, { dueOn: '2026-02-20', openedDay: '2026-02-02', status: 'resolved' });
  const e = await make(4, { dueOn: '2026-02-26', snoozedUntil: '2026-03-05', openedDay: '2026-02-05' });
  const ids = async (query: string): Promise<unknown[]> => (await list(query)).map((row) => row['id']);
  expect(await ids('')).toEqual([d, e, b, a, c]);
  expect(await ids('order=desc')).toEqual([a, b, e, d, c]);
  expect(await ids('sort=opened')).toEqual([e, c, a, d, b]);
  expect(await ids('sort=opened&order=asc')).toEqual([b, d, a, c, e]);
  expect(await ids('sort=score')).toEqual([a, d, b, e, c]);
  expect(await ids('sort=score&order=asc')).toEqual([e, b, d, a, c]);
  const filters: [string, string[]][] = [
    ['status=open,contacted', [e, b, a, c]],
    ['status=resolved', [d]],
    [`ownerId=${supervisor.userId}`, [b]],
    [`studentId=${students[2]!.userId}`, [c]],
    [`departmentId=${instructor.departmentId}`, [d, e, b, a, c]],
    [`departmentId=${tenant.departmentId}`, [d, e, b, a, c]],
    [`instructorId=${colleague.userId}`, []],
    ['origin=flag', [d, e, b, a, c]],
    ['origin=manual', []],
    ['action=email', [b]],
    ['overdue=true', [b, a]],
    ['overdue=false', [d, e, c]],
    ['snoozed=true', [e]],
    ['overdue=true&status=open&sort=score', [a]],
  ];
  for (const [query, expected] of filters) {
    expect([query, await ids(query)]).toEqual([query, expected]);
    const { body } = await app.as(instructor).get(`/interventions?limit=1&${query}`).expect(200);
    expect([query, body.pagination.total]).toEqual([query, expected.length]);
  }
  for (const sort of ['due', 'opened', 'score']) {
    for (const order of ['asc', 'desc']) {
      const seen: unknown[] = [];
      for (let next: string | undefined = ''; next !== undefined;) {
        const cursor: string = next && `&cursor=${next}`;
        const { body } = await app.as(instructor).get(`/interventions?limit=2&sort=${sort}&order=${order}${cursor}`);
        seen.push(...body.data.map((row: Body) => row['id']));
        next = body.pagination.nextCursor;
      }
      expect(seen).toEqual(await ids(`sort=${sort}&order=${order}`));
    }
  }
  const counts = (query = ''): Promise<Body> =>
    app
      .as(instructor)
      .get(`/interventions/counts?${query}`)
      .expect(200)
      .then(({ body }) => body);
  expect(await counts()).toEqual({ open: 3, contacted: 1, resolved: 1, dismissed: 0, overdue: 2, snoozed: 1 });
  expect(await counts(`ownerId=${supervisor.userId}`)).toMatchObject({ open: 0, contacted: 1, overdue: 1 });
  await app.as(instructor).get('/interventions?status=lost').expect(400);
  await app.as(instructor).get('/interventions?overdue=yes').expect(400);
});

it('shows what is overdue on the dashboard, at once', async () => {
  const { body: opened } = await app
    .as(instructor)
    .post('/interventions')
    .send({ studentId: student.userId, dueOn: '2026-03-02' })
    .expect(201);
  app.clock.set('2026-03-03T08:00:00Z');
  const shown = async (viewer: Person): Promise<unknown[]> => {
    const { body } = await app.as(viewer).get('/dashboard').expect(200);
    const { body: page } = await app.as(viewer).get(body.links.overdueInterventions.replace('/api/v1', '')).expect(200);
    expect(page.pagination.total).toBe(body.statistics.overdueInterventions);
    return body.overdueInterventions.map((row: Body) => row['id']);
  };
  for (const viewer of [instructor, supervisor]) expect(await shown(viewer)).toEqual([opened.id]);
  expect(await shown(colleague)).toEqual([]);
  await app
    .as(instructor)
    .post(`/interventions/${opened.id}/resolve`)
    .set('if-match', '"1"')
    .send({ outcome: 'better' })
    .expect(200);
  for (const viewer of [instructor, supervisor]) expect(await shown(viewer)).toEqual([]);
});

it('tells students with an open case from those without, and tells staff alone', async () => {
  const [other] = await createStudents(app.database, instructor, [{}]);
  await createIntervention(app.database, student, instructor);
  const found = async (client: ReturnType<TestApp['as']>, state: string): Promise<unknown[]> => {
    const { body } = await client.get(`/students?intervention=${state}`).expect(200);
    expect(body.pagination.total).toBe(body.data.length);
    return body.data.map((row: Body) => row['id']);
  };
  expect(await found(app.as(instructor), 'open')).toEqual([student.userId]);
  expect(await found(app.as(instructor), 'none')).toEqual([other!.userId]);
  for (const client of [app.as(student), app.as('service', tenant)]) {
    expect(await found(client, 'open')).toEqual([]);
    expect(await found(client, 'none')).toEqual([]);
  }
});
