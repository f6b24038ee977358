import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { startRun } from '../server.js';

/**
 * `node --import ./test/typescript.js test/tools/understood.mts <file>`: whether the PostgreSQL of `DATABASE_URL` understands
 * each statement that a full run of the tests has sent to another version (`STATEMENTS_FILE=<file> npm test`). Prepares
 * them on the tables that the migrations make and runs none. Ends with 1 where one is not understood.
 */
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('say which file: what STATEMENTS_FILE named in a run of the tests');
const statements = (JSON.parse(await readFile(file, 'utf8')) as string[]).filter(isPreparable);

const run = await startRun(process.env.DATABASE_URL?.trim() || undefined);
const url = new URL(run.url);
url.pathname = `/${run.template}`;
const client = new pg.Client({ connectionString: url.href });
await client.connect();
let failed = 0;
for (const text of statements) {
  try {
    await client.query(`prepare understood as ${text}`);
    await client.query('deallocate understood');
  } catch (error) {
    failed += 1;
    console.log(`${text}\n  ${String(error)}\n`);
  }
}
await client.end();
await run.end();
console.log(`${statements.length - failed} of ${statements.length} statements are understood`);
process.exitCode = failed > 0 || statements.length === 0 ? 1 : 0;

/** Commands about tables and locks are not, nor what names a partition of a month; tests of tables run these. */
function isPreparable(text: string): boolean {
  return (
    /^(?:\s|--.*\n)*(?:select|with|insert|update|delete|merge|values)\b/i.test(text) && !/_\d{4}_\d{2}\b/.test(text)
  );
}
