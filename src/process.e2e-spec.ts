import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../test/database.js';

jest.setTimeout(90_000);

let db: TestDatabase;
let child: ChildProcess;

beforeEach(async () => {
  db = await createTestDatabase();
});

afterEach(async () => {
  child.kill('SIGKILL');
  await db.drop();
});

/** Everything the process wrote, growing. */
function start(environment: Record<string, string>): { output: () => string; exit: Promise<number | null> } {
  child = spawn(process.execPath, ['--import', './test/typescript.js', 'src/main.ts'], {
    env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test', PORT: '0', ...db.environment, ...environment },
  });
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { output: () => text, exit: once(child, 'close').then(([code]) => code as number | null) };
}

async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 3_000; attempt++) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('what was waited for did not happen');
}

const readiness = async (url: string): Promise<number> => (await fetch(`${url}/health/ready`)).status;
const listening = (output: () => string): Promise<string> => until(() => /"url":"([^"]+)"/.exec(output())?.[1]);

it('stops in order: not ready but serving, then gone with 0', async () => {
  const { output, exit } = start({ DRAIN_SECONDS: '1' });
  const url = await listening(output);
  expect(await readiness(url)).toBe(200);
  child.kill('SIGTERM');
  await until(async () => ((await readiness(url)) === 503 ? true : undefined));
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
  expect(await exit).toBe(0);
  expect(output()).toContain('"stopped"');
});

it('ends at the second signal', async () => {
  const { output, exit } = start({ DRAIN_SECONDS: '100' });
  await listening(output);
  child.kill('SIGINT');
  await until(() => (output().includes('"stopping"') ? true : undefined));
  child.kill('SIGINT');
  expect(await exit).toBe(1);
});

it('refuses to start on a database that lacks a migration', async () => {
  await db.source.query(`delete from migrations where name like 'CreateAuditEntries%'`);
  const { output, exit } = start({});
  expect(await exit).toBe(1);
  expect(output()).toContain('the database lacks migrations: CreateAuditEntries1763600200000');
});

it('refuses to start with a model of risk that is not as it was written, in one line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-'));
  const file = join(folder, 'model.json');
  writeFileSync(file, '{"format": 7}');
  const { output, exit } = start({ RISK_MODEL_FILE: file });
  expect(await exit).toBe(1);
  expect(output()).toContain(`the risk model ${file} is of format 7, and this release reads format 1`);
  expect(output().trimEnd()).not.toContain('\n');
  rmSync(folder, { recursive: true });
});
