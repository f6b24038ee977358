import { createHash } from 'node:crypto';

/** Of all that an entry says it was and is, as JSON. */
export const mostBytes = 65_536;
/** What a cut takes by itself: shorter values are worth nothing cut. */
const cutBytes = 120;
const longestReason = 2_000;
/** Deeper than anything that is recorded; what lies below is not. */
const deepest = 32;

/**
 * Never on record, however deep they stand: names without regard to case, `-` and `_`. They are names of fields that hold
 * a secret itself; `keyId` or `secretChangedAt` say something about one.
 */
export const secretFields: ReadonlySet<string> = new Set([
  'password', 'currentpassword', 'newpassword', 'passwordhash', 'secret', 'clientsecret', 'previoussecret', 'token',
  'accesstoken', 'refreshtoken', 'idtoken', 'devicetoken', 'key', 'apikey', 'privatekey', 'hash', 'authorization',
  'cookie', 'setcookie', 'credential', 'credentials', 'otp', 'pin',
]); // prettier-ignore

/** Words that somebody looked for are names, as often as not, and of others than whom the entry is about. */
const searchFields: ReadonlySet<string> = new Set(['search']);
const masked = '***';

export interface EntryValues {
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
}

/** Put in place of a value that was too long. */
export interface Cut {
  readonly cut: { readonly bytes: number; readonly sha256: string };
}

/** What may be kept of these: without secrets, and cut field by field, the largest first, until it is short enough. */
export function keptOf(values: {
  readonly before?: unknown;
  readonly after?: unknown;
  readonly reason?: string;
}): EntryValues {
  const sides = { before: cleaned(values.before), after: cleaned(values.after) };
  let bytes = lengthOf(sides.before) + lengthOf(sides.after);
  if (bytes > mostBytes) {
    bytes = cutFields(sides, bytes);
    for (const side of largestFirst(sides)) if (bytes > mostBytes) bytes += replace(sides, side);
  }
  const { reason } = values;
  return { ...sides, reason: reason === undefined ? null : oneLine(reason, longestReason) };
}

/**
 * Text that stands in one line, whatever it holds: what ends lines, moves the cursor or turns the direction of reading is
 * written out. @param most characters of the text that are looked at
 */
export function oneLine(text: string, most: number): string {
  const start = text.slice(0, most);
  if (/^[ -~]*$/.test(start)) return start;
  return start
    .replaceAll(/\p{Cs}/gu, '\ufffd')
    .replaceAll(unprintable, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Controls, ends of lines and paragraphs, and what turns the direction of all that follows. */
const unprintable = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu;

type Side = Record<string, unknown>;

function cutFields(sides: Side, length: number): number {
  let bytes = length;
  const fields = Object.values(sides).flatMap((side) =>
    isFields(side) ? Object.keys(side).map((name) => ({ side, name, bytes: lengthOf(side[name]) })) : [],
  );
  for (const { side, name } of fields.filter((field) => field.bytes > cutBytes).sort((a, b) => b.bytes - a.bytes)) {
    if (bytes <= mostBytes) break;
    bytes += replace(side, name);
  }
  return bytes;
}

/** @returns by how much it is longer now */
function replace(side: Side, name: string): number {
  const before = lengthOf(side[name]);
  side[name] = cut(side[name]);
  return lengthOf(side[name]) - before;
}

function cut(value: unknown): Cut {
  const json = JSON.stringify(value);
  return { cut: { bytes: Buffer.byteLength(json), sha256: createHash('sha256').update(json).digest('hex') } };
}

const largestFirst = (sides: Side): string[] =>
  Object.keys(sides).sort((one, other) => lengthOf(sides[other]) - lengthOf(sides[one]));

function lengthOf(value: unknown): number {
  return value === null || value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}

/** A copy as it will be read: JSON, without what is secret. */
function cleaned(value: unknown, depth = 0): unknown {
  if (value === undefined || value === null) return null;
  if (value instanceof Date || Buffer.isBuffer(value)) return JSON.parse(JSON.stringify(value)) as unknown;
  if (typeof value === 'string') return storable(value);
  if (typeof value !== 'object') return value;
  if (depth === deepest) return masked;
  if (Array.isArray(value)) return value.map((one) => cleaned(one, depth + 1));
  const kept: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value)) {
    const plain = name.replaceAll(/[-_]/g, '').toLowerCase();
    if (inner === undefined || secretFields.has(plain)) continue;
    const isSearch = searchFields.has(plain) && inner !== null;
    kept.push([storable(name), isSearch ? masked : cleaned(inner, depth + 1)]);
  }
  return Object.fromEntries(kept);
}

/** PostgreSQL takes no NUL and no half of a surrogate pair. */
function storable(text: string): string {
  return /^[ -\ud7ff]*$/.test(text) ? text : text.replaceAll(/[\0\p{Cs}]/gu, '\ufffd');
}

function isFields(value: unknown): value is Side {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
