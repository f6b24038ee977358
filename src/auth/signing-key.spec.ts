import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../config.js';
import { readSigningKey } from './signing-key.js';

let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'instructor-dashboard-key-'));
});

afterEach(() => rm(dataDir, { recursive: true, force: true }));

const read = (environment: Record<string, string> = {}): ReturnType<typeof readSigningKey> =>
  readSigningKey(readConfig({ DATA_DIR: join(dataDir, 'below'), ...environment }));

it('is made once, for its owner alone, also when several ask at once', async () => {
  const keys = await Promise.all(Array.from({ length: 8 }, () => read()));
  expect(new Set(keys.map(({ privateKey }) => privateKey)).size).toBe(1);
  expect(await read()).toEqual(keys[0]);
  expect(await readdir(join(dataDir, 'below'))).toEqual(['jwt-private-key.pem']);
  const file = join(dataDir, 'below', 'jwt-private-key.pem');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(createPrivateKey(await readFile(file)).asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
});

it('is the one that is configured', async () => {
  const file = join(dataDir, 'own.pem');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(file, privateKey.export({ type: 'sec1', format: 'pem' }));
  const key = await read({ JWT_PRIVATE_KEY_FILE: file });
  expect(createPrivateKey(key.privateKey).equals(privateKey)).toBe(true);
  expect(await readdir(dataDir)).toEqual(['own.pem']);
});

it('is no key of another kind, no other text, and no missing file', async () => {
  const file = join(dataDir, 'own.pem');
  const use = (): ReturnType<typeof readSigningKey> => read({ JWT_PRIVATE_KEY_FILE: file });
  await expect(use()).rejects.toThrow(`cannot be read from ${file}: ENOENT`);
  await writeFile(file, 'secret');
  await expect(use()).rejects.toThrow(`cannot be read from ${file}`);
  for (const { privateKey } of [
    generateKeyPairSync('ec', { namedCurve: 'P-384' }),
    generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  ]) {
    await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await expect(use()).rejects.toThrow('must be an EC key on the curve P-256');
  }
});
