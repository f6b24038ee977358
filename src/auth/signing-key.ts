import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config.js';

/** What access tokens are signed and verified with: PEM of an EC P-256 pair. */
export abstract class SigningKey {
  abstract readonly privateKey: string;
  abstract readonly publicKey: string;
}

/**
 * The key that the configuration names, or our own in the data directory, made by the process that first asks for it.
 * @throws Error with one clear line when the file cannot be read or holds another kind of key
 */
export async function readSigningKey({ auth, dataDir }: Pick<Config, 'auth' | 'dataDir'>): Promise<SigningKey> {
  const file = auth.privateKeyFile ?? (await ensureKeyFile(dataDir));
  let key: KeyObject;
  try {
    key = createPrivateKey(await readFile(file));
  } catch (cause) {
    throw new Error(`the private key of tokens cannot be read from ${file}: ${(cause as Error).message}`, { cause });
  }
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new Error(`the private key of tokens in ${file} must be an EC key on the curve P-256`);
  }
  return {
    privateKey: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }) as string,
  };
}

/** Written elsewhere and then linked into place: of several processes one succeeds, and nobody reads half a key. */
async function ensureKeyFile(dataDir: string): Promise<string> {
  const file = join(dataDir, 'jwt-private-key.pem');
  if (await exists(file)) return file;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await mkdir(dataDir, { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeFile(draft, privateKey.export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    });
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  return file;
}

function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
}
