import type { ServerResponse } from 'node:http';
import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createStudent, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { answers, type Receiver, startReceiver } from '../../test/receiver.js';
import { verify } from '../../test/verify.js';
import type { Accepted, Outgoing } from './channel.js';
import { SmsChannel } from './sms.channel.js';
import { WebhookChannel } from './webhook.channel.js';

let t: TestApp;
let webhook: WebhookChannel;
let sms: SmsChannel;
let tenant: Tenant;
let student: Member;
let receiver: Receiver;
let secret: string;

beforeAll(async () => {
  const environment = {
    WEBHOOK_PLAIN_HTTP: 'true',
    WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.1/32',
    WEBHOOK_TIMEOUT_SECONDS: '1',
  };
  t = await startApp({ environment });
  webhook = t.app.get(WebhookChannel, { strict: false });
  sms = t.app.get(SmsChannel, { strict: false });
});
afterAll(() => t.stop());
beforeEach(async () => {
  tenant = await createTenant(t.database);
  student = await createStudent(t.database, tenant, { name: 'Kathleen Osei', pid: 'P-1042' });
  receiver = await startReceiver();
  secret = await set('webhook', receiver.url);
});
afterEach(() => receiver.stop());

const set = async (channel: string, url: string): Promise<string> =>
  (await t.as('admin', tenant).put(`/channels/${channel}`).send({ url }).expect(200)).body.secret;
const outgoing = (change: Partial<Outgoing> = {}): Outgoing => ({
  id: uuidv7(),
  tenantId: tenant.tenantId,
  category: 'risk',
  priority: 'high',
  to: { userId: student.userId, name: student.name, email: null, phone: '+441632960123' },
  subject: 'Room changed',
  text: 'We meet in room 12.',
  html: null,
  actionUrl: 'https://app.example.org/x',
  occurredAt: t.clock.now(),
  ...change,
});
const never = new AbortController().signal;
const send = (change: Partial<Outgoing> = {}): Promise<Accepted> => webhook.send(outgoing(change), never);
const reached = async (channel: WebhookChannel | SmsChannel, phone: string | null): Promise<boolean> =>
  (await channel.reach(tenant.tenantId, [{ userId: student.userId, email: null, phone }])).has(student.userId);

it('hands over what a person is told, signed, under one id at each attempt', async () => {
  const id = uuidv7();
  receiver.answer(answers.status(503));
  await expect(send({ id })).rejects.toMatchObject({ name: 'DeliveryFailure', kind: 'passing' });
  receiver.answer(answers.accept);
  expect(await send({ id })).toEqual({ isDelivered: true, reference: null });
  const [first, second] = receiver.received as [(typeof receiver.received)[0], (typeof receiver.received)[0]];
  expect(second.body).toBe(first.body);
  expect([first, second].map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
  expect(await verify(second.headers, second.body, secret, t.clock.now().getTime())).toBe(true);
  expect(JSON.parse(second.body)).toEqual({
    id,
    type: 'delivery',
    category: 'risk',
    priority: 'high',
    occurredAt: '2026-03-02T08:00:00.000Z',
    recipient: { userId: student.userId, pid: 'P-1042', name: 'Kathleen Osei' },
    subject: 'Room changed',
    text: 'We meet in room 12.',
    html: null,
    actionUrl: 'https://app.example.org/x',
  });
});

it.each([
  [200, null],
  [299, null],
  [301, 'final'],
  [400, 'final'],
  [404, 'final'],
  [408, 'passing'],
  [425, 'passing'],
  [429, 'passing'],
  [500, 'passing'],
  [599, 'passing'],
])('takes %i for %s', async (status, kind) => {
  receiver.answer(answers.status(status, { location: 'http://127.0.0.1/', 'retry-after': '30' }));
  if (kind === null) await expect(send()).resolves.toMatchObject({ isDelivered: true });
  else await expect(send()).rejects.toMatchObject({ kind, ...(kind === 'passing' && { retryAfterSeconds: 30 }) });
});

it('waits no longer than an hour, whoever asks for it, and for no date', async () => {
  receiver.answer(answers.status(429, { 'retry-after': '999999999' }));
  await expect(send()).rejects.toMatchObject({ retryAfterSeconds: 3_600 });
  receiver.answer(answers.status(429, { 'retry-after': 'Fri, 31 Dec 2027 23:59:59 GMT' }));
  await expect(send()).rejects.toMatchObject({ retryAfterSeconds: undefined });
});

it('tries again what was not answered: late, cut off, or nobody there', async () => {
  receiver.answer(answers.never);
  await expect(send()).rejects.toMatchObject({ kind: 'passing', message: 'the receiver did not answer in time' });
  receiver.answer(answers.die);
  await expect(send()).rejects.toMatchObject({ kind: 'passing', message: 'no answer: ECONNRESET' });
  await receiver.stop();
  await expect(send()).rejects.toMatchObject({ kind: 'passing', message: 'no answer: ECONNREFUSED' });
});

it('calls nobody who wants no more, or was never named, or is no longer outside', async () => {
  expect(await reached(webhook, null)).toBe(true);
  // both learn of it at the same time, and one of them writes it down
  const waiting: ServerResponse[] = [];
  receiver.answer((response) => {
    if (waiting.push(response) === 2) waiting.forEach((one) => one.writeHead(410).end());
  });
  const both = await Promise.allSettled([send(), send()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const admin = t.as('admin', tenant);
  const gone = { isActive: false, goneAt: '2026-03-02T08:00:00Z', version: 2 };
  expect((await admin.get('/channels/webhook').expect(200)).body).toMatchObject(gone);
  expect(await reached(webhook, null)).toBe(false);
  await expect(send()).rejects.toMatchObject({ kind: 'final' });
  expect(receiver.received).toHaveLength(2);
  const entries = await t.database.many(
    `-- test.audit
    select actor_role as "actorRole" from audit_entries where tenant_id = $1 and action = 'channel.gone'`,
    [tenant.tenantId],
  );
  expect(entries).toEqual([{ actorRole: 'service' }]);
  receiver.answer(answers.accept);
  await set('webhook', receiver.url);
  expect((await admin.get('/channels/webhook').expect(200)).body).toMatchObject({ isActive: true, goneAt: null });
  await send();
  await t.database.run(
    `-- test.moveInside
    update channel_endpoints set url = 'http://127.0.0.2/' where tenant_id = $1`,
    [tenant.tenantId],
  );
  await expect(send()).rejects.toMatchObject({ kind: 'final' });
  const other = await createTenant(t.database);
  await expect(send({ tenantId: other.tenantId })).rejects.toMatchObject({ kind: 'final' });
});

describe('short messages', () => {
  it('go to a number, where the tenant has somebody who sends them', async () => {
    expect(await reached(sms, '+441632960123')).toBe(false);
    const key = await set('sms', receiver.url);
    expect(await reached(sms, '+441632960123')).toBe(true);
    expect(await reached(sms, null)).toBe(false);
    const id = uuidv7();
    await sms.send(outgoing({ id }), never);
    const { headers, body } = receiver.received[0]!;
    expect(await verify(headers, body, key, t.clock.now().getTime())).toBe(true);
    const text = 'Room changed\nWe meet in room 12.\nhttps://app.example.org/x';
    expect(JSON.parse(body)).toEqual({ id, type: 'sms', to: '+441632960123', text });
    await expect(sms.send(outgoing({ to: { ...outgoing().to, phone: null } }), never)).rejects.toMatchObject({
      kind: 'final',
    });
  });

  it('are cut before their link, and not in the middle of a letter', async () => {
    await set('sms', receiver.url);
    for (const before of ['', 'x']) await sms.send(outgoing({ text: before + '😀'.repeat(2_000) }), never);
    for (const { body } of receiver.received) {
      const { text } = JSON.parse(body) as { text: string };
      expect(text.length).toBeLessThanOrEqual(1_600);
      expect(text.length).toBeGreaterThan(1_595);
      expect(text).toMatch(/^Room changed\nx?(😀)+…\nhttps:\/\/app\.example\.org\/x$/u);
    }
  });
});
