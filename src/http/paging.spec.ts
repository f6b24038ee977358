import { decodeCursor, encodeCursor, linksOf, positionOf, toPage } from './paging.js';
import type { Problem } from './problem.js';

const listing = { scope: { list: 'students', sort: 'name' }, keys: ['text', 'number', 'id'] } as const;
const id = '0197a000-0000-7000-8000-000000000001';

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Problem).code;
  }
  return 'none';
}

describe('a cursor', () => {
  it.each([[['Ada', 1.5, id]], [['名前 "x"', -1, id]], [[null, null, null]]])('brings back %j', (values) => {
    expect(decodeCursor(encodeCursor(values, listing), listing)).toEqual(values);
  });

  const forged = (parts: unknown): string => Buffer.from(JSON.stringify(parts)).toString('base64url');
  const own = JSON.parse(Buffer.from(encodeCursor([], listing), 'base64url').toString()) as [string];

  it.each<[string, string]>([
    ['of another order', encodeCursor(['Ada', 1, id], { ...listing, scope: { list: 'students', sort: 'id' } })],
    ['that is no base64', '%%%'],
    ['that is no JSON', Buffer.from('{').toString('base64url')],
    ['that is no list', forged({})],
    ['with too few values', forged([...own, 'Ada', 1])],
    ['with a text for a number', forged([...own, 'Ada', '1', id])],
    ['with an object', forged([...own, {}, 1, id])],
    ['with a NUL', forged([...own, 'A\0', 1, id])],
    ['with half a surrogate', forged([...own, 'A\ud800', 1, id])],
    ['with no UUID', forged([...own, 'Ada', 1, 'x'])],
  ])('%s is refused', (_, cursor) => {
    expect(refusal(() => decodeCursor(cursor, listing))).toBe('cursor_invalid');
  });
});

describe('a position', () => {
  it('reaches the last page that begins within 10,000 rows', () => {
    expect(positionOf({ limit: 20, page: 500 }, listing)).toMatchObject({ offset: 9_980, page: 500, after: null });
    expect(refusal(() => positionOf({ limit: 20, page: 501 }, listing))).toBe('page_too_deep');
  });

  it('is a page or a cursor', () => {
    const cursor = encodeCursor(['Ada', 1, id], listing);
    expect(positionOf({ limit: 20, cursor }, listing)).toEqual({ limit: 20, offset: 0, after: ['Ada', 1, id] });
    expect(refusal(() => positionOf({ limit: 20, page: 1, cursor }, listing))).toBe('cursor_and_page_given');
  });
});

describe('a page', () => {
  const of = { listing: { scope: 'n', keys: ['number'] }, keysOf: (row: number) => [row] } as const;

  it('sends one row fewer than were read, and a cursor behind the last of them', () => {
    const page = toPage([1, 2, 3], { limit: 2, offset: 0, page: 1, after: null }, { ...of, total: 5 });
    expect(page.data).toEqual([1, 2]);
    expect(page.pagination).toMatchObject({ total: 5, totalPages: 3, totalIsEstimate: false, hasNext: true });
    expect(decodeCursor(page.pagination.nextCursor!, of.listing)).toEqual([2]);
  });

  it('is the last one when no row is left over', () => {
    const { pagination } = toPage([1, 2], { limit: 2, offset: 0, page: undefined, after: [0] }, of);
    expect(JSON.parse(JSON.stringify(pagination))).toEqual({ limit: 2, hasNext: false });
  });

  it('links on by cursor where pages end', () => {
    const url = '/students?limit=100&page=100&search=a%20b';
    const links = linksOf(url, {
      limit: 100,
      page: 100,
      total: 50_000,
      totalPages: 500,
      hasNext: true,
      nextCursor: 'c',
    });
    expect(links).toBe(
      '</students?limit=100&search=a%20b>; rel="first", </students?limit=100&search=a%20b&page=99>; rel="prev", ' +
        '</students?limit=100&search=a%20b&cursor=c>; rel="next"',
    );
    expect(linksOf('/students', { limit: 20, page: 1, hasNext: false })).toBe('</students>; rel="first"');
  });
});
