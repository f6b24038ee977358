import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import request from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { DoorsModule } from '../../test/doors.js';
import { createInstructor, createTenant, type Member, type Tenant } from '../../test/factories.js';
import type { Viewer } from '../http/viewer.js';
import { keyFileOf } from './key-file.js';
import { SigningKeys } from './signing-keys.js';

let t: TestApp;
let tenant: Tenant;
let instructor: Member;
let keys: SigningKeys;

beforeAll(async () => {
  t = await startApp({ extra: [DoorsModule] });
  tenant = await createTenant(t.database);
  instructor = await createInstructor(t.database, tenant);
  keys = t.app.get(SigningKeys, { strict: false });
});

afterAll(() => t.stop());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly requestId: string; readonly code: string };
}

const knock = async (token: string, scheme = 'Bearer'): Promise<Answer> =>
  await t.anonymous.get('/doors/signed-in').set('authorization', `${scheme} ${token}`);
const viewer = (): Viewer => ({ ...instructor });

describe('tokens', () => {
  it.each(['student', 'instructor', 'supervisor', 'admin', 'service'] as const)('let %s in', async (role) => {
    const client = t.as({ ...viewer(), role });
    expect((await client.get('/doors/signed-in')).body).toMatchObject({ role, tenantId: tenant.tenantId });
    expect((await client.get('/doors/rosters')).status).toBe(['supervisor', 'admin'].includes(role) ? 200 : 403);
  });

  it('let a service do no more than its scopes', async () => {
    const service = { ...viewer(), role: 'service' as const };
    await t
      .as({ ...service, scopes: ['sessions:write'] })
      .get('/students')
      .expect(403);
    await t
      .as({ ...service, scopes: ['students:read'] })
      .get('/students')
      .expect(200);
    const scopes = ['students:read', 'rosters:write'];
    await t
      .as({ ...service, scopes })
      .get('/doors/rosters')
      .expect(403);
    const { body } = await t.as({ ...service, scopes }).get('/auth/me');
    expect((body as { permissions: string[] }).permissions).toEqual(['students:read']);
  });

  it('are read whatever the case of the scheme', async () => {
    expect((await knock(t.token(viewer()), 'bearer')).status).toBe(200);
    expect((await knock(t.token(viewer()), 'Basic')).status).toBe(401);
  });

  it('must be there', async () => {
    for (const path of ['/doors/signed-in', '/doors/rosters', '/doors/forgotten', '/auth/me']) {
      const { status, body, headers } = (await t.anonymous.get(path)) as Answer;
      expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect(body).toMatchObject({ code: 'authentication_required' });
    }
    expect((await t.anonymous.get('/doors/open')).status).toBe(200);
    expect((await request(t.url).get('/health/live')).status).toBe(200);
  });

  it('must be ours, for us, unaltered, of our algorithm and of now', async () => {
    const good = t.token(viewer());
    const [head, claims, signature] = good.split('.') as [string, string, string];
    const { kid, privateKey, publicKey } = keys.signer();
    const now = t.clock.now().getTime() / 1000;
    const payload = { ...decode(claims), iat: now, nbf: now, exp: now + 600 };
    const admin = encode({ ...payload, role: 'admin' });
    const own = (header: object, body: object): string =>
      jwt({ alg: 'ES256', typ: 'JWT', kid, ...header }, body, privateKey);
    const hs256 = (secret: string): string => {
      const input = `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${admin}`;
      return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
    };
    const jwk = publicKey.export({ format: 'jwk' });
    const published = JSON.stringify(keys.published()[0]);
    const { privateKey: other, publicKey: otherPublic } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { privateKey: p384 } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    const otherJwk = otherPublic.export({ format: 'jwk' });
    const forged: Record<string, string> = {
      'no signature': `${head}.${claims}.`,
      'alg none': `${encode({ alg: 'none', typ: 'JWT', kid })}.${admin}.`,
      'alg None': `${encode({ alg: 'None', typ: 'JWT', kid })}.${admin}.`,
      'alg none with a signature': `${encode({ alg: 'none', typ: 'JWT', kid })}.${claims}.${signature}`,
      'no alg': `${encode({ typ: 'JWT', kid })}.${claims}.${signature}`,
      'the public key as a secret': hs256(publicKey.export({ type: 'spki', format: 'pem' }) as string),
      'the public key as a secret, as published': hs256(published),
      'the coordinate of the public key as a secret': hs256(jwk.x!),
      'an RSA key under our kid': jwt({ alg: 'RS256', kid }, payload, rsa),
      'an RSA key that claims to be ours': jwt({ alg: 'ES256', kid }, payload, rsa),
      'ES384 under our kid': jwt({ alg: 'ES384', kid }, payload, p384),
      'our signature as ES384': own({ alg: 'ES384' }, payload),
      'another key under our kid': jwt({ alg: 'ES256', kid }, payload, other),
      'another key under its own kid': jwt({ alg: 'ES256', kid: 'other' }, payload, other),
      'another key, brought along': jwt({ alg: 'ES256', kid, jwk: otherJwk }, payload, other),
      'another key, to be fetched': jwt({ alg: 'ES256', kid: 'other', jku: 'http://127.0.0.1:9/' }, payload, other),
      'our key under another kid': own({ kid: 'other' }, payload),
      'no kid': own({ kid: undefined }, payload),
      'a kid that is a path': own({ kid: '../../../../dev/null' }, payload),
      'a kid that is SQL': own({ kid: "' or 1=1 --" }, payload),
      'a kid that is no text': own({ kid: { toString: 1 } }, payload),
      'a kid of every object': own({ kid: '__proto__' }, payload),
      'other claims': `${head}.${admin}.${signature}`,
      'another issuer': own({}, { ...payload, iss: 'somebody-else' }),
      'no issuer': own({}, { ...payload, iss: undefined }),
      'another audience': own({}, { ...payload, aud: 'another-api' }),
      'no audience': own({}, { ...payload, aud: undefined }),
      expired: own({}, { ...payload, exp: now }),
      'not yet valid': own({}, { ...payload, nbf: now + 31 }),
      'no beginning': own({}, { ...payload, nbf: undefined }),
      'no end': own({}, { ...payload, exp: undefined }),
      'no claims': own({}, {}),
      'a second signature': `${good}.${signature}`,
      'white space': `${good} x`,
      garbage: 'x',
      'three dots': '...',
      emoji: encodeURIComponent('😀.😀.😀'),
      'JSON that is none': `${Buffer.from('{"alg":').toString('base64url')}.${claims}.${signature}`,
      'a list for a header': `${encode([])}.${claims}.${signature}`,
      'as large as headers may be': `${head}.${'A'.repeat(15_000)}.${signature}`,
    };
    for (const [name, token] of Object.entries(forged)) {
      const { status, body, headers } = await knock(token);
      expect([name, status]).toEqual([name, 401]);
      expect(headers['www-authenticate']).toBe('Bearer error="invalid_token"');
      expect(body).toEqual({
        type: 'urn:problem:token_invalid',
        code: 'token_invalid',
        title: 'Authentication is required',
        status: 401,
        detail: 'The access token is not valid, or no longer. Sign in again.',
        requestId: headers['x-request-id'],
      });
    }
    // each of them differs from these by what its name says
    expect((await knock(good)).status).toBe(200);
    expect((await knock(own({}, payload))).status).toBe(200);
    expect((await knock(own({}, { ...payload, nbf: now + 30 }))).status).toBe(200);
  });

  it('end, remembered or not', async () => {
    const now = t.clock.now().getTime() / 1000;
    const { kid, privateKey } = keys.signer();
    const payload = { ...decode(t.token(viewer()).split('.')[1]!), exp: now + 600 };
    const [remembered, fresh] = ['a', 'b'].map((jti) => jwt({ alg: 'ES256', kid }, { ...payload, jti }, privateKey));
    t.clock.advance(599);
    expect((await knock(remembered!)).status).toBe(200);
    t.clock.advance(1);
    for (const token of [remembered!, fresh!]) expect((await knock(token)).status).toBe(401);
  });
});

it('are verified with keys of which the private half stays here', async () => {
  const { body, headers, status } = await request(t.url).get('/.well-known/jwks.json');
  expect([status, headers['cache-control']]).toEqual([200, 'public, max-age=300']);
  const stored = JSON.parse(await readFile(keyFileOf(t.config), 'utf8')) as { keys: Record<string, string>[] };
  const members = { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' };
  expect(body).toEqual({ keys: stored.keys.map(({ kid, x, y }) => ({ ...members, kid, x, y })) });
  expect(createPrivateKey({ key: { ...stored.keys[0] }, format: 'jwk' }).asymmetricKeyType).toBe('ec');
});

function jwt(header: object, payload: object, key: KeyObject): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
