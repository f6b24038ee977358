import type { Test } from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudent, createTenant, type Tenant } from '../../test/factories.js';
import { answers, type Receiver, startReceiver } from '../../test/receiver.js';
import { verify } from '../../test/verify.js';

let t: TestApp;
let tenant: Tenant;
let receiver: Receiver;

beforeAll(async () => {
  const environment = {
    WEBHOOK_PLAIN_HTTP: 'true',
    WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.1/32',
    WEBHOOK_TIMEOUT_SECONDS: '1',
  };
  t = await startApp({ environment });
});
afterAll(() => t.stop());
beforeEach(async () => {
  tenant = await createTenant(t.database);
  receiver = await startReceiver();
});
afterEach(() => receiver.stop());

const hook = { url: 'https://lms.example.org/hook' };
const put = (body: object = hook, channel = 'webhook', of = tenant): Test =>
  t.as('admin', of).put(`/channels/${channel}`).send(body);
const get = (channel = 'webhook', of = tenant): Test => t.as('admin', of).get(`/channels/${channel}`);
const actions = async (): Promise<string[]> => {
  const entries = await t.database.many<{ action: string; text: string }>(
    `-- test.audit
    select action, before::text || after::text as text from audit_entries where tenant_id = $1 order by id`,
    [tenant.tenantId],
  );
  expect(entries.map(({ text }) => text).join()).not.toMatch(/whsec|secret"/);
  return entries.map(({ action }) => action);
};

it('is set, shown, changed and forgotten, and tells its secret once', async () => {
  expect((await get().expect(404)).body.code).toBe('channel_not_found');
  const { body } = await put().expect(200);
  const { secret, ...endpoint } = body;
  expect(secret).toMatch(/^whsec_[\w+/]{43}=$/);
  expect(endpoint).toEqual({
    channel: 'webhook',
    ...hook,
    isActive: true,
    goneAt: null,
    oldSecretUntil: null,
    version: 1,
    createdAt: '2026-03-02T08:00:00Z',
    updatedAt: '2026-03-02T08:00:00Z',
  });
  expect((await get().expect(200)).body).toEqual(endpoint);
  await get('sms').expect(404);
  await put({ ...hook, isActive: false })
    .set('if-match', '"2"')
    .expect(412);
  const changed = await put({ ...hook, isActive: false })
    .set('if-match', '"1"')
    .expect(200);
  expect(changed.body).toMatchObject({ isActive: false, secret: null, version: 2 });
  await t.as('admin', tenant).delete('/channels/webhook').set('if-match', '"1"').expect(412);
  await t.as('admin', tenant).delete('/channels/webhook').expect(204);
  await t.as('admin', tenant).delete('/channels/webhook').expect(404);
  await put().set('if-match', '"2"').expect(412);
  expect(await actions()).toEqual(['channel.changed', 'channel.changed', 'channel.deleted']);
});

it('leads into no private network, and nowhere without encryption', async () => {
  const urls = [
    'https://10.0.0.1/',
    'https://[::1]/',
    'https://169.254.169.254/',
    'https://u:p@example.org/',
    'nonsense',
  ];
  for (const url of urls) {
    const { body } = await put({ url }).expect(400);
    expect(body.errors).toEqual([expect.objectContaining({ pointer: '/url', code: 'value_invalid' })]);
  }
  await put({}).expect(400);
  await put(hook, 'pigeon').expect(404);
  await get().expect(404);
});

it('is the business of administrators, each of their own tenant', async () => {
  const other = await createTenant(t.database);
  const instructor = await createInstructor(t.database, tenant, { canViewAll: true });
  const student = await createStudent(t.database, tenant);
  await put().expect(200);
  await get('webhook', other).expect(404);
  for (const client of [t.as(instructor), t.as(student), t.as('service', tenant)]) {
    await client.get('/channels/webhook').expect(403);
    await client.put('/channels/webhook').send(hook).expect(403);
    await client.delete('/channels/webhook').expect(403);
    await client.post('/channels/webhook/secret').expect(403);
    await client.post('/channels/webhook/test').expect(403);
  }
  await t.anonymous.get('/channels/webhook').expect(401);
});

it('is set by several at once as if one came after the other', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, (_, n) => put({ url: `${hook.url}/${n}` }).expect(200)));
  expect(all.map(({ body }) => body.version).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(all.filter(({ body }) => body.secret !== null)).toHaveLength(1);
});

describe('a test event', () => {
  const test = (): Test => t.as('admin', tenant).post('/channels/webhook/test');

  it('is signed, with both secrets for a day after a change', async () => {
    await test().expect(404);
    const { secret: first } = (await put({ url: `${receiver.url}/hook` }).expect(200)).body;
    expect((await test().expect(200)).body).toEqual({ isAccepted: true, reason: null, body: '' });
    const rotated = await t.as('admin', tenant).post('/channels/webhook/secret').expect(200);
    const { secret: second, oldSecretUntil } = rotated.body;
    expect(oldSecretUntil).toBe('2026-03-03T08:00:00Z');
    await test().expect(200);
    t.clock.set('2026-03-03T08:00:01Z');
    await test().expect(200);
    const verdictsAt = (now: string): Promise<boolean[][]> =>
      Promise.all(
        receiver.received.map(({ headers, body }) =>
          Promise.all([first, second].map((secret) => verify(headers, body, secret, Date.parse(now)))),
        ),
      );
    expect(await verdictsAt('2026-03-02T08:00:10Z')).toEqual([[true, false], [true, true], [false, false]]); // prettier-ignore
    // those of the day before come too late for anybody to send them once more
    expect(await verdictsAt('2026-03-03T08:00:10Z')).toEqual([[false, false], [false, false], [false, true]]); // prettier-ignore
    const { headers, body } = receiver.received[2]!;
    expect(await verify(headers, `${body} `, second, t.clock.now().getTime())).toBe(false);
    const { id, type, occurredAt } = JSON.parse(body);
    expect([type, occurredAt]).toEqual(['test', '2026-03-03T08:00:01.000Z']);
    expect(headers['webhook-id']).toBe(id);
    const tested = ['channel.tested', 'channel.tested', 'channel.tested'];
    expect((await actions()).sort()).toEqual(['channel.changed', 'channel.secret_changed', ...tested]);
  });

  it('says what went wrong, and goes also where nothing else goes', async () => {
    await put({ url: receiver.url, isActive: false }).expect(200);
    const says = async (): Promise<unknown> => (await test().expect(200)).body;
    receiver.answer(answers.status(500, {}, 'x'.repeat(20_000)));
    expect(await says()).toEqual({ isAccepted: false, reason: 'the receiver answered 500', body: 'x'.repeat(1_000) });
    receiver.answer(answers.status(302, { location: 'http://127.0.0.1:1/' }));
    expect(await says()).toMatchObject({ reason: 'the receiver answered 302, and redirects are not followed' });
    receiver.answer(answers.never);
    expect(await says()).toEqual({ isAccepted: false, reason: 'the receiver did not answer in time', body: null });
    await receiver.stop();
    expect(await says()).toMatchObject({ reason: 'no answer: ECONNREFUSED' });
    expect((await get()).body).toMatchObject({ version: 1 });
  });
});
