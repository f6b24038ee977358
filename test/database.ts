import type { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { createDataSource } from '../ormconfig.js';
import { Database } from '../src/database/database.js';
import { applicationUrl } from './server.js';

export interface TestDatabase {
  /** Of the owner of the tables, who may do anything. */
  readonly url: string;
  /** Of the application's own role. */
  readonly applicationUrl: string;
  /** What a process of the application is started with. */
  readonly environment: { readonly DATABASE_URL: string; readonly DATABASE_OWNER_URL: string };
  /** The owner's, as `database` is. */
  readonly source: DataSource;
  readonly database: Database;
  drop(): Promise<void>;
}

/** A database of a test file's own, migrated, empty, and gone after `drop`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { TEST_SERVER_URL: server, TEST_TEMPLATE: template } = process.env;
  if (!server || !template) throw new Error('there is no test server: run the tests with Jest and its configuration');
  const name = `${template}_${randomBytes(4).toString('hex')}`;
  await clone(server, template, name);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const source = await connectPatiently(url.href);
  const database = new Database(source, { prepared: true });
  const drop = async () => {
    if (source.isInitialized) await source.destroy();
    await administer(server, `drop database if exists ${name} with (force)`);
    letGo(database);
  };
  const own = applicationUrl(url.href);
  return {
    url: url.href,
    applicationUrl: own,
    environment: { DATABASE_URL: own, DATABASE_OWNER_URL: url.href },
    source,
    database,
    drop,
  };
}

/** Each slows down all that is asynchronous in its process, to the end: those of 200 test files to a quarter. */
export function letGo(database: Database): void {
  (database as unknown as { readonly scope: AsyncLocalStorage<unknown> }).scope.disable();
}

/** The machine may be busy with much else, and the limits of time are no part of what most tests are about. */
export function connectPatiently(url: string): Promise<DataSource> {
  return createDataSource({
    url,
    poolSize: 10,
    pooler: false,
    applicationName: 'test',
    statementTimeoutSeconds: 20,
    connectTimeoutSeconds: 20,
    onPoolError: () => undefined,
  }).initialize();
}

/**
 * By copying its files: written to the log instead, they took seven times as long, in memory. Autovacuum may be looking at
 * the template, and whoever is connected to it keeps it from being cloned.
 */
async function clone(server: string, template: string, name: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await administer(server, `create database ${name} template ${template} strategy file_copy`);
    } catch (error) {
      if (attempt === 100 || (error as { code?: string }).code !== '55006') throw error;
      await sleep(50);
    }
  }
}

async function administer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(`-- test.administer\n${statement}`);
  } finally {
    await client.end();
  }
}
