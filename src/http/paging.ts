import { hash } from 'node:crypto';
import { isStorable } from './body.js';
import { Int, isDay, isId, isInstant, Text } from './fields.js';
import { Problem } from './problem.js';

/** How deep `page` reaches, in rows; a cursor reaches the end. */
const deepestRow = 10_000;

/** What every list takes. */
export class PageQuery {
  @Int({ min: 1, max: 100, optional: true, default: 20, description: 'Rows per page' })
  readonly limit: number = 20;

  @Int({
    min: 1,
    max: deepestRow,
    optional: true,
    description: 'Page from 1, up to 10,000 rows deep; not with `cursor`',
  })
  readonly page?: number;

  @Text({ max: 2_000, optional: true, description: 'Opaque `nextCursor` of the page before; reaches the end' })
  readonly cursor?: string;
}

export interface Pagination {
  readonly limit: number;
  readonly page?: number;
  readonly total?: number;
  readonly totalIsEstimate?: boolean;
  readonly totalPages?: number;
  readonly hasNext: boolean;
  readonly hasPrevious?: boolean;
  readonly nextCursor?: string;
}

/** For examples: of a list that is one page. */
export const examplePagination = (total: number): Pagination => ({
  limit: 20,
  page: 1,
  total,
  totalIsEstimate: false,
  totalPages: 1,
  hasNext: false,
  hasPrevious: false,
});

export interface Page<T> {
  readonly data: readonly T[];
  readonly pagination: Pagination;
}

export type CursorValue = string | number | boolean | null;
/** What stands at a place of the cursor; any of them may also be null. */
export type CursorKind = 'text' | 'number' | 'boolean' | 'id' | 'day' | 'instant';

/** The list that is being paged: a cursor of one filter or order is refused by every other. */
export interface Listing {
  /** Everything the rows and their order depend on: name of the list, filter, sort. Must survive `JSON.stringify`. */
  readonly scope: unknown;
  /** The sort keys, the unique tiebreaker last. */
  readonly keys: readonly CursorKind[];
}

/** Where a page begins: behind `after` when there is one, else at `offset`. Ask the database for `limit + 1` rows. */
export interface Position {
  readonly limit: number;
  readonly offset: number;
  /** Undefined in cursor mode. */
  readonly page: number | undefined;
  readonly after: readonly CursorValue[] | null;
}

/** @throws Problem 400 for a page and a cursor at once, a page too deep, and a cursor that is not of this list */
export function positionOf(query: PageQuery, listing: Listing): Position {
  const { limit, page = 1, cursor } = query;
  if (cursor === undefined) {
    if ((page - 1) * limit < deepestRow) return { limit, offset: (page - 1) * limit, page, after: null };
    throw refuse('page', 'page_too_deep', `Pages reach ${deepestRow} rows deep; go on with a cursor.`);
  }
  if (query.page !== undefined) throw refuse('cursor', 'cursor_and_page_given', 'Give a page or a cursor, not both.');
  return { limit, offset: 0, page: undefined, after: decodeCursor(cursor, listing) };
}

function refuse(parameter: string, code: string, detail: string): Problem {
  return new Problem(400, code, { detail, errors: [{ pointer: `/query/${parameter}`, code, detail }] });
}

const fingerprint = (scope: unknown): string => hash('sha1', JSON.stringify(scope), 'base64url').slice(0, 8);

/** @param values the sort keys of the last row that was sent */
export function encodeCursor(values: readonly CursorValue[], { scope }: Listing): string {
  return Buffer.from(JSON.stringify([fingerprint(scope), ...values])).toString('base64url');
}

/** @throws Problem 400 `cursor_invalid` for anything that `encodeCursor` did not make for this listing */
export function decodeCursor(cursor: string, { scope, keys }: Listing): readonly CursorValue[] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    parts = null;
  }
  if (Array.isArray(parts) && parts.length === keys.length + 1 && parts[0] === fingerprint(scope)) {
    const values = parts.slice(1) as CursorValue[];
    if (keys.every((kind, index) => isOfKind(values[index]!, kind))) return values;
  }
  throw refuse('cursor', 'cursor_invalid', 'This cursor does not belong to this list, its filter and its order.');
}

/** A cursor is not signed, so its values are checked like any other input. */
function isOfKind(value: CursorValue, kind: CursorKind): boolean {
  if (value === null) return true;
  switch (kind) {
    case 'text':
      return typeof value === 'string' && isStorable(value);
    case 'number':
      return Number.isFinite(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'id':
      return isId(value);
    case 'day':
      return isDay(value);
    case 'instant':
      return isInstant(value);
  }
}

interface PageOf<T> {
  readonly listing: Listing;
  /** The values of `listing.keys` in a row. */
  readonly keysOf: (row: T) => readonly CursorValue[];
  /** Rows of the whole list, where counted. */
  readonly total?: number;
  readonly totalIsEstimate?: boolean;
  /** Where looking for rows ended before the page was full: its cursor goes on from there, and it has no number. */
  readonly cutAt?: readonly CursorValue[];
}

/** @param rows up to `limit + 1` rows; the one too many tells that there is a next page */
export function toPage<T>(
  rows: readonly T[],
  position: Position,
  { listing, keysOf, total, totalIsEstimate, cutAt }: PageOf<T>,
): Page<T> {
  const { limit } = position;
  const page = cutAt ? undefined : position.page;
  const isFull = rows.length > limit;
  const hasNext = isFull || cutAt !== undefined;
  const data = isFull ? rows.slice(0, limit) : rows;
  return {
    data,
    pagination: {
      limit,
      page,
      total,
      totalIsEstimate: total === undefined ? undefined : (totalIsEstimate ?? false),
      totalPages: total === undefined ? undefined : Math.ceil(total / limit),
      hasNext,
      hasPrevious: page === undefined ? undefined : page > 1,
      nextCursor: hasNext ? encodeCursor(cutAt ?? keysOf(data.at(-1)!), listing) : undefined,
    },
  };
}

/**
 * RFC 8288 `Link` of a page.
 * @param url path and query of the request
 */
export function linksOf(url: string, { limit, page, totalPages, hasNext, nextCursor }: Pagination): string {
  const [path, query = ''] = url.split('?', 2) as [string, string?];
  const kept = query.split('&').filter((part) => part !== '' && !/^(page|cursor)=/.test(part));
  const link = (rel: string, ...more: string[]): string => {
    const search = [...kept, ...more].join('&');
    return `<${path}${search && `?${search}`}>; rel="${rel}"`;
  };
  const links = [link('first')];
  const deepestPage = Math.ceil(deepestRow / limit);
  if (page !== undefined && page > 1) links.push(link('prev', `page=${page - 1}`));
  if (hasNext) {
    if (page !== undefined && page < deepestPage) links.push(link('next', `page=${page + 1}`));
    else if (nextCursor !== undefined) links.push(link('next', `cursor=${nextCursor}`));
  }
  if (page !== undefined && totalPages !== undefined && totalPages > 0 && totalPages <= deepestPage) {
    links.push(link('last', `page=${totalPages}`));
  }
  return links.join(', ');
}
