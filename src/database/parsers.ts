import pg from 'pg';

const { builtins } = pg.types;

/** `2026-11-20 23:49:43.12+00` → `2026-11-20T23:49:43.12Z`; keeps microseconds, which a Date would drop. */
function instant(text: string): string {
  if (text.endsWith('+00')) return `${text.slice(0, 10)}T${text.slice(11, -3)}Z`;
  if (text === 'infinity' || text === '-infinity') return text;
  return new Date(text).toISOString();
}

function integer(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a JavaScript number`);
  return value;
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
        return (text: string) => text;
      case builtins.INT8:
        return integer;
      case builtins.NUMERIC:
        return Number;
      default:
        return pg.types.getTypeParser(oid, format as 'text');
    }
  }) as pg.CustomTypesConfig['getTypeParser'],
};
