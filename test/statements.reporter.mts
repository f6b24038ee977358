import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSources, statementsOf } from './sources.js';

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

/** Fails a full run in which a named statement of the product never ran. */
export default class StatementsReporter {
  private error: Error | undefined;

  constructor(private readonly config: RunConfig) {}

  onRunComplete(_: unknown, results: RunResults): void {
    const record = join(tmpdir(), `${process.env.TEST_TEMPLATE}-statements`);
    const ran = new Set(existsSync(record) ? readFileSync(record, 'utf8').split('\n') : []);
    rmSync(record, { force: true });
    const sources = readSources();
    const files = sources.filter(({ path }) => /\.(e2e-)?spec\.ts$/.test(path)).length;
    const isFull = results.numTotalTestSuites === files && !this.config.testNamePattern;
    if (!isFull || results.numFailedTestSuites > 0) return;
    const declared = sources.filter(({ isTest, path }) => !isTest && path.startsWith('src/')).flatMap(statementsOf);
    const missed = declared.filter(({ name }) => !ran.has(name) && !(name in unreachable));
    if (missed.length === 0) return;
    const lines = missed.map(({ name, path }) => `  ${name} (${path})`);
    this.error = new Error(`Statements that ran in no test:\n${lines.join('\n')}`);
    console.error(`\n${this.error.message}\n`);
  }

  getLastError(): Error | undefined {
    return this.error;
  }
}
