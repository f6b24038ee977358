import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, QueryRunner } from 'typeorm';
import { connect } from './open.js';

type Log = (line: string) => void;

/** Any number that nothing else locks. */
const migrationLock = 7_203_815_446;

/**
 * Runs what is pending, each migration in a transaction of its own unless it opts out. Any number of processes may do
 * so at once: one works, the others wait and then find nothing to do. Statements have no time limit here.
 * @param url of the owner, directly and not through a pooler
 * @returns the names of the migrations that ran
 */
export async function migrate(url: string, log: Log): Promise<string[]> {
  return alone(url, log, async (source) => {
    const done = await source.runMigrations({ transaction: 'each' });
    for (const { name } of done) log(`migrated ${name}`);
    return done.map(({ name }) => name);
  });
}

/** Reverts the migration that ran last. */
export async function revertLast(url: string, log: Log): Promise<void> {
  await alone(url, log, async (source) => {
    const last = (await executedMigrations(source)).at(-1);
    if (last === undefined) return log('there is no migration to revert');
    // TypeORM asks a migration whether it wants a transaction only on the way up
    const { transaction = true } = source.migrations.find((migration) => nameOf(migration) === last) ?? {};
    await source.undoLastMigration({ transaction: transaction ? 'each' : 'none' });
    log(`reverted ${last}`);
  });
}

/** Migrations that this code has and the database has not, so that a start can be refused. Needs no right to write. */
export async function pendingMigrations(source: DataSource): Promise<string[]> {
  const executed = new Set(await executedMigrations(source));
  return source.migrations.map(nameOf).filter((name) => !executed.has(name));
}

async function executedMigrations(source: DataSource): Promise<string[]> {
  const exists: [{ exists: boolean }] = await source.query(`-- migrations.exist
    select to_regclass('migrations') is not null as exists`);
  if (!exists[0].exists) return [];
  const rows: { name: string }[] = await source.query(`-- migrations.list
    select name from migrations order by id`);
  return rows.map(({ name }) => name);
}

function nameOf(migration: DataSource['migrations'][number]): string {
  return migration.name ?? migration.constructor.name;
}

/** Runs `work` as the owner while nobody else changes the tables of this database. */
export async function alone<T>(url: string, log: Log, work: (source: DataSource) => Promise<T>): Promise<T> {
  const options = { url, poolSize: 2, pooler: false, applicationName: 'migrations', statementTimeoutSeconds: 0 };
  const source = await connect(options, log);
  const runner = source.createQueryRunner();
  try {
    await acquireLock(runner, log);
    return await work(source);
  } finally {
    // closing the connection gives the lock back
    await runner.release();
    await source.destroy();
  }
}

/**
 * Asks again and again, because a statement that waits for a lock holds a snapshot, and an index that the other
 * process builds concurrently would wait for that snapshot: a deadlock.
 */
async function acquireLock(runner: QueryRunner, log: Log): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const [row] = (await runner.query('-- migrations.lock\nselect pg_try_advisory_lock($1) as locked', [
      migrationLock,
    ])) as [{ locked: boolean }];
    if (row.locked) return;
    if (attempt === 0) log('another process is migrating this database: waiting for it');
    await sleep(200);
  }
}
