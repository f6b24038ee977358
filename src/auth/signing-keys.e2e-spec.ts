import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import request from 'supertest';
import { startApp, TestClock, type TestApp } from '../../test/app.js';
import { DoorsModule } from '../../test/doors.js';
import { createStudent, createTenant } from '../../test/factories.js';
import { readConfig } from '../config.js';
import type { SignedIn } from './auth.dto.js';
import { keyFileOf, rotateKeys } from './key-file.js';
import { SignInsService } from './sign-ins.service.js';
import { openSigningKeys, type SigningKeys } from './signing-keys.js';

let directory: string;
let clock: TestClock;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'instructor-dashboard-keys-'));
  clock = new TestClock(new Date('2026-03-02T08:00:00Z'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (environment: Record<string, string> = {}): Promise<SigningKeys> =>
  openSigningKeys(readConfig({ DATA_DIR: join(directory, 'below'), ...environment }), clock);
const kidsOf = (keys: SigningKeys): string[] => keys.published().map(({ kid }) => kid!);

describe('the file of keys', () => {
  it('is made once, for its owner alone, also when several ask at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => open()));
    expect(new Set(all.map((keys) => keys.signer().kid)).size).toBe(1);
    expect(kidsOf(await open())).toEqual(kidsOf(all[0]!));
    expect(await readdir(join(directory, 'below'))).toEqual(['jwt-keys.json']);
    expect((await stat(join(directory, 'below', 'jwt-keys.json'))).mode & 0o777).toBe(0o600);
  });

  it('is the one that is configured, and no other is made', async () => {
    const file = join(directory, 'own.json');
    const { added } = await rotateKeys(file, clock.now(), { compromised: false });
    const keys = await open({ JWT_KEYS_FILE: file });
    expect([kidsOf(keys), keys.signer().kid]).toEqual([[added], added]);
    expect(await readdir(directory)).toEqual(['own.json']);
  });

  it('holds nothing else', async () => {
    const file = join(directory, 'own.json');
    const use = (): Promise<SigningKeys> => open({ JWT_KEYS_FILE: file });
    await expect(use()).rejects.toThrow(`cannot be read from ${file}: ENOENT`);
    const createdAt = '2026-03-01T00:00:00Z';
    const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const good = { ...p256.privateKey.export({ format: 'jwk' }), kid: 'a', createdAt };
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' });
    const wrong: [unknown, string][] = [
      ['secret', 'it holds no "keys"'],
      [{ keys: [] }, 'it holds no "keys"'],
      [{ keys: [{ ...good, kid: undefined }] }, 'a key has no kid'],
      [{ keys: [{ ...good, createdAt: undefined }] }, 'a has no createdAt'],
      [{ keys: [{ ...p256.publicKey.export({ format: 'jwk' }), kid: 'a', createdAt }] }, 'a is no private key'],
      [{ keys: [{ ...p384, kid: 'a', createdAt }] }, 'a is no private key on the curve P-256'],
      [{ keys: [good, good] }, 'two keys have the same kid'],
    ];
    await writeFile(file, 'MIGHAgEAMBMG');
    await expect(use()).rejects.toThrow(`the keys of tokens cannot be read from ${file}: it is not JSON`);
    for (const [content, message] of wrong) {
      await writeFile(file, JSON.stringify(content));
      await expect(use()).rejects.toThrow(message);
      await expect(rotateKeys(file, clock.now(), { compromised: false })).rejects.toThrow(message);
    }
  });

  it('loses a key only when no token can live that was signed with it', async () => {
    const keys = await open();
    const file = join(directory, 'below', 'jwt-keys.json');
    const rotate = (): Promise<unknown> => rotateKeys(file, clock.now(), { compromised: false });
    const [first] = kidsOf(keys);
    clock.advance(1);
    await rotate();
    // the second begins to sign after ten minutes; the last token of the first may live for a day
    clock.advance(600 + 86_400 - 1);
    await rotate();
    clock.advance(5);
    expect(kidsOf(keys)).toHaveLength(3);
    expect(kidsOf(keys).at(-1)).toBe(first);
    await rotate();
    clock.advance(5);
    expect(kidsOf(keys)).toHaveLength(3);
    expect(kidsOf(keys)).not.toContain(first);
  });

  it('may be spoilt while the process runs', async () => {
    Logger.overrideLogger(false);
    const keys = await open();
    const known = kidsOf(keys);
    const file = join(directory, 'below', 'jwt-keys.json');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.slice(0, 100));
    clock.advance(5);
    expect(kidsOf(keys)).toEqual(known);
    expect(keys.verifier(known[0]!)).not.toBeNull();
    await rm(file);
    clock.advance(5);
    expect(keys.signer().kid).toBe(known[0]);
  });

  it('is looked at once a second at most for keys that nobody knows', async () => {
    const keys = await open();
    const file = join(directory, 'below', 'jwt-keys.json');
    const { added } = await rotateKeys(file, clock.now(), { compromised: false });
    expect(keys.verifier(added)).toBeNull();
    clock.advance(1);
    expect(keys.verifier(added)).not.toBeNull();
  });
});

describe('a rotation', () => {
  let apps: [TestApp, TestApp];
  let file: string;
  let signedIn: SignedIn;

  beforeEach(async () => {
    file = join(directory, 'jwt-keys.json');
    await rotateKeys(file, clock.now(), { compromised: false });
    const options = { extra: [DoorsModule], environment: { JWT_KEYS_FILE: file } };
    const first = await startApp(options);
    apps = [first, await startApp({ ...options, db: first.db })];
    expect(keyFileOf(first.config)).toBe(file);
    const student = await createStudent(first.database, await createTenant(first.database));
    signedIn = await first.app.get(SignInsService, { strict: false }).open(student);
  });

  afterEach(async () => {
    await apps[1].stop();
    await apps[0].stop();
  });

  const [A, B] = [0, 1] as const;
  const advance = (seconds: number): void => apps.forEach((app) => app.clock.advance(seconds));
  const knock = async (app: 0 | 1, token: string): Promise<number> =>
    (await apps[app].anonymous.get('/doors/signed-in').set('authorization', `Bearer ${token}`)).status;
  const refresh = async (app: 0 | 1): Promise<SignedIn> => {
    const { refreshToken } = signedIn;
    signedIn = (await apps[app].anonymous.post('/auth/refresh').send({ refreshToken }).expect(200)).body as SignedIn;
    return signedIn;
  };
  const kidOf = ({ accessToken }: SignedIn): string | undefined => decodeProtectedHeader(accessToken).kid;

  it('logs nobody out, in no process', async () => {
    const old = signedIn;
    advance(1);
    const { added } = await rotateKeys(file, apps[A].clock.now(), { compromised: false });
    advance(5);
    // published everywhere, and not used yet
    for (const { url } of apps) {
      const { body } = await request(url).get('/.well-known/jwks.json');
      expect((body as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)).toEqual([added, kidOf(old)]);
    }
    expect(kidOf(await refresh(A))).toBe(kidOf(old));
    expect(await knock(B, old.accessToken)).toBe(200);
    advance(590);
    const last = await refresh(B);
    expect(kidOf(last)).toBe(kidOf(old));
    advance(5);
    const next = await refresh(A);
    expect(kidOf(next)).toBe(added);
    for (const app of [A, B]) for (const token of [last, next]) expect(await knock(app, token.accessToken)).toBe(200);
    // and somebody else, with the published keys alone
    const { body } = await request(apps[B].url).get('/.well-known/jwks.json');
    const verified = await jwtVerify(next.accessToken, createLocalJWKSet(body as { keys: [] }), {
      issuer: 'instructor-dashboard',
      audience: 'instructor-dashboard-api',
      currentDate: apps[B].clock.now(),
    });
    expect(verified.payload['sid']).toBe(next.signInId);
    advance(86_400);
    const { dropped } = await rotateKeys(file, apps[A].clock.now(), { compromised: false });
    expect(dropped).toEqual([kidOf(old)]);
    expect(kidOf(await refresh(B))).toBe(added);
  });

  it('reaches a process that has not looked yet as soon as it meets the new key', async () => {
    const stale = apps[B];
    // settled, as when a process has slept through the time in between
    const { added } = await rotateKeys(file, new Date('2026-03-02T07:00:00Z'), { compromised: false });
    apps[A].clock.advance(5);
    stale.clock.advance(1);
    const { accessToken } = await refresh(A);
    expect(decodeProtectedHeader(accessToken).kid).toBe(added);
    expect(await knock(B, accessToken)).toBe(200);
  });

  it('after a theft ends every access token at once, remembered or not, and no sign-in', async () => {
    const stolen = signedIn.accessToken;
    expect(await knock(A, stolen)).toBe(200);
    const { added, dropped } = await rotateKeys(file, apps[A].clock.now(), { compromised: true });
    expect(dropped).toHaveLength(1);
    advance(5);
    for (const app of [A, B]) expect(await knock(app, stolen)).toBe(401);
    const { accessToken } = await refresh(B);
    expect(decodeProtectedHeader(accessToken).kid).toBe(added);
    for (const app of [A, B]) expect(await knock(app, accessToken)).toBe(200);
  });
});
