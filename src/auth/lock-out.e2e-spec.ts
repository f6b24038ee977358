import request from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { createStudent, createTenant, type Tenant } from '../../test/factories.js';
import { networkOf } from './throttle.js';
import { Passwords } from './passwords.js';

const password = 'correct horse battery staple';
let t: TestApp;
let tenant: Tenant;
let passwordHash: string;

beforeAll(async () => {
  t = await startApp({ environment: { LOGIN_FREE_ATTEMPTS: '3', TRUST_PROXY: 'true', ARGON2_MEMORY_KIB: '1024' } });
  passwordHash = await t.app.get(Passwords, { strict: false }).hash(password);
  tenant = await createTenant(t.database, { slug: 'north' });
});

afterAll(() => t.stop());

beforeEach(async () => {
  await t.database.run(`-- test.forgetAttempts
    truncate throttles`);
});

let people = 0;
async function createOwner(): Promise<string> {
  const email = `owner-${++people}@example.org`;
  await createStudent(t.database, tenant, { email, passwordHash });
  return email;
}

interface Try {
  readonly email: string;
  readonly password?: string;
  readonly from?: string;
  readonly deviceToken?: string;
}

async function signIn({ from = '192.0.2.1', ...fields }: Try): Promise<request.Response> {
  const body = { tenant: 'north', password: 'wrong', ...fields };
  return t.anonymous.post('/auth/login').set('x-forwarded-for', from).send(body);
}

const waitOf = ({ headers }: request.Response): number => Number(headers['retry-after']);

it('lets a few mistakes pass, and then waits twice as long each time', async () => {
  const email = await createOwner();
  for (let attempt = 0; attempt < 3; attempt++) expect((await signIn({ email })).status).toBe(401);
  const waits: number[] = [];
  for (let attempt = 0; attempt < 5; attempt++) {
    const refused = await signIn({ email });
    expect([refused.status, refused.body.code]).toEqual([429, 'attempts_exceeded']);
    waits.push(waitOf(refused));
    // a little of each mistake has been forgotten meanwhile
    t.clock.advance(waitOf(refused) * 0.9);
    expect((await signIn({ email })).status).toBe(429);
    t.clock.advance(waitOf(refused) * 0.1);
    expect((await signIn({ email })).status).toBe(401);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16]);
});

it('never waits longer than a quarter of an hour, and forgets one mistake in that time', async () => {
  const email = await createOwner();
  for (let attempt = 0; attempt < 40; attempt++) {
    const { status, headers } = await signIn({ email });
    if (status === 429) t.clock.advance(Number(headers['retry-after']));
  }
  await signIn({ email });
  const longest = await signIn({ email });
  expect([longest.status, waitOf(longest)]).toEqual([429, 900]);
  t.clock.advance(3 * 3_600 + 900);
  for (let attempt = 0; attempt < 3; attempt++) expect((await signIn({ email })).status).toBe(401);
});

it('forgets the mistakes of whoever gets in', async () => {
  const email = await createOwner();
  for (let round = 0; round < 3; round++) {
    for (let attempt = 0; attempt < 2; attempt++) expect((await signIn({ email })).status).toBe(401);
    expect((await signIn({ email, password })).status).toBe(200);
  }
});

it('counts attempts at the same time, each of them', async () => {
  const email = await createOwner();
  const answers = await Promise.all(Array.from({ length: 20 }, () => signIn({ email })));
  const statuses = answers.map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array<number>(3).fill(401), ...Array<number>(17).fill(429)]);
});

it('slows a flood of strangers down, and lets the owner in on a device that is known', async () => {
  const email = await createOwner();
  const first = await signIn({ email, password, from: '198.51.100.7' });
  const { deviceToken } = first.body as { deviceToken: string };
  const flood = async (): Promise<number[]> => {
    const answers = [];
    for (let host = 1; host <= 40; host++) answers.push(await signIn({ email, from: `203.0.113.${host}` }));
    return answers.map(({ status }) => status);
  };
  const judged = (await flood()).filter((status) => status === 401).length;
  // four times what one of them may
  expect(judged).toBe(12);
  for (let minute = 0; minute < 30; minute++) {
    t.clock.advance(60);
    await signIn({ email, from: `203.0.113.${100 + minute}` });
  }
  expect((await signIn({ email, password, from: '198.51.100.99' })).status).toBe(429);
  // from anywhere
  for (const from of ['198.51.100.7', '203.0.113.1']) {
    const owner = await signIn({ email, password, from, deviceToken });
    expect([owner.status, owner.body.deviceToken]).toEqual([200, deviceToken]);
  }
  // and what the owner does takes nothing of the wait from the others
  expect((await signIn({ email, from: '203.0.113.200' })).status).toBe(429);
});

it('counts what comes from a known device by itself', async () => {
  const email = await createOwner();
  const { deviceToken } = (await signIn({ email, password })).body as { deviceToken: string };
  for (let attempt = 0; attempt < 3; attempt++) expect((await signIn({ email, deviceToken })).status).toBe(401);
  expect((await signIn({ email, password, deviceToken })).status).toBe(429);
  expect((await signIn({ email, password })).status).toBe(200);
});

it('takes a device token for this one person only, and for no longer than it is good', async () => {
  const [email, other] = [await createOwner(), await createOwner()];
  const { deviceToken } = (await signIn({ email, password })).body as { deviceToken: string };
  for (let attempt = 0; attempt < 3; attempt++) await signIn({ email: other });
  expect((await signIn({ email: other, password, deviceToken })).status).toBe(429);
  t.clock.advance(180 * 86_400);
  for (let attempt = 0; attempt < 3; attempt++) await signIn({ email });
  expect((await signIn({ email, password, deviceToken })).status).toBe(429);
});

it('waits for nobody the same as for somebody', async () => {
  const owner = await createOwner();
  const seen = await Promise.all(
    [{ email: owner }, { email: 'nobody@example.org' }, { email: owner, tenant: 'nowhere' }].map(
      async (fields, index) => {
        const answers: unknown[] = [];
        for (let attempt = 0; attempt < 20; attempt++) {
          // the last of them from many places
          const from = attempt < 6 ? `192.0.2.${index}` : `203.0.113.${attempt}`;
          const { status, body, headers } = await signIn({ ...fields, from });
          answers.push([status, headers['retry-after'], { ...(body as object), requestId: '' }]);
        }
        return answers;
      },
    ),
  );
  expect(seen[1]).toEqual(seen[0]);
  expect(seen[2]).toEqual(seen[0]);
  expect(JSON.stringify(seen[0])).toContain('attempts_exceeded');
});

it('takes an address in any spelling for the same account', async () => {
  const email = await createOwner();
  for (const spelling of [email, email.toUpperCase(), email.replace('o', 'O')]) await signIn({ email: spelling });
  expect((await signIn({ email })).status).toBe(429);
});

it('slows down who tries many accounts from one place, and not a school that makes mistakes', async () => {
  // 60 × 3: one mistake each
  const statuses: number[] = [];
  for (let account = 0; account < 200; account += 10) {
    const tries = Array.from({ length: 10 }, (_, index) => signIn({ email: `pupil-${account + index}@example.org` }));
    statuses.push(...(await Promise.all(tries)).map(({ status }) => status));
  }
  expect(statuses.filter((status) => status === 401)).toHaveLength(180);
  const refused = await signIn({ email: 'pupil-1000@example.org' });
  expect([refused.status, waitOf(refused)]).toEqual([429, 1]);
});

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0DB8:1:2::6', '2001:db8:1:2'],
  ['2001:db8::6', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('takes %s for a host of %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
