import type { Test } from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { createTenant, type Tenant } from '../../test/factories.js';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

const scopes = ['modules:read', 'sessions:write', 'students:read'];
let t: TestApp;
let tenant: Tenant;
let id: string;
let keyId: string;
let key: string;

beforeAll(async () => {
  t = await startApp({ environment: { JWT_ISSUER: 'https://api.example.org' } });
  tenant = await createTenant(t.database);
});

afterAll(() => t.stop());

beforeEach(async () => {
  const name = `service ${t.clock.now().toISOString()}`;
  t.clock.advance(1);
  const service = await t.as('admin', tenant).post('/services').send({ name, scopes }).expect(201);
  id = (service.body as { id: string }).id;
  const made = await t.as('admin', tenant).post(`/services/${id}/keys`).send({}).expect(201);
  ({ id: keyId, key } = made.body as { id: string; key: string });
});

const ask = async (test: Test): Promise<Answer> => (await test) as unknown as Answer;
const form = (fields: Record<string, string> | string): Test =>
  t.anonymous.post('/oauth/token').type('form').send(fields);
const grant = { grant_type: 'client_credentials' };
const basic = (user = id, password = key): string =>
  `Basic ${Buffer.from(`${encodeURIComponent(user)}:${encodeURIComponent(password)}`).toString('base64')}`;

describe('a token for client credentials', () => {
  it.each([
    ['HTTP Basic', () => form(grant).set('authorization', basic())],
    ['the form', () => form({ ...grant, client_id: id, client_secret: key })],
  ])('comes for what is sent by %s', async (_, send) => {
    const { status, headers, body } = await ask(send());
    const { access_token: token, ...rest } = body;
    expect([status, rest]).toEqual([200, { token_type: 'Bearer', expires_in: 600, scope: scopes.join(' ') }]);
    expect([headers['cache-control'], headers.pragma]).toEqual(['no-store', 'no-cache']);
    expect(headers['content-type']).toMatch(/^application\/json/);
    const claims = JSON.parse(Buffer.from(String(token).split('.')[1]!, 'base64url').toString()) as object;
    expect(claims).toMatchObject({ sub: id, tid: tenant.tenantId, role: 'service', key: keyId, scopes });
    await t.anonymous
      .get('/students')
      .set('authorization', `Bearer ${String(token)}`)
      .expect(200);
    const { audited } = await t.database.one<{ audited: number }>(
      `-- test.issued
      select count(*) as audited from audit_entries
      where action = 'token.issued' and actor_id = $1 and target_id = $2::text`,
      [id, keyId],
    );
    expect(audited).toBe(1);
  });

  it('holds the scopes that were asked for', async () => {
    const { body } = await ask(form({ ...grant, scope: 'students:read modules:read' }).set('authorization', basic()));
    expect(body.scope).toBe('modules:read students:read');
    const authorization = `Bearer ${String(body.access_token)}`;
    await t.anonymous.get('/students').set('authorization', authorization).expect(200);
    await t.anonymous.post('/activity/sessions').set('authorization', authorization).send({ sessions: [] }).expect(403);
  });

  it('lives no longer than its key', async () => {
    const expiresAt = new Date(t.clock.now().getTime() + 100_000).toISOString();
    const made = await t.as('admin', tenant).post(`/services/${id}/keys`).send({ expiresAt }).expect(201);
    const { body } = await ask(form(grant).set('authorization', basic(id, (made.body as { key: string }).key)));
    expect(body.expires_in).toBe(100);
  });

  it('writes no more once its key is revoked or its service deactivated', async () => {
    const token = (await ask(form(grant).set('authorization', basic()))).body.access_token as string;
    const write = (): Test =>
      t.anonymous.post('/activity/sessions').set('authorization', `Bearer ${token}`).send({ sessions: [] });
    // too few, but let in
    await write().expect(400);
    await t.as('admin', tenant).delete(`/services/${id}`).expect(204);
    await write().expect(401);
    await t.as('admin', tenant).patch(`/services/${id}`).send({ isActive: true }).expect(200);
    await write().expect(400);
    await t.as('admin', tenant).delete(`/services/${id}/keys/${keyId}`).expect(204);
    await write().expect(401);
    expect((await ask(form(grant).set('authorization', basic()))).body.error).toBe('invalid_client');
  });
});

describe('a refusal', () => {
  const own = (fields: Record<string, string>): Record<string, string> => ({
    client_id: id,
    client_secret: key,
    ...fields,
  });
  const cases: readonly (readonly [string, () => Test, number, string])[] = [
    ['no grant type', () => form(own({})), 400, 'invalid_request'],
    ['an empty grant type', () => form(own({ grant_type: '' })), 400, 'invalid_request'],
    ['another grant type', () => form(own({ grant_type: 'password' })), 400, 'unsupported_grant_type'],
    ['a scope that the service has not', () => form(own({ ...grant, scope: 'users:read' })), 400, 'invalid_scope'],
    ['a scope that nobody has', () => form(own({ ...grant, scope: 'everything' })), 400, 'invalid_scope'],
    ['a scope of blanks', () => form(own({ ...grant, scope: ' ' })), 400, 'invalid_scope'],
    [
      'a parameter twice',
      () => form(`grant_type=client_credentials&grant_type=x&client_id=${id}`),
      400,
      'invalid_request',
    ],
    ['no client', () => form(grant), 401, 'invalid_client'],
    ['no secret', () => form({ ...grant, client_id: id }), 401, 'invalid_client'],
    ['an unknown client', () => form(own({ ...grant, client_id: tenant.tenantId })), 401, 'invalid_client'],
    ['an unknown secret', () => form(own({ ...grant, client_secret: `${key.slice(0, -2)}__` })), 401, 'invalid_client'],
    ['an unknown secret by Basic', () => form(grant).set('authorization', basic(id, 'x')), 401, 'invalid_client'],
    ['Basic that cannot be read', () => form(grant).set('authorization', 'Basic %%%'), 401, 'invalid_client'],
    ['another scheme', () => form(grant).set('authorization', `Bearer ${key}`), 401, 'invalid_client'],
    ['two ways at once', () => form(own(grant)).set('authorization', basic()), 400, 'invalid_request'],
    [
      'two names at once',
      () => form({ ...grant, client_id: tenant.tenantId }).set('authorization', basic()),
      400,
      'invalid_request',
    ],
    ['JSON', () => t.anonymous.post('/oauth/token').send(own(grant)), 400, 'invalid_request'],
    ['no body', () => t.anonymous.post('/oauth/token'), 400, 'invalid_request'],
  ];

  it.each(cases)('of %s is of the form of the standard', async (_, send, status, error) => {
    const answer = await ask(send());
    expect([answer.status, answer.body]).toEqual([status, { error, error_description: expect.any(String) as string }]);
    // RFC 6749, 5.2: the characters that a description may have
    expect(answer.body.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers['www-authenticate']).toBe(status === 401 ? 'Basic realm="token"' : undefined);
  });
});

it('takes forms on this route alone, and small ones', async () => {
  const login = t.anonymous.post('/auth/login').type('form').send({ tenant: 'x' });
  expect([(await login).status, (await login).body]).toMatchObject([415, { code: 'content_type_unsupported' }]);
  await form({ ...grant, scope: 'x'.repeat(10_000) }).expect(413);
});

it('says where the token endpoint is', async () => {
  const response = await fetch(`${t.url}/.well-known/oauth-authorization-server`);
  expect([response.status, await response.json()]).toEqual([
    200,
    {
      issuer: 'https://api.example.org',
      token_endpoint: 'https://api.example.org/api/v1/oauth/token',
      jwks_uri: 'https://api.example.org/.well-known/jwks.json',
      scopes_supported: expect.arrayContaining(scopes) as string[],
      response_types_supported: [],
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    },
  ]);
  const other = await startApp({ db: t.db });
  expect((await fetch(`${other.url}/.well-known/oauth-authorization-server`)).status).toBe(404);
  await other.stop();
});
