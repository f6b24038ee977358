import { appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordEffects } from './audit-effects-record.js';
import { listen, sentDuring } from './sent.js';

/**
 * Runs in every test file, before it: writes down each statement that reaches PostgreSQL, a line of JSON each, for
 * `statements.reporter.mts` to look at.
 */
const seen = new Set<string>();
const record = join(tmpdir(), `${process.env.TEST_TEMPLATE}-statements`);

listen(({ text }) => {
  if (seen.has(text)) return;
  seen.add(text);
  appendFileSync(record, `${JSON.stringify(text)}\n`);
});

recordEffects();

/** The names of the statements that this process sends meanwhile, one for each time. */
export async function statementsDuring(work: () => Promise<unknown>): Promise<string[]> {
  return (await sentDuring(work)).map(({ name }) => name);
}
