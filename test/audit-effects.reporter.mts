import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Effect, faultsOf } from './audit-effects.js';
import { readSources } from './sources.js';

/** What Jest tells a reporter, as far as this one wants to know. */
interface RunConfig {
  readonly testNamePattern?: string;
}
interface RunResults {
  readonly numTotalTestSuites: number;
  readonly numFailedTestSuites: number;
}

/** Fails a run, of all files or of one, in which something was written, or read of others, without its entry in the audit. */
export default class EffectsReporter {
  private error: Error | undefined;

  constructor(private readonly config: RunConfig) {}

  onRunComplete(_: unknown, results: RunResults): void {
    const files = readSources().filter(({ path }) => /\.(e2e-)?spec\.ts$/.test(path)).length;
    const { numTotalTestSuites, numFailedTestSuites } = results;
    const isWhole = numTotalTestSuites === files && !this.config.testNamePattern && numFailedTestSuites === 0;
    const faults = faultsOf(this.takeRecord(), isWhole);
    if (faults.length === 0) return;
    this.error = new Error(`Audit (test/audited.ts):\n  ${faults.join('\n  ')}`);
    console.error(`\n${this.error.message}\n`);
  }

  getLastError(): Error | undefined {
    return this.error;
  }

  private takeRecord(): Effect[] {
    const path = join(tmpdir(), `${process.env.TEST_TEMPLATE}-effects`);
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
    rmSync(path, { force: true });
    return [...new Set(lines)].map((line) => JSON.parse(line) as Effect);
  }
}
