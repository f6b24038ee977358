import { appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/**
 * Runs in every test file, before it: writes down the name of each statement that reaches PostgreSQL, so that
 * `statements.reporter.mts` can tell which never did.
 */
const seen = new Set<string>();
const record = join(tmpdir(), `${process.env.TEST_TEMPLATE}-statements`);

type Query = (this: pg.Client, query: unknown, ...rest: unknown[]) => unknown;
const client = pg.Client.prototype as unknown as { query: Query };
const { query } = client;

client.query = function (this: pg.Client, ...[first, ...rest]: Parameters<Query>): unknown {
  const text = typeof first === 'string' ? first : (first as { text?: string } | null)?.text;
  const name = /^\s*-- ([a-z]\w*\.[a-zA-Z]\w*)\n/.exec(text ?? '')?.[1];
  if (name !== undefined && !seen.has(name)) {
    seen.add(name);
    appendFileSync(record, `${name}\n`);
  }
  return query.call(this, first, ...rest);
};
