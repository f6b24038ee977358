import { hash } from 'node:crypto';

/** An answer as it goes over the wire, so that a cached one is neither parsed nor written again. */
export interface JsonBytes {
  /** UTF-8 JSON. Shared between requests: never write into it. */
  readonly body: Buffer;
  /** The opaque tag of a strong ETag, without quotes: a function of `body` alone. */
  readonly etag: string;
}

export function toJsonBytes(value: object): JsonBytes {
  const body = Buffer.from(JSON.stringify(value));
  return { body, etag: hash('sha1', body, 'base64url') };
}
