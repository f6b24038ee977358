import { startApp, type TestApp } from '../../test/app.js';
import {
  createAdmin,
  createDepartment,
  createInstructor,
  createStudent,
  createTenant,
  type Member,
  type Person,
  type Tenant,
} from '../../test/factories.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let supervisor: Member;
let ada: Member;
let ben: Member;
let elsewhere: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  const department = await createDepartment(app.database, tenant);
  supervisor = await createInstructor(app.database, department, { canViewAll: true });
  ada = await createInstructor(app.database, department, { name: 'Ada' });
  ben = await createInstructor(app.database, department, { name: 'Ben' });
  elsewhere = await createInstructor(app.database, await createDepartment(app.database, tenant));
});

const delegate = (viewer: Person, body: object = {}) =>
  app
    .as(viewer)
    .post('/delegations')
    .send({ substituteId: ben.userId, validTo: '2026-03-16T18:00:00Z', reason: 'away', ...body });
const idsFor = async (viewer: Person, query = ''): Promise<string[]> => {
  const { body } = await app.as(viewer).get(`/delegations${query}`).expect(200);
  expect(body.pagination.total).toBe(body.data.length);
  return (body.data as { id: string }[]).map(({ id }) => id);
};

it('gives one’s own roster for a time, shows it to both and to those above, and ends it', async () => {
  const { body } = await delegate(ada).expect(201);
  expect(body).toEqual({
    id: body.id,
    instructorId: ada.userId,
    instructorName: 'Ada',
    substituteId: ben.userId,
    substituteName: 'Ben',
    state: 'active',
    validFrom: '2026-03-02T08:00:00Z',
    validTo: '2026-03-16T18:00:00Z',
    revokedAt: null,
    createdBy: ada.userId,
    reason: 'away',
    createdAt: '2026-03-02T08:00:00Z',
  });
  for (const viewer of [ada, ben, supervisor, admin]) expect(await idsFor(viewer)).toEqual([body.id]);
  expect(await idsFor(elsewhere)).toEqual([]);
  await app.as(elsewhere).delete(`/delegations/${body.id}`).expect(404);
  const stranger = await createTenant(app.database);
  await app.as('admin', stranger).delete(`/delegations/${body.id}`).expect(404);
  expect((await app.as('admin', stranger).get('/delegations').expect(200)).body.data).toEqual([]);

  app.clock.advance(60);
  await app.as(ada).delete(`/delegations/${body.id}`).expect(204);
  await app.as(ada).delete(`/delegations/${body.id}`).expect(204);
  const [past] = (await app.as(ben).get('/delegations').expect(200)).body.data;
  expect(past).toMatchObject({ state: 'past', revokedAt: '2026-03-02T08:01:00Z' });
  const actions = await app.database.many(
    `-- test.audit
    select action, actor_id from audit_entries where tenant_id = $1 and target_id = $2 order by at`,
    [tenant.tenantId, body.id],
  );
  expect(actions).toEqual([
    { action: 'delegation.created', actor_id: ada.userId },
    { action: 'delegation.revoked', actor_id: ada.userId },
  ]);
});

it('is for one’s own roster, for a supervisor those of the department, for an administrator any', async () => {
  const refused = async (viewer: Person, body: object, pointer: string): Promise<void> => {
    const answer = await delegate(viewer, body).expect(422);
    expect(answer.body).toMatchObject({ code: 'instructor_not_found', errors: [{ pointer }] });
  };
  await refused(ben, { instructorId: ada.userId, substituteId: elsewhere.userId }, '/instructorId');
  await refused(supervisor, { instructorId: elsewhere.userId }, '/instructorId');
  await refused(admin, {}, '/instructorId');
  await delegate(supervisor, { instructorId: ada.userId }).expect(201);
  await delegate(admin, { instructorId: elsewhere.userId }).expect(201);
  const student = await createStudent(app.database, ada);
  const gone = await createInstructor(app.database, tenant, { isActive: false });
  const stranger = await createInstructor(app.database, await createTenant(app.database));
  for (const { userId } of [student, gone, admin, stranger])
    await refused(ada, { substituteId: userId }, '/substituteId');
  // whoever is not active any more leaves a roster that somebody must look after
  await delegate(admin, { instructorId: gone.userId }).expect(201);
  await app.as(student).get('/delegations').expect(403);
  await app.as('service', tenant).get('/delegations').expect(403);
  await app.anonymous.get('/delegations').expect(401);
});

it('does not pass on what was given', async () => {
  await delegate(ada).expect(201);
  const asBen = { ...ben, rosters: [ada.userId] };
  await delegate(asBen, { instructorId: ada.userId, substituteId: elsewhere.userId }).expect(422);
  await delegate(asBen, { substituteId: elsewhere.userId }).expect(201);
});

it('has a beginning and an end, a year apart at most, and none twice', async () => {
  for (const body of [
    { validTo: '2026-03-02T08:00:00Z' },
    { validTo: '2027-03-04T08:00:00Z' },
    { validFrom: '2026-04-01T00:00:00Z' },
    { validTo: 'tomorrow' },
    { substituteId: ada.userId },
    { reason: '' },
  ]) {
    await delegate(ada, body).expect(400);
  }
  // a beginning that is over is now
  expect((await delegate(ada, { validFrom: '2026-01-01T00:00:00Z' }).expect(201)).body.validFrom).toBe(
    '2026-03-02T08:00:00Z',
  );
  const later = { validFrom: '2026-03-16T17:59:59Z', validTo: '2026-04-01T00:00:00Z' };
  expect((await delegate(ada, later).expect(409)).body.code).toBe('delegation_overlaps');
  await delegate(ada, { ...later, validFrom: '2026-03-16T18:00:00Z' }).expect(201);
  await delegate(ada, { ...later, substituteId: elsewhere.userId }).expect(201);
});

it('is made once by equal requests at the same time', async () => {
  const answers = await Promise.all([delegate(ada), delegate(ada), delegate(supervisor, { instructorId: ada.userId })]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
});

it('is found by what it is now, page by page', async () => {
  const ids: string[] = [];
  for (const month of ['04', '05', '06']) {
    const body = { validFrom: `2026-${month}-01T00:00:00Z`, validTo: `2026-${month}-20T00:00:00Z` };
    ids.unshift((await delegate(ada, body).expect(201)).body.id as string);
  }
  const [june, may, april] = ids as [string, string, string];
  app.clock.set('2026-05-10T00:00:00Z');
  expect(await idsFor(ben)).toEqual([june, may, april]);
  expect(await idsFor(ben, '?state=active')).toEqual([may]);
  expect(await idsFor(ben, '?state=upcoming')).toEqual([june]);
  expect(await idsFor(supervisor, '?state=past')).toEqual([april]);
  await app.as(ben).delete(`/delegations/${june}`).expect(204);
  expect(await idsFor(admin, '?state=past')).toEqual([june, april]);
  const first = await app.as(ben).get('/delegations?limit=2').expect(200);
  const { nextCursor } = first.body.pagination;
  const second = await app.as(ben).get(`/delegations?limit=2&cursor=${nextCursor}`).expect(200);
  expect(second.body.data.map(({ id }: { id: string }) => id)).toEqual([april]);
  await app.as(ben).get('/delegations?state=gone').expect(400);
});
