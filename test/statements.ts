import { appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/**
 * Runs in every test file, before it: writes down each statement that reaches PostgreSQL, a line of JSON each, for
 * `statements.reporter.mts` to look at.
 */
const seen = new Set<string>();
const listeners = new Set<(name: string) => void>();
const record = join(tmpdir(), `${process.env.TEST_TEMPLATE}-statements`);

type Query = (this: pg.Client, query: unknown, ...rest: unknown[]) => unknown;
const client = pg.Client.prototype as unknown as { query: Query };
const { query } = client;

client.query = function (this: pg.Client, ...[first, ...rest]: Parameters<Query>): unknown {
  const text = typeof first === 'string' ? first : (first as { text?: string } | null)?.text;
  const name = text && /^\s*-- ([a-z]\w*\.[a-zA-Z]\w*)\n/.exec(text)?.[1];
  if (name) for (const listener of listeners) listener(name);
  if (name && !seen.has(text)) {
    seen.add(text);
    appendFileSync(record, `${JSON.stringify(text)}\n`);
  }
  return query.call(this, first, ...rest);
};

/** The names of the statements that this process sends meanwhile, one for each time. */
export async function statementsDuring(work: () => Promise<unknown>): Promise<string[]> {
  const names: string[] = [];
  const listener = (name: string): void => void names.push(name);
  listeners.add(listener);
  try {
    await work();
  } finally {
    listeners.delete(listener);
  }
  return names;
}
