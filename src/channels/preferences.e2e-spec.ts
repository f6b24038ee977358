import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { createAdmin, createInstructor, createOperator, createStudent, createTenant, type Member, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { deliver } from '../../test/messages.js';
import { defaults } from './choices.js';
import { PreferencesService } from './preferences.service.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let student: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, instructor);
});

const wanted = {
  timeZone: 'America/New_York',
  quietFrom: '21:30',
  quietTo: '07:00',
  categories: { ...defaults.student, risk: { channels: ['sms'], digest: 'weekly' } },
  mutedSenderIds: [] as string[],
  mutedThreadIds: [] as string[],
};
const get = async (who: Member = student) => (await app.as(who).get('/me/preferences').expect(200)).body as object;
const put = (body: object, who: Member = student) => app.as(who).put('/me/preferences').send(body);
const service = (): PreferencesService => app.app.get(PreferencesService, { strict: false });
const audited = async (): Promise<{ action: string; after: { version?: number } }[]> =>
  (await auditTrail(app.database, tenant.tenantId, 'preferences.%')).map(({ action, after }) => ({
    action,
    after: after as { version?: number },
  }));
/** A message from the instructor to the student. @returns the conversation */
async function write(): Promise<string> {
  await app
    .as(instructor)
    .post('/messages')
    .send({ subject: 'Hello', body: 'How are you?', to: { userIds: [student.userId] } })
    .expect(201);
  await deliver(app, tenant.tenantId);
  const { body } = await app.as(student).get('/threads').expect(200);
  return (body as { data: { id: string }[] }).data[0]!.id;
}

it('are those of the role before anything is chosen', async () => {
  const none = { timeZone: null, quietFrom: null, quietTo: null, mutedSenderIds: [], mutedThreadIds: [], version: 0 };
  expect(await get()).toEqual({ ...none, categories: defaults.student });
  expect(await get(instructor)).toEqual({ ...none, categories: defaults.instructor });
  const admin = await createAdmin(app.database, tenant);
  expect((await app.as(admin).get('/me/preferences')).body).toEqual({ ...none, categories: defaults.admin });
});

it('are kept as chosen, each person’s own, on record', async () => {
  expect((await put(wanted).expect(200)).body).toEqual({ ...wanted, version: 1 });
  expect(await get()).toEqual({ ...wanted, version: 1 });
  expect(await get(instructor)).toMatchObject({ version: 0 });
  expect((await put({ ...wanted, quietFrom: null, quietTo: null, timeZone: null })).body).toMatchObject({
    version: 2,
    timeZone: null,
    quietFrom: null,
    quietTo: null,
  });
  expect((await audited()).map(({ action, after }) => [action, after.version])).toEqual([
    ['preferences.changed', 1],
    ['preferences.changed', 2],
  ]);
});

it('lose nothing of two who choose at once', async () => {
  const { headers } = await app.as(student).get('/me/preferences').expect(200);
  const answers = await Promise.all([1, 2, 3].map(() => put(wanted).set('if-match', headers['etag'] as string)));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  await put(wanted).set('if-match', '"7"').expect(412);
});

it('refuse what there is not', async () => {
  const refused = async (change: object, code: string): Promise<void> => {
    expect((await put({ ...wanted, ...change }).expect(422)).body).toMatchObject({ code });
  };
  for (const timeZone of ['Atlantis/Capital', '+05:00', 'x']) await refused({ timeZone }, 'time_zone_unknown');
  await refused({ quietFrom: '07:00' }, 'quiet_hours_endless');
  await refused({ quietTo: null }, 'quiet_hours_endless');
  await refused({ mutedSenderIds: [instructor.userId] }, 'sender_unknown');
  await refused({ mutedThreadIds: [student.userId] }, 'thread_unknown');
  for (const change of [
    { quietFrom: '24:00' },
    { quietTo: undefined },
    { categories: { ...wanted.categories, risk: { channels: ['pigeon'], digest: 'daily' } } },
    { categories: { ...wanted.categories, risk: undefined } },
    { mutedSenderIds: ['x'] },
    { version: 1 },
  ]) {
    await put({ ...wanted, ...change }).expect(400);
  }
  expect(await get()).toMatchObject({ version: 0 });
});

it('mute people and conversations that one has, also once these are no longer kept', async () => {
  const threadId = await write();
  const muting = { ...wanted, mutedSenderIds: [instructor.userId], mutedThreadIds: [threadId] };
  expect((await put(muting).expect(200)).body).toEqual({ ...muting, version: 1 });
  await app.database.run('-- test.deleteThreads\ndelete from threads where tenant_id = $1', [tenant.tenantId]);
  await put(muting).expect(200);
  expect((await put(muting, instructor).expect(422)).body).toMatchObject({ code: 'sender_unknown' });
});

it('can be turned off by a link, one by one', async () => {
  const off = () => service().turnOff(tenant.tenantId, student.userId, 'messages', 'email');
  await Promise.all([off(), off()]);
  expect(await get()).toMatchObject({
    version: 1,
    categories: { ...defaults.student, messages: { channels: ['webhook'], digest: 'immediately' } },
  });
  expect(await audited()).toEqual([
    { action: 'preferences.turned_off', after: { category: 'messages', channel: 'email' } },
  ]);
  await service().turnOff((await createTenant(app.database)).tenantId, student.userId, 'messages', 'webhook');
  expect(await get()).toMatchObject({ version: 1 });
});

it('are of people alone', async () => {
  const operator = await createOperator(app.database);
  for (const client of [app.as('service', tenant), app.as(operator)]) {
    await client.get('/me/preferences').expect(403);
    await client.put('/me/preferences').send(wanted).expect(403);
  }
  await app.anonymous.get('/me/preferences').expect(401);
});
