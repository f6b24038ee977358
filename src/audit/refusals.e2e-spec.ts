import { randomUUID } from 'node:crypto';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail, type TrailEntry } from '../../test/audit-trail.js';
import { createInstructor, createStudent, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { Refusals } from './refusals.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let colleague: Member;
let student: Member;

beforeEach(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  colleague = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, instructor);
});
afterEach(() => app.stop());

const refused = (of = tenant): Promise<TrailEntry[]> => auditTrail(app.database, of.tenantId, 'request.refused');

it('leaves an entry for what somebody may not do, and for what is not theirs', async () => {
  const path = `/students/${student.userId}`;
  await app.as(colleague).get('/audit-logs').expect(403);
  await app.as(colleague).get(path).expect(404);
  const sent = app
    .as(colleague)
    .patch(path)
    .set('x-request-id', 'request-refused')
    .set('idempotency-key', randomUUID());
  await sent.send({ targetScore: 80 }).expect(404);
  const entry = { actorId: colleague.userId, actorRole: 'instructor', result: 'refused', targetType: 'operation' };
  const about = { personId: student.userId, after: { id: student.userId }, reason: 'student_not_found' };
  expect(await refused()).toMatchObject([
    { ...entry, targetId: 'GET /audit-logs', personId: null, after: null, reason: 'permission_denied' },
    { ...entry, ...about, targetId: 'GET /students/:id' },
    { ...entry, ...about, targetId: 'PATCH /students/:id', requestId: 'request-refused' },
  ]);
});

it('says so although all else is undone, and to nobody of another organisation', async () => {
  const stranger = await createTenant(app.database);
  await app.as('admin', stranger).patch(`/users/${student.userId}`).send({ name: 'Mine' }).expect(404);
  expect(await refused()).toEqual([]);
  const [entry] = await refused(stranger);
  expect(entry).toMatchObject({ personId: student.userId, targetId: 'PATCH /users/:id', after: null });
});

it('leaves none for what is done, asked wrongly or asked by nobody', async () => {
  await app.as(instructor).get(`/students/${student.userId}`).expect(200);
  await app.as(instructor).patch(`/students/${student.userId}`).send({ targetScore: 'x' }).expect(400);
  await app.anonymous.get(`/students/${student.userId}`).expect(401);
  await app.as(instructor).get('/nowhere').expect(404);
  await app.as('admin', tenant).delete('/channels/webhook').expect(404);
  expect(await refused()).toEqual([]);
});

it('writes so many of each actor and counts the rest, so that a flood of them fills nothing', async () => {
  for (let n = 0; n < 25; n++) await app.as(colleague).get(`/students/${student.userId}`).expect(404);
  await app.as(instructor).get('/audit-logs').expect(403);
  const of = async (who: Member): Promise<TrailEntry[]> =>
    (await refused()).filter(({ actorId }) => actorId === who.userId);
  expect([(await of(colleague)).length, (await of(instructor)).length]).toEqual([20, 1]);
  await app.app.get(Refusals, { strict: false }).flush();
  const entries = await of(colleague);
  expect(entries).toHaveLength(21);
  expect(entries.at(-1)).toMatchObject({ after: { further: 5 }, reason: 'too_many', requestId: null, targetId: null });
  expect(await of(instructor)).toHaveLength(1);
  await app.as(colleague).get(`/students/${student.userId}`).expect(404);
  expect(await of(colleague)).toHaveLength(22);
});

it('answers the same when it cannot be written down', async () => {
  await app.database.run(`-- test.break
    alter table audit_entries add constraint audit_entries__test_check check (action <> 'request.refused') not valid`);
  const { body } = await app.as(colleague).get(`/students/${student.userId}`).expect(404);
  expect(body).toMatchObject({ code: 'student_not_found' });
});

it.each([
  ['a line of its own', 'browser\x85level=info msg="all is well"'],
  ['an escape of a terminal', 'browser\x9b2Jgone'],
  ['a tab', 'browser\tAdmin'],
])('keeps %s of an agent in its line', async (_, agent) => {
  await app.as(instructor).get(`/students/${student.userId}`).set('user-agent', agent).expect(200);
  const [entry] = await auditTrail(app.database, tenant.tenantId, 'student.viewed');
  expect(entry!.agent).toMatch(/^browser\\u00(85|9b|09)/);
  expect(entry!.agent).not.toMatch(/\p{Cc}/u);
});

it.each([
  'short',
  'with blanks in it',
  'line\x85break',
  '<script>alert(1)</script>',
  `x${'y'.repeat(128)}`,
  'first-one, second-one',
])('gives a request an id of its own where %j was sent', async (id) => {
  const answer = await app.as(instructor).get(`/students/${student.userId}`).set('x-request-id', id).expect(200);
  const [entry] = await auditTrail(app.database, tenant.tenantId, 'student.viewed');
  expect(entry!.requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  expect(answer.headers['x-request-id']).toBe(entry!.requestId);
});

it('keeps a reason in its line', async () => {
  const reason = 'fine\n2026-03-02 admin approved\u202e';
  const moved = app.as('admin', tenant).put(`/students/${student.userId}/instructor`);
  await moved.send({ instructorId: colleague.userId, reason }).expect(204);
  const [entry] = await auditTrail(app.database, tenant.tenantId, 'student.reassigned');
  expect(entry!.reason).toBe('fine\\u000a2026-03-02 admin approved\\u202e');
});

it('says by which delegation and with which key it was done', async () => {
  const { body: delegation } = await app
    .as(instructor)
    .post('/delegations')
    .send({ substituteId: colleague.userId, validTo: '2026-03-09T00:00:00Z', reason: 'Away' })
    .expect(201);
  await app
    .as({ ...colleague, rosters: [instructor.userId] })
    .get(`/students/${student.userId}`)
    .expect(200);
  await app.as('service', tenant).get(`/students/${student.userId}`).expect(200);
  const entries = await auditTrail(app.database, tenant.tenantId, 'student.viewed');
  expect(entries).toMatchObject([
    { actorId: colleague.userId, delegationId: delegation.id, keyId: null },
    { actorRole: 'service', delegationId: null, keyId: entries[1]!.actorId },
  ]);
  const { body } = await app.as('admin', tenant).get('/audit-logs?action=student.viewed').expect(200);
  expect(body.data).toMatchObject([
    { actor: { keyId: entries[1]!.keyId, delegationId: null } },
    { actor: { keyId: null, delegationId: delegation.id } },
  ]);
});
