import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { DataSource } from 'typeorm';
import { AppModule } from '../app.module.js';
import { type Config, readConfig } from '../config.js';
import { Clock } from '../database/clock.js';
import { connect, openDatabase, type OpenDatabase } from '../database/open.js';
import { prepare } from '../process.js';
import { ImportsModule } from './imports.module.js';

/** A transaction of thousands of sessions may take longer than any request. */
const statementTimeoutSeconds = 120;
const connections = 4;

/** The application's services and those of the imports, without routes and jobs, on a connection with more patience. */
export async function withImports<T>(
  config: Config,
  { url }: Pick<OpenDatabase, 'url'>,
  work: (context: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const { pooler } = config.database;
  const options = { url, poolSize: connections, pooler, applicationName: 'import', statementTimeoutSeconds };
  const source = await connect(options, (line) => process.stderr.write(`${line}\n`));
  try {
    const context = await createContext(config, source);
    return await work(context).finally(() => context.close());
  } finally {
    await source.destroy();
  }
}

/** Without an HTTP server; closed by the caller, and then the data source. */
export function createContext(
  config: Config,
  source: DataSource,
  clock: Clock = new Clock(),
): Promise<INestApplicationContext> {
  @Module({ imports: [AppModule.forRoot(config, { source, clock, worker: false }), ImportsModule] })
  class Root {}

  // statements of an import are slow because they are large
  return NestFactory.createApplicationContext(Root, { logger: ['error', 'fatal'], abortOnError: false });
}

/**
 * A command from its environment to its end: opens the database, brings an embedded one up to date, and stops what it
 * started, also on Ctrl-C. What fails says why in one line, and the process exits with 1.
 */
export async function runImport(work: (context: INestApplicationContext) => Promise<void>): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  // leaving runs the hook that stops an embedded server; what was not committed is done again next time
  process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143));
  let database: OpenDatabase | undefined;
  try {
    const config = readConfig();
    database = await openDatabase(config, { applicationName: 'import', log: say });
    await prepare(database, say);
    await withImports(config, database, work);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  } finally {
    await database?.close();
  }
}
