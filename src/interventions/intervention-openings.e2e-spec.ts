import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { createIntervention, setRisk } from '../../test/factories.risk.js';
import type { Body } from '../../test/workroom.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let supervisor: Member;
let students: Member[];

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  supervisor = await createInstructor(app.database, tenant, { canViewAll: true });
  instructor = await createInstructor(app.database, tenant);
  students = await createStudents(app.database, instructor, [{}, {}, {}, {}]);
  for (const [index, score] of [90, 80, 75, 20].entries()) await setRisk(app.database, students[index]!, score);
});

const post = async (body: object, status = 200, viewer = instructor): Promise<Body & { results: Body[] }> =>
  (await app.as(viewer).post('/interventions/bulk').send(body).expect(status)).body;
const idsOf = (members: readonly Member[]): string[] => members.map(({ userId }) => userId);
const total = async (query = ''): Promise<unknown> =>
  (await app.as(supervisor).get(`/interventions?${query}`).expect(200)).body.pagination.total;

it('opens cases on all whom a filter means, within what one may see, and none twice', async () => {
  const colleague = await createInstructor(app.database, tenant);
  const [other] = await createStudents(app.database, colleague, [{}]);
  await setRisk(app.database, other!, 95);
  const existing = await createIntervention(app.database, students[1]!, supervisor);
  const request = { filter: { status: 'atRisk' }, reason: 'Week 9', dueOn: '2026-03-06', action: 'message' };
  const dry = await post({ ...request, dryRun: true });
  expect(dry).toMatchObject({ dryRun: true, opened: 2, unchanged: 1, rejected: 0 });
  expect(await total()).toBe(1);

  const body = await post(request);
  expect(body).toMatchObject({ dryRun: false, opened: 2, unchanged: 1, rejected: 0 });
  const byStudent = new Map(body.results.map((one) => [one['studentId'], one]));
  expect(byStudent.size).toBe(3);
  expect(byStudent.get(students[1]!.userId)).toMatchObject({ result: 'open_already', interventionId: existing });
  const made = byStudent.get(students[0]!.userId)!;
  expect(made).toMatchObject({ result: 'opened' });
  const { body: shown } = await app
    .as(instructor)
    .get(`/interventions/${String(made['interventionId'])}`)
    .expect(200);
  expect(shown).toMatchObject({
    origin: 'flag', reason: 'Week 9', dueOn: '2026-03-06', action: 'message', openedScore: 90, openedBand: 'critical',
    ownerId: instructor.userId, entries: [{ kind: 'opened' }],
  }); // prettier-ignore
  const [written] = await app.database.many<Body>(
    `-- test.countOpened
    select (select count(*) from outbox where tenant_id = $1 and topic = 'interventions.opened') as events,
      (select count(*) from audit_entries where tenant_id = $1 and action = 'intervention.opened') as audited`,
    [tenant.tenantId],
  );
  expect(written).toEqual({ events: 2, audited: 2 });
  expect(await post(request)).toMatchObject({ opened: 0, unchanged: 3 });
});

it('says of each who is named what became of it, and opens none where one is at fault if told so', async () => {
  const stranger = await createTenant(app.database);
  const elsewhere = await createStudents(app.database, await createInstructor(app.database, stranger), [{}]);
  const missing = '0198f000-0000-7000-8000-000000000009';
  const studentIds = [...idsOf(students), ...idsOf(elsewhere), missing, students[0]!.userId.toUpperCase()];
  const request = { studentIds, origin: 'flag' };
  const none = await post({ ...request, allOrNothing: true });
  expect(none).toMatchObject({ opened: 0, unchanged: 0, rejected: 3 });
  expect(await total()).toBe(0);
  const some = await post(request);
  expect(some).toMatchObject({ opened: 3, rejected: 3 });
  expect(some.results.map(({ studentId, result }) => [studentId, result])).toEqual([
    [students[0]!.userId, 'opened'],
    [students[1]!.userId, 'opened'],
    [students[2]!.userId, 'opened'],
    [students[3]!.userId, 'student_not_flagged'],
    [elsewhere[0]!.userId, 'student_not_found'],
    [missing, 'student_not_found'],
  ]);
  expect(await post({ studentIds: [students[3]!.userId], allOrNothing: true })).toMatchObject({ opened: 1 });
  expect(await total('origin=flag')).toBe(3);
  expect(await total('origin=manual')).toBe(1);
});

it('gives them to an owner who may see the students', async () => {
  const colleague = await createInstructor(app.database, tenant);
  const studentIds = idsOf(students);
  const refused = await post({ studentIds, ownerId: colleague.userId });
  expect(refused).toMatchObject({ opened: 0, rejected: 4 });
  expect(refused.results).toContainEqual({ studentId: studentIds[0], result: 'owner_unsuitable' });
  expect(await post({ studentIds, ownerId: supervisor.userId })).toMatchObject({ opened: 4 });
  expect(await total(`ownerId=${supervisor.userId}`)).toBe(4);
});

it('opens at most 1,000, and wants one way to say who', async () => {
  const studentIds = idsOf(students);
  for (const body of [{}, { studentIds, filter: {} }, { studentIds: [] }, { studentIds, segmentId: 'x' }]) {
    await post(body, 400);
  }
  await post({ studentIds, dueOn: '2026-03-01' }, 422);
  await post({ segmentId: '0198f000-0000-7000-8000-000000000009' }, 404);
  await createStudents(app.database, instructor, Array(997).fill({}));
  expect(await post({ filter: {} }, 422)).toMatchObject({
    code: 'selection_too_large',
    errors: [{ pointer: '/filter' }],
  });
  expect(await post({ filter: { band: ['low', 'moderate', 'high', 'critical'] } })).toMatchObject({ opened: 4 });
  expect(await post({ filter: { intervention: 'none' } })).toMatchObject({ opened: 997, rejected: 0 });
  expect(await total()).toBe(1_001);
  for (const client of [app.as(students[0]!), app.as('service', tenant)]) {
    await client.post('/interventions/bulk').send({ studentIds }).expect(403);
  }
});

it('opens each once when many are opened at once', async () => {
  const studentIds = idsOf(students);
  const answers = await Promise.all(
    [instructor, supervisor, instructor, supervisor].map((viewer, index) =>
      post({ studentIds: index % 2 ? studentIds : studentIds.toReversed() }, 200, viewer),
    ),
  );
  expect(answers.reduce((sum, body) => sum + (body['opened'] as number), 0)).toBe(4);
  expect(answers.reduce((sum, body) => sum + (body['unchanged'] as number), 0)).toBe(12);
  expect(await total()).toBe(4);
});
