import fc from './property.js';

/** Text that patterns, trigrams, LIKE, tsquery, collations, casts and parsers have stumbled over. */
const known = [
  ...['%', '_', '\\', '%%%%%%%%', '\\%', "'", "''; drop table users; --", '"', '$1', '$$', '{}', '[]', '(', '*', '?'],
  ...['a & b | !c', "a' & 'b", ':*', '<->', '^$', '.*'.repeat(50), '(a+)+$', 'a'.repeat(10_000), 'ab '.repeat(3_000)],
  ...['%_'.repeat(2_000), '\\'.repeat(3_000), 'é'.normalize('NFD').repeat(1_500), `e${'\u0301'.repeat(2_000)}`],
  ...['\u200b', '\u202e', '\ufeff', '\u00a0\u2003', '👩‍👩‍👧‍👦'.repeat(20), 'ß', 'İ', 'ﬃ', '﷽'.repeat(50), '\u{10ffff}'],
  ...['\0', 'a\0b', '\ud800', 'a\udfff', '\r\nset-cookie: x=1', '\t\v\f', '\x7f\x1b[31m', 'NaN', '-0', '1e999', '0x10'],
  ...['٣', '１２', 'null', 'undefined', 'true', '../../etc/passwd', 'file:///etc/passwd', '<script>alert(1)</script>'],
  ...['=cmd|" /C calc"!A0', '2026-02-30', '2026-01-01T00:00:00+99:99', '9'.repeat(400), '-9223372036854775809'],
];

/** One of them, several in a row, one of them many times over, or anything at all. */
export const nasty: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...known),
  fc.array(fc.constantFrom(...known), { minLength: 2, maxLength: 4 }).map((parts) => parts.join(' ')),
  fc.tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 2_000 })).map(
    ([part, times]) => part.repeat(times), // prettier-ignore
  ),
  fc.string({ unit: 'binary', maxLength: 210 }),
);

const halves = /\p{Surrogate}/gu;

/** For a query: halves of surrogate pairs as the bytes that some would send for them, cut to what a URL can be. */
export function inUrl(text: string): string {
  const encoded = text.split(halves).map(encodeURIComponent).join('%ED%A0%80');
  // never in the middle of an escape
  return encoded.slice(0, 12_000).replace(/%[0-9A-F]?$/, '');
}
