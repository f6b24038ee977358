import { createHash } from 'node:crypto';
import fc from '../../test/property.js';
import { type Cut, keptOf, mostBytes, oneLine, secretFields } from './entry-values.js';

const sizeOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

it('keeps what is short as it is', () => {
  const at = new Date('2026-03-02T08:00:00Z');
  const values = { before: { name: 'A', list: [1, { a: null }], at }, after: 'b', reason: 'why' };
  expect(keptOf(values)).toEqual({
    before: { name: 'A', list: [1, { a: null }], at: '2026-03-02T08:00:00.000Z' },
    after: 'b',
    reason: 'why',
  });
  expect(keptOf({})).toEqual({ before: null, after: null, reason: null });
});

it('cuts the largest fields, says how long they were and what they were by their digest, and leaves the others', () => {
  const huge = 'x'.repeat(5_000_000);
  const large = 'y'.repeat(60_000);
  const { before, after } = keptOf({ before: { title: 'Old', huge, large }, after: { title: 'New', large: 'z' } });
  const sha256 = createHash('sha256').update(JSON.stringify(huge)).digest('hex');
  expect(before).toEqual({ title: 'Old', huge: { cut: { bytes: 5_000_002, sha256 } }, large });
  expect(after).toEqual({ title: 'New', large: 'z' });
});

it('cuts a side as a whole where it has no fields, or too many', () => {
  const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`field${n}`, n]));
  const { before, after } = keptOf({ before: many, after: Array.from({ length: 90_000 }, () => 'x') });
  for (const side of [before, after] as Cut[]) expect(side.cut.sha256).toMatch(/^[0-9a-f]{64}$/);
});

it('stays within its bounds, whatever it is given', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.nat({ max: 100_000 }), fc.nat({ max: 200 }), (value, long, count) => {
      const fields = Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, 'x'.repeat(long / (n + 1))]));
      const { before, after } = keptOf({ before: { value, ...fields }, after: fields });
      expect(sizeOf(before) + sizeOf(after)).toBeLessThanOrEqual(mostBytes);
    }),
    { numRuns: 100 },
  );
});

it('never shows what is secret, however deep it stands and however it is written', () => {
  const hidden = 'correct horse';
  const spellings = [...secretFields].flatMap((name) => [name, name.toUpperCase(), `${name[0]}_${name.slice(1)}`]);
  for (const name of [...spellings, 'Client-Secret', 'refresh_token', 'passwordHash']) {
    const value = { a: [{ b: { [name]: hidden, kept: 1 } }] };
    expect(keptOf({ before: value, after: value })).toMatchObject({ before: { a: [{ b: { kept: 1 } }] } });
    expect(JSON.stringify(keptOf({ before: value, after: value }))).not.toContain(hidden);
  }
  expect(
    keptOf({ after: { keyId: '1', secretChangedAt: 2, filter: { search: 'Müller', status: 'active' } } }).after,
  ).toEqual({
    ...{ keyId: '1', secretChangedAt: 2, filter: { search: '***', status: 'active' } },
  });
});

it('stays one line, in one direction, whatever it holds', () => {
  expect(oneLine('a\nlevel=info\u001b[31m\u0000\u202eabc\u2028\ud800\u009b', 100)).toBe(
    'a\\u000alevel=info\\u001b[31m\\u0000\\u202eabc\\u2028\ufffd\\u009b',
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(oneLine(text, 50)).not.toMatch(/[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u2069]/u);
    }),
  );
});

it('takes what is deep, odd or named like what all objects have', () => {
  let deep: unknown = 1;
  for (let n = 0; n < 1_000; n++) deep = { deep };
  const odd = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "\\u0000": "\\u0000"}') as object;
  const { before, after } = keptOf({ before: deep, after: odd });
  expect(sizeOf(before)).toBeLessThan(1_000);
  expect(JSON.stringify(after)).toBe('{"__proto__":{"polluted":true},"constructor":1,"\ufffd":"\ufffd"}');
});
