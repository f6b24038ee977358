import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { createAdmin, createInstructor, createStudents, createTenant, type Member, type Person, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { MailChannel, useChannel } from '../../test/mail-channel.js';
import { deliver, topicOf } from '../../test/messages.js';
import { deliveriesOf, queueOutgoing, sendOutgoing, statesOf } from '../../test/outgoing.js';
import { type MailServer, startMailServer } from '../../test/smtp.js';
import type { OutgoingDeliveryResponse } from './deliveries.dto.js';
import { defaults } from './choices.js';

let app: TestApp;
let server: MailServer;
let tenant: Tenant;
let admin: Person;
let instructor: Member;
let students: Member[];

beforeAll(async () => {
  server = await startMailServer();
  app = await startApp();
  useChannel(app, new MailChannel(server.url));
});
afterAll(async () => {
  await app.stop();
  await server.stop();
});
beforeEach(async () => {
  server.refuse(0);
  app.clock.set('2026-03-02T10:00:00Z');
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  instructor = await createInstructor(app.database, tenant);
  students = await createStudents(app.database, instructor, Array(3).fill({}));
});

async function write(to: readonly Member[] = students): Promise<string> {
  const message = { subject: 'Hello', body: 'How are you?', to: { userIds: to.map(({ userId }) => userId) } };
  const { body } = await app.as(instructor).post('/messages').send(message).expect(201);
  await deliver(app, tenant.tenantId);
  await queueOutgoing(app, tenant);
  return (body as { id: string }).id;
}
const send = () => sendOutgoing(app, tenant);
/** Until they are dead letters. */
async function fail(): Promise<void> {
  server.refuse(1e9);
  await send();
  app.clock.advance(90_000);
  await send();
  server.refuse(0);
}
const list = async (query = '', who: Person = admin) =>
  (await app.as(who).get(`/channels/deliveries${query}`).expect(200)).body as {
    data: OutgoingDeliveryResponse[];
    pagination: { nextCursor?: string };
  };
const replay = (path: string, body: object = {}, who: Person = admin) =>
  app.as(who).post(`/channels/deliveries/${path}`).send(body);
const audited = async (): Promise<object[]> =>
  (await auditTrail(app.database, tenant.tenantId, 'deliver%')).map(({ action, targetId, before, after }) => ({
    action,
    targetId,
    before,
    after,
  }));
const since = '2026-03-01T00:00:00Z';

describe('the list', () => {
  it('shows what has gone out and what could not, page by page', async () => {
    const messageId = await write();
    const { data } = await list();
    expect(data[0]).toEqual({
      id: expect.any(String),
      userId: expect.any(String),
      userName: expect.any(String),
      channel: 'email',
      category: 'messages',
      priority: 'normal',
      state: 'queued',
      attempts: 0,
      queuedAt: '2026-03-02T10:00:00Z',
      dueAt: '2026-03-02T10:00:00Z',
      sentAt: null,
      deliveredAt: null,
      error: null,
      messageId,
      notificationId: null,
      digestId: null,
    });
    await send();
    expect((await list('?state=sent&channel=email')).data).toEqual(
      data.map((one) => ({ ...one, state: 'sent', attempts: 1, sentAt: '2026-03-02T10:00:00Z' })),
    );
    expect((await list('?state=failed')).data).toEqual([]);
    expect((await list('?channel=sms')).data).toEqual([]);
    const first = await list('?limit=2');
    const second = await list(`?limit=2&cursor=${first.pagination.nextCursor}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(data.map(({ id }) => id));
    await app.as(admin).get('/channels/deliveries?state=lost').expect(400);
  });

  it('is for administrators, of their own tenant', async () => {
    await write();
    for (const who of [instructor, students[0]!]) {
      await app.as(who).get('/channels/deliveries').expect(403);
      await replay('replay', { channel: 'email', since }, who).expect(403);
    }
    const other = await createAdmin(app.database, await createTenant(app.database));
    expect((await list('', other)).data).toEqual([]);
    const [{ id }] = (await list()).data as [OutgoingDeliveryResponse];
    await replay(`${id}/replay`, {}, other).expect(404);
  });
});

describe('sending again', () => {
  it('takes one that has failed, and no other', async () => {
    await write();
    await fail();
    const [one] = (await list('?state=failed')).data as [OutgoingDeliveryResponse];
    expect(one.error).toBe('the mail was not taken over: EENVELOPE, RCPT TO, 451');
    const answers = await Promise.all([replay(`${one.id}/replay`), replay(`${one.id}/replay`)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(answers.find(({ status }) => status === 200)!.body).toMatchObject({
      id: one.id,
      state: 'queued',
      attempts: 0,
    });
    expect(await audited()).toEqual([
      { action: 'delivery.replayed', targetId: one.id, before: { state: 'failed', error: one.error }, after: null },
    ]);
    app.clock.advance(1_800);
    await send();
    expect((await statesOf(app, tenant)).sort()).toEqual(['failed', 'failed', 'sent']);
    expect(server.received.at(-1)!.message).toContain(one.id);
    await replay(`${one.id}/replay`).expect(409);
    await replay(`${instructor.userId}/replay`).expect(404);
  });

  it('takes all that have failed since, unless they were opened meanwhile', async () => {
    await write();
    await fail();
    const { body } = await app.as(students[0]!).get('/threads').expect(200);
    await app
      .as(students[0]!)
      .post(`/threads/${(body as { data: { id: string }[] }).data[0]!.id}/open`)
      .expect(204);
    expect((await replay('replay', { channel: 'sms', since })).body).toEqual({ replayed: 0, hasMore: false });
    expect((await replay('replay', { channel: 'email', since: '2026-03-02T10:00:01Z' })).body.replayed).toBe(0);
    const answers = await Promise.all([1, 2].map(() => replay('replay', { channel: 'email', since }).expect(200)));
    expect(answers.map(({ body }) => body.replayed as number).sort()).toEqual([0, 3]);
    expect(await audited()).toHaveLength(1);
    expect((await topicOf(app, tenant.tenantId, 'channels.deliveries-due')).length).toBeGreaterThan(1);
    app.clock.advance(1_800);
    await send();
    await send();
    expect((await statesOf(app, tenant)).sort()).toEqual(['sent', 'sent', 'suppressed']);
    await replay('replay', { channel: 'pigeon', since }).expect(400);
    await replay('replay', { channel: 'email' }).expect(400);
  });
});

it('is what the sender of a message sees, too, also of what was gathered', async () => {
  const [once, daily, off] = students as [Member, Member, Member];
  const choose = async (who: Member, messages: object): Promise<void> => {
    const { version: _, ...chosen } = (await app.as(who).get('/me/preferences')).body as Record<string, unknown>;
    const categories = { ...defaults.student, messages };
    await app.as(who).put('/me/preferences').send({ ...chosen, categories }).expect(200); // prettier-ignore
  };
  await choose(daily, { channels: ['email'], digest: 'daily' });
  await choose(off, { channels: [], digest: 'daily' });
  const id = await write();
  const seen = async (): Promise<object> => {
    const { body } = await app.as(instructor).get(`/messages/${id}/recipients`).expect(200);
    const rows = (body as { data: { userId: string; deliveries: { channel: string; state: string; sentAt: string | null }[] }[] }).data; // prettier-ignore
    const of = ({ userId }: Member) => rows.find((row) => row.userId === userId)!.deliveries;
    return [once, daily, off].map((one) =>
      of(one).map(({ channel, state, sentAt }) => [channel, state, sentAt?.slice(0, 16) ?? null]),
    );
  };
  const inApp = ['app', 'delivered', '2026-03-02T10:00'];
  expect(await seen()).toEqual([[inApp, ['email', 'queued', null]], [inApp, ['email', 'queued', null]], [inApp]]);
  await send();
  app.clock.set('2026-03-03T08:00:00Z');
  await send();
  expect(await seen()).toEqual([
    [inApp, ['email', 'sent', '2026-03-02T10:00']],
    [inApp, ['email', 'sent', '2026-03-03T08:00']],
    [inApp],
  ]);
});

describe('merging', () => {
  const merge = ([from, into]: readonly Member[]) =>
    app.as(admin).post(`/users/${from!.userId}/merge`).send({ intoId: into!.userId }).expect(200);

  it('sends to who stays what was on its way to the other, once', async () => {
    await write(students.slice(0, 2));
    await write([students[0]!]);
    // what was told of before, and is queued after
    const message = { subject: 'Late', body: 'Late', to: { userIds: [students[0]!.userId] } };
    await app.as(instructor).post('/messages').send(message).expect(201);
    await deliver(app, tenant.tenantId);
    await merge(students);
    await queueOutgoing(app, tenant);
    await send();
    const { userId, email } = students[1]!;
    expect(await deliveriesOf(app, tenant)).toMatchObject(Array(3).fill({ userId, state: 'sent' }));
    expect(server.received.slice(-3).map(({ to }) => to)).toEqual(Array(3).fill([email]));
  });

  it('keeps the choice of who stays, and all that is muted', async () => {
    const [from, into, third] = students as [Member, Member, Member];
    await write();
    const get = async (who: Member) => (await app.as(who).get('/me/preferences').expect(200)).body as Record<string, unknown>; // prettier-ignore
    const choose = async (who: Member, fields: object): Promise<void> => {
      const { version: _, ...chosen } = await get(who);
      await app.as(who).put('/me/preferences').send({ ...chosen, ...fields }).expect(200); // prettier-ignore
    };
    await choose(from, { timeZone: 'America/New_York', mutedSenderIds: [instructor.userId] });
    await merge([from, into]);
    expect(await get(into)).toMatchObject({ timeZone: 'America/New_York', mutedSenderIds: [instructor.userId] });
    await choose(third, { timeZone: 'Europe/Paris' });
    await merge([into, third]);
    expect(await get(third)).toMatchObject({
      timeZone: 'Europe/Paris',
      mutedSenderIds: [instructor.userId],
      version: 2,
    });
    // whom people have muted is somebody else now, and still muted
    const other = await createInstructor(app.database, tenant);
    await merge([instructor, other]);
    expect(await get(third)).toMatchObject({ mutedSenderIds: [other.userId], version: 3 });
  });
});
