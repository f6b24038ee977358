import type pg from 'pg';
import { DataSource } from 'typeorm';
import { parsers } from './src/database/parsers.js';
import { migrations } from './migrations/migrations.js';

export interface SourceOptions {
  readonly url: string;
  readonly poolSize: number;
  /** Behind a transaction pooler session parameters are refused, so they are not sent. */
  readonly pooler: boolean;
  readonly applicationName: string;
  /** 0: no limit. Back-fills and index builds of a migration take longer than any request may. */
  readonly statementTimeoutSeconds?: number;
  /** For a connection, or for one of the pool to be free: whoever waits for any statement waits for one, too. */
  readonly connectTimeoutSeconds?: number;
  readonly onPoolError?: (error: Error) => void;
}

/** The one DataSource: of the application, of the migrations and of the tests. */
export function createDataSource(options: SourceOptions): DataSource {
  const statementTimeout = (options.statementTimeoutSeconds ?? 4) * 1000;
  return new DataSource({
    type: 'postgres',
    url: options.url,
    applicationName: options.applicationName,
    poolSize: options.poolSize,
    connectTimeoutMS: (options.connectTimeoutSeconds ?? (statementTimeout === 0 ? 30 : 1)) * 1000,
    migrations,
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    installExtensions: false,
    poolErrorHandler: options.onPoolError,
    extra: {
      types: parsers,
      // a connection that dies while it is in use also says so by an event, which would end the process if nobody heard it
      onConnect: (client: pg.PoolClient) => void client.on('error', () => undefined),
      keepAlive: true,
      // what is not waited for is sent all the same; the server answers in turn
      pipeline: true,
      // the client gives up as well: a frozen server cannot run its own timeout
      query_timeout: statementTimeout === 0 ? 0 : statementTimeout + 1_000,
      ...(options.pooler
        ? {}
        : {
            statement_timeout: statementTimeout,
            lock_timeout: statementTimeout / 2,
            idle_in_transaction_session_timeout: statementTimeout * 2.5,
            // planning costs more than running most of these statements, and variants have names of their own
            options: '-c timezone=UTC -c jit=off -c plan_cache_mode=force_generic_plan',
          }),
    },
  });
}
