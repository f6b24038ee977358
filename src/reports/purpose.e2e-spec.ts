import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createTenant, type Member, type Tenant } from '../../test/factories.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
});
afterAll(() => app.stop());

const require = (isPurposeRequired: boolean) =>
  app.as('admin', tenant).patch('/settings').send({ isPurposeRequired }).expect(200);
const reasons = async (action: string): Promise<(string | null)[]> =>
  (
    (await app.as('admin', tenant).get('/audit-logs').query({ action }).expect(200)).body.data as {
      reason: string | null;
    }[]
  ).map(({ reason }) => reason);
const roster = { kind: 'roster', format: 'csv' };

it('keeps with a report what it is for, and puts it on record', async () => {
  const { body } = await app
    .as(instructor)
    .post('/reports')
    .send({ ...roster, purpose: 'an inspection' })
    .expect(202);
  expect(body.purpose).toBe('an inspection');
  expect((await app.as(instructor).get(`/reports/${body.id}`).expect(200)).body.purpose).toBe('an inspection');
  expect((await app.as(instructor).post('/reports').send(roster).expect(202)).body.purpose).toBeNull();
  expect(await reasons('report.requested')).toEqual([null, 'an inspection']);
  await app.as(instructor).get('/gradebook/export').query({ format: 'csv', purpose: 'the board' }).expect(200);
  expect(await reasons('gradebook.exported')).toEqual(['the board']);
});

it('is demanded where the organisation wants to know', async () => {
  await require(true);
  for (const answer of [
    await app.as(instructor).post('/reports').send(roster),
    await app.as(instructor).get('/gradebook/export').query({ format: 'csv' }),
  ]) {
    expect([answer.status, answer.body.code]).toEqual([422, 'purpose_missing']);
  }
  await app
    .as(instructor)
    .post('/reports')
    .send({ ...roster, purpose: ' ' })
    .expect(400);
  await app
    .as(instructor)
    .post('/reports')
    .send({ ...roster, purpose: 'an audit' })
    .expect(202);
  await app.as(instructor).get('/gradebook/export').query({ format: 'csv', purpose: 'an audit' }).expect(200);
  await require(false);
});
