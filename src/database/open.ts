import { DataSource } from 'typeorm';
import { SourceOptions, createDataSource } from '../../ormconfig.js';
import { Config } from '../config.js';
import { startEmbedded } from './embedded.js';

type Log = (line: string) => void;

/** Partitions and retention are the owner's work, one step after another; in between there is none. */
const ownerConnections = 2;

/** A server to connect to: ours, started now, or the one that `DATABASE_URL` names. */
export interface Server {
  readonly url: string;
  /** Of the role that may migrate; reaches PostgreSQL directly, never through a pooler. */
  readonly ownerUrl: string;
  readonly embedded: boolean;
  /** Stops the server where it is ours and nobody else uses it. */
  stop(): Promise<void>;
}

export interface OpenDatabase extends Omit<Server, 'stop'> {
  /** Initialized. */
  readonly source: DataSource;
  /** Of the role that owns the tables; the same as `source` where there is one role for all. */
  readonly owner: DataSource;
  /** Closes the pools, then stops what was started. */
  close(): Promise<void>;
}

/** @throws Error with one clear line when the embedded server cannot be started */
export async function openServer(config: Config, log: Log): Promise<Server> {
  const { url, ownerUrl } = config.database;
  if (url !== undefined) return { url, ownerUrl: ownerUrl ?? url, embedded: false, stop: async () => {} };
  const server = await startEmbedded({ dataDir: config.dataDir, log });
  return { url: server.url, ownerUrl: server.ownerUrl, embedded: true, stop: () => server.stop() };
}

/**
 * @param options.applicationName how `pg_stat_activity` shows our connections
 * @throws Error with one clear line when the database cannot be reached
 */
export async function openDatabase(
  config: Config,
  options: { readonly applicationName: string; readonly log: Log },
): Promise<OpenDatabase> {
  const { url, ownerUrl, embedded, stop } = await openServer(config, options.log);
  const { poolSize, pooler } = config.database;
  const { applicationName, log } = options;
  const opened: DataSource[] = [];
  const close = async () => {
    for (const source of opened) await source.destroy();
    await stop();
  };
  try {
    opened.push(await connect({ url, poolSize, pooler, applicationName }, log));
    const owner = {
      url: ownerUrl,
      poolSize: ownerConnections,
      pooler: false,
      applicationName: `${applicationName} owner`,
    };
    if (ownerUrl !== url) opened.push(await connect(owner, log));
  } catch (error) {
    await close();
    throw error;
  }
  return { source: opened[0]!, owner: opened.at(-1)!, url, ownerUrl, embedded, close };
}

/**
 * An initialized DataSource; connections that it loses later are logged, and replaced when they are needed.
 * @throws Error with one clear line, in which there is no password
 */
export async function connect(options: SourceOptions, log: Log): Promise<DataSource> {
  const onPoolError = ({ message }: Error) => log(`a database connection was lost: ${message}`);
  const source = createDataSource({ ...options, onPoolError });
  try {
    return await source.initialize();
  } catch (error) {
    const { host, pathname } = new URL(options.url);
    // a host with several addresses fails with one error for each and no message of its own
    const { message, code } = error as NodeJS.ErrnoException;
    throw new Error(`cannot connect to the database at ${host}${pathname}: ${message || code}`, { cause: error });
  }
}
