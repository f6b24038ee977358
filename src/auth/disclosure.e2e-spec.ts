import pg from 'pg';
import { startApp, type TestApp } from '../../test/app.js';
import { createAdmin, createTenant, type Tenant } from '../../test/factories.js';
import { Passwords } from './passwords.js';

const password = 'correct horse battery staple';
let t: TestApp;
let tenant: Tenant;
let hashes: jest.SpiedFunction<() => Promise<unknown>>;
let statements: string[] = [];
let restore: () => void;

/** Accounts of every kind that there is, and kinds that there are not. */
interface Kind {
  readonly name: string;
  readonly slug: string;
  readonly email: string;
}
let kinds: Kind[];

beforeAll(async () => {
  t = await startApp({ environment: { LOGIN_FREE_ATTEMPTS: '2', ARGON2_MEMORY_KIB: '1024' } });
  const passwords = t.app.get(Passwords, { strict: false });
  const passwordHash = await passwords.hash(password);
  tenant = await createTenant(t.database, { slug: 'north' });
  await createTenant(t.database, { slug: 'south' });
  const closed = await createTenant(t.database, { slug: 'closed' });
  const external = await createTenant(t.database, { slug: 'external' });
  await t.database.run(`-- test.close
    update tenants set is_active = slug <> 'closed',
      sign_in_methods = case slug when 'external' then '{oidc}' else sign_in_methods end
    where slug in ('closed', 'external')`);
  const email = 'ada@example.org';
  await createAdmin(t.database, tenant, { email, passwordHash });
  await createAdmin(t.database, tenant, { email: 'gone@example.org', passwordHash, isActive: false });
  await createAdmin(t.database, tenant, { email: 'never@example.org' });
  await createAdmin(t.database, closed, { email, passwordHash });
  await createAdmin(t.database, external, { email, passwordHash });
  kinds = [
    { name: 'an account', slug: 'north', email },
    { name: 'nobody', slug: 'north', email: 'nobody@example.org' },
    { name: 'nobody here', slug: 'south', email },
    { name: 'no tenant', slug: 'nowhere', email },
    { name: 'inactive', slug: 'north', email: 'gone@example.org' },
    { name: 'without password', slug: 'north', email: 'never@example.org' },
    { name: 'in a closed tenant', slug: 'closed', email },
    { name: 'in a tenant that wants it otherwise', slug: 'external', email },
    { name: 'in the installation', slug: 'installation', email },
  ];

  // every hash and every comparison waits its turn here
  hashes = jest.spyOn(passwords as unknown as { inTurn: () => Promise<unknown> }, 'inTurn');
  const client = pg.Client.prototype as unknown as { query: (...args: unknown[]) => unknown };
  const { query } = client;
  client.query = function (this: pg.Client, ...args: unknown[]): unknown {
    const [first] = args;
    const text = typeof first === 'string' ? first : ((first as { text?: string } | undefined)?.text ?? '');
    const name = text.split('\n')[0]!;
    // follows every event after its commit, for several at once, and nobody waits for it
    if (name !== '-- database.notify') statements.push(name);
    return query.apply(this, args);
  };
  restore = () => (client.query = query);
});

afterAll(async () => {
  restore();
  await t.stop();
});

interface Seen {
  readonly status: number;
  readonly body: unknown;
  readonly headers: unknown;
  readonly statements: readonly string[];
  readonly hashes: number;
}

async function watch(path: string, body: object): Promise<Seen> {
  statements = [];
  hashes.mockClear();
  const answer = await t.anonymous.post(path).send(body);
  const { 'x-request-id': _id, date: _date, ratelimit: _left, ...headers } = answer.headers as Record<string, string>;
  return {
    status: answer.status,
    body: { ...(answer.body as object), requestId: '' },
    headers,
    statements,
    hashes: hashes.mock.calls.length,
  };
}

beforeEach(async () => {
  await t.database.run(`-- test.forgetAttempts
    truncate throttles`);
});

it.each([
  ['wrong', 'a wrong password'],
  [password, 'the password, of all but the account itself'],
])('with %j tells nothing: %s', async (given) => {
  const seen: Seen[] = [];
  for (const { slug, email } of kinds.filter(({ name }) => name !== 'an account' || given !== password)) {
    seen.push(await watch('/auth/login', { tenant: slug, email, password: given }));
  }
  expect(seen[0]).toMatchObject({ status: 401, hashes: 1 });
  expect(seen[0]!.statements).toEqual([
    '-- auth.findAccount',
    'begin',
    ...Array<string>(3).fill('-- auth.countAttempt'),
    'commit',
    '-- audit.listPersonKeys',
    '-- audit.insert',
  ]);
  for (const other of seen) expect(other).toEqual(seen[0]);
});

it('tells nothing while it makes wait', async () => {
  const seen: Seen[] = [];
  for (const { slug, email } of kinds) {
    for (let attempt = 0; attempt < 2; attempt++)
      await watch('/auth/login', { tenant: slug, email, password: 'wrong' });
    seen.push(await watch('/auth/login', { tenant: slug, email, password: 'wrong' }));
  }
  expect(seen[0]).toMatchObject({ status: 429, hashes: 0 });
  for (const other of seen) expect(other).toEqual(seen[0]);
});

it('tells nothing when a new password is asked for', async () => {
  const seen: Seen[] = [];
  for (const { slug, email } of kinds) seen.push(await watch('/auth/password-resets', { tenant: slug, email }));
  expect(seen[0]).toMatchObject({ status: 202, hashes: 0 });
  expect(seen[0]!.statements).toEqual([
    '-- auth.findAccount',
    'begin',
    ...Array<string>(2).fill('-- auth.countAttempt'),
    'commit',
    'begin',
    '-- jobs.insertEvents',
    '-- audit.listPersonKeys',
    '-- audit.insert',
    'commit',
  ]);
  for (const other of seen) expect(other).toEqual(seen[0]);
});
