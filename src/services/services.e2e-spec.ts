import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createAdmin, createInstructor, createTenant, type Person, type Tenant } from '../../test/factories.js';

interface Key {
  readonly id: string;
  readonly key: string;
  readonly prefix: string;
  readonly expiresAt: string;
  readonly replacedBy: string | null;
}

let t: TestApp;
let tenant: Tenant;
let admin: Person;

beforeAll(async () => {
  t = await startApp();
  tenant = await createTenant(t.database);
  admin = await createAdmin(t.database, tenant);
});

afterAll(() => t.stop());

let count = 0;
async function createService(fields: object = {}): Promise<string> {
  const body = { name: `service ${++count}`, scopes: ['students:read'], ...fields };
  return ((await t.as(admin).post('/services').send(body).expect(201)).body as { id: string }).id;
}

async function createKey(serviceId: string, fields: object = {}): Promise<Key> {
  return (await t.as(admin).post(`/services/${serviceId}/keys`).send(fields).expect(201)).body as Key;
}

const codeOf = ({ status, body }: { status: number; body: unknown }): unknown[] => [
  status,
  (body as { code?: string }).code,
];

describe('services', () => {
  it('are created, listed, shown, changed and deactivated, and all of it is on record', async () => {
    const id = uuidv7();
    const body = { id, name: 'lms', scopes: ['students:read', 'sessions:write', 'students:read'] };
    const created = await t.as(admin).post('/services').send(body).expect(201);
    const expected = {
      id,
      name: 'lms',
      scopes: ['sessions:write', 'students:read'],
      isActive: true,
      version: 1,
      createdAt: '2026-03-02T08:00:00Z',
      updatedAt: '2026-03-02T08:00:00Z',
    };
    expect(created.body).toEqual(expected);
    // the client has not seen the answer and asks again
    expect((await t.as(admin).post('/services').send(body).expect(201)).body).toEqual(expected);
    expect((await t.as(admin).get(`/services/${id}`).expect(200)).body).toEqual({ ...expected, keys: [] });

    const client = t.as(admin);
    const change = { name: 'LMS', scopes: ['modules:read'] };
    const changed = await client.patch(`/services/${id}`).set('if-match', '"1"').send(change).expect(200);
    expect(changed.body).toEqual({ ...expected, ...change, version: 2 });
    expect(codeOf(await t.as(admin).patch(`/services/${id}`).set('if-match', '"1"').send(change))).toEqual([
      412,
      'version_mismatch',
    ]);
    await t.as(admin).delete(`/services/${id}`).expect(204);
    expect((await t.as(admin).get(`/services/${id}`)).body).toMatchObject({ isActive: false, version: 3 });

    const audited = await t.database.many(
      `-- test.audited
      select action, actor_id as "actorId" from audit_entries where target_id = $1 order by at, id`,
      [id],
    );
    const actions = ['service.created', 'service.changed', 'service.changed'];
    expect(audited).toEqual(actions.map((action) => ({ action, actorId: admin.userId })));
  });

  it('are listed by name, page by page', async () => {
    const other = await createTenant(t.database);
    const client = t.as('admin', other);
    for (const name of ['c', 'a', 'b']) await client.post('/services').send({ name, scopes: ['users:read'] });
    const names = ({ body }: { body: unknown }): string[] =>
      (body as { data: { name: string }[] }).data.map(({ name }) => name);
    const first = await client.get('/services?limit=2').expect(200);
    expect(names(first)).toEqual(['Everything', 'a']);
    const { pagination } = first.body as { pagination: { total: number; nextCursor: string } };
    // with the one of the factory
    expect(pagination.total).toBe(4);
    expect(names(await client.get(`/services?limit=2&cursor=${pagination.nextCursor}`).expect(200))).toEqual([
      'b',
      'c',
    ]);
  });

  it('cannot be given what no service may hold', async () => {
    for (const scopes of [['students:write'], ['services:write'], ['everything'], [], 'students:read']) {
      const { status, body } = await t.as(admin).post('/services').send({ name: 'x', scopes });
      expect([status, body]).toMatchObject([400, { errors: [{ pointer: '/scopes' }] }]);
    }
    const id = await createService();
    await t
      .as(admin)
      .patch(`/services/${id}`)
      .send({ scopes: ['students:write'] })
      .expect(400);
  });

  it('have names of their own, also when two are created at once', async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() =>
        t
          .as(admin)
          .post('/services')
          .send({ name: 'twice', scopes: ['users:read'] }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect(codeOf(answers.find(({ status }) => status === 409)!)).toEqual([409, 'service_name_taken']);
  });

  it('lose no change when several are made at once', async () => {
    const id = await createService();
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) =>
        t
          .as(admin)
          .patch(`/services/${id}`)
          .set('if-match', '"1"')
          .send({ name: `${id} ${name}` }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  it('are the business of administrators, each of their own tenant', async () => {
    const id = await createService();
    const { id: keyId } = await createKey(id);
    const requests = (client: ReturnType<TestApp['as']>) => [
      client.get(`/services/${id}`),
      client.patch(`/services/${id}`).send({ name: 'x' }),
      client.post(`/services/${id}/keys`).send({}),
      client.post(`/services/${id}/keys/${keyId}/rotate`).send({ overlapSeconds: 0 }),
      client.delete(`/services/${id}/keys/${keyId}`),
      client.delete(`/services/${id}`),
    ];
    const elsewhere = await createTenant(t.database);
    for (const answer of await Promise.all(requests(t.as('admin', elsewhere)))) {
      expect(codeOf(answer)).toEqual([404, 'service_not_found']);
    }
    const instructor = await createInstructor(t.database, tenant);
    for (const answer of await Promise.all(requests(t.as(instructor)))) {
      expect(codeOf(answer)).toEqual([403, 'permission_denied']);
    }
    expect((await t.as(admin).get(`/services/${id}`)).body).toMatchObject({ version: 1, keys: [{ revokedAt: null }] });
  });
});

describe('keys', () => {
  it('are shown once, and nothing of them is kept but a hash', async () => {
    const id = await createService();
    const client = t.as(admin);
    const { body, headers } = await client
      .post(`/services/${id}/keys`)
      .set('idempotency-key', uuidv7())
      .send({ name: 'production' })
      .expect(201);
    const { key, ...rest } = body as Key;
    expect(key).toMatch(/^idk_[0-9a-f]{8}_[\w-]{43}$/);
    expect(headers['cache-control']).toBe('no-store');
    expect(rest).toEqual({
      id: expect.any(String) as string,
      name: 'production',
      prefix: key.slice(0, 12),
      createdAt: '2026-03-02T08:00:00Z',
      expiresAt: '2027-03-02T08:00:00Z',
      lastUsedAt: null,
      replacedBy: null,
      revokedAt: null,
    });
    expect((await t.as(admin).get(`/services/${id}`)).body).toMatchObject({ keys: [rest] });
    const secret = key.slice(13);
    const { kept } = await t.database.one<{ kept: number }>(
      `-- test.kept
      select (select count(*) from api_keys k where k::text ~ $1) + (select count(*) from audit_entries e
        where e::text ~ $1) + (select count(*) from idempotency_keys i where i::text ~ $1)
        + (select count(*) from outbox o where o::text ~ $1) as kept`,
      [secret],
    );
    expect(kept).toBe(0);
  });

  it('end within ten years, and not in the past', async () => {
    const id = await createService();
    for (const expiresAt of ['2026-03-02T08:00:00Z', '2036-03-02T08:00:00Z', 'tomorrow']) {
      const answer = await t.as(admin).post(`/services/${id}/keys`).send({ expiresAt });
      expect([answer.status, answer.body]).toMatchObject([400, { errors: [{ pointer: '/expiresAt' }] }]);
    }
    expect((await createKey(id, { expiresAt: '2026-03-03T09:00:00+01:00' })).expiresAt).toBe('2026-03-03T08:00:00Z');
  });

  it('are not made for a service that is inactive or has too many', async () => {
    const id = await createService();
    await t.as(admin).delete(`/services/${id}`);
    expect(codeOf(await t.as(admin).post(`/services/${id}/keys`).send({}))).toEqual([409, 'service_inactive']);
    await t.as(admin).patch(`/services/${id}`).send({ isActive: true }).expect(200);
    const answers = await Promise.all(
      Array.from({ length: 22 }, () => t.as(admin).post(`/services/${id}/keys`).send({})),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
    expect(codeOf(answers.find(({ status }) => status !== 201)!)).toEqual([409, 'keys_too_many']);
  });

  it('are rotated once, with an overlap', async () => {
    const id = await createService();
    const old = await createKey(id, { name: 'probe', expiresAt: '2026-03-12T08:00:00Z' });
    const rotate = () => t.as(admin).post(`/services/${id}/keys/${old.id}/rotate`).send({ overlapSeconds: 3_600 });
    const answers = await Promise.all([rotate(), rotate(), rotate()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    expect(codeOf(answers.find(({ status }) => status === 409)!)).toEqual([409, 'key_ended']);
    const fresh = answers.find(({ status }) => status === 201)!.body as Key;
    expect(fresh).toMatchObject({ name: 'probe', expiresAt: '2026-03-12T08:00:00Z', replacedBy: null });
    expect((await t.as(admin).get(`/services/${id}`)).body).toMatchObject({
      keys: [{ id: fresh.id }, { id: old.id, replacedBy: fresh.id, expiresAt: '2026-03-02T09:00:00Z' }],
    });
  });

  it('never live longer for being rotated', async () => {
    const id = await createService();
    const old = await createKey(id, { expiresAt: '2026-03-02T08:30:00Z' });
    await t.as(admin).post(`/services/${id}/keys/${old.id}/rotate`).send({ overlapSeconds: 86_400 }).expect(201);
    expect((await t.as(admin).get(`/services/${id}`)).body).toMatchObject({
      keys: [{}, { id: old.id, expiresAt: '2026-03-02T08:30:00Z' }],
    });
  });

  it('are revoked for good', async () => {
    const id = await createService();
    const { id: keyId } = await createKey(id);
    await t.as(admin).delete(`/services/${id}/keys/${keyId}`).expect(204);
    await t.as(admin).delete(`/services/${id}/keys/${keyId}`).expect(204);
    const rotate = t.as(admin).post(`/services/${id}/keys/${keyId}/rotate`).send({ overlapSeconds: 0 });
    expect(codeOf(await rotate)).toEqual([409, 'key_ended']);
    expect(codeOf(await t.as(admin).delete(`/services/${id}/keys/${uuidv7()}`))).toEqual([404, 'key_not_found']);
    const other = await createService();
    expect(codeOf(await t.as(admin).delete(`/services/${other}/keys/${keyId}`))).toEqual([404, 'key_not_found']);
    const { audited } = await t.database.one<{ audited: number }>(
      `-- test.revoked
      select count(*) as audited from audit_entries where target_id = $1 and action = 'key.revoked'`,
      [keyId],
    );
    expect(audited).toBe(1);
  });
});
