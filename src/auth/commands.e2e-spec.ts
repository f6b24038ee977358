import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp, type TestApp } from '../../test/app.js';

// every command is a process that compiles the sources first
jest.setTimeout(90_000);

let t: TestApp;

beforeAll(async () => {
  t = await startApp({ now: new Date().toISOString() });
});

afterAll(() => t.stop());

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

function run(command: string, args: string[], environment: Record<string, string> = {}): Promise<Ended> {
  const { dataDir, database } = t.config;
  const env = {
    PATH: process.env.PATH,
    TEST_TEMPLATE: process.env.TEST_TEMPLATE,
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    DATA_DIR: dataDir,
    ...environment,
  };
  const file = ['--import', './test/typescript.js', `src/${command}.command.ts`, ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, file, { env, timeout: 25_000 }, (error, output, errors) =>
      resolve({ code: error ? Number(error.code) : 0, output, errors }),
    );
  });
}

const first = ['--slug', 'first', '--name', 'First Academy', '--time-zone', 'Europe/London'];
const admin = ['--admin-email', 'Ada@example.org', '--admin-name', 'Ada'];
const signIn = (password: string, tenant = 'first') =>
  t.anonymous.post('/auth/login').send({ tenant, email: 'ada@example.org', password });

it('make a tenant with an administrator who can sign in, once', async () => {
  const { code, output } = await run('auth/create-tenant', [...first, ...admin]);
  expect(code).toBe(0);
  const password = /^password: (\S{24})$/m.exec(output)![1]!;
  const token = ((await signIn(password).expect(200)).body as { accessToken: string }).accessToken;
  const me = t.anonymous.get('/auth/me').set('authorization', `Bearer ${token}`);
  const tenant = { slug: 'first', name: 'First Academy', timeZone: 'Europe/London' };
  expect((await me).body).toMatchObject({ role: 'admin', name: 'Ada', email: 'ada@example.org', tenant });

  const again = await run('auth/create-tenant', [...first, ...admin]);
  expect(again).toEqual({ code: 1, output: '', errors: 'Another tenant has this slug.\n' });
  const counted = await t.database.one(`-- test.countTenants
    select (select count(*) from tenants where slug <> 'installation') as tenants, (select count(*) from departments) as departments,
      (select count(*) from users) as users,
      (select count(*) from audit_entries where action = 'tenant.created') as audited,
      (select count(*) from audit_entries e where e::text ~ 'password|argon2') as told`);
  expect(counted).toEqual({ tenants: 1, departments: 1, users: 1, audited: 1, told: 0 });
});

it('take the password that is given', async () => {
  const args = ['--slug', 'second', '--name', 'Second', ...admin];
  const { code, output } = await run('auth/create-tenant', args, { ADMIN_PASSWORD: 'chosen by the operator' });
  expect([code, output.includes('password')]).toEqual([0, false]);
  await signIn('chosen by the operator', 'second').expect(200);
});

it('make an operator, once', async () => {
  const args = ['--email', 'Ops@example.org', '--name', 'Olu'];
  const { code, output } = await run('auth/create-operator', args);
  expect(code).toBe(0);
  const password = /^password: (\S{24})$/m.exec(output)![1]!;
  const body = { tenant: 'installation', email: 'ops@example.org', password };
  const { accessToken } = (await t.anonymous.post('/auth/login').send(body).expect(200)).body as {
    accessToken: string;
  };
  const me = await t.anonymous.get('/auth/me').set('authorization', `Bearer ${accessToken}`);
  expect(me.body).toMatchObject({ role: 'operator', tenant: { slug: 'installation' } });
  const again = await run('auth/create-operator', args);
  expect(again).toEqual({ code: 1, output: '', errors: 'Another person has this address.\n' });
});

it('say in one line what is wrong, and change nothing', async () => {
  const wrong: [string, string[], Record<string, string>, RegExp][] = [
    ['auth/create-tenant', ['--slug', 'X', '--name', 'x', ...admin], {}, /^must be lower-case letters/],
    [
      'auth/create-tenant',
      ['--slug', 'x', '--name', 'x', ...admin],
      { ADMIN_PASSWORD: 'short' },
      /^ADMIN_PASSWORD must/,
    ],
    [
      'auth/create-tenant',
      ['--slug', 'x', '--name', 'x', '--time-zone', 'Here', ...admin],
      {},
      /^Here is not the IANA name/,
    ],
    ['auth/create-tenant', ['--slug', 'installation', '--name', 'x', ...admin], {}, /^This slug is reserved/],
    ['auth/create-operator', ['--email', 'x@example.org'], {}, /^usage: npm run operator:create/],
    [
      'auth/create-operator',
      ['--email', 'x@example.org', '--name', 'x'],
      { ADMIN_PASSWORD: 'password1234' },
      /^ADMIN_PASSWORD is/,
    ],
    ['services/create-key', ['--tenant', 'nowhere', '--name', 'lms'], {}, /^there is no tenant/],
    ['services/create-key', ['--name', 'lms'], {}, /^usage: npm run key:create/],
    ['services/create-key', ['--tenant', 'first', '--name', 'x', '--scopes', 'x'], {}, /^no service may hold/],
  ];
  for (const [command, args, environment, message] of wrong) {
    const { code, output, errors } = await run(command, args, environment);
    expect([code, output]).toEqual([1, '']);
    expect(errors).toMatch(message);
  }
});

it('print a key with which a service may come in', async () => {
  const args = ['--tenant', 'first', '--name', 'lms', '--scopes', 'sessions:write,students:read', '--days', '30'];
  const { code, output } = await run('services/create-key', args);
  expect(code).toBe(0);
  const [key, end, ...rest] = output.split('\n');
  expect([end, rest]).toEqual(['', []]);
  // the token is not valid before the command ran
  t.clock.set(new Date().toISOString());
  const me = (): ReturnType<typeof t.anonymous.get> =>
    t.anonymous.get('/auth/me').set('authorization', `Bearer ${key}`);
  const body = (await me().expect(200)).body as { userId: string };
  expect(body).toMatchObject({
    role: 'service',
    permissions: ['sessions:write', 'students:read'],
    tenant: { slug: 'first' },
  });

  // another key for the service that is there
  expect((await run('services/create-key', args)).errors).toMatch(/^the service lms is there; change its scopes/);
  const second = await run('services/create-key', ['--tenant', 'first', '--name', 'lms']);
  expect(second.output).toMatch(/^idk_[0-9a-f]{8}_[\w-]{43}\n$/);
  const audited = await t.database.many(
    `-- test.keys
    select action, count(*) as count from audit_entries where action ~ '^(key|service)\\.' group by 1 order by 1`,
  );
  expect(audited).toEqual([
    { action: 'key.created', count: 2 },
    { action: 'service.created', count: 1 },
  ]);
  t.clock.advance(31 * 86_400);
  await me().expect(401);
});

it('make a file of keys, and add a key to it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'instructor-dashboard-keys-'));
  try {
    const file = join(directory, 'jwt-keys.json');
    const rotate = (...args: string[]): Promise<Ended> => run('auth/rotate-keys', args, { JWT_KEYS_FILE: file });
    const kids = async (): Promise<string[]> =>
      (JSON.parse(await readFile(file, 'utf8')) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
    const made = await rotate();
    const [first] = await kids();
    expect(made).toEqual({ code: 0, output: `added ${first} to ${file}; it signs in 10 minutes\n`, errors: '' });
    await chmod(file, 0o640);
    const stolen = await rotate('--compromised');
    const [second, ...others] = await kids();
    expect(others).toEqual([]);
    expect(stolen.output).toBe(`added ${second} to ${file}; it signs at once\ndropped ${first}\n`);
    // whoever could read it still can
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    expect(await rotate('--all')).toMatchObject({ code: 1, output: '' });
  } finally {
    await rm(directory, { recursive: true });
  }
});
