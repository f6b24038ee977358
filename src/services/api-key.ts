import { createHash, randomBytes } from 'node:crypto';

/** The text of a key, known to its holder alone, and what is kept of it. */
export interface ApiKeyText {
  readonly key: string;
  readonly prefix: string;
  readonly hash: Buffer;
}

/** `idk_<8 hexadecimal digits>_<256 random bits>` */
const wellFormed = /^idk_[0-9a-f]{8}_[\w-]{43}$/;

export function makeApiKey(): ApiKeyText {
  const prefix = `idk_${randomBytes(4).toString('hex')}`;
  const key = `${prefix}_${randomBytes(32).toString('base64url')}`;
  return { key, prefix, hash: hashApiKey(key) };
}

export function isApiKey(text: string): boolean {
  return wellFormed.test(text);
}

/** SHA-256: what is looked up is the hash, so that how long it takes tells nothing of the key. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
