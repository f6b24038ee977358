import { startApp, type TestApp } from '../../test/app.js';
import {
  createAdmin,
  createInstructor,
  createStudent,
  createTenant,
  type Member,
  type Person,
  type Tenant,
} from '../../test/factories.js';
import type { LegalHoldResponse } from './legal-holds.dto.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let student: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  student = await createStudent(app.database, await createInstructor(app.database, tenant));
});

const place = async (body: object): Promise<LegalHoldResponse> =>
  (await app.as(admin).post('/legal-holds').send(body).expect(201)).body as LegalHoldResponse;
const list = async (query: object = {}): Promise<LegalHoldResponse[]> =>
  (await app.as(admin).get('/legal-holds').query(query).expect(200)).body.data as LegalHoldResponse[];
const entriesOf = async (targetId: string): Promise<object[]> =>
  (await app.as(admin).get('/audit-logs').query({ targetId }).expect(200)).body.data as object[];

it('holds until it is lifted, and says in the trail who wanted either, and why', async () => {
  const hold = await place({ personId: student.userId.toUpperCase(), category: 'messages', reason: 'an appeal' });
  expect(hold).toEqual({
    id: expect.any(String) as string,
    category: 'messages',
    personId: student.userId,
    reason: 'an appeal',
    state: 'active',
    placedBy: admin.userId,
    placedAt: '2026-03-02T08:00:00Z',
    liftedBy: null,
    liftedAt: null,
  });
  const lift = (reason: string) => app.as(admin).post(`/legal-holds/${hold.id}/lift`).send({ reason });
  const { body: lifted } = await lift('it is decided').expect(200);
  expect(lifted).toMatchObject({ state: 'lifted', liftedBy: admin.userId, liftedAt: '2026-03-02T08:00:00Z' });
  expect((await lift('once more').expect(200)).body).toEqual(lifted);
  expect(await entriesOf(hold.id)).toMatchObject([
    { action: 'legal_hold.lifted', reason: 'it is decided', actor: { id: admin.userId } },
    { action: 'legal_hold.placed', reason: 'an appeal', actor: { id: admin.userId } },
  ]);
});

it('is lifted once, whoever else lifts it at the same moment', async () => {
  const { id } = await place({ reason: 'a search' });
  const answers = await Promise.all(
    [1, 2, 3, 4].map((n) =>
      app
        .as(admin)
        .post(`/legal-holds/${id}/lift`)
        .send({ reason: `reason ${n}` }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(await entriesOf(id)).toHaveLength(2);
});

it('lists those that hold somebody, page by page, with those on everybody', async () => {
  const other = await createStudent(app.database, await createInstructor(app.database, tenant));
  const [all, own, others] = [
    await place({ reason: 'all' }),
    await place({ personId: student.userId, reason: 'own' }),
    await place({ personId: other.userId, reason: 'of another' }),
  ];
  await app.as(admin).post(`/legal-holds/${others.id}/lift`).send({ reason: 'over' }).expect(200);
  expect((await list()).map(({ id }) => id)).toEqual([others.id, own.id, all.id]);
  expect((await list({ personId: student.userId })).map(({ id }) => id)).toEqual([own.id, all.id]);
  expect((await list({ state: 'lifted' })).map(({ id }) => id)).toEqual([others.id]);
  const { body } = await app.as(admin).get('/legal-holds').query({ limit: 2 }).expect(200);
  expect(body.pagination).toMatchObject({ total: 3, hasNext: true });
  const next = { limit: 2, cursor: body.pagination.nextCursor as string };
  expect((await list(next)).map(({ id }) => id)).toEqual([all.id]);
});

it('is for administrators, who say why, and of people of their own', async () => {
  const stranger = await createStudent(
    app.database,
    await createInstructor(app.database, await createTenant(app.database)),
  );
  const refused = await app.as(admin).post('/legal-holds').send({ personId: stranger.userId, reason: 'curiosity' });
  expect([refused.status, refused.body.code]).toEqual([422, 'user_unknown']);
  for (const body of [{}, { reason: ' ' }, { reason: 'x', category: 'systemLogs' }, { reason: 'x', personId: '1' }]) {
    await app.as(admin).post('/legal-holds').send(body).expect(400);
  }
  await app.as(student).get('/legal-holds').expect(403);
  const { id } = await place({ reason: 'ours' });
  const foreigner = await createAdmin(app.database, await createTenant(app.database));
  await app.as(foreigner).post(`/legal-holds/${id}/lift`).send({ reason: 'theirs' }).expect(404);
});

it('goes along with whoever takes the place of somebody that is held', async () => {
  const instructor = await createInstructor(app.database, tenant);
  const [from, into] = [await createStudent(app.database, instructor), await createStudent(app.database, instructor)];
  await place({ personId: from.userId, category: 'audit', reason: 'an appeal' });
  const over = await place({ personId: from.userId, reason: 'over' });
  await app.as(admin).post(`/legal-holds/${over.id}/lift`).send({ reason: 'over' }).expect(200);
  await app.as(admin).post(`/users/${from.userId}/merge`).send({ intoId: into.userId }).expect(200);
  expect(await list({ personId: into.userId })).toMatchObject([
    { category: 'audit', reason: 'an appeal', state: 'active', placedBy: admin.userId },
  ]);
  expect(await list({ personId: from.userId, state: 'active' })).toHaveLength(1);
});
