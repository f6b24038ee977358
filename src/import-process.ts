import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { type Config, readConfig } from './config.js';
import { Clock } from './database/clock.js';
import { connect, openDatabase, type OpenDatabase } from './database/open.js';
import { prepare } from './process.js';

/** A transaction of thousands of sessions may take longer than any request. */
const longestStatementSeconds = 120;
const connections = 4;

/**
 * The application's services without routes and jobs, on connections of the owner, who may make partitions, and with
 * more patience than those of requests.
 * @param statementTimeoutSeconds 0: no limit, of locks neither
 */
export async function withServices<T>(
  config: Config,
  { ownerUrl }: Pick<OpenDatabase, 'ownerUrl'>,
  work: (services: INestApplicationContext) => Promise<T>,
  clock: Clock = new Clock(),
  statementTimeoutSeconds = longestStatementSeconds,
): Promise<T> {
  const options = { poolSize: connections, pooler: false, applicationName: 'import', statementTimeoutSeconds };
  const source = await connect({ ...options, url: ownerUrl }, (line) => process.stderr.write(`${line}\n`));
  try {
    const module = AppModule.forRoot(config, { source, clock, worker: false });
    // statements of an import are slow because they are large: no warnings about them
    const quiet = { logger: ['error', 'fatal'], abortOnError: false } as const;
    const services = await NestFactory.createApplicationContext(module, { ...quiet, logger: [...quiet.logger] });
    return await work(services).finally(() => services.close());
  } finally {
    await source.destroy();
  }
}

/**
 * A command from its environment to its end: opens the database, brings an embedded one up to date, and stops what it
 * started, also on Ctrl-C. What fails says why in one line, and the process ends with 1.
 */
export async function runImport(work: (services: INestApplicationContext) => Promise<void>): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  exitOnSignal();
  let database: OpenDatabase | undefined;
  try {
    const config = readConfig();
    database = await openDatabase(config, { applicationName: 'import', log: say });
    await prepare(database, say);
    await withServices(config, database, work);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await database?.close();
  }
}

/**
 * Leaving runs the hook that stops an embedded server; what was not committed is done again next time.
 * @returns takes the handlers away again
 */
export function exitOnSignal(): () => void {
  const onInterrupt = (): void => process.exit(130);
  const onTerminate = (): void => process.exit(143);
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate);
  return () => void process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
}
