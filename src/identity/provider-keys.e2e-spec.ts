import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Test } from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createOperator, createTenant } from '../../test/factories.js';
import { type IdentityServer, startIdentityServer, subjects } from '../../test/oidc.js';
import { ProviderKeys } from './provider-keys.js';

const audience = 'https://api.example.org';
const subject = subjects[0]!;
let t: TestApp;
let identity: IdentityServer;

beforeAll(async () => {
  // the provider lives in the present
  t = await startApp({ now: new Date().toISOString() });
});
afterAll(() => t.stop());
beforeEach(async () => {
  identity = await startIdentityServer(audience);
  const tenant = await createTenant(t.database);
  await createInstructor(t.database, tenant, { pid: 'p' });
  await t
    .as(await createOperator(t.database))
    .put(`/tenants/${tenant.tenantId}/identity-provider`)
    .send({ issuer: identity.issuer, audience, claims: { pid: 'pid' } })
    .expect(200);
});
afterEach(async () => {
  identity.silent = false;
  await identity.stop();
});

const newToken = (): Promise<string> => identity.token(subject, { pid: 'p' });
const me = (token: string): Test => t.anonymous.get('/auth/me').set('authorization', `Bearer ${token}`);
const refused = async (token: string, status: number, code: string): Promise<void> => {
  expect((await me(token).expect(status)).body.code).toBe(code);
};
/** Of a key that the provider has never had. */
const forged = (kid: string): Promise<string> =>
  new SignJWT({ pid: 'p' })
    .setProtectedHeader({ alg: 'RS256', kid })
    .setIssuer(identity.issuer)
    .setSubject(subject)
    .setAudience(audience)
    .setExpirationTime('1h')
    .sign(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);

it('are asked for once by all who need them', async () => {
  const tokens = await Promise.all(Array.from({ length: 6 }, newToken));
  await Promise.all(tokens.map((token) => me(token).expect(200)));
  expect(identity.keysAsked).toBe(1);
});

it('follow a provider that exchanges them', async () => {
  const before = await newToken();
  const unseen = await newToken();
  await me(before).expect(200);
  identity.rotate();
  t.clock.advance(10);
  await me(await newToken()).expect(200);
  expect(identity.keysAsked).toBe(2);
  // the old key is withdrawn: what it signed counts no longer, unless it has just been believed
  await refused(unseen, 401, 'token_invalid');
  await me(before).expect(200);
  t.clock.advance(300);
  await refused(before, 401, 'token_invalid');
});

it('are forgotten in the background once they are withdrawn', async () => {
  await me(await newToken()).expect(200);
  const unseen = await newToken();
  identity.rotate();
  await t.app.get(ProviderKeys).refresh();
  await refused(unseen, 401, 'token_invalid');
  await me(await newToken()).expect(200);
});

it('that nobody knows do not make us ask again and again', async () => {
  await me(await newToken()).expect(200);
  t.clock.advance(10);
  for (let index = 0; index < 5; index++) await refused(await forged(`kid-${index}`), 401, 'token_invalid');
  expect(identity.keysAsked).toBe(2);
  t.clock.advance(10);
  await refused(await forged('kid-0'), 401, 'token_invalid');
  expect(identity.keysAsked).toBe(3);
});

it('that are known go on working while the provider is down, and others are not judged', async () => {
  await me(await newToken()).expect(200);
  const unseen = await newToken();
  identity.rotate();
  const unknown = await newToken();
  await identity.stop();
  t.clock.advance(600);
  await t.app.get(ProviderKeys).refresh();
  await me(unseen).expect(200);
  await refused(unknown, 503, 'identity_provider_unavailable');
  await identity.start();
  t.clock.advance(10);
  await me(unknown).expect(200);
});

it('are not waited for without bound', async () => {
  await me(await newToken()).expect(200);
  const unseen = await newToken();
  identity.rotate();
  const unknown = await newToken();
  identity.silent = true;
  t.clock.advance(10);
  const waiting = me(unknown);
  await me(unseen).expect(200);
  // of ourselves, and not because the whole request has run out of time
  expect((await waiting.expect(503)).body.code).toBe('identity_provider_unavailable');
  identity.silent = false;
  await refused(unknown, 503, 'identity_provider_unavailable');
  t.clock.advance(10);
  await me(unknown).expect(200);
});

it('of a provider that has never answered are not known', async () => {
  const token = await newToken();
  await identity.stop();
  await refused(token, 503, 'identity_provider_unavailable');
  await identity.start();
  await refused(token, 503, 'identity_provider_unavailable');
  t.clock.advance(10);
  await me(token).expect(200);
});
