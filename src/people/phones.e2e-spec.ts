import type { Test } from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { createStudent, createTenant, type Tenant } from '../../test/factories.js';

let app: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
});

const wrong = ['01632960123', '+0441632960123', '+44 1632 960123', '+4416', '+1234567890123456'];

it('is written as all the world writes it, by administrators and by whoever has it', async () => {
  const student = await createStudent(app.database, tenant);
  const admin = app.as('admin', tenant);
  const patch = (phone: string): Test => admin.patch(`/users/${student.userId}`).send({ phone });
  const put = (phone: string | null): Test => app.as(student).put('/me/phone').send({ phone });
  for (const phone of [...wrong, '']) {
    await patch(phone).expect(400);
    await put(phone).expect(400);
  }
  expect((await patch('+441632960123').expect(200)).body.phone).toBe('+441632960123');
  expect((await app.as(student).get('/me/phone').expect(200)).body).toEqual({ phone: '+441632960123' });
  expect((await put(null).expect(200)).body).toEqual({ phone: null });
  expect((await admin.get(`/users/${student.userId}`).expect(200)).body.phone).toBeNull();
  const entries = (await auditTrail(app.database, tenant.tenantId, 'user.changed'))
    .filter(({ actorId, targetId }) => actorId === targetId)
    .map(({ actorId, before, after }) => ({ actorId, before, after }));
  const [before, after] = [{ phone: '+441632960123' }, { phone: null }];
  expect(entries).toEqual([{ actorId: student.userId, before, after }]);
});

it('goes over to whom somebody is merged into, where the other has none', async () => {
  const [gone, kept] = [await createStudent(app.database, tenant), await createStudent(app.database, tenant)];
  const admin = app.as('admin', tenant);
  await app.as(gone).put('/me/phone').send({ phone: '+441632960123' }).expect(200);
  const { body } = await admin.post(`/users/${gone.userId}/merge`).send({ intoId: kept.userId }).expect(200);
  expect(body.into.phone).toBe('+441632960123');
  expect((await admin.get(`/users/${gone.userId}`).expect(200)).body.phone).toBeNull();
});

it('is of people: services have none', async () => {
  await app.as('service', tenant).get('/me/phone').expect(403);
  await app.as('service', tenant).put('/me/phone').send({ phone: null }).expect(403);
  await app.anonymous.put('/me/phone').send({ phone: null }).expect(401);
  await app.as('admin', tenant).put('/me/phone').send({}).expect(400);
});

it('comes with files of people, which leave it where they say nothing of it', async () => {
  const take = async (...rows: string[]): Promise<{ results: { status: string; errors?: object[] }[] }> =>
    (
      await app
        .as('admin', tenant)
        .post('/users/imports')
        .query({ mode: 'bestEffort' })
        .type('text/csv')
        .send(['role,name,pid,phone,department', ...rows].join('\n'))
        .expect(200)
    ).body;
  const ada = (phone: string): string => `student,Ada,P-1,${phone},root`;
  expect((await take(ada('+441632960123'))).results).toMatchObject([{ status: 'created' }]);
  expect((await take(ada(''))).results).toMatchObject([{ status: 'unchanged' }]);
  expect((await take(ada('+14155550132'))).results).toMatchObject([{ status: 'updated' }]);
  const { body } = await app.as('admin', tenant).get('/users?search=P-1').expect(200);
  expect(body.data).toMatchObject([{ name: 'Ada', phone: '+14155550132' }]);
  const { results } = await take(...wrong.map((phone, n) => `student,B,Q-${n},${phone},root`));
  expect(results).toMatchObject(wrong.map(() => ({ status: 'failed', errors: [{ column: 'phone' }] })));
});
