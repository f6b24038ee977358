import { createCipheriv, createDecipheriv } from 'node:crypto';
import { randomFew } from './random-few.js';

const algorithm = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;

/** Which entry it stands in, and in which column: nowhere else can it be read. */
export interface Place {
  readonly tenantId: string;
  readonly id: string;
  readonly column: 'details' | 'origin';
}

/** @param key 32 bytes @returns nonce, tag and what is encrypted of the value's JSON */
export function encrypt(key: Buffer, value: object, place: Place): Buffer {
  const nonce = randomFew(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(additional(place));
  const text = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]);
}

/** @returns undefined where it is not what `encrypt` made with this key for this place */
export function decrypt<T extends object>(key: Buffer, bytes: Buffer, place: Place): T | undefined {
  try {
    const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAAD(additional(place)).setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    const text = Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
    return JSON.parse(text.toString()) as T;
  } catch {
    return undefined;
  }
}

function additional({ tenantId, id, column }: Place): Buffer {
  return Buffer.from(`${tenantId}/${id}/${column}`);
}
