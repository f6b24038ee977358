import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type request from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { createAdmin, createStudent, createTenant, type Person, type Tenant } from '../../test/factories.js';
import { until } from '../../test/jobs.js';
import { readMails, type WrittenMail } from '../../test/mails.js';
import { LinkRequestsService } from './link-requests.service.js';
import { Passwords } from './passwords.js';

const password = 'correct horse battery staple';
const another = 'an entirely different one';
let dataDir: string;
let t: TestApp;
let tenant: Tenant;
let passwordHash: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'instructor-dashboard-accounts-'));
  t = await startApp({
    worker: true,
    environment: { DATA_DIR: dataDir, APP_URL: 'https://app.example.org/', ARGON2_MEMORY_KIB: '1024' },
  });
  passwordHash = await t.app.get(Passwords, { strict: false }).hash(password);
  tenant = await createTenant(t.database, { slug: 'north' });
});

afterAll(async () => {
  await t.stop();
  await rm(dataDir, { recursive: true, force: true });
});

beforeEach(async () => {
  await t.database.run(`-- test.forgetAttempts
    truncate throttles`);
});

const createOwner = (options: object = {}): Promise<Person> =>
  createAdmin(t.database, tenant, { passwordHash, ...options });
const login = (email: string, secret = password): request.Test =>
  t.anonymous.post('/auth/login').send({ tenant: 'north', email, password: secret });
const askForReset = (email: string, slug = 'north'): request.Test =>
  t.anonymous.post('/auth/password-resets').send({ tenant: slug, email });
const reset = (token: string, chosen = another): request.Test =>
  t.anonymous.post('/auth/password-resets/confirm').send({ token, password: chosen });
const accept = (token: string, chosen = another): request.Test =>
  t.anonymous.post('/auth/invitations/accept').send({ token, password: chosen });
const mailsTo = async (email: string): Promise<WrittenMail[]> =>
  (await readMails(dataDir)).filter(({ to }) => to === email);
const mailTo = async (email: string, count = 1): Promise<WrittenMail> =>
  (await until(() => mailsTo(email), count))[count - 1]!;
const runs = (job: string): Promise<{ key: string; outcome: unknown }[]> =>
  t.database.many(
    `-- test.linkRuns
    select key, outcome from job_runs where job = $1 and status = 'completed' order by id`,
    [job],
  );
const invite = async (...people: Person[]): Promise<void> =>
  t.app.get(LinkRequestsService, { strict: false }).invite(
    tenant.tenantId,
    people.map(({ userId }) => userId),
  );
const change = (table: 'users' | 'tenants', id: string, assignment: string): Promise<number> =>
  t.database.run(
    `-- test.change
    update ${table} set ${assignment} where id = $1`,
    [id],
  );
const linkInvalid = { status: 400, body: { code: 'link_invalid', errors: [{ pointer: '/token' }] } };

describe('a forgotten password', () => {
  it('is replaced by means of a link, once, and everything it had opened ends', async () => {
    const owner = await createOwner({ name: 'Zoë\nOkafor' });
    const before = (await login(owner.email).expect(200)).body as { accessToken: string };
    const asked = await askForReset(owner.email.toUpperCase());
    expect([asked.status, asked.text]).toEqual([202, '']);
    const mail = await mailTo(owner.email);
    expect(mail.subject).toBe('Choose a new password for Tenant north');
    expect(mail.text).toContain('Hello Zoë Okafor,');
    expect(mail.text).toContain(`https://app.example.org/password-reset#token=${mail.token}`);

    const answer = await reset(mail.token);
    expect([answer.status, answer.body]).toEqual([200, { deviceToken: expect.stringMatching(/^[\w-]{43}$/) }]);
    await login(owner.email).expect(401);
    await login(owner.email, another).expect(200);
    const write = t.anonymous.put('/auth/me/password').set('authorization', `Bearer ${before.accessToken}`);
    expect((await write.send({ currentPassword: another, newPassword: password })).status).toBe(401);
    expect(await reset(mail.token)).toMatchObject(linkInvalid);
  });

  it('is replaced on a device that is known from then on', async () => {
    const owner = await createOwner();
    await askForReset(owner.email);
    const { deviceToken } = (await reset((await mailTo(owner.email)).token)).body as { deviceToken: string };
    for (let attempt = 0; attempt < 5; attempt++) await login(owner.email);
    await login(owner.email, another).expect(429);
    const known = { tenant: 'north', email: owner.email, password: another, deviceToken };
    expect((await t.anonymous.post('/auth/login').send(known)).status).toBe(200);
  });

  it('is not replaced by a link that went to an address which is the person’s no more', async () => {
    const byHand = await createOwner();
    const byFile = await createOwner({ pid: 'P-7' });
    const tokens: string[] = [];
    for (const { email } of [byHand, byFile]) {
      await askForReset(email);
      tokens.push((await mailTo(email)).token);
    }
    const as = t.as('admin', tenant);
    await as.patch(`/users/${byHand.userId}`).send({ email: 'by-hand@example.org' }).expect(200);
    const file = 'role,name,pid,email\nadmin,Zoë Okafor,P-7,by-file@example.org\n';
    await as.post('/users/imports').type('text/csv').send(file).expect(200);
    for (const token of tokens) expect(await reset(token)).toMatchObject(linkInvalid);
    await askForReset('by-file@example.org');
    await reset((await mailTo('by-file@example.org')).token).expect(200);
  });

  it('is replaced by one of two at the same time', async () => {
    const owner = await createOwner();
    await askForReset(owner.email);
    const { token } = await mailTo(owner.email);
    const chosen = Array.from({ length: 6 }, (_, index) => `${another} ${index}`);
    const answers = await Promise.all(chosen.map((one) => reset(token, one)));
    const statuses = answers.map(({ status }) => status);
    expect([...statuses].sort()).toEqual([200, 400, 400, 400, 400, 400]);
    await login(owner.email, chosen[statuses.indexOf(200)]).expect(200);
    const loser = answers.find(({ status }) => status === 400);
    expect(loser).toMatchObject(linkInvalid);
  });

  it('is not replaced by a link that is old, older than another, of something else, or no link', async () => {
    const owner = await createOwner();
    await askForReset(owner.email);
    const first = await mailTo(owner.email);
    await askForReset(owner.email);
    const second = await mailTo(owner.email, 2);
    expect(await reset(first.token)).toMatchObject(linkInvalid);
    expect(await accept(second.token)).toMatchObject(linkInvalid);
    const forged = [
      'x',
      second.token.slice(1),
      `${second.token}A`,
      second.token.slice(0, -1) + (second.token.endsWith('A') ? 'B' : 'A'),
      // of another tenant
      `AAAAAAAAAAAAAAAAAAAAAA${second.token.slice(22)}`,
      'A'.repeat(64),
    ];
    for (const token of forged) expect(await reset(token)).toMatchObject(linkInvalid);
    t.clock.advance(3_600);
    expect(await reset(second.token)).toMatchObject(linkInvalid);
    await login(owner.email).expect(200);
  });

  it('is not replaced by one that is as easy, and the link can be used again', async () => {
    const owner = await createOwner();
    await askForReset(owner.email);
    const { token } = await mailTo(owner.email);
    for (const [easy, code] of [
      ['short', 'password_length_wrong'],
      [owner.email, 'password_too_easy'],
      ['tenant-north-2026', 'password_too_easy'],
    ] as const) {
      const { status, body } = await reset(token, easy);
      expect([status, body]).toMatchObject([
        400,
        { code: 'request_invalid', errors: [{ pointer: '/password', code }] },
      ]);
    }
    await reset(token).expect(200);
  });

  it('is mailed about to those alone who have one, while all are answered the same', async () => {
    const gone = await createOwner({ isActive: false });
    const never = await createAdmin(t.database, tenant);
    const before = (await readMails(dataDir)).length;
    const ended = (await runs('auth.send-password-reset')).length;
    const asked: [string, string?][] = [
      [gone.email],
      [never.email],
      ['nobody@example.org'],
      [never.email, 'nowhere'],
      [never.email, 'installation'],
    ];
    for (const [email, slug] of asked) {
      const { status, text } = await askForReset(email, slug);
      expect([status, text]).toEqual([202, '']);
    }
    const done = await until(() => runs('auth.send-password-reset'), ended + asked.length);
    expect(done.slice(ended).map(({ outcome }) => outcome)).toEqual(asked.map(() => ({ sent: 0 })));
    expect(await readMails(dataDir)).toHaveLength(before);
  });

  it('is asked for a few times in a row, by whomever', async () => {
    for (const email of [(await createOwner()).email, 'nobody@example.org']) {
      const statuses: number[] = [];
      for (let attempt = 0; attempt < 6; attempt++) statuses.push((await askForReset(email)).status);
      expect(statuses).toEqual([202, 202, 202, 202, 202, 429]);
    }
  });

  it('is asked for with both, and nothing else', async () => {
    const { status, body } = await t.anonymous.post('/auth/password-resets').send({ email: '', userId: 1 });
    const pointers = (body as { errors: { pointer: string }[] }).errors.map(({ pointer }) => pointer);
    expect([status, pointers]).toEqual([400, ['/userId', '/tenant', '/email']]);
  });
});

describe('an invitation', () => {
  it('lets somebody choose the first password and come in, once', async () => {
    const guest = await createAdmin(t.database, tenant);
    await invite(guest);
    const mail = await mailTo(guest.email);
    expect(mail.subject).toBe('Your account at Tenant north');
    expect(mail.text).toContain(`https://app.example.org/invitation#token=${mail.token}`);
    const answers = await Promise.all([accept(mail.token), accept(mail.token), accept(mail.token)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400]);
    const { accessToken, refreshToken, deviceToken } = answers.find(({ status }) => status === 200)!.body as Record<
      string,
      string
    >;
    expect([refreshToken, deviceToken]).toEqual([expect.any(String), expect.any(String)]);
    const me = await t.anonymous.get('/auth/me').set('authorization', `Bearer ${accessToken}`);
    expect(me.body).toMatchObject({ userId: guest.userId, role: 'admin' });
    await login(guest.email, another).expect(200);
  });

  it('goes out to many, and to none who needs none', async () => {
    const ended = (await runs('auth.send-invitation')).length;
    const guests = await Promise.all(Array.from({ length: 5 }, () => createAdmin(t.database, tenant)));
    const others = [await createOwner(), await createAdmin(t.database, tenant, { isActive: false })];
    await invite(...guests, ...others);
    const done = await until(() => runs('auth.send-invitation'), ended + 7);
    const sent = done.slice(ended).filter(({ outcome }) => (outcome as { sent: number }).sent === 1);
    expect(sent.map(({ key }) => key).sort()).toEqual(guests.map(({ userId }) => userId).sort());
    for (const { email } of guests) expect(await mailsTo(email)).toHaveLength(1);
  });

  it('is good for seven days', async () => {
    const [punctual, late] = [await createAdmin(t.database, tenant), await createAdmin(t.database, tenant)];
    await invite(punctual, late);
    const [first, second] = [await mailTo(punctual.email), await mailTo(late.email)];
    t.clock.advance(604_799);
    await accept(first.token).expect(200);
    t.clock.advance(1);
    expect(await accept(second.token)).toMatchObject(linkInvalid);
  });

  it('is of no use to somebody who has been deactivated', async () => {
    const guest = await createAdmin(t.database, tenant);
    await invite(guest);
    const { token } = await mailTo(guest.email);
    await change('users', guest.userId, 'is_active = false');
    expect(await accept(token)).toMatchObject(linkInvalid);
  });
});

describe('a tenant', () => {
  it('lets in by password those alone whom it wants to come so', async () => {
    const owner = await createOwner();
    const guest = await createAdmin(t.database, tenant);
    await askForReset(owner.email);
    const { token } = await mailTo(owner.email);
    await change('tenants', tenant.tenantId, `sign_in_methods = '{oidc}'`);
    try {
      const refused = await login(owner.email);
      expect([refused.status, refused.body.code]).toEqual([401, 'credentials_invalid']);
      expect(await reset(token)).toMatchObject(linkInvalid);
      const ended = (await runs('auth.send-invitation')).length;
      await invite(guest);
      expect((await until(() => runs('auth.send-invitation'), ended + 1)).at(-1)?.outcome).toEqual({ sent: 0 });
    } finally {
      await change('tenants', tenant.tenantId, `sign_in_methods = '{password,oidc}'`);
    }
    await login(owner.email).expect(200);
  });
});

describe('secrets', () => {
  it('stand nowhere but in mails and answers', async () => {
    const student = await createStudent(t.database, tenant, { passwordHash });
    await askForReset(student.email).set('idempotency-key', 'k');
    const { token } = await mailTo(student.email);
    const { deviceToken } = (await reset(token).set('idempotency-key', 'l')).body as { deviceToken: string };
    const everything = await t.database.one<{ text: string }>(`-- test.everything
      select concat(
        (select string_agg(o::text, '') from outbox o), (select string_agg(r::text, '') from job_runs r),
        (select string_agg(a::text, '') from audit_entries a), (select string_agg(i::text, '') from idempotency_keys i),
        (select string_agg(l::text, '') from account_links l), (select string_agg(d::text, '') from known_devices d),
        (select string_agg(b::text, '') from bullmq.job b)
      ) as text`);
    expect(everything.text).toContain(student.userId);
    for (const secret of [token, token.slice(22), deviceToken, another, password, student.email, 'argon2']) {
      expect(everything.text).not.toContain(secret);
    }
    const hex = Buffer.from(token, 'base64url').subarray(16).toString('hex');
    expect(everything.text).not.toContain(hex);
  });

  it('are deleted when they are over', async () => {
    const count = (): Promise<Record<'links' | 'devices' | 'attempts', number>> =>
      t.database.one(`-- test.countAccess
        select (select count(*) from account_links) as links, (select count(*) from known_devices) as devices,
          (select count(*) from throttles) as attempts`);
    await login('nobody@example.org').expect(401);
    const before = await count();
    expect(Math.min(before.links, before.devices, before.attempts)).toBeGreaterThan(0);
    t.clock.advance(200 * 86_400);
    // by the job, whose time has come; and again, where the one before was still running
    await until(async () => {
      t.clock.advance(3_600);
      const { links, devices, attempts } = await count();
      return links + devices + attempts === 0 ? [true] : [];
    });
  });
});
