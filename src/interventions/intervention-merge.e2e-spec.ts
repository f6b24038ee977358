import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudent, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { createIntervention } from '../../test/factories.risk.js';
import type { Body } from '../../test/workroom.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let into: Member;
let from: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  into = await createStudent(app.database, instructor, { name: 'Kathleen' });
  from = await createStudent(app.database, await createInstructor(app.database, tenant), { name: 'Catherine' });
});

const merge = (one = from, other = into): Promise<unknown> =>
  app.as('admin', tenant).post(`/users/${one.userId}/merge`).send({ intoId: other.userId }).expect(200);
const list = async (): Promise<Body[]> => {
  const { body } = await app.as(instructor).get('/interventions?sort=opened&order=asc').expect(200);
  return (body.data as Body[]).map(({ id, studentName, status, outcome }) => ({ id, studentName, status, outcome }));
};
const dashboard = async (): Promise<unknown> =>
  (await app.as(instructor).get('/dashboard/statistics').expect(200)).body.statistics.overdueInterventions;

it('gives the cases of a duplicate to the student who stays', async () => {
  const past = await createIntervention(app.database, from, instructor, {
    status: 'resolved',
    openedDay: '2026-02-01',
  });
  const id = await createIntervention(app.database, from, instructor, { dueOn: '2026-03-01' });
  expect([await list(), await dashboard()]).toEqual([[], 0]);
  await merge();
  expect(await list()).toEqual([
    { id: past, studentName: 'Kathleen', status: 'resolved', outcome: 'better' },
    { id, studentName: 'Kathleen', status: 'open', outcome: null },
  ]);
  expect(await dashboard()).toBe(1);
  await app.as(instructor).patch(`/interventions/${id}`).set('if-match', '"1"').send({ reason: 'x' }).expect(412);
});

it('goes on with the older of two open cases, and with one in which somebody was contacted before any other', async () => {
  const older = await createIntervention(app.database, from, instructor, { openedDay: '2026-02-01' });
  const newer = await createIntervention(app.database, into, instructor, { openedDay: '2026-02-02' });
  await merge();
  const kept = { studentName: 'Kathleen', status: 'open', outcome: null };
  const ended = { studentName: 'Kathleen', status: 'resolved', outcome: 'duplicate' };
  expect(await list()).toEqual([
    { id: older, ...kept },
    { id: newer, ...ended },
  ]);
  const { body } = await app.as(instructor).get(`/interventions/${newer}`).expect(200);
  expect(body.entries[0]).toMatchObject({
    kind: 'resolved',
    actorName: 'Administrator',
    details: { outcome: 'duplicate', interventionId: older },
  });
  const third = await createStudent(app.database, instructor, {});
  const contacted = await createIntervention(app.database, third, instructor, {
    openedDay: '2026-02-03',
    status: 'contacted',
  });
  await merge(third);
  expect(await list()).toEqual([
    { id: older, ...ended },
    { id: newer, ...ended },
    { id: contacted, ...kept, status: 'contacted' },
  ]);
});

it('gives the cases of an instructor to the one who stays', async () => {
  const other = await createInstructor(app.database, tenant, { name: 'Ada' });
  const ids = [
    await createIntervention(app.database, from, instructor),
    await createIntervention(app.database, into, instructor, { status: 'resolved' }),
  ];
  await merge(instructor, other);
  const { body } = await app.as('admin', tenant).get('/interventions').expect(200);
  expect((body.data as Body[]).map(({ id }) => id).sort()).toEqual(ids.sort());
  for (const row of body.data as Body[])
    expect(row).toMatchObject({ ownerName: 'Ada', ownerIsActive: true, version: 2 });
});

it('loses nothing of what is opened, reopened and merged at once', async () => {
  for (let round = 0; round < 5; round++) {
    const one = await createStudent(app.database, instructor, {});
    const other = await createStudent(app.database, instructor, {});
    const closed = await createIntervention(app.database, one, instructor, { status: 'dismissed' });
    const [, ...answers] = await Promise.all([
      merge(one, other),
      app.as(instructor).post('/interventions').send({ studentId: other.userId }),
      app.as(instructor).post(`/interventions/${closed}/reopen`).set('if-match', '"1"').send({}),
    ]);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    const [left] = await app.database.many<Body>(
      `-- test.countCases
      select count(*) filter (where student_id = $2) as "from", count(*) filter (where student_id = $3) as into,
        count(*) filter (where closed_at is null) as open
      from interventions where tenant_id = $1 and student_id in ($2, $3)`,
      [tenant.tenantId, one.userId, other.userId],
    );
    const opened = answers[0]!.status === 201 ? 1 : 0;
    expect(left).toEqual({ from: 0, into: 1 + opened, open: 1 });
  }
});
