import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSources, statementsOf } from './sources.js';
import { acrossTenants, isConfined } from './tenancy.js';

/** Statements that no test can reach, each with its reason. */
const unreachable: Readonly<Record<string, string>> = {
  'embedded.createDatabase': 'runs while the server of the tests is started, before there is a test',
  'embedded.probe': 'runs while the server of the tests is started, before there is a test',
  'schema.createScratch': 'a command of developers',
  'schema.dropScratch': 'a command of developers',
};

/** What Jest tells a reporter, as far as this one wants to know. */
interface RunConfig {
  readonly testNamePattern?: string;
}
interface RunResults {
  readonly numTotalTestSuites: number;
  readonly numFailedTestSuites: number;
}

/** Fails a full run in which a statement of the product never ran, or ran over tables without naming the tenant. */
export default class StatementsReporter {
  private error: Error | undefined;

  constructor(private readonly config: RunConfig) {}

  onRunComplete(_: unknown, results: RunResults): void {
    const ran = this.takeRecord();
    const sources = readSources();
    const declared = sources.filter(({ isTest, path }) => !isTest && path.startsWith('src/')).flatMap(statementsOf);
    const places = new Map(declared.map(({ name, path }) => [name, path]));
    const { STATEMENTS_FILE: file } = process.env;
    if (file) writeFileSync(file, JSON.stringify([...ran].flatMap(([name, texts]) => (places.has(name) ? texts : []))));
    const open = [...ran].filter(
      ([name, texts]) => places.has(name) && !(name in acrossTenants || texts.every(isConfined)),
    );
    const lines = open.map(([name]) => `${name} (${places.get(name)}) touches a table without its tenant_id`);
    const files = sources.filter(({ path }) => /\.(e2e-)?spec\.ts$/.test(path)).length;
    if (results.numTotalTestSuites === files && !this.config.testNamePattern && results.numFailedTestSuites === 0) {
      const missed = [...places].filter(([name]) => !ran.has(name) && !(name in unreachable));
      lines.push(...missed.map(([name, path]) => `${name} (${path}) ran in no test`));
    }
    if (lines.length === 0) return;
    this.error = new Error(`Statements:\n  ${lines.join('\n  ')}`);
    console.error(`\n${this.error.message}\n`);
  }

  getLastError(): Error | undefined {
    return this.error;
  }

  /** The texts that ran, by name. */
  private takeRecord(): Map<string, string[]> {
    const path = join(tmpdir(), `${process.env.TEST_TEMPLATE}-statements`);
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
    rmSync(path, { force: true });
    const ran = new Map<string, string[]>();
    for (const text of new Set(lines.map((line) => JSON.parse(line) as string))) {
      const name = /-- (\S+)/.exec(text)![1]!;
      ran.set(name, [...(ran.get(name) ?? []), text]);
    }
    return ran;
  }
}
