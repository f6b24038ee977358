import {
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import type { Test } from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import {
  createAdmin,
  createDepartment,
  createInstructor,
  createOperator,
  createStudent,
  createTenant,
  type Person,
  type Place,
  type Tenant,
} from '../../test/factories.js';
import { type IdentityServer, startIdentityServer, subjects } from '../../test/oidc.js';
import { installationId } from '../org/tenants.repository.js';

const audience = 'https://api.example.org';
let t: TestApp;
let operator: Person;
let tenant: Tenant;
let place: Place;
let identity: IdentityServer;
let other: IdentityServer;
let count = 0;

beforeAll(async () => {
  [identity, other] = await Promise.all([startIdentityServer(audience), startIdentityServer(audience)]);
  // the provider lives in the present
  t = await startApp({ now: new Date().toISOString() });
  operator = await createOperator(t.database);
});
afterAll(async () => {
  await t.stop();
  await Promise.all([identity.stop(), other.stop()]);
});
beforeEach(async () => {
  tenant = await createTenant(t.database);
  place = await createDepartment(t.database, tenant, { name: 'Physics' });
  await register(tenant, {});
});

const register = async (to: Tenant, change: object, issuer = identity.issuer): Promise<void> => {
  const claims = { role: 'groups', tenant: 'org', department: 'department', pid: 'pid' };
  const roles = [
    { value: 'heads', role: 'admin' },
    { value: 'staff', role: 'instructor' },
    { value: 'learners', role: 'student' },
  ];
  const body = { issuer, audience, claims, roles, ...change };
  await t.as(operator).put(`/tenants/${to.tenantId}/identity-provider`).send(body).expect(200);
};
const newSubject = (): string => subjects[count++]!;
/** A token for the present tenant. */
const tokenOf = (subject: string, claims: object = {}, of = identity): Promise<string> =>
  of.token(subject, { org: tenant.slug, ...claims });
const me = (token: string): Test => t.anonymous.get('/auth/me').set('authorization', `Bearer ${token}`);
const write = (token: string): Test => t.anonymous.post('/segments').set('authorization', `Bearer ${token}`).send({});
const refused = async (token: string, code: string): Promise<void> => {
  const { body } = await me(token)
    .expect(401)
    .expect('www-authenticate', /^Bearer /);
  expect(body.code).toBe(code);
};
const audit = async (): Promise<{ action: string; target: string | null; reason: string | null }[]> =>
  (await auditTrail(t.database, tenant.tenantId))
    .filter(({ action }) => /^(identity[.]|user[.]c)/.test(action))
    .map(({ action, targetId: target, reason }) => ({ action, target, reason }));
const countUsers = async (): Promise<number> => {
  const { users } = await t.database.one<{ users: number }>(
    `-- test.users
    select count(*) as users from users where tenant_id = $1`,
    [tenant.tenantId],
  );
  return users;
};
const change = (table: string, id: string, set: string): Promise<number> =>
  t.database.run(`-- test.change\nupdate ${table} set ${set} where id = $1`, [id]);

describe('somebody who is not there', () => {
  const claims = {
    groups: ['others', 'staff'],
    name: 'Ada',
    email: 'Ada@Example.org',
    email_verified: true,
    pid: 'p-1',
  };

  it('is made where that is allowed, and kept as the claims say', async () => {
    await register(tenant, { justInTime: true });
    const subject = newSubject();
    const department = { department: await codeOf(place) };
    const { body } = await me(await tokenOf(subject, { ...claims, ...department })).expect(200);
    expect(body).toMatchObject({
      role: 'instructor',
      name: 'Ada',
      email: 'ada@example.org',
      departmentId: place.departmentId,
      tenant: { id: tenant.tenantId },
    });
    const { userId } = body as { userId: string };
    const { body: user } = await t.as('admin', tenant).get(`/users/${userId}`).expect(200);
    expect(user).toMatchObject({ pid: 'p-1', isActive: true });
    expect(await audit()).toEqual([
      { action: 'user.created', target: userId, reason: null },
      { action: 'identity.linked', target: userId, reason: null },
    ]);
    const promoted = await me(await tokenOf(subject, { groups: 'heads', name: 'Ada B', department: 'root' }));
    expect(promoted.body).toMatchObject({ userId, role: 'admin', name: 'Ada B', departmentId: tenant.departmentId });
    await me(await tokenOf(subject, { groups: 'heads', name: 'Ada B', department: 'root' })).expect(200);
    expect((await audit()).slice(2)).toEqual([{ action: 'user.changed', target: userId, reason: null }]);
  });

  it('is nobody where it is not allowed', async () => {
    const subject = newSubject();
    const token = await tokenOf(subject, { ...claims, department: 'root' });
    await refused(token, 'identity_unknown');
    expect(await countUsers()).toBe(1);
    expect(await audit()).toEqual([{ action: 'identity.refused', target: null, reason: 'person_unknown' }]);
    const subjectSha256 = createHash('sha256').update(subject).digest('hex');
    const entry = (await auditTrail(t.database, tenant.tenantId)).at(-1);
    expect(entry).toMatchObject({ after: { issuer: identity.issuer, subjectSha256 } });
    expect(JSON.stringify(entry)).not.toContain(subject);
  });

  it('is nobody with a role or a place that means nothing here', async () => {
    await register(tenant, { justInTime: true });
    for (const groups of ['operator', 'supervisor', undefined, [{}]]) {
      await refused(await tokenOf(newSubject(), { ...claims, department: 'root', groups }), 'identity_unknown');
    }
    await refused(await tokenOf(newSubject(), { ...claims, department: 'nowhere' }), 'identity_unknown');
    await refused(await tokenOf(newSubject(), claims), 'identity_unknown');
    expect(await countUsers()).toBe(1);
    const reasons = (await audit()).map(({ reason }) => reason);
    expect(reasons).toEqual([...Array<string>(4).fill('role_unmapped'), 'department_unknown', 'department_missing']);
  });

  it('is one person to any number of requests', async () => {
    await register(tenant, { justInTime: true });
    const subject = newSubject();
    const tokens = await Promise.all(
      // nothing but the subject tells that they are one
      Array.from({ length: 8 }, () => tokenOf(subject, { groups: 'staff', department: 'root' })),
    );
    expect(new Set(tokens).size).toBe(8);
    const answers = await Promise.all(tokens.map(me));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set(answers.map(({ body }) => body.userId as string)).size).toBe(1);
    expect(await countUsers()).toBe(2);
    expect((await audit()).map(({ action }) => action)).toEqual(['user.created', 'identity.linked']);
  });
});

describe('somebody who is there', () => {
  it('is known by a verified address the first time, and by the subject from then on', async () => {
    const person = await createInstructor(t.database, place, { name: 'Ben', email: 'ben@example.org' });
    const subject = newSubject();
    const email = 'BEN@example.org';
    for (const email_verified of [undefined, false, 'true', 1]) {
      await refused(await tokenOf(subject, { email, email_verified }), 'identity_unknown');
    }
    const claims = { email, email_verified: true, groups: 'heads', name: 'Benjamin' };
    // what is not made just in time is not kept either
    const known = { userId: person.userId, role: 'instructor', name: 'Ben' };
    expect((await me(await tokenOf(subject, claims)).expect(200)).body).toMatchObject(known);
    expect((await me(await tokenOf(subject)).expect(200)).body).toMatchObject(known);
    await refused(await tokenOf(newSubject(), claims), 'identity_unknown');
    expect((await audit()).at(-1)).toMatchObject({ action: 'identity.refused', reason: 'identity_taken' });
    const namesake = await createInstructor(t.database, place, { email: 'ben2@example.org' });
    const moved = await tokenOf(subject, { email: 'ben2@example.org', email_verified: true });
    expect((await me(moved).expect(200)).body.userId).not.toBe(namesake.userId);
  });

  it('is known by the number of the organisation', async () => {
    const { userId } = await createStudent(t.database, place, { pid: '4711' });
    const { body } = await me(await tokenOf(newSubject(), { pid: '4711' })).expect(200);
    expect(body).toMatchObject({ userId, role: 'student' });
    await refused(await tokenOf(newSubject(), { pid: '4712' }), 'identity_unknown');
    await refused(await tokenOf(newSubject(), { pid: 4711 }), 'identity_unknown');
  });

  it('is not known where address and number are of two people', async () => {
    await createStudent(t.database, place, { email: 'one@example.org' });
    await createStudent(t.database, place, { pid: '1', email: 'three@example.org' });
    await createStudent(t.database, place, { pid: '2' });
    const claims = { pid: '2', email: 'one@example.org', email_verified: true };
    await refused(await tokenOf(newSubject(), claims), 'identity_unknown');
    await refused(await tokenOf(newSubject(), { ...claims, email: 'three@example.org', pid: '3' }), 'identity_unknown');
    expect((await audit()).map(({ reason }) => reason)).toEqual(['identity_ambiguous', 'identity_ambiguous']);
  });

  it('does not write any more once deactivated, nor read after five minutes', async () => {
    const { userId } = await createInstructor(t.database, place, { pid: 'd' });
    const token = await tokenOf(newSubject(), { pid: 'd' });
    await me(token).expect(200);
    await write(token).expect(400);
    await t.as('admin', tenant).post(`/users/${userId}/deactivate`).expect(200);
    expect((await write(token).expect(401)).body.code).toBe('token_invalid');
    t.clock.advance(299);
    await me(token).expect(200);
    t.clock.advance(2);
    await refused(token, 'identity_unknown');
    await refused(await tokenOf(newSubject(), { pid: 'd' }), 'identity_unknown');
    expect((await audit()).at(-1)).toMatchObject({ reason: 'user_inactive' });
  });

  it('is whom a duplicate was merged into', async () => {
    const [kept, duplicate] = [
      await createInstructor(t.database, place),
      await createInstructor(t.database, place, { pid: 'm' }),
    ];
    const subject = newSubject();
    expect((await me(await tokenOf(subject, { pid: 'm' }))).body.userId).toBe(duplicate.userId);
    await t.as('admin', tenant).post(`/users/${duplicate.userId}/merge`).send({ intoId: kept.userId }).expect(200);
    expect((await me(await tokenOf(subject)).expect(200)).body.userId).toBe(kept.userId);
  });

  it('is refused where the claims cannot be followed', async () => {
    await register(tenant, { justInTime: true });
    await createStudent(t.database, place, { pid: 's' });
    const subject = newSubject();
    await me(await tokenOf(subject, { pid: 's', groups: 'learners' })).expect(200);
    await refused(await tokenOf(subject, { groups: 'heads' }), 'identity_unknown');
    await refused(await tokenOf(subject), 'identity_unknown');
    expect((await audit()).slice(-2).map(({ reason }) => reason)).toEqual(['role_fixed', 'role_unmapped']);
  });
});

describe('a token', () => {
  let subject: string;

  beforeEach(async () => {
    subject = newSubject();
    const { email } = await createAdmin(t.database, tenant);
    await me(await tokenOf(subject, { email, email_verified: true })).expect(200);
  });

  const sign = (key: KeyObject | Uint8Array, header: object, claims: object = {}): Promise<string> =>
    new SignJWT({ org: tenant.slug, ...claims })
      .setProtectedHeader({ alg: 'RS256', ...header })
      .setIssuer(identity.issuer)
      .setSubject(subject)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(key);

  it('is for us and nobody else, and not for ever', async () => {
    await refused(await identity.token(subject, { org: tenant.slug }, 'https://else.example.org'), 'token_invalid');
    const token = await tokenOf(subject);
    await me(token).expect(200);
    const unseen = await tokenOf(subject);
    const before = t.clock.now();
    t.clock.set(new Date(decodeJwt(unseen).exp! * 1000).toISOString());
    await refused(token, 'token_invalid');
    await refused(unseen, 'token_invalid');
    t.clock.set(before.toISOString());
  });

  it('is signed by a key of the provider, in a way that was agreed upon', async () => {
    const { kid } = decodeProtectedHeader(await tokenOf(subject));
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { keys } = (await (await fetch(`${identity.issuer}/jwks`)).json()) as { keys: JsonWebKey[] };
    const published = createPublicKey({ key: keys[0]!, format: 'jwk' });
    const [header, payload] = (await tokenOf(subject)).split('.') as [string, string];
    const none = Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url');
    const confused = Buffer.from(JSON.stringify({ alg: 'HS256', kid })).toString('base64url');
    const tokens = [
      await sign(privateKey, { kid }),
      await sign(privateKey, { kid, jwk: keys[0] }),
      await sign(privateKey, { kid, jku: `${other.issuer}/jwks` }),
      `${none}.${payload}.`,
      `${header}.${payload}.`,
      ...['pem', 'der'].map((format) => {
        const secret = published.export({ type: 'spki', format: format as 'pem' });
        const mac = createHmac('sha256', secret).update(`${confused}.${payload}`).digest('base64url');
        return `${confused}.${payload}.${mac}`;
      }),
    ];
    for (const token of tokens) await refused(token, 'token_invalid');
    await register(tenant, { algorithms: ['PS256'] });
    await refused(await tokenOf(subject), 'token_invalid');
  });

  it('reaches a tenant that has registered its issuer, and that it names', async () => {
    const strange = await createTenant(t.database);
    const { email } = await createAdmin(t.database, strange);
    const claims = { email, email_verified: true };
    // this one is the strange tenant's: for ours it is nobody
    await register(strange, {}, other.issuer);
    await refused(await other.token(subject, { org: tenant.slug, ...claims }), 'token_invalid');
    await refused(await identity.token(subject, { org: strange.slug, ...claims }), 'token_invalid');
    for (const org of [undefined, '', [tenant.slug], 'installation', tenant.tenantId]) {
      await refused(await identity.token(subject, { org }), 'token_invalid');
    }
    const stranger = newSubject();
    const { body } = await me(await other.token(stranger, { org: strange.slug, ...claims })).expect(200);
    expect(body.tenant.slug).toBe(strange.slug);
    // the same subject of the two issuers are two people
    await refused(await other.token(subject, { org: strange.slug }), 'identity_unknown');
    const forger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const { kid } = decodeProtectedHeader(await other.token(stranger, {}));
    await refused(await sign(forger, { kid }), 'token_invalid');
  });

  it('needs no claim of a tenant where the issuer is of one alone', async () => {
    const server = await startIdentityServer(audience);
    try {
      await register(tenant, { claims: { pid: 'pid' } }, server.issuer);
      const { userId } = await createStudent(t.database, place, { pid: 'alone' });
      expect((await me(await server.token(subject, { pid: 'alone' })).expect(200)).body.userId).toBe(userId);
    } finally {
      await server.stop();
    }
  });

  it('is refused where the tenant is closed, or takes none', async () => {
    const twin = await createTenant(t.database);
    await register(twin, { justInTime: true });
    const isRefused = async (): Promise<void> => refused(await tokenOf(subject, { groups: 'heads' }), 'token_invalid');
    await change('tenants', tenant.tenantId, `sign_in_methods = '{password}'`);
    await isRefused();
    await change('tenants', tenant.tenantId, `sign_in_methods = '{oidc}', is_active = false`);
    await isRefused();
    await change('tenants', tenant.tenantId, `sign_in_methods = '{password,oidc}', is_active = true`);
    await me(await tokenOf(subject)).expect(200);
    await register(tenant, { isActive: false });
    await isRefused();
    await t.as(operator).delete(`/tenants/${tenant.tenantId}/identity-provider`).expect(204);
    await isRefused();
    await register(tenant, {});
    await me(await tokenOf(subject)).expect(200);
  });

  it('makes nobody an operator', async () => {
    const { email } = await createOperator(t.database);
    await refused(await identity.token(subject, { org: 'installation', email, email_verified: true }), 'token_invalid');
    const links = t.database.run(
      `-- test.trust
      insert into identity_providers (tenant_id, issuer, audience, algorithms, claims, roles, just_in_time, is_active,
        created_at, updated_at)
      values ($1, 'https://x', 'x', '{RS256}', '{}', '[]', false, true, now(), now())`,
      [installationId],
    );
    await expect(links).rejects.toThrow('identity_providers__installation_check');
  });
});

async function codeOf({ departmentId }: Place): Promise<string> {
  const { code } = await t.database.one<{ code: string }>(
    `-- test.code
    select code from departments where id = $1`,
    [departmentId],
  );
  return code;
}
