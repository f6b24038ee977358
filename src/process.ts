import { type Config, readConfig } from './config.js';
import { pendingMigrations } from './database/migrate.js';
import { openDatabase, type OpenDatabase } from './database/open.js';
import { mayChangeAudit } from './database/roles.js';
import { createLog, type Log } from './http/log.js';
import { bringUpToDate } from './up-to-date.js';

/** What a process has when it begins its own work. */
export interface Process {
  readonly config: Config;
  readonly log: Log;
  readonly database: OpenDatabase;
}

/** An orderly stop that takes longer is not going to end. */
const longestStopSeconds = 30;

/**
 * From the environment to an orderly end: opens the database, lets `start` do the work, and on SIGTERM or SIGINT runs
 * the function it returned, closes the database and exits with 0. A second signal ends the process at once. A start
 * that fails says why in one line and exits with 1.
 */
export async function runProcess(
  name: string,
  start: (process: Process) => Promise<() => Promise<void>>,
): Promise<void> {
  let log: Log | undefined;
  let database: OpenDatabase | undefined;
  try {
    const config = readConfig();
    const say = (line: string): void => log?.info(line);
    log = createLog(config);
    database = await openDatabase(config, { applicationName: name, log: say });
    await prepare(database, say);
    if (await mayChangeAudit(database.source)) {
      log.warn(
        'the role of DATABASE_URL may change the audit: give the application a role that does not own the tables',
      );
    }
    const stop = await start({ config, log, database });
    await stopOnSignal(log, config, stop, database);
    process.exit(0);
  } catch (error) {
    await database?.close().catch(() => undefined);
    if (log) log.fatal({ err: error }, (error as Error).message);
    else process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}

/** An embedded database is brought up to date; anybody else's is not ours to change. */
export async function prepare(database: OpenDatabase, say: (line: string) => void): Promise<void> {
  if (database.embedded) await bringUpToDate(database, say);
  const pending = await pendingMigrations(database.source);
  if (pending.length > 0) throw new Error(`the database lacks migrations: ${pending.join(', ')}`);
}

async function stopOnSignal(
  log: Log,
  config: Config,
  stop: () => Promise<void>,
  database: OpenDatabase,
): Promise<void> {
  const signal = await new Promise<NodeJS.Signals>((resolve) => {
    let stopping = false;
    const onSignal = (name: NodeJS.Signals): void => {
      if (stopping) process.exit(1);
      stopping = true;
      resolve(name);
    };
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
  });
  log.info({ signal }, 'stopping');
  const limit = config.http.drainSeconds + config.http.requestTimeoutSeconds + longestStopSeconds;
  setTimeout(() => process.exit(1), limit * 1000).unref();
  await stop();
  await database.close();
  log.info('stopped');
}
