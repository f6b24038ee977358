import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { createOperator, createTenant, type Person, type Tenant } from '../../test/factories.js';
import { installationId } from '../org/tenants.repository.js';
import { isTrustedUrl } from './provider-url.js';

let t: TestApp;
let operator: Person;
let tenant: Tenant;
let count = 0;

beforeAll(async () => {
  t = await startApp();
  operator = await createOperator(t.database);
});
afterAll(() => t.stop());
beforeEach(async () => {
  tenant = await createTenant(t.database);
});

const path = ({ tenantId }: { readonly tenantId: string }): string => `/tenants/${tenantId}/identity-provider`;
const newIssuer = (): string => `https://id-${++count}.example.org`;
const settings = (change: object = {}): object => ({ issuer: newIssuer(), audience: 'api', ...change });
const put = (body: object, of: { readonly tenantId: string } = tenant): Test => t.as(operator).put(path(of)).send(body);
const methods = (signInMethods: string[]): Test => t.as('admin', tenant).patch('/settings').send({ signInMethods });

it('is set, shown, changed and forgotten by operators, on record in the tenant and in the installation', async () => {
  await t.as(operator).get(path(tenant)).expect(404);
  const wanted = {
    issuer: newIssuer(),
    audience: 'api',
    jwksUri: 'https://id.example.org/keys',
    algorithms: ['ES256', 'RS256'],
    claims: { role: 'groups', tenant: 'org', department: 'unit', pid: 'nr', email: 'mail', name: 'cn' },
    roles: [{ value: 'staff', role: 'instructor' }],
    justInTime: true,
    isActive: false,
  };
  const { body } = await put(wanted).expect(200);
  expect(body).toEqual({ ...wanted, version: 1, createdAt: body.createdAt, updatedAt: body.updatedAt });
  expect((await t.as(operator).get(path(tenant)).expect(200)).body).toEqual(body);
  const plain = { issuer: newIssuer(), audience: 'api' };
  await put(plain).set('if-match', '"2"').expect(412);
  expect((await put(plain).set('if-match', '"1"').expect(200)).body).toMatchObject({
    ...plain,
    jwksUri: null,
    algorithms: ['RS256'],
    claims: { email: 'email', name: 'name' },
    roles: [],
    justInTime: false,
    isActive: true,
    version: 2,
  });
  await t.as(operator).delete(path(tenant)).expect(204);
  await t.as(operator).delete(path(tenant)).expect(404);
  const entries = await t.database.many<{ tenant: string; action: string }>(
    `-- test.audit
    select tenant_id as tenant, action from audit_entries where target_id = $1 and actor_id = $2 order by id`,
    [tenant.tenantId, operator.userId],
  );
  const actions = ['identity_provider.changed', 'identity_provider.changed', 'identity_provider.deleted'];
  for (const id of [tenant.tenantId, installationId]) {
    expect(entries.filter((entry) => entry.tenant === id).map(({ action }) => action)).toEqual(actions);
  }
});

it('is nothing that a tenant decides, and nothing of the installation', async () => {
  for (const role of ['admin', 'service'] as const) {
    await t.as(role, tenant).get(path(tenant)).expect(403);
    await t.as(role, tenant).put(path(tenant)).send(settings()).expect(403);
    await t.as(role, tenant).delete(path(tenant)).expect(403);
  }
  await t.anonymous.put(path(tenant)).send(settings()).expect(401);
  for (const tenantId of [installationId, '0198f000-0000-7000-8000-000000000001']) {
    expect((await put(settings(), { tenantId }).expect(404)).body.code).toBe('tenant_not_found');
    await t.as(operator).delete(path({ tenantId })).expect(404);
  }
});

it('is asymmetric, at an https URL, and makes nobody an operator', async () => {
  for (const [change, pointer] of [
    [{ issuer: 'http://id.example.org' }, '/issuer'],
    [{ issuer: 'https://user:secret@id.example.org' }, '/issuer'],
    [{ issuer: 'instructor-dashboard' }, '/issuer'],
    [{ jwksUri: 'http://10.0.0.1/keys' }, '/jwksUri'],
    [{ jwksUri: 'file:///etc/passwd' }, '/jwksUri'],
    [{ algorithms: ['HS256'] }, '/algorithms'],
    [{ algorithms: ['none'] }, '/algorithms'],
    [{ algorithms: [] }, '/algorithms'],
    [{ roles: [{ value: 'root', role: 'operator' }] }, '/roles/0/role'],
    [{ roles: [{ value: 'root', role: 'service' }] }, '/roles/0/role'],
    [{ claims: { rank: 'x' } }, '/claims/rank'],
    [{ audience: '' }, '/audience'],
  ] as const) {
    const { body } = await put(settings(change)).expect(400);
    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer]);
  }
  expect(isTrustedUrl('http://127.0.0.1:8080', 'test')).toBe(true);
  for (const url of ['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]', 'https://x.org/#a', 'nothing']) {
    expect(isTrustedUrl(url, 'production')).toBe(false);
  }
  expect(isTrustedUrl('http://127.0.0.1.example.org', 'test')).toBe(false);
});

it('may be of several tenants if the tokens tell which, also where two come at the same time', async () => {
  const twin = await createTenant(t.database);
  const issuer = newIssuer();
  await put(settings({ issuer })).expect(200);
  const named = settings({ issuer, claims: { tenant: 'org' } });
  expect((await put(named, twin).expect(409)).body.code).toBe('issuer_shared');
  await put(named).expect(200);
  expect((await put(settings({ issuer }), twin).expect(409)).body.code).toBe('issuer_shared');
  await put(named, twin).expect(200);
  await put(settings({ issuer })).expect(409);
  for (let round = 0; round < 10; round++) {
    const both = settings({ issuer: newIssuer() });
    const answers = await Promise.all([put(both), put(both, twin)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  }
});

describe('the last way in', () => {
  it('stays: no passwords only with a provider, and no provider away without passwords', async () => {
    expect((await methods(['oidc']).expect(409)).body.code).toBe('identity_provider_missing');
    const provider = settings();
    await put({ ...provider, isActive: false }).expect(200);
    expect((await methods(['oidc']).expect(409)).body.errors[0].pointer).toBe('/signInMethods');
    await put(provider).expect(200);
    await methods(['oidc']).expect(200);
    expect((await put({ ...provider, isActive: false }).expect(409)).body.code).toBe('sign_in_method_last');
    expect((await t.as(operator).delete(path(tenant)).expect(409)).body.code).toBe('sign_in_method_last');
    await put(settings()).expect(200);
    await methods(['password']).expect(200);
    await t.as(operator).delete(path(tenant)).expect(204);
  });

  it('stays also when both are taken away at the same time', async () => {
    for (let round = 0; round < 10; round++) {
      await put(settings()).expect(200);
      const [off, gone] = await Promise.all([methods(['oidc']), t.as(operator).delete(path(tenant))]);
      expect([off.status, gone.status].sort()).toEqual(off.status === 200 ? [200, 409] : [204, 409]);
      await methods(['password', 'oidc']).expect(200);
    }
  });
});

describe('a document of discovery', () => {
  let server: Server;
  let issuer: string;
  let answer: ((self: string) => object | string) | null;
  const asked: string[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => {
      asked.push(request.url!);
      const document = answer?.(issuer);
      if (document === undefined) response.writeHead(302, { location: `${issuer}/elsewhere` }).end();
      else response.end(typeof document === 'string' ? document : JSON.stringify(document));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  it.each<[string, typeof answer]>([
    ['of another issuer', (self) => ({ issuer: 'https://id.example.org', jwks_uri: `${self}/keys` })],
    ['that names no keys', (self) => ({ issuer: self })],
    ['that is not JSON', () => 'no'],
    ['that sends us to a file', (self) => ({ issuer: self, jwks_uri: 'file:///etc/passwd' })],
    ['that is elsewhere', null],
    ['that has no end', (self) => ({ issuer: self, jwks_uri: `${self}/keys`, more: 'x'.repeat(300_000) })],
  ])('%s is not believed', async (_, document) => {
    answer = document;
    asked.length = 0;
    t.clock.advance(60);
    await put(settings({ issuer })).expect(200);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'RS256', kid: 'k' })}.${part({ iss: issuer, sub: 's', aud: 'api' })}.c2ln`;
    const { body } = await t.anonymous.get('/auth/me').set('authorization', `Bearer ${token}`).expect(503);
    expect(body.code).toBe('identity_provider_unavailable');
    expect(JSON.stringify(body)).not.toContain(issuer);
    expect(asked).toEqual(['/.well-known/openid-configuration']);
    await t.as(operator).delete(path(tenant)).expect(204);
  });
});
