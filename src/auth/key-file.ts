import { createPrivateKey, createPublicKey, type KeyObject, randomUUID } from 'node:crypto';
import { chmod, chown, link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Config } from '../config.js';

/** One of the keys that access tokens are signed and verified with. */
export interface SigningKey {
  /** The thumbprint of RFC 7638, which the header of a token names. */
  readonly kid: string;
  readonly createdAt: Date;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A private key as it stands in the file (RFC 7517); `createdAt` is a member of ours. */
type StoredKey = JWK & { readonly createdAt: string };

/**
 * How long a new key is published before it signs: longer than any process, and any cache of the published set, takes to
 * learn of it. On Kubernetes a changed secret arrives in a pod within two minutes.
 */
export const settlingSeconds = 600;
/** ACCESS_TOKEN_LIFETIME_SECONDS may not be longer. */
const longestTokenSeconds = 86_400;

export function keyFileOf({ auth, dataDir }: Pick<Config, 'auth' | 'dataDir'>): string {
  return auth.keysFile ?? join(dataDir, 'jwt-keys.json');
}

/**
 * The keys of a file's text, newest first.
 * @throws Error with one clear line for anything but a JWK Set of private P-256 keys, each with kid and createdAt
 */
export function parseKeys(text: string): SigningKey[] {
  const keys = keysIn(text);
  if (!Array.isArray(keys) || keys.length === 0) throw new Error('it holds no "keys"');
  const parsed = (keys as StoredKey[]).map(({ kid, createdAt, ...jwk }): SigningKey => {
    const since = new Date(createdAt);
    if (typeof kid !== 'string' || kid === '') throw new Error('a key has no kid');
    if (jwk.kty !== 'EC' || jwk.crv !== 'P-256' || !jwk.d)
      throw new Error(`${kid} is no private key on the curve P-256`);
    if (Number.isNaN(since.getTime())) throw new Error(`${kid} has no createdAt`);
    const privateKey = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
    return { kid, createdAt: since, privateKey, publicKey: createPublicKey(privateKey) };
  });
  if (new Set(parsed.map(({ kid }) => kid)).size < parsed.length) throw new Error('two keys have the same kid');
  return parsed.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
}

/** The parser's own message would show a piece of the text, which is secret. */
function keysIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { keys?: unknown } | null)?.keys;
  } catch {
    throw new Error('it is not JSON');
  }
}

/** Makes the file with a first key where there is none; of several processes at once one succeeds. */
export async function ensureKeyFile(file: string, now: Date): Promise<void> {
  if ((await readStored(file)) !== null) return;
  await write(file, [await generate(now)], async (draft) => {
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  });
}

export interface Rotation {
  readonly added: string;
  readonly dropped: readonly string[];
}

/**
 * Adds a key, and drops those with which no living token can have been signed; with `compromised`, all others, so that
 * every access token ends at once and clients go on with their refresh tokens. Nobody reads half a file. Of two rotations
 * at the same moment one may be lost, which costs nothing: no token was signed with its key yet.
 */
export async function rotateKeys(
  file: string,
  now: Date,
  options: { readonly compromised: boolean },
): Promise<Rotation> {
  const stored = (await readStored(file)) ?? [];
  const added = await generate(now);
  const kept = options.compromised ? [] : stored.filter((key) => isNeeded(key, stored, now));
  const before = await stat(file).catch(() => null);
  await write(file, [added, ...kept], async (draft) => {
    // whoever could read the keys can go on reading them
    if (before) await chmod(draft, before.mode);
    if (before) await chown(draft, before.uid, before.gid);
    await rename(draft, file);
  });
  return { added: added.kid!, dropped: stored.filter((key) => !kept.includes(key)).map(({ kid }) => kid!) };
}

/** A key signs until a newer one has settled, and its tokens live on for a while. */
function isNeeded(key: StoredKey, all: readonly StoredKey[], now: Date): boolean {
  const lastUsed = all
    .filter(({ createdAt }) => new Date(createdAt) > new Date(key.createdAt))
    .map(({ createdAt }) => new Date(createdAt).getTime() + settlingSeconds * 1000);
  return lastUsed.length === 0 || Math.min(...lastUsed) + longestTokenSeconds * 1000 > now.getTime();
}

async function generate(now: Date): Promise<StoredKey> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig', createdAt: now.toISOString() };
}

async function readStored(file: string): Promise<StoredKey[] | null> {
  try {
    const text = await readFile(file, 'utf8');
    parseKeys(text);
    return (JSON.parse(text) as { keys: StoredKey[] }).keys;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`the keys of tokens cannot be read from ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Written elsewhere first, for the owner alone. */
async function write(file: string, keys: readonly StoredKey[], place: (draft: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  try {
    await writeFile(draft, `${JSON.stringify({ keys }, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await place(draft);
  } finally {
    await rm(draft, { force: true });
  }
}
