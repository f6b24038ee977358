import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import {
  createAdmin,
  createCategory,
  createDepartment,
  createInstructor,
  createModule,
  createStudents,
  createTenant,
  type Member,
  type Module,
  type Person,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import type { Viewer } from '../http/viewer.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let ada: Member;
let ben: Member;
let cay: Member;
let quiz: Module;
let adas: Member[];
let bens: Member[];
/** Ben while he stands in for Ada, as his access token says it. */
let asBen: Viewer;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  const department = await createDepartment(app.database, tenant);
  ada = await createInstructor(app.database, department);
  ben = await createInstructor(app.database, await createDepartment(app.database, tenant));
  cay = await createInstructor(app.database, department);
  quiz = await createModule(app.database, await createCategory(app.database, tenant));
  adas = await createStudents(app.database, ada, [{ name: 'Will Smith' }, { name: 'Ida Wells' }]);
  bens = await createStudents(app.database, ben, [{ name: 'Willow Rosenberg' }]);
  await createStudents(app.database, cay, [{ name: 'Willa Cather' }, {}]);
  asBen = { ...ben, rosters: [ada.userId] };
  await delegate(ada, ben);
  await delegate(ben, cay);
});
afterAll(() => app.stop());

const delegate = async (from: Member, to: Member): Promise<void> => {
  const wanted = { substituteId: to.userId, validTo: '2026-03-16T18:00:00Z', reason: 'leave' };
  await app.as(from).post('/delegations').send(wanted).expect(201);
};
const session = (student: Member, score = 80): object => sessionBody(quiz, { studentId: student.userId, score });
const record = async (student: Member): Promise<void> => {
  await app
    .as('service', tenant)
    .post('/activity/sessions')
    .send({ sessions: [session(student)] })
    .expect(200);
};
const namesFor = async (viewer: Viewer, query = ''): Promise<string[]> => {
  const { body } = await app.as(viewer).get(`/students${query}`).expect(200);
  expect(body.pagination.total).toBe(body.data.length);
  return (body.data as { name: string }[]).map(({ name }) => name);
};

it('sees both rosters in lists, searches, counts and pages, and others see what they saw', async () => {
  expect(await namesFor(asBen)).toEqual(['Ida Wells', 'Will Smith', 'Willow Rosenberg']);
  expect(await namesFor(asBen, '?search=will')).toEqual(['Will Smith', 'Willow Rosenberg']);
  expect(await namesFor(asBen, '?status=neverStarted&sort=risk&order=asc')).toHaveLength(3);
  expect(await namesFor(ben, '?search=will')).toEqual(['Willow Rosenberg']);
  expect(await namesFor(ada)).toEqual(['Ida Wells', 'Will Smith']);
  const { body } = await app.as(asBen).get('/students?limit=2').expect(200);
  const next = `/students?limit=2&cursor=${body.pagination.nextCursor}`;
  expect((await app.as(asBen).get(next).expect(200)).body.data).toHaveLength(1);
  // that page was of another scope
  await app.as(ben).get(next).expect(400);
});

it('does not pass on: who stands in for the substitute has the substitute’s own roster', async () => {
  const asCay = { ...cay, rosters: [ben.userId] };
  expect(await namesFor(asCay, '?search=will')).toEqual(['Willa Cather', 'Willow Rosenberg']);
  await app.as(asCay).get(`/students/${adas[0]!.userId}`).expect(404);
});

it('is shown what has changed on any of the rosters at once', async () => {
  const active = async (viewer: Viewer): Promise<number[]> => {
    const { body } = await app.as(viewer).get('/dashboard').expect(200);
    return [body.statistics.activeToday as number, body.trend.at(-1).activeStudents as number];
  };
  expect([await active(asBen), await active(ben)]).toEqual([
    [0, 0],
    [0, 0],
  ]);
  await record(adas[0]!);
  expect([await active(asBen), await active(ben)]).toEqual([
    [1, 1],
    [0, 0],
  ]);
  await record(bens[0]!);
  expect([await active(asBen), await active(ben), await active(ada)]).toEqual([
    [2, 2],
    [1, 1],
    [1, 1],
  ]);
});

it('may be a supervisor, who then sees the department and the roster', async () => {
  const supervisor = await createInstructor(app.database, ben, { canViewAll: true });
  expect(await namesFor(supervisor)).toEqual(['Willow Rosenberg']);
  await delegate(ada, supervisor);
  const standingIn = { ...supervisor, rosters: [ada.userId] };
  expect(await namesFor(standingIn)).toEqual(['Ida Wells', 'Will Smith', 'Willow Rosenberg']);
  const { body } = await app.as(standingIn).get('/dashboard/statistics').expect(200);
  expect(body.statistics.totalStudents).toBe(3);
  // Ada could not give her students away, so nobody can in her place
  const assign = { studentIds: [adas[0]!.userId, bens[0]!.userId], instructorId: null, dryRun: true };
  const answer = await app.as(standingIn).post('/students/assign').send(assign).expect(200);
  expect(answer.body.results.map(({ result }: { result: string }) => result)).toEqual([
    'student_not_found',
    'assigned',
  ]);
});

it('leaves the delegation in the audit trail, and only where it was needed', async () => {
  await app.as(asBen).get(`/students/${adas[1]!.userId}`).expect(200);
  await app.as(asBen).get(`/students/${bens[0]!.userId}`).expect(200);
  const entries = (await auditTrail(app.database, tenant.tenantId, 'student.viewed')).map(({ targetId, after }) => ({
    target_id: targetId,
    after,
  }));
  expect(entries).toEqual([
    { target_id: adas[1]!.userId, after: { delegation: { instructorId: ada.userId } } },
    { target_id: bens[0]!.userId, after: null },
  ]);
});

it('saves segments that mean both rosters', async () => {
  const filter = { search: 'will' };
  const { body } = await app.as(ben).post('/segments').send({ id: uuidv7(), name: 'Wills', filter }).expect(201);
  const count = async (viewer: Viewer): Promise<number> =>
    (await app.as(viewer).get(`/segments/${body.id}/count`).expect(200)).body.total as number;
  expect([await count(asBen), await count(ben)]).toEqual([2, 1]);
  await app.as(admin).get(`/segments/${body.id}`).expect(404);
});

it('does for the students what the instructor could, until the last moment and no longer', async () => {
  const [student] = adas as [Member];
  const goal = (viewer: Viewer) => app.as(viewer).patch(`/students/${student.userId}`).send({ targetScore: 80 });
  const stranger = await createInstructor(app.database, ben);
  // whatever a token says, a write goes by the delegations there are
  await goal({ ...stranger, rosters: [ada.userId] }).expect(404);
  await goal({ ...cay, rosters: [ben.userId, ada.userId] }).expect(404);
  await goal(asBen).expect(200);
  await app.as(asBen).put(`/students/${student.userId}/instructor`).send({ instructorId: null }).expect(403);
  app.clock.set('2026-03-16T17:59:59Z');
  await goal(asBen).expect(200);
  app.clock.set('2026-03-16T18:00:00Z');
  await goal(asBen).expect(404);
  await goal(ada).expect(200);
  const delegated = (await auditTrail(app.database, tenant.tenantId, 'student.goals_changed')).map(
    ({ actorId, after }) => ({ actor_id: actorId, delegation: after!['delegation'] ?? null }),
  );
  const entry = { actor_id: ben.userId, delegation: { instructorId: ada.userId } };
  expect(delegated).toEqual([entry, entry, { actor_id: ada.userId, delegation: null }]);
});
