import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, realpath, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { EmbeddedServer, findServer, passwordOf, startEmbedded } from '../src/database/embedded.js';
import { isAlive } from '../src/database/processes.js';
import { bringUpToDate } from '../src/up-to-date.js';

const prefix = 'instructor-dashboard-test-';
const role = 'instructor_dashboard_test';
/** As Linux has it; elsewhere there is none. */
const memory = '/dev/shm';
/** The databases of a run were seen to have a tenth of it at most. */
const enoughBytes = 4 * 2 ** 30;

export interface TestRun {
  /** Of the server and a database that is not a test's own. */
  readonly url: string;
  /** A migrated database to clone; the run's other databases begin with its name. */
  readonly template: string;
  end(): Promise<void>;
}

/**
 * One server for all test files of a run: that of `DATABASE_URL`, whose role must be allowed to create databases and roles, or an
 * embedded one in a temporary directory. What runs that crashed have left is removed first.
 */
export async function startRun(databaseUrl: string | undefined): Promise<TestRun> {
  const server = databaseUrl === undefined ? await startTemporary() : undefined;
  const url = databaseUrl ?? server!.url;
  const template = `test_${randomBytes(6).toString('hex')}`;
  // the name of this connection tells other runs that this one is alive
  const admin = new pg.Client({ connectionString: url, application_name: template });
  admin.on('error', () => undefined);
  await admin.connect();
  await dropDatabases(admin, 'stale');
  await admin.query(`create database ${template}`);
  const own = new URL(url);
  own.pathname = `/${template}`;
  await bringUpToDate({ url: applicationUrl(own.href), ownerUrl: own.href }, () => undefined);
  return {
    url,
    template,
    end: async () => {
      await dropDatabases(admin, template);
      await admin.end();
      await server?.end();
    },
  };
}

/** The same database as the role that the application has in tests; it stays for other runs on the same server. */
export function applicationUrl(ownerUrl: string): string {
  const url = new URL(ownerUrl);
  url.username = role;
  url.password = passwordOf(role, decodeURIComponent(new URL(ownerUrl).password));
  return url.href;
}

async function startTemporary(): Promise<{ url: string; end(): Promise<void> }> {
  for (const folder of [memory, tmpdir()]) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (!name.startsWith(prefix) || isAlive(Number.parseInt(name.slice(prefix.length), 10))) continue;
      await discard(join(folder, name));
    }
  }
  const dataDir = await mkdtemp(join(await fastest(), `${prefix}${process.pid}-`));
  // root's server runs as somebody else
  await chmod(dataDir, 0o755);
  // two files at once, each with several applications and the two pools of each: a hundred were seen not to be enough
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '200' };
  const server: EmbeddedServer = await startEmbedded({ dataDir, log: () => undefined, settings });
  const end = async () => {
    await server.stop();
    await discard(dataDir);
  };
  return { url: server.ownerUrl, end };
}

/** A database has 800 files: to copy them took 0.7 s on a disk and 0.02 s in memory. */
async function fastest(): Promise<string> {
  const free = await statfs(memory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return free > enoughBytes ? memory : tmpdir();
}

async function discard(dataDir: string): Promise<void> {
  const home = await realpath(join(dataDir, 'postgres')).catch(() => undefined);
  if (home !== undefined) {
    const cluster = join(home, 'cluster');
    const server = await findServer(cluster);
    if (server) process.kill(server.pid, 'SIGQUIT');
    for (let i = 0; i < 100 && (await findServer(cluster)); i++) await sleep(20);
    await rm(home, { recursive: true, force: true });
  }
  await rm(dataDir, { recursive: true, force: true });
}

/** @param which the template of one run, or every run that no connection speaks for */
async function dropDatabases(admin: pg.Client, which: string): Promise<void> {
  const { rows } = await admin.query<{ datname: string }>(
    `-- test.listDatabases
    select datname from pg_database d
    where datname ~ '^test_[0-9a-f]{12}(_|$)'
      and case when $1 = 'stale'
          then not exists (select from pg_stat_activity where application_name = left(d.datname, 17))
          else left(datname, 17) = $1 end`,
    [which],
  );
  for (const { datname } of rows) await admin.query(`drop database if exists ${datname} with (force)`);
}
