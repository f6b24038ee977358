import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { MailChannel, useChannel } from '../../test/mail-channel.js';
import { deliver, runOf } from '../../test/messages.js';
import { deliveriesOf, queueOutgoing, sendOutgoing, statesOf } from '../../test/outgoing.js';
import { type MailServer, startMailServer } from '../../test/smtp.js';
import { untilCounted } from '../../test/worker-process.js';
import { SendingJobs } from './channels.jobs.js';

jest.setTimeout(120_000);

let app: TestApp;
let server: MailServer;
let tenant: Tenant;
let instructor: Member;
const children: ChildProcess[] = [];

beforeAll(async () => {
  server = await startMailServer();
  app = await startApp();
  useChannel(app, new MailChannel(server.url));
});
afterAll(async () => {
  for (const child of children) if (child.kill('SIGKILL')) await once(child, 'close');
  await app.stop();
  await server.stop();
});
beforeEach(async () => {
  server.refuse(0);
  app.clock.set('2026-03-02T10:00:00Z');
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
});

/** A message to so many, in the queue of e-mail. */
async function write(count: number): Promise<void> {
  await createStudents(app.database, instructor, Array(count).fill({}));
  await app
    .as(instructor)
    .post('/messages')
    .send({ subject: 'Hello', body: 'How are you?', to: { filter: {} } })
    .expect(201);
  await deliver(app, tenant.tenantId);
  await queueOutgoing(app, tenant);
}
const send = () => sendOutgoing(app, tenant);
const tick = async (): Promise<void> => {
  await app.app.get(SendingJobs, { strict: false }).findDue();
};
/** Turns that were asked for since the last time that it was asked. */
async function turns(): Promise<number> {
  const asked = await app.database.many(
    `-- test.takeTurns
    delete from outbox where tenant_id = $1 and topic = 'channels.deliveries-due' and key = 'email' returning id`,
    [tenant.tenantId],
  );
  return asked.length;
}
const attempts = async (): Promise<number> =>
  (await deliveriesOf(app, tenant)).reduce((sum, one) => sum + one.attempts, 0);
/** To whom mails went with which ids, from a point on. */
const sent = (from = 0): [to: string, id: string][] =>
  server.received.slice(from).map(({ to, message }) => [to[0]!, /id ([0-9a-f-]{36})/.exec(message)![1]!]);

it('tries one again that is not taken, and the others at once', async () => {
  const before = server.received.length;
  await write(5);
  expect(await turns()).toBe(1);
  server.refuse(1);
  await send();
  const rows = await deliveriesOf(app, tenant);
  expect(rows.map(({ state }) => state).sort()).toEqual(['queued', 'sent', 'sent', 'sent', 'sent']);
  const [waiting] = rows.filter(({ state }) => state === 'queued');
  expect(waiting).toMatchObject({ attempts: 1, error: 'the mail was not taken over: EENVELOPE, RCPT TO, 451' });
  await tick();
  expect(await turns()).toBe(0);
  app.clock.set(waiting!.dueAt);
  await tick();
  expect(await turns()).toBe(1);
  await send();
  expect(await statesOf(app, tenant)).toEqual(Array(5).fill('sent'));
  expect(new Set(sent(before).map(([to]) => to)).size).toBe(5);
  expect(server.received.length - before).toBe(5);
});

it('loses nothing while the server is down for an hour, and does not try each delivery on it', async () => {
  const { url } = server;
  await server.stop();
  await write(40);
  await turns();
  await send();
  for (let minutes = 0; minutes < 60; minutes++) {
    app.clock.advance(60);
    await tick();
    if ((await turns()) > 0) await send();
  }
  expect(await statesOf(app, tenant)).toEqual(Array(40).fill('queued'));
  // ten at first, then one after each pause of 1, 2, 4, 8 and 16 minutes
  expect(await attempts()).toBe(15);
  server = await startMailServer(Number(new URL(url).port));
  for (let minutes = 0; minutes < 60; minutes++) {
    app.clock.advance(60);
    await tick();
    if ((await turns()) > 0) await send();
  }
  expect(await statesOf(app, tenant)).toEqual(Array(40).fill('sent'));
  expect(new Set(sent().map(([to]) => to)).size).toBe(40);
  expect(server.received).toHaveLength(40);
});

it('gives up after a day', async () => {
  await write(12);
  server.refuse(1e9);
  await send();
  app.clock.advance(86_400 - 600);
  await send();
  expect(await statesOf(app, tenant)).toEqual(Array(12).fill('queued'));
  app.clock.advance(3_600);
  await send();
  server.refuse(0);
  expect(await deliveriesOf(app, tenant)).toMatchObject(
    Array(12).fill({ state: 'failed', error: 'the mail was not taken over: EENVELOPE, RCPT TO, 451' }),
  );
  // what comes later goes, once the pause is over
  await write(1);
  app.clock.advance(1_800);
  await send();
  expect((await statesOf(app, tenant)).filter((state) => state === 'sent')).toHaveLength(13);
});

it('reaches everybody though its workers are killed, and repeats only with the same id', async () => {
  const before = server.received.length;
  await write(64);
  const env = { NODE_OPTIONS: '', NODE_ENV: 'test', LOG_LEVEL: 'silent', CACHE: 'off', PORT: '0' };
  const kills = 2;
  for (let killed = 1; killed <= kills; killed++) {
    const release = server.hold();
    const child = spawn(
      process.execPath,
      ['--import', './test/typescript.js', 'test/sending-process.ts', tenant.tenantId, server.url, app.clock.now().toISOString()], // prettier-ignore
      { env: { ...process.env, ...env, ...app.db.environment, DATA_DIR: app.config.dataDir }, stdio: 'ignore' },
    );
    children.push(child);
    const arrived = server.received.length + 10;
    // ten have arrived, and nobody was told so
    await untilCounted(() => Promise.resolve({ count: server.received.length }), arrived);
    child.kill('SIGKILL');
    await once(child, 'close');
    release();
    expect((await statesOf(app, tenant)).filter((state) => state === 'sending')).toHaveLength(10 * killed);
    // others go on with the rest at once
    if (killed === 1) continue;
    await Promise.all([send(), send()]);
    expect((await statesOf(app, tenant)).filter((state) => state === 'sent')).toHaveLength(64 - 10 * kills);
  }
  // a minute later
  await app.database.run(
    `-- test.endLeases
    update outgoing_deliveries set leased_until = clock_timestamp() - interval '1 second' where state = 'sending'`,
  );
  await tick();
  expect(await turns()).toBeGreaterThan(0);
  await Promise.all([send(), send()]);
  const rows = await deliveriesOf(app, tenant);
  expect(rows).toMatchObject(Array(64).fill({ state: 'sent' }));
  const mails = sent(before);
  expect(new Set(mails.map(([, id]) => id))).toEqual(new Set(rows.map(({ id }) => id)));
  // to each address one id: what came twice can be told
  expect(new Set(mails.map((mail) => mail.join(' '))).size).toBe(64);
  expect(mails).toHaveLength(64 + 10 * kills);
});

it('is forgotten in the end, but what belongs to a message', async () => {
  await write(2);
  await app.database.run(
    `-- test.addOld
    insert into outgoing_deliveries (tenant_id, id, user_id, channel, cause, priority, state, is_held, queued_at, due_at,
      give_up_at)
    select tenant_id, gen_random_uuid(), user_id, 'email', gen_random_uuid(), 'normal', 'sent', false, queued_at, due_at, due_at
    from outgoing_deliveries where tenant_id = $1`,
    [tenant.tenantId],
  );
  const clean = () => app.app.get(SendingJobs, { strict: false }).deleteOld(runOf(null, ''));
  app.clock.advance(90 * 86_400);
  expect(await clean()).toEqual({ deleted: 0 });
  app.clock.advance(1);
  expect(await clean()).toEqual({ deleted: 2 });
  expect(await deliveriesOf(app, tenant)).toHaveLength(2);
});
