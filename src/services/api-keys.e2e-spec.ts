import type { Test } from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory,
  createInstructor,
  createModule,
  createStudent,
  createTenant,
  type Member,
  type Module,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import { hashApiKey } from './api-key.js';

interface Key {
  readonly id: string;
  readonly serviceId: string;
  readonly key: string;
}

let t: TestApp;
let tenant: Tenant;
let student: Member;
let practice: Module;
const lines: string[] = [];

beforeAll(async () => {
  t = await startApp({ log: lines, environment: { LOG_LEVEL: 'debug' } });
  tenant = await createTenant(t.database);
  student = await createStudent(t.database, await createInstructor(t.database, tenant));
  practice = await createModule(t.database, await createCategory(t.database, tenant));
});

afterAll(() => t.stop());

let count = 0;
async function createKey(scopes: string[], fields: object = {}): Promise<Key> {
  const admin = t.as('admin', tenant);
  const service = await admin
    .post('/services')
    .send({ name: `service ${++count}`, scopes })
    .expect(201);
  const serviceId = (service.body as { id: string }).id;
  const { body } = await t.as('admin', tenant).post(`/services/${serviceId}/keys`).send(fields).expect(201);
  return { ...(body as Key), serviceId };
}

const read = (key: string): Test => t.anonymous.get('/students').set('authorization', `Bearer ${key}`);
const write = (key: string): Test =>
  t.anonymous
    .post('/activity/sessions')
    .set('authorization', `Bearer ${key}`)
    .send({ sessions: [sessionBody(practice, { studentId: student.userId })] });
const revoke = ({ serviceId, id }: Key): Test =>
  t.as('admin', tenant).delete(`/services/${serviceId}/keys/${id}`).expect(204);

describe('a key', () => {
  it('lets its service in, as a bearer token and in a header of its own', async () => {
    const { key, serviceId } = await createKey(['sessions:write', 'students:read']);
    const { body } = await read(key).expect(200);
    expect(body).toMatchObject({ data: [{ id: student.userId }] });
    await t.anonymous.get('/students').set('x-api-key', key).expect(200);
    await write(key).expect(200);
    const me = await t.anonymous.get('/auth/me').set('x-api-key', key).expect(200);
    expect(me.body).toMatchObject({ userId: serviceId, role: 'service', tenant: { slug: tenant.slug } });
    expect((me.body as { permissions: string[] }).permissions).toEqual(['sessions:write', 'students:read']);
  });

  it('lets nobody in who does not have it', async () => {
    const { key } = await createKey(['students:read']);
    const last = key.endsWith('A') ? 'B' : 'A';
    const wrong = [
      `${key.slice(0, -1)}${last}`,
      `${key}A`,
      key.slice(0, -1),
      key.slice(0, 12),
      'idk_',
      `idk_${'0'.repeat(52)}`,
    ];
    for (const one of wrong) {
      const [bearer, header] = [await read(one), await t.anonymous.get('/students').set('x-api-key', one)];
      for (const { status, body, headers } of [bearer, header]) {
        expect([one, status, (body as { code: string }).code]).toEqual([one, 401, 'token_invalid']);
        expect(headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      }
    }
    // the prefix and the hash, which others may see, are no key
    await read(hashApiKey(key).toString('hex')).expect(401);
  });

  it('does what its scopes name, and nothing else', async () => {
    const { key } = await createKey(['modules:read']);
    await t.anonymous.get('/modules').set('x-api-key', key).expect(200);
    for (const [answer, scope] of [
      [await read(key), 'students:read'],
      [await write(key), 'sessions:write'],
    ] as const) {
      expect(answer.status).toBe(403);
      expect(answer.body).toMatchObject({
        code: 'permission_denied',
        detail: expect.stringContaining(scope) as string,
      });
    }
    await t.anonymous.get('/services').set('x-api-key', key).expect(403);
  });

  it('that is revoked writes no more at once, and reads no more within a minute', async () => {
    const made = await createKey(['sessions:write', 'students:read']);
    await read(made.key).expect(200);
    await write(made.key).expect(200);
    await revoke(made);
    await write(made.key).expect(401);
    await read(made.key).expect(200);
    t.clock.advance(60);
    await read(made.key).expect(401);
  });

  it('of a service that is deactivated is as good as none, until that is active again', async () => {
    const { key, serviceId } = await createKey(['sessions:write', 'students:read']);
    await write(key).expect(200);
    await t.as('admin', tenant).delete(`/services/${serviceId}`).expect(204);
    await write(key).expect(401);
    t.clock.advance(60);
    await read(key).expect(401);
    await t.as('admin', tenant).patch(`/services/${serviceId}`).send({ isActive: true }).expect(200);
    await read(key).expect(200);
  });

  it('of a tenant that is closed is as good as none, until that is open again', async () => {
    const made = await createKey(['sessions:write', 'students:read']);
    await write(made.key).expect(200);
    const { body } = await t.anonymous.post('/oauth/token').type('form').send(tokenRequest(made.serviceId, made.key));
    const { access_token: token } = body as { access_token: string };
    const setOpen = (isOpen: boolean): Promise<number> =>
      t.database.run('-- test.setOpen\nupdate tenants set is_active = $2 where id = $1', [tenant.tenantId, isOpen]);
    await setOpen(false);
    for (const credential of [made.key, token]) await write(credential).expect(401);
    await t.anonymous.post('/oauth/token').type('form').send(tokenRequest(made.serviceId, made.key)).expect(401);
    t.clock.advance(60);
    await read(made.key).expect(401);
    await setOpen(true);
    await read(made.key).expect(200);
  });

  it('loses a scope with its service: for writes at once', async () => {
    const { key, serviceId } = await createKey(['sessions:write', 'students:read']);
    await write(key).expect(200);
    await t
      .as('admin', tenant)
      .patch(`/services/${serviceId}`)
      .send({ scopes: ['students:read'] })
      .expect(200);
    await write(key).expect(403);
  });

  it('ends when it expires, remembered or not', async () => {
    const end = (seconds: number): string => new Date(t.clock.now().getTime() + seconds * 1000).toISOString();
    const [remembered, fresh] = [
      await createKey(['students:read', 'sessions:write'], { expiresAt: end(30) }),
      await createKey(['students:read'], { expiresAt: end(30) }),
    ];
    await read(remembered.key).expect(200);
    t.clock.advance(30);
    await read(remembered.key).expect(401);
    await read(fresh.key).expect(401);
    await write(remembered.key).expect(401);
  });

  it('and its successor are both good during the overlap', async () => {
    const old = await createKey(['students:read', 'sessions:write']);
    const path = `/services/${old.serviceId}/keys/${old.id}/rotate`;
    const { body } = await t.as('admin', tenant).post(path).send({ overlapSeconds: 100 }).expect(201);
    const fresh = body as Key;
    t.clock.advance(99);
    for (const { key } of [old, fresh]) await write(key).expect(200);
    t.clock.advance(1);
    await write(old.key).expect(401);
    await write(fresh.key).expect(200);
  });

  it('tells when it was used last, written once a minute', async () => {
    const { key, serviceId } = await createKey(['students:read']);
    const used = async (): Promise<string | null> => {
      const { body } = await t.as('admin', tenant).get(`/services/${serviceId}`).expect(200);
      return (body as { keys: { lastUsedAt: string | null }[] }).keys[0]!.lastUsedAt;
    };
    expect(await used()).toBeNull();
    const first = t.clock.now().toISOString().replace('.000', '');
    await Promise.all([read(key).expect(200), read(key).expect(200)]);
    expect(await used()).toBe(first);
    t.clock.advance(59);
    await t.anonymous.post('/oauth/token').type('form').send(tokenRequest(serviceId, key)).expect(200);
    expect(await used()).toBe(first);
    t.clock.advance(1);
    await read(key).expect(200);
    expect(await used()).not.toBe(first);
  });

  it('is nowhere in the log', async () => {
    const { key } = await createKey(['students:read']);
    await read(key).expect(200);
    await t.anonymous.get('/students').set('x-api-key', key).expect(200);
    await t.anonymous.get(`/students?q=${key}`).set('x-api-key', `${key}x`).expect(401);
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.filter((line) => line.includes(key.slice(13)))).toEqual([]);
  });
});

function tokenRequest(id: string, secret: string): Record<string, string> {
  return { grant_type: 'client_credentials', client_id: id, client_secret: secret };
}
