import { v7 as uuidv7 } from 'uuid';
import { migrations } from '../../migrations/migrations.js';
import { startApp, type Client, type TestApp } from '../../test/app.js';
import { createTestDatabase } from '../../test/database.js';
import {
  createAdmin,
  createInstructor,
  createOperator,
  createTenant,
  type Person,
  type Tenant,
} from '../../test/factories.js';
import { Passwords } from '../auth/passwords.js';
import { migrate, revertLast } from '../database/migrate.js';
import { installationId, TenantsRepository } from '../org/tenants.repository.js';

const password = 'correct horse battery staple';
let t: TestApp;
let operator: Person;
let as: Client;
let tenant: Tenant;
let passwordHash: string;

beforeAll(async () => {
  t = await startApp({ environment: { ARGON2_MEMORY_KIB: '1024' } });
  passwordHash = await t.app.get(Passwords, { strict: false }).hash(password);
  operator = await createOperator(t.database, { email: 'ops@example.org', passwordHash });
  as = t.as(operator);
  tenant = await createTenant(t.database, { slug: 'north' });
});

afterAll(() => t.stop());

const login = async (slug: string, email: string): Promise<{ status: number; token: string; refresh: string }> => {
  const { status, body } = await t.anonymous.post('/auth/login').send({ tenant: slug, email, password });
  const { accessToken: token, refreshToken: refresh } = body as { accessToken: string; refreshToken: string };
  return { status, token, refresh };
};
const newTenant = (fields: object = {}): Record<string, unknown> => {
  const id = uuidv7();
  const administrator = { name: 'Ada Okafor', email: 'Ada@example.org' };
  return { id, slug: `t-${id}`, name: 'New Academy', timeZone: 'Europe/London', administrator, ...fields };
};
const audited = (action: string, targetId: unknown): Promise<{ tenantId: string; actorId: string }[]> =>
  t.database.many(
    `-- test.installationAudit
    select tenant_id as "tenantId", actor_id as "actorId" from audit_entries where action = $1 and target_id = $2
    order by tenant_id`,
    [action, targetId],
  );

describe('operators', () => {
  it('sign in with the tenant of the installation', async () => {
    const { status, token } = await login('installation', 'OPS@example.org');
    expect(status).toBe(200);
    const me = await t.anonymous.get('/auth/me').set('authorization', `Bearer ${token}`);
    expect(me.body).toMatchObject({
      role: 'operator',
      permissions: [
        'tenants:read',
        'tenants:write',
        'runs:read',
        'cache:read',
        'logs:read',
        'views:read',
        'views:write',
      ],
      tenant: { slug: 'installation' },
    });
  });

  it('see what the cache did, and nobody else does', async () => {
    const instructor = await createInstructor(t.database, tenant);
    for (let i = 0; i < 4; i++) await t.as(instructor).get('/students').expect(200);
    const { body } = await as.get('/cache').expect(200);
    expect(body).toMatchObject({ kind: 'memory', isServing: true, entries: 1 });
    const empty = Buffer.from((await t.as(instructor).get('/students')).text).length;
    const counts = { requests: 4, hits: 3, sharedHits: 0, misses: 1, bypasses: 0, bytes: empty, hitRate: 75 };
    expect(body.values).toEqual([{ name: 'students.list', ...counts }]);
    await t.as('admin', tenant).get('/cache').expect(403);
    await t.anonymous.get('/cache').expect(401);
  });

  it('reach nothing of anybody', async () => {
    const id = uuidv7();
    for (const path of ['/students', `/students/${id}`, '/dashboard', '/segments', '/modules', '/categories']) {
      const { status, body } = await as.get(path);
      expect([path, status, body.code]).toEqual([path, 403, 'permission_denied']);
    }
    expect((await as.post('/activity/sessions').send({ sessions: [] })).status).toBe(403);
    expect((await as.patch(`/students/${id}`).send({})).status).toBe(403);
  });

  it.each([
    ['in a tenant', 'operator', () => tenant.tenantId, 'users__operator_check'],
    ['is not one in the installation', 'admin', () => installationId, 'users__operator_check'],
  ])('are refused by the database when somebody %s', async (_, role, tenantId, constraint) => {
    const insert = t.database.run(
      `-- test.insertOperator
      insert into users (tenant_id, id, role, name, joined_on, created_at) values ($1, $2, $3, 'X', now(), now())`,
      [tenantId(), uuidv7(), role],
    );
    await expect(insert).rejects.toMatchObject({ constraint });
  });

  it('are the only ones who may', async () => {
    for (const client of [t.as('admin', tenant), t.as('service', tenant)]) {
      expect((await client.get('/tenants')).status).toBe(403);
      expect((await client.post('/tenants').send(newTenant())).status).toBe(403);
      expect((await client.get(`/tenants/${tenant.tenantId}`)).status).toBe(403);
      expect((await client.patch(`/tenants/${tenant.tenantId}`).send({ isActive: false })).status).toBe(403);
      expect((await client.get('/runs')).status).toBe(403);
    }
    expect((await t.anonymous.get('/tenants')).status).toBe(401);
  });
});

describe('tenants', () => {
  it('are made with an administrator, who is invited', async () => {
    const body = newTenant();
    const { status, body: made } = await as.post('/tenants').send(body);
    const { id, slug, name, timeZone } = body;
    const createdAt = t.clock.now().toISOString().replace('.000', '');
    expect([status, made]).toEqual([201, { id, slug, name, timeZone, isActive: true, createdAt }]);
    expect((await as.get(`/tenants/${String(id)}`)).body).toEqual(made);
    const people = await t.database.many<{ id: string }>(
      `-- test.people
      select id, role, name, email, department_id as "departmentId", password_hash as hash from users
      where tenant_id = $1`,
      [id],
    );
    const ada = { role: 'admin', name: 'Ada Okafor', email: 'ada@example.org', departmentId: null, hash: null };
    expect(people).toEqual([{ id: expect.any(String) as string, ...ada }]);
    const invited = await t.database.many(
      `-- test.invited
      select key from outbox where tenant_id = $1 and topic = 'users.invited'`,
      [id],
    );
    expect(invited).toEqual([{ key: people[0]!.id }]);
    const both = [installationId, id].map((tenantId) => ({ tenantId, actorId: operator.userId }));
    expect(await audited('tenant.created', id)).toEqual(both);
  });

  it('are made once, however often and at whatever time they are asked for', async () => {
    const body = newTenant();
    const answers = await Promise.all(Array.from({ length: 6 }, () => as.post('/tenants').send(body)));
    answers.push(await as.post('/tenants').send({ ...body, name: 'Another' }));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(7).fill(201));
    for (const { body: answer } of answers) expect(answer).toEqual(answers[0]!.body);
    const counted = await t.database.one(
      `-- test.countOne
      select (select count(*) from users where tenant_id = $1) as users,
        (select count(*) from outbox where tenant_id = $1) as events`,
      [body['id']],
    );
    expect(counted).toEqual({ users: 1, events: 1 });
  });

  it.each([
    [{ slug: 'north' }, 409, 'slug_taken', '/slug'],
    [{ slug: 'installation' }, 409, 'slug_taken', '/slug'],
    [{ id: installationId }, 409, 'tenant_id_taken', '/id'],
    [{ slug: 'No' }, 400, 'request_invalid', '/slug'],
    [{ timeZone: 'Europe/Atlantis' }, 400, 'request_invalid', '/timeZone'],
    [{ timeZone: '+01:00' }, 400, 'request_invalid', '/timeZone'],
    [{ administrator: { name: 'Ada', email: 'ada' } }, 400, 'request_invalid', '/administrator/email'],
    [{ administrator: undefined }, 400, 'request_invalid', '/administrator'],
    [{ isActive: false }, 400, 'request_invalid', '/isActive'],
  ])('are not made of %j', async (fields, status, code, pointer) => {
    const answer = await as.post('/tenants').send(newTenant(fields));
    expect([answer.status, answer.body]).toMatchObject([status, { code, errors: [{ pointer }] }]);
  });

  it('are listed by slug, page by page, without the installation', async () => {
    for (const slug of ['a-1', 'a-2', 'a-3']) await createTenant(t.database, { slug });
    const all: string[] = [];
    for (let query = 'limit=2'; ;) {
      const { body } = await as.get(`/tenants?${query}`).expect(200);
      const page = body as { data: { slug: string }[]; pagination: { total?: number; nextCursor?: string } };
      all.push(...page.data.map(({ slug }) => slug));
      if (page.pagination.nextCursor === undefined) break;
      query = `limit=2&cursor=${page.pagination.nextCursor}`;
    }
    expect(all).toEqual([...all].sort());
    expect(all.slice(0, 3)).toEqual(['a-1', 'a-2', 'a-3']);
    expect(all).not.toContain('installation');
    const { body } = await as.get('/tenants?limit=1&page=2').expect(200);
    expect(body).toMatchObject({ data: [{ slug: 'a-2' }], pagination: { total: all.length } });
  });

  it('are not there under other ids, nor is the installation', async () => {
    for (const id of [uuidv7(), installationId]) {
      expect((await as.get(`/tenants/${id}`)).body).toMatchObject({ status: 404, code: 'tenant_not_found' });
      const changed = await as.patch(`/tenants/${id}`).send({ isActive: false });
      expect(changed.body).toMatchObject({ status: 404, code: 'tenant_not_found' });
    }
  });

  it('are renamed', async () => {
    const { tenantId } = await createTenant(t.database);
    const { body } = await as.patch(`/tenants/${tenantId}`).send({ name: 'Renamed' }).expect(200);
    expect(body).toMatchObject({ name: 'Renamed', isActive: true });
    expect(await audited('tenant.changed', tenantId)).toHaveLength(2);
    for (let round = 0; round < 10; round++) {
      const change = { name: `Round ${round}`, isActive: round % 2 === 0 };
      const answers = await Promise.all([
        as.patch(`/tenants/${tenantId}`).send({ name: change.name }),
        as.patch(`/tenants/${tenantId}`).send({ isActive: change.isActive }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
      // neither undoes the other
      expect((await as.get(`/tenants/${tenantId}`)).body).toMatchObject(change);
    }
  });

  it('that are closed let nobody in or go on writing, and are as they were when opened', async () => {
    const closing = await createTenant(t.database, { slug: 'closing' });
    const admin = await createAdmin(t.database, closing, { email: 'ada@example.org', passwordHash });
    const { token, refresh } = await login('closing', admin.email);
    const write = async (): Promise<number> => {
      const body = { id: uuidv7(), name: uuidv7(), filter: {} };
      const request = t.anonymous.post('/segments').set('authorization', `Bearer ${token}`);
      return (await request.send(body)).status;
    };
    expect(await write()).toBe(201);
    await as.patch(`/tenants/${closing.tenantId}`).send({ isActive: false }).expect(200);
    expect(await write()).toBe(401);
    const refreshed = await t.anonymous.post('/auth/refresh').send({ refreshToken: refresh });
    expect(refreshed.status).toBe(401);
    expect((await login('closing', admin.email)).status).toBe(401);
    await as.patch(`/tenants/${closing.tenantId}`).send({ isActive: true }).expect(200);
    expect(await write()).toBe(201);
    expect((await login('closing', admin.email)).status).toBe(200);
  });
});

describe('runs', () => {
  beforeAll(async () => {
    await t.database.run(
      `-- test.insertRuns
      insert into job_runs (tenant_id, job, occasion, key, exclusive, status, attempt, queued_at, outcome, error)
      select $1, case when n % 2 = 0 then 'activity.close-days' else 'auth.send-invitation' end, 'outbox-' || n,
        'person-' || n, false, case when n % 5 = 0 then 'failed' else 'completed' end, 1, $2,
        case when n = 3 then '[7]'::jsonb else '{"sent": 1, "to": "ada@example.org"}' end,
        case when n % 5 = 0 then 'student Ada Okafor <ada@example.org> timed out' end
      from generate_series(1, 25) as n`,
      [tenant.tenantId, t.clock.now()],
    );
  });

  interface RunsPage {
    readonly data: { readonly id: number; readonly occasion: string; readonly job: string; readonly status: string }[];
    readonly pagination: { readonly nextCursor?: string };
  }
  const list = async (query: string): Promise<RunsPage> =>
    (await as.get(`/runs?${query}`).expect(200)).body as RunsPage;

  it('are listed, the latest first, each once', async () => {
    const seen: string[] = [];
    for (let query = 'limit=10'; ;) {
      const { data, pagination } = await list(query);
      seen.push(...data.map(({ occasion }) => occasion));
      if (pagination.nextCursor === undefined) break;
      query = `limit=10&cursor=${pagination.nextCursor}`;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => `outbox-${25 - index}`));
  });

  it('are found by job and by how they ended', async () => {
    const { data } = await list('job=activity.close-days&status=failed');
    expect(data.map(({ occasion }) => occasion)).toEqual(['outbox-20', 'outbox-10']);
    expect((await list('job=nothing.at-all')).data).toEqual([]);
    expect((await as.get('/runs?status=odd')).status).toBe(400);
  });

  it('tell of nobody', async () => {
    const { text, body } = await as.get('/runs?limit=100&status=failed').expect(200);
    expect((body as RunsPage).data[0]).toMatchObject({ counts: { sent: 1 }, error: 'student … timed out' });
    expect(text).not.toMatch(/ada|okafor|example|person-/i);
  });

  it('take a cursor that somebody has made up for what it is', async () => {
    const { nextCursor } = (await list('limit=1')).pagination;
    const [mark] = JSON.parse(Buffer.from(nextCursor!, 'base64url').toString()) as [string];
    for (const id of [1.5, -1, 1e300, null]) {
      const cursor = Buffer.from(JSON.stringify([mark, id])).toString('base64url');
      expect((await as.get(`/runs?limit=1&cursor=${cursor}`)).status).toBe(200);
    }
  });
});

it('leaves the installation out of what goes over all tenants', async () => {
  const tenants = t.app.get(TenantsRepository, { strict: false });
  expect((await tenants.list()).map(({ id }) => id)).not.toContain(installationId);
  expect(await tenants.findBySlug('installation')).toBeNull();
  expect((await tenants.findBySlug('north'))?.id).toBe(tenant.tenantId);
});

it('can be taken back with operators in it', async () => {
  const db = await createTestDatabase();
  try {
    const { tenantId, userId } = await createOperator(db.database);
    await db.database.run(
      `-- test.insertSignIn
      insert into sign_ins (tenant_id, id, user_id, created_at, last_used_at, expires_at)
      values ($1, $2, $2, now(), now(), now())`,
      [tenantId, userId],
    );
    for (let count = migrations.length; count > 0; count--) await revertLast(db.url, () => undefined);
    expect(await migrate(db.url, () => undefined)).toHaveLength(migrations.length);
  } finally {
    await db.drop();
  }
});
