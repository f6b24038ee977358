import { startApp, type TestApp } from '../../test/app.js';
import { createAdmin, createInstructor, createStudent, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { deliver, runOf } from '../../test/messages.js';
import { deliveriesOf, queueOutgoing, statesOf } from '../../test/outgoing.js';
import { answers, type Receiver, startReceiver } from '../../test/receiver.js';
import { type MailServer, startMailServer } from '../../test/smtp.js';
import { verify } from '../../test/verify.js';
import type { ChannelName } from './channel.js';
import { SendingJobs } from './channels.jobs.js';

/** The queue with the channels as they are, and both with servers as they may be. */
let app: TestApp;
let server: MailServer;
let receiver: Receiver;
let tenant: Tenant;
let instructor: Member;
let students: readonly Member[];

beforeAll(async () => {
  server = await startMailServer();
  const environment = {
    SMTP_URL: server.url,
    MAIL_FROM: 'no-reply@example.org',
    APP_URL: 'https://app.example.org',
    WEBHOOK_PLAIN_HTTP: 'true',
    WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.1/32',
    WEBHOOK_TIMEOUT_SECONDS: '1',
  };
  app = await startApp({ environment });
});
afterAll(async () => {
  await app.stop();
  await server.stop();
});
beforeEach(async () => {
  app.clock.set('2026-03-02T10:00:00Z');
  receiver = await startReceiver();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant, { name: 'Ida Instructor' });
  students = await createStudents(app.database, instructor, [{ name: 'Ada' }, { name: 'Ben' }, { name: 'Cay' }]);
});
afterEach(() => receiver.stop());

interface Heard {
  readonly id: string;
  readonly category: string;
  readonly recipient: object;
  readonly subject: string;
  readonly text: string;
}

const send = (channel: ChannelName) =>
  app.app.get(SendingJobs, { strict: false }).send(runOf(tenant.tenantId, channel));
const name = async (channel: ChannelName): Promise<string> =>
  (await app.as('admin', tenant).put(`/channels/${channel}`).send({ url: receiver.url }).expect(200)).body.secret;
async function write(to: readonly Member[] = students): Promise<void> {
  const message = { subject: 'Room', body: 'Room 12, {{firstName}}.', to: { userIds: to.map(({ userId }) => userId) } };
  await app.as(instructor).post('/messages').send(message).expect(201);
  await deliver(app, tenant.tenantId);
  await queueOutgoing(app, tenant);
}
const mailed = (): string[][] =>
  server.received
    .filter(({ to }) => students.some(({ email }) => to.includes(email)))
    .map(({ to, message }) => [to[0]!, /^Message-ID:\s+(.*?)\r?$/im.exec(message)![1]!]);
const heard = (): Heard[] => receiver.received.map(({ body }) => JSON.parse(body) as Heard);

describe('by webhook', () => {
  it('a message reaches the system of the tenant once for each recipient, signed', async () => {
    const secret = await name('webhook');
    await write();
    await queueOutgoing(app, tenant);
    await Promise.all([send('webhook'), send('webhook'), send('webhook')]);
    await send('webhook');
    expect(receiver.received).toHaveLength(3);
    for (const { headers, body } of receiver.received) {
      expect(await verify(headers, body, secret, app.clock.now().getTime())).toBe(true);
    }
    const whole = heard().map(({ category, recipient, subject, text }) => ({ category, recipient, subject, text }));
    expect(whole.sort((a, b) => (a.text < b.text ? -1 : 1))).toEqual(
      students.map(({ userId, name: called }) => ({
        category: 'messages',
        recipient: { userId, pid: null, name: called },
        subject: 'Room',
        text: `Ida Instructor wrote:\n\nRoom 12, ${called}.`,
      })),
    );
    const ids = (await deliveriesOf(app, tenant)).map(({ id }) => id);
    expect(heard().every(({ id }) => ids.includes(id))).toBe(true);
  });

  it('nothing is lost while the receiver is ill, and nothing goes to one that says no', async () => {
    await name('webhook');
    await write([students[0]!]);
    receiver.answer(answers.status(500));
    for (let minute = 0; minute < 240; minute += 10) {
      await send('webhook');
      app.clock.advance(600);
    }
    const tries = receiver.received.length;
    expect(tries).toBeGreaterThan(2);
    receiver.answer(answers.accept);
    for (let hour = 0; hour < 3; hour++) {
      app.clock.advance(3_600);
      await send('webhook');
    }
    expect(receiver.received).toHaveLength(tries + 1);
    expect(new Set(heard().map(({ id }) => id)).size).toBe(1);
    await write([students[1]!]);
    receiver.answer(answers.status(410));
    await send('webhook');
    await write([students[2]!]);
    await send('webhook');
    expect(receiver.received).toHaveLength(tries + 2);
    const rows = await app.database.many<{ state: string; error: string | null }>(
      `-- test.listWebhooks
      select state, error from outgoing_deliveries where tenant_id = $1 and channel = 'webhook' order by id`,
      [tenant.tenantId],
    );
    expect(rows).toEqual([
      { state: 'delivered', error: null },
      { state: 'failed', error: 'the receiver answered 410' },
    ]);
  });

  it('gives up after a day, says why, and goes again once somebody says so', async () => {
    const secret = await name('webhook');
    await write();
    receiver.answer(answers.status(500));
    for (let hour = 0; hour < 28; hour++) {
      await send('webhook');
      app.clock.advance(3_600);
    }
    const admin = app.as('admin', tenant);
    const dead = async (): Promise<Heard[]> =>
      (await admin.get('/channels/deliveries?channel=webhook&state=failed').expect(200)).body.data;
    const given = await dead();
    expect(given).toMatchObject(Array(3).fill({ error: 'the receiver answered 500' }));
    receiver.answer(answers.accept);
    const before = receiver.received.length;
    const replay = { channel: 'webhook', since: '2026-03-02T00:00:00Z' };
    expect((await admin.post('/channels/deliveries/replay').send(replay).expect(200)).body.replayed).toBe(3);
    for (let minute = 0; minute < 60; minute += 10) {
      await send('webhook');
      app.clock.advance(600);
    }
    expect(await dead()).toEqual([]);
    const again = receiver.received.slice(before);
    expect(again.map(({ headers }) => headers['webhook-id']).sort()).toEqual(given.map(({ id }) => id).sort());
    const [{ headers, body }] = again as [(typeof again)[0]];
    expect(await verify(headers, body, secret, Number(headers['webhook-timestamp']) * 1_000)).toBe(true);
  });
});

describe('by e-mail', () => {
  it('loses nothing in an hour in which the mail server dies of every mail', async () => {
    await write();
    server.behave('dying');
    for (let minute = 0; minute < 60; minute += 10) {
      await send('email');
      app.clock.advance(600);
    }
    expect(mailed()).toEqual([]);
    server.behave('well');
    for (let hour = 0; hour < 3; hour++) {
      await send('email');
      app.clock.advance(3_600);
    }
    expect(mailed().map(([to]) => to).sort()).toEqual(students.map(({ email }) => email).sort()); // prettier-ignore
    expect(await statesOf(app, tenant)).toEqual(['sent', 'sent', 'sent']);
  });

  it('goes on for the others where one address is refused, to which nothing more goes', async () => {
    server.refuse(1, { code: 550, text: '5.1.1 no such user' });
    await write();
    await send('email');
    expect((await statesOf(app, tenant)).sort()).toEqual(['bounced', 'sent', 'sent']);
    await write();
    await send('email');
    expect(mailed()).toHaveLength(4);
  });
});

describe('what comes back later', () => {
  const report = (bounces: object[], client = app.as('service', tenant)) =>
    client.post('/channels/email/bounces').send({ bounces });
  const sent = async (): Promise<string[]> => {
    await write();
    await send('email');
    return students.map(({ email }) => mailed().findLast(([to]) => to === email)![1]!);
  };

  it('is known by the id of the mail, or of the delivery, and counts against the address it went to', async () => {
    const [ada, ben, cay] = (await sent()) as [string, string, string];
    const other = `moved-${students[1]!.email}`;
    await app.as('admin', tenant).patch(`/users/${students[1]!.userId}`).send({ email: other }).expect(200);
    const bounces = [
      { messageId: ada, kind: 'hard', reason: '5.1.1' },
      { messageId: ada.slice(1, -1).toUpperCase(), kind: 'soft' },
      { messageId: ben, kind: 'hard' },
      { deliveryId: ben.slice(1, 37), kind: 'hard' },
      { deliveryId: cay.slice(1, 37), kind: 'soft', reason: 'mailbox full' },
      { messageId: '<somebody@else.example>', kind: 'hard' },
      { deliveryId: tenant.tenantId, kind: 'hard' },
    ];
    const results = [
      ...['recorded', 'recorded', 'address_changed', 'address_changed'],
      ...['recorded', 'unknown', 'unknown'],
    ];
    for (let times = 0; times < 2; times++) {
      expect((await report(bounces).expect(200)).body).toEqual({ results });
      expect((await statesOf(app, tenant)).sort()).toEqual(['bounced', 'sent', 'sent']);
    }
    const { body } = await app.as('admin', tenant).get('/channels/email/bounces').expect(200);
    const listed = (body.data as { name: string; kind: string; reason: string }[])
      .map((one) => [one.name, one.kind, one.reason])
      .sort();
    expect(listed).toEqual([['Ada', 'hard', '5.1.1'], ['Cay', 'soft', 'mailbox full']]); // prettier-ignore
    // what is dead stays dead, whatever else comes back from it
    await report([{ messageId: ada, kind: 'soft', reason: '4.2.1' }]).expect(200);
    expect((await app.as('admin', tenant).get('/channels/email/bounces')).body.data).toEqual(body.data);
    students = [students[0]!, { ...students[1]!, email: other }, students[2]!];
    const before = mailed().length;
    await write();
    await send('email');
    expect(mailed().slice(before).map(([to]) => to).sort()).toEqual([other, students[2]!.email].sort()); // prettier-ignore
  });

  it('is reported by services and administrators, of their own mails, many at once', async () => {
    const [ada] = (await sent()) as [string, string, string];
    const elsewhere = await createTenant(app.database);
    const stranger = app.as(await createAdmin(app.database, elsewhere));
    expect((await report([{ messageId: ada, kind: 'hard' }], stranger).expect(200)).body.results).toEqual(['unknown']);
    await report([{ messageId: ada, kind: 'hard' }], app.as(instructor)).expect(403);
    await report([{ kind: 'hard' }]).expect(400);
    await report([{ messageId: ada, kind: 'firm' }]).expect(400);
    await report([{ messageId: ada, kind: 'hard', reason: '<ada@example.org> unknown' }]).expect(400);
    await report([]).expect(400);
    const many = Array.from({ length: 1_000 }, () => ({ messageId: ada, kind: 'hard' }));
    await Promise.all([report(many), report(many)].map((call) => call.expect(200)));
    await report([...many, ...many.slice(0, 1)]).expect(400);
    expect((await statesOf(app, tenant)).sort()).toEqual(['bounced', 'sent', 'sent']);
  });
});

it('goes as a short message to whoever wants that and has a number', async () => {
  await name('sms');
  const student = await createStudent(app.database, instructor);
  const { body } = await app.as(student).get('/me/preferences').expect(200);
  const { version: _, ...chosen } = body as { version: number; categories: object };
  const categories = { ...chosen.categories, messages: { channels: ['sms'], digest: 'immediately' } };
  await app.as(student).put('/me/preferences').send({ ...chosen, categories }).expect(200); // prettier-ignore
  await write([student]);
  expect(await statesOf(app, tenant)).toEqual([]);
  await app.as(student).put('/me/phone').send({ phone: '+441632960123' }).expect(200);
  await write([student]);
  await send('sms');
  const texts = heard();
  expect(texts).toEqual(texts.map((text) => ({ ...text, type: 'sms', to: '+441632960123' })));
  expect(texts.length).toBeGreaterThan(0);
});
