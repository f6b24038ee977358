import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudent, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { MailChannel, useChannel } from '../../test/mail-channel.js';
import { parseMail } from '../../test/mails.js';
import { deliver, runOf, topicOf } from '../../test/messages.js';
import { trayOf } from '../../test/occurrences.js';
import { deliveriesOf, queueOutgoing, sendOutgoing, statesOf } from '../../test/outgoing.js';
import { type MailServer, startMailServer } from '../../test/smtp.js';
import type { NewNotification } from '../notifications/notification.js';
import { NotificationsJobs } from '../notifications/notifications.jobs.js';
import { TrayWriter } from '../notifications/tray-writer.js';
import { defaults } from './choices.js';

let app: TestApp;
let server: MailServer;
let tenant: Tenant;
let instructor: Member;
let student: Member;

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
  app.clock.set('2026-03-02T10:00:00Z');
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant, { name: 'Ida Instructor' });
  student = await createStudent(app.database, instructor);
});

const deliveries = () => deliveriesOf(app, tenant);
const states = () => statesOf(app, tenant);
const queue = () => queueOutgoing(app, tenant);
const send = () => sendOutgoing(app, tenant);
const mailsTo = ({ email }: Member) =>
  server.received.filter(({ to }) => to.includes(email)).map(({ message }) => parseMail(message));

async function write({ userId, tenantId }: Member = student, fields: object = {}): Promise<{ id: string }> {
  const message = { subject: 'Hello {{firstName}}', body: 'How are you?', to: { userIds: [userId] }, ...fields };
  const { body } = await app.as(instructor).post('/messages').send(message).expect(201);
  await deliver(app, tenantId);
  return body as { id: string };
}
const told = (cause: string, fields: Partial<NewNotification> = {}): NewNotification => ({
  userId: student.userId,
  type: 'assignment_due',
  priority: 'normal',
  title: `Title ${cause}`,
  body: `Body ${cause}`,
  actionUrl: '/assignments/1',
  cause,
  expiresAt: new Date('2026-06-01T00:00:00Z'),
  ...fields,
});
async function tell(...notifications: NewNotification[]): Promise<void> {
  await app.app.get(TrayWriter, { strict: false }).tell(tenant.tenantId, notifications);
  await queue();
}
async function choose(fields: object, who: Member = student): Promise<void> {
  const { body } = await app.as(who).get('/me/preferences').expect(200);
  const { version: _, ...chosen } = body as Record<string, unknown>;
  await app
    .as(who)
    .put('/me/preferences')
    .send({ ...chosen, ...fields })
    .expect(200);
}
const atOnce = { ...defaults.student, assignments: { channels: ['email'], digest: 'immediately' } };

describe('a message', () => {
  it('goes out once, however often it is told of and whoever sends at once', async () => {
    await write();
    await queue();
    await Promise.all([queue(), send(), queue(), send()]);
    await queue();
    await send();
    expect(await deliveries()).toMatchObject([{ userId: student.userId, state: 'sent', attempts: 1, error: null }]);
    const [mail, ...others] = mailsTo(student);
    expect(others).toEqual([]);
    expect(mail).toMatchObject({ subject: `Hello ${student.name.split(' ')[0]}` });
    expect(mail!.text).toContain('Ida Instructor wrote:\r\n\r\nHow are you?');
  });

  it('does not go to who has opened it, is muted, recalled, expired, or for who has left', async () => {
    const [opener, muter, loser, leaver, expirer, other] = (await createStudents(
      app.database,
      instructor,
      Array(6).fill({}),
    )) as [Member, Member, Member, Member, Member, Member];
    await write(muter);
    const { body } = await app.as(muter).get('/threads').expect(200);
    const before = (body as { data: { id: string }[] }).data[0]!.id;
    for (const one of [opener, leaver, other]) await write(one);
    const { id } = await write(loser);
    await write(expirer, { expiresAt: '2026-03-02T10:30:00Z' });
    await queue();
    await choose({ mutedThreadIds: [before] }, muter);
    const { body: threads } = await app.as(opener).get('/threads').expect(200);
    await app
      .as(opener)
      .post(`/threads/${(threads as { data: { id: string }[] }).data[0]!.id}/open`)
      .expect(204);
    await app.as(instructor).post(`/messages/${id}/recall`).send({}).expect(200);
    await app.database.run('-- test.leave\nupdate users set is_active = false where id = $1', [leaver.userId]);
    app.clock.advance(3_600);
    await send();
    const ends = new Map((await deliveries()).map(({ userId, state, error }) => [userId, [state, error]]));
    expect([muter, opener, leaver, other, loser, expirer].map(({ userId }) => ends.get(userId))).toEqual([
      ['suppressed', 'muted'],
      ['suppressed', 'read'],
      ['suppressed', 'left'],
      ['sent', null],
      ['suppressed', 'recalled'],
      ['suppressed', 'expired'],
    ]);
    expect(server.received.filter(({ to }) => [opener, muter, loser, leaver, expirer].some((one) => to.includes(one.email)))).toEqual([]); // prettier-ignore
    // and is not even queued any more
    await choose({ mutedSenderIds: [instructor.userId] }, muter);
    await write(muter);
    await queue();
    expect((await deliveries()).filter(({ userId }) => userId === muter.userId)).toHaveLength(1);
  });

  it('of a muted sender or conversation is unread in that, and told of nowhere else', async () => {
    const tellMessages = async (): Promise<void> => {
      for (const { key, payload } of await topicOf(app, tenant.tenantId, 'messages.distributed')) {
        const message = { ...runOf(tenant.tenantId, key), payload: payload as never };
        await app.app.get(NotificationsJobs, { strict: false }).tellMessage(message);
      }
    };
    await write();
    const { body } = await app.as(student).get('/threads').expect(200);
    const [thread] = (body as { data: { id: string }[] }).data;
    await choose({ mutedThreadIds: [thread!.id] });
    await tellMessages();
    expect(await trayOf(app, student)).toEqual([]);
    await choose({ mutedThreadIds: [], mutedSenderIds: [instructor.userId] });
    await write();
    await tellMessages();
    await queue();
    expect(await trayOf(app, student)).toEqual([]);
    expect(await deliveries()).toEqual([]);
    expect((await app.as(student).get('/threads/unread')).body).toEqual({ unreadMessages: 2, unreadThreads: 2 });
  });
});

describe('what a program has found out', () => {
  it('waits for eight o’clock and goes together, without what has been read', async () => {
    await tell(told('a'), told('b'), told('c'));
    await tell(told('d'));
    expect(await deliveries()).toMatchObject(Array(4).fill({ state: 'queued', dueAt: '2026-03-03T08:00:00Z' }));
    await send();
    expect(await states()).toEqual(['queued', 'queued', 'queued', 'queued']);
    const { body } = await app.as(student).get('/notifications').expect(200);
    const read = (body as { data: { id: string; title: string }[] }).data.find(({ title }) => title === 'Title b')!;
    await app.as(student).post(`/notifications/${read.id}/read`).expect(200);
    app.clock.set('2026-03-03T08:00:00Z');
    await Promise.all([send(), send()]);
    expect((await states()).sort()).toEqual(['gathered', 'gathered', 'gathered', 'gathered', 'sent']);
    const [mail, ...others] = mailsTo(student);
    expect(others).toEqual([]);
    expect(mail!.subject).toBe('3 things to know');
    expect(mail!.text.match(/- Title .|assignments.1/g)).toEqual([
      '- Title d', 'assignments/1', '- Title c', 'assignments/1', '- Title a', 'assignments/1',
    ]); // prettier-ignore
  });

  it('says how many more there are, and is one thing when it is one', async () => {
    await app.as('admin', tenant).patch('/settings').send({ notificationsPerDay: 30 }).expect(200);
    await tell(...Array.from({ length: 26 }, (_, n) => told(`${n}`, { userId: instructor.userId })));
    await tell(told('only'));
    app.clock.set('2026-03-03T08:00:00Z');
    await send();
    const [digest] = mailsTo(instructor);
    expect(digest!.subject).toBe('26 things to know');
    expect(digest!.text.match(/^- Title/gm)).toHaveLength(20);
    expect(digest!.text).toContain('and 6 more');
    expect(mailsTo(student)).toMatchObject([{ subject: 'Title only' }]);
  });

  it('comes once a line, and again when that becomes urgent', async () => {
    await choose({ categories: atOnce });
    const collapseKey = 'k';
    await tell(told('a', { collapseKey }));
    await tell(told('b', { collapseKey }));
    await send();
    expect(mailsTo(student)).toHaveLength(1);
    await tell(told('c', { collapseKey, priority: 'urgent' }));
    await send();
    expect(mailsTo(student).map(({ subject }) => subject)).toEqual(['Title b', 'Title c']);
  });

  it('waits while it is quiet, unless it is urgent', async () => {
    await choose({ categories: atOnce, timeZone: 'America/New_York', quietFrom: '22:00', quietTo: '06:30' });
    // 05:00 there
    await tell(told('a'));
    await tell(told('b', { priority: 'urgent' }));
    await send();
    expect(await deliveries()).toMatchObject([
      { state: 'queued', dueAt: '2026-03-02T11:30:00Z' },
      { state: 'sent', dueAt: '2026-03-02T10:00:00Z' },
    ]);
    // who says so later is not disturbed either, and that is no attempt
    await choose({ quietTo: '07:00' });
    app.clock.set('2026-03-02T11:30:00Z');
    await send();
    expect((await deliveries())[0]).toMatchObject({ state: 'queued', attempts: 0, dueAt: '2026-03-02T12:00:00Z' });
    app.clock.set('2026-03-02T12:00:00Z');
    await send();
    expect(await states()).toEqual(['sent', 'sent']);
  });

  it('is not sent to who turns it off meanwhile', async () => {
    await tell(told('a'));
    await choose({ categories: { ...defaults.student, assignments: { channels: [], digest: 'daily' } } });
    app.clock.set('2026-03-03T08:00:00Z');
    await send();
    expect(await deliveries()).toMatchObject([{ state: 'gathered' }, { state: 'suppressed', error: 'turned_off' }]);
    await tell(told('b'));
    expect(await deliveries()).toHaveLength(2);
  });

  it('comes to a student five times a day, and what is more comes together, also when it is told at once', async () => {
    await choose({ categories: atOnce });
    const causes = Array.from({ length: 9 }, (_, n) => told(`${n}`));
    await Promise.all(causes.map((one) => app.app.get(TrayWriter, { strict: false }).tell(tenant.tenantId, [one])));
    await Promise.all([queue(), queue(), queue()]);
    await tell(told('urgent', { priority: 'urgent' }));
    await send();
    expect(mailsTo(student)).toHaveLength(6);
    const held = (await deliveries()).filter(({ isHeld }) => isHeld);
    expect(held).toMatchObject(Array(4).fill({ state: 'queued', dueAt: '2026-03-03T08:00:00Z' }));
    // another day begins with the person's own midnight
    app.clock.set('2026-03-02T23:59:00Z');
    await tell(told('late'));
    app.clock.set('2026-03-03T00:00:00Z');
    await tell(told('early'));
    await send();
    expect(mailsTo(student).map(({ subject }) => subject)).toContain('Title early');
    expect(mailsTo(student)).toHaveLength(7);
    app.clock.set('2026-03-03T08:00:00Z');
    await send();
    expect(mailsTo(student).at(-1)).toMatchObject({ subject: '5 things to know' });
  });
});
