import pg from 'pg';

const { builtins } = pg.types;

/** Object ids of array types, which pg has no names for. */
const arrays = { text: 1009, int8: 1016, date: 1182, timestamptz: 1185, numeric: 1231 };

/** `2026-11-20 23:49:43.12+00` → `2026-11-20T23:49:43.12Z`; keeps microseconds, which a Date would drop. */
function instant(text: string): string {
  if (text.endsWith('+00')) return `${text.slice(0, -3).replace(' ', 'T')}Z`;
  if (text === 'infinity' || text === '-infinity') return text;
  return new Date(text).toISOString();
}

function integer(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a JavaScript number`);
  return value;
}

type Nested<T> = (T | null | Nested<T>)[];

/** pg takes an array apart; its elements arrive as the same type does outside of one. */
function arrayOf<T>(parse: (text: string) => T): (text: string) => Nested<T> {
  const split = pg.types.getTypeParser(arrays.text) as (text: string) => Nested<string>;
  const each = (value: string | null | Nested<string>): T | null | Nested<T> =>
    Array.isArray(value) ? value.map(each) : value === null ? null : parse(value);
  return (text) => split(text).map(each);
}

/**
 * How column types arrive, so that a row is already the JSON of an answer: instants as ISO 8601 in UTC, days as
 * `YYYY-MM-DD`, `bigint` and `numeric` as numbers (scores and counts fit a double; `numeric(5,2)` exactly enough).
 */
export const parsers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    switch (oid) {
      case builtins.TIMESTAMPTZ:
        return instant;
      case builtins.DATE:
        return String;
      case builtins.INT8:
        return integer;
      case builtins.NUMERIC:
        return Number;
      case arrays.timestamptz:
        return arrayOf(instant);
      case arrays.date:
        return arrayOf(String);
      case arrays.int8:
        return arrayOf(integer);
      case arrays.numeric:
        return arrayOf(Number);
      default:
        return pg.types.getTypeParser(oid, format as 'text') as (text: string) => unknown;
    }
  }) as pg.CustomTypesConfig['getTypeParser'],
};
