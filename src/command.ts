import { AuditRecorder } from './audit/audit.recorder.js';
import { type Config, readConfig } from './config.js';
import { Clock } from './database/clock.js';
import { Database } from './database/database.js';
import { ConstraintViolation } from './database/errors.js';
import { openDatabase } from './database/open.js';
import { toProblem } from './http/problem.js';
import { prepare } from './process.js';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** What a command has when it begins its own work. */
export interface Command {
  readonly config: Config;
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: AuditRecorder;
}

/**
 * Reads what the command was given; then opens the database that the environment names, or the embedded one also while
 * the server runs, does the work, and closes it. What fails says why in one line on standard error and ends with 1; standard output is the work's own.
 */
export async function runCommand<T>(read: () => T, work: (given: T, command: Command) => Promise<void>): Promise<void> {
  try {
    const given = read();
    const config = readConfig();
    const opened = await openDatabase(config, { applicationName: 'command', log: say });
    try {
      await prepare(opened, say);
      const database = new Database(opened.source, { prepared: false });
      const clock = new Clock();
      await work(given, { config, database, clock, audit: AuditRecorder.on(database, clock) });
    } finally {
      await opened.close();
    }
  } catch (error) {
    const problem = error instanceof ConstraintViolation ? toProblem(error) : error;
    say(problem instanceof Error ? problem.message : String(problem));
    process.exitCode = 1;
  }
}
