import type { Test } from 'supertest';
import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createStudent, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { type MailServer, startMailServer } from '../../test/smtp.js';
import { BouncesJobs } from './bounces.jobs.js';
import type { Accepted, Outgoing } from './channel.js';
import { EmailChannel } from './email.channel.js';
import { UnsubscribeTokens } from './unsubscribe-tokens.js';

let server: MailServer;
let t: TestApp;
let channel: EmailChannel;
let tenant: Tenant;
let student: Member;

beforeAll(async () => {
  server = await startMailServer();
  const environment = {
    SMTP_URL: server.url,
    MAIL_FROM: 'Dashboards <no-reply@example.org>',
    APP_URL: 'https://app.example.org',
    API_URL: 'https://api.example.org/',
  };
  t = await startApp({ environment });
  channel = t.app.get(EmailChannel, { strict: false });
});
afterAll(async () => {
  await t.stop();
  await server.stop();
});
beforeEach(async () => {
  t.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(t.database);
  student = await createStudent(t.database, tenant, { name: 'Kathleen Osei', email: `${uuidv7()}@example.org` });
});

const outgoing = (change: Partial<Outgoing> = {}): Outgoing => ({
  id: uuidv7(),
  tenantId: tenant.tenantId,
  category: 'messages',
  priority: 'normal',
  to: { userId: student.userId, name: student.name, email: student.email, phone: null },
  subject: 'Room <changed>',
  text: 'We meet in room 12.\nBring a pen & paper.\n\nAda',
  html: null,
  actionUrl: 'https://app.example.org/messages/1?a=1&b=2',
  occurredAt: t.clock.now(),
  ...change,
});
const send = (change: Partial<Outgoing> = {}): Promise<Accepted> =>
  channel.send(outgoing(change), new AbortController().signal);
/** The last mail: its head with every field on a line, and its parts as text. */
const lastMail = (): { head: string; parts: string[] } => {
  const { message } = server.received.at(-1)!;
  const [head = '', body = ''] = message.split(/\r\n\r\n(.*)/s);
  const boundary = /boundary="(.*?)"/.exec(head)![1]!;
  const parts = body.split(`--${boundary}`).slice(1, -1).map((part) =>
    part
      .split(/\r\n\r\n(.*)/s)[1]!
      .replaceAll('=\r\n', '')
      .replaceAll(/(?:=[0-9A-F]{2})+/g, (codes) => Buffer.from(codes.replaceAll('=', ''), 'hex').toString()),
  ); // prettier-ignore
  return { head: head.replaceAll(/\r\n\s+/g, ' '), parts };
};
const link = (): string =>
  /^List-Unsubscribe: <https:\/\/api\.example\.org\/api\/v1(.*?)>\r?$/im.exec(lastMail().head)![1]!;
const click = (path: string): Test => t.anonymous.post(path).type('form').send({ 'List-Unsubscribe': 'One-Click' });
const reach = async (): Promise<boolean> => {
  const { userId, email } = student;
  return (await channel.reach(tenant.tenantId, [{ userId, email, phone: null }])).has(userId);
};

it('says the same as text and as HTML, whose it is and where it leads', async () => {
  const { isDelivered, reference } = await send();
  const { head, parts } = lastMail();
  expect(isDelivered).toBe(false);
  expect(head).toContain(`\r\nMessage-ID: ${reference}`);
  const [text, html] = parts as [string, string];
  expect(text).toContain('We meet in room 12.\r\nBring a pen & paper.');
  expect(text).toContain('https://app.example.org/messages/1?a=1&b=2');
  expect(html).toContain('<html lang="en">');
  expect(html).toContain('Room &lt;changed&gt;</h1>');
  expect(html).toContain('<p>We meet in room 12.<br>\r\nBring a pen &amp; paper.</p>');
  expect(html).toContain('href="https://app.example.org/messages/1?a=1&amp;b=2"');
  for (const part of parts) {
    expect(part).toContain(tenant.name);
    expect(part).toContain(`https://api.example.org/api/v1${link()}`);
  }
});

it('shows HTML where there is some, and leads nowhere where there is nothing', async () => {
  await send({ html: '<p>We <em>meet</em></p>', actionUrl: null });
  const [, html] = lastMail().parts;
  expect(html).toContain('<main><p>We <em>meet</em></p></main>');
  expect(html).not.toContain('Open in');
});

it('has the same id at each attempt, and no header of what somebody wrote', async () => {
  const id = uuidv7();
  const references = [await send({ id }), await send({ id, subject: 'x\r\nBcc: eve@example.org' })];
  expect(references[0]).toEqual(references[1]);
  expect(server.received.at(-1)!.to).toEqual([student.email]);
  expect(lastMail().head).not.toMatch(/^bcc/im);
});

describe('no more of them', () => {
  const emailFor = async (): Promise<string[]> => {
    const { body } = await t.as(student).get('/me/preferences').expect(200);
    const { categories } = body as { categories: Record<string, { channels: string[] }> };
    return Object.keys(categories).filter((name) => categories[name]!.channels.includes('email'));
  };

  it('by one click, and no other: scanners follow links', async () => {
    await send();
    const before = await emailFor();
    expect(before).toContain('messages');
    const { text, headers } = await t.anonymous.get(link()).expect(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).toContain('<form method="post"><input type="hidden" name="List-Unsubscribe" value="One-Click">');
    await t.anonymous.post(link()).expect(400);
    await t.anonymous.post(link()).send({ 'List-Unsubscribe': 'One-Click' }).expect(400);
    await t.anonymous.post(link()).type('form').send({ 'List-Unsubscribe': 'Two-Clicks' }).expect(400);
    expect(await emailFor()).toEqual(before);
    expect((await click(link()).expect(200)).text).toContain('no more mails about messages');
    // as RFC 8058 would rather have it
    await t.anonymous.post(link()).field('List-Unsubscribe', 'One-Click').expect(200);
    await t.anonymous.post(link()).field('List-Unsubscribe', 'Two-Clicks').expect(400);
    await t.anonymous.post(link()).type('multipart/form-data').send('nonsense').expect(400);
    await t.anonymous.post('/oauth/token').field('grant_type', 'client_credentials').expect(415);
    expect(await emailFor()).toEqual(before.filter((name) => name !== 'messages'));
  });

  it('of nothing else, by nothing made up, and not for ever', async () => {
    await send();
    const path = link();
    const token = path.split('/').at(-1)!;
    const bytes = Buffer.from(token, 'base64url');
    for (let place = 0; place < bytes.length; place += 9) {
      const forged = Buffer.from(bytes);
      forged[place]! ^= 1;
      await click(`/unsubscribe/${forged.toString('base64url')}`).expect(404);
    }
    await t.anonymous.get('/unsubscribe/x').expect(404);
    t.clock.set('2026-05-01T07:59:59Z');
    await t.anonymous.get(path).expect(200);
    t.clock.set('2026-05-01T08:00:00Z');
    expect((await t.anonymous.get(path).expect(410)).body.code).toBe('link_expired');
    await click(path).expect(410);
    expect(await emailFor()).toContain('messages');
  });

  it('of whoever is not there is nothing', async () => {
    const stranger = { tenantId: tenant.tenantId, userId: uuidv7(), category: 'risk' } as const;
    await click(`/unsubscribe/${t.app.get(UnsubscribeTokens, { strict: false }).sign(stranger)}`).expect(200);
  });
});

describe('what comes back', () => {
  const list = async (): Promise<unknown> =>
    (await t.as('admin', tenant).get('/channels/email/bounces').expect(200)).body.data;
  const refuse = async (text: string): Promise<unknown> => {
    server.refuse(1, { code: 550, text });
    return send().catch((error: unknown) => error);
  };

  it('ends mails to an address until it changes or somebody clears it', async () => {
    expect(await reach()).toBe(true);
    expect(await refuse('5.1.1 no such user')).toMatchObject({ name: 'DeliveryFailure', kind: 'bounced' });
    expect(await reach()).toBe(false);
    const { userId, name, email } = student;
    const reason = 'EENVELOPE, RCPT TO, 550, 5.1.1';
    expect(await list()).toEqual([{ userId, name, email, kind: 'hard', reason, at: '2026-03-02T08:00:00Z' }]);
    const admin = t.as('admin', tenant);
    await admin.delete(`/channels/email/bounces/${userId}`).expect(204);
    await admin.delete(`/channels/email/bounces/${userId}`).expect(404);
    expect(await reach()).toBe(true);
    await refuse('5.1.1 no such user');
    const other = `${uuidv7()}@example.org`;
    await admin.patch(`/users/${userId}`).send({ email: other }).expect(200);
    expect(await list()).toEqual([]);
    student = { ...student, email: other };
    expect(await reach()).toBe(true);
  });

  it('counts against an address only where it is the address that is refused', async () => {
    expect(await refuse('5.7.1 relay access denied')).toMatchObject({ kind: 'final' });
    expect(await refuse('5.2.2 mailbox full')).toMatchObject({ kind: 'passing' });
    server.refuse(1);
    await expect(send()).rejects.toMatchObject({ kind: 'passing' });
    await expect(send({ to: { ...outgoing().to, email: null } })).rejects.toMatchObject({ kind: 'final' });
    expect(await list()).toEqual([]);
  });

  it('is of the tenant it came back to', async () => {
    await refuse('5.1.1 no such user');
    const other = await createTenant(t.database);
    const namesake = await createStudent(t.database, other, { email: student.email });
    const { userId, email } = namesake;
    expect((await channel.reach(other.tenantId, [{ userId, email, phone: null }])).size).toBe(1);
    const admin = t.as('admin', other);
    expect((await admin.get('/channels/email/bounces').expect(200)).body.data).toEqual([]);
    await admin.delete(`/channels/email/bounces/${student.userId}`).expect(404);
    await t.as(student).get('/channels/email/bounces').expect(403);
    await t.as(student).delete(`/channels/email/bounces/${student.userId}`).expect(403);
  });

  it('is listed page by page, latest first, and forgotten after more than a year', async () => {
    for (const name of ['A', 'B', 'C']) {
      student = await createStudent(t.database, tenant, { name, email: `${uuidv7()}@example.org` });
      await refuse('5.1.1 no such user');
      t.clock.advance(1);
    }
    const names: string[] = [];
    for (let query = 'limit=2'; query !== '';) {
      const { body } = await t.as('admin', tenant).get(`/channels/email/bounces?${query}`).expect(200);
      names.push(...(body.data as { name: string }[]).map(({ name }) => name));
      query = body.pagination.hasNext ? `limit=2&cursor=${body.pagination.nextCursor}` : '';
    }
    expect(names).toEqual(['C', 'B', 'A']);
    const jobs = t.app.get(BouncesJobs, { strict: false });
    const run = { job: '', tenantId: null, key: '', occasion: '', payload: {}, attempt: 1 };
    t.clock.set('2027-04-06T08:00:02Z');
    await jobs.deleteOld({ ...run, signal: new AbortController().signal });
    expect(await list()).toHaveLength(1);
  });
});

it('reaches nobody while there is no server to send mails by', async () => {
  const other = await startApp();
  try {
    const people = [{ userId: student.userId, email: student.email, phone: null }];
    expect(await channel.reach(tenant.tenantId, people)).toEqual(new Set([student.userId]));
    expect(await other.app.get(EmailChannel, { strict: false }).reach(tenant.tenantId, people)).toEqual(new Set());
  } finally {
    await other.stop();
  }
});
