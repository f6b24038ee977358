import { ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createDataSource } from '../../ormconfig.js';
import { Database } from './database.js';
import { EmbeddedServer, findServer, startEmbedded } from './embedded.js';
import { DatabaseUnavailable } from './errors.js';

const isRoot = process.getuid?.() === 0;
const settings = { fsync: 'off', shared_buffers: '16MB' };
const children: ChildProcessWithoutNullStreams[] = [];
let dataDir: string;
let cluster: string;

beforeAll(async () => {
  dataDir = await realpath(await mkdtemp(join(tmpdir(), 'embedded-')));
  // other accounts must reach it when root runs the tests
  await chmod(dataDir, 0o755);
  cluster = join(dataDir, 'postgres', 'cluster');
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await kill();
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const start = (directory = dataDir) => startEmbedded({ dataDir: directory, log: () => undefined, settings });

/** Kills the server, and waits until it is gone. */
async function kill(): Promise<void> {
  const server = await findServer(cluster);
  if (server) process.kill(server.pid, 'SIGKILL');
  await gone();
}

async function gone(): Promise<boolean> {
  for (let i = 0; i < 500 && (await findServer(cluster)); i++) await sleep(20);
  return (await findServer(cluster)) === undefined;
}

/** Another process that starts the server; a line on its standard input is what it does next. */
async function startElsewhere(options: { directory?: string; uid?: number } = {}) {
  const script = `
    import { startEmbedded } from './src/database/embedded.js';
    process.on('SIGINT', () => console.log('interrupted'));
    process.stdin.on('data', async (line) => {
      if (String(line) === 'stop') await server.stop();
      process.exit(0);
    });
    const options = { dataDir: process.argv[1], log: () => {}, settings: ${JSON.stringify(settings)} };
    const server = await startEmbedded(options).catch((error) => (console.log('error ' + error.message), process.exit(1)));
    console.log(server.url);`;
  const args = ['--import', './test/typescript.js', '--input-type=module', '-e', script, options.directory ?? dataDir];
  const child = spawn(process.execPath, args, { detached: true, ...(options.uid ? { uid: options.uid } : {}) });
  children.push(child);
  child.stderr.pipe(process.stderr);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const tell = async (command: 'stop' | 'exit') => {
    child.stdin.write(command);
    await once(child, 'exit');
  };
  return { child, url: String(line).trim(), tell };
}

async function ask<T extends object>(url: string, sql: string): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T & pg.QueryResultRow>(sql)).rows[0]!;
  } finally {
    await client.end();
  }
}

describe('a server of our own', () => {
  it('is safe by default, keeps its data, and is gone when stopped', async () => {
    const server = await start();
    expect(
      await ask(
        server.ownerUrl,
        `select current_setting('data_checksums') as checksums, current_setting('listen_addresses') as addresses,
                current_setting('server_encoding') as encoding, current_setting('password_encryption') as passwords,
                current_setting('synchronous_commit') as commit, current_setting('shared_preload_libraries') as preloaded,
                current_database() as database, lower('É') as lower`,
      ),
    ).toEqual({
      checksums: 'on',
      addresses: '127.0.0.1',
      encoding: 'UTF8',
      passwords: 'scram-sha-256',
      commit: 'on',
      preloaded: 'pg_stat_statements',
      database: 'app',
      lower: 'é',
    });
    expect((await stat(join(dataDir, 'postgres', 'password'))).mode & 0o777).toBe(0o600);
    const wrong = new URL(server.url);
    wrong.password = 'wrong';
    await expect(ask(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    await ask(server.ownerUrl, 'create table kept as select 42 as value');
    await server.stop();
    expect(await findServer(cluster)).toBeUndefined();

    const again = await start();
    expect(await ask(again.ownerUrl, 'select value from kept')).toEqual({ value: 42 });
    await again.stop();
    await again.stop();
  });

  it('outlives a node that was killed, and is adopted by the next', async () => {
    const { child, url } = await startElsewhere();
    const before = await findServer(cluster);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const server = await start();
    expect(server.url).toBe(url);
    expect(await findServer(cluster)).toEqual(before);
    await server.stop();
    expect(await findServer(cluster)).toBeUndefined();
  });

  it('goes when node exits without stopping it', async () => {
    const { tell } = await startElsewhere();
    await tell('exit');
    expect(await gone()).toBe(true);
  });

  it('does not get the Ctrl-C that a terminal sends to every process of its group', async () => {
    const { child, url } = await startElsewhere();
    const interrupted = once(child.stdout, 'data');
    process.kill(-child.pid!, 'SIGINT');
    expect(String((await interrupted)[0])).toBe('interrupted\n');
    expect(await ask(url, 'select 1 as one')).toEqual({ one: 1 });
  });

  it('is shared by processes that start at once, and stopped by the last that leaves', async () => {
    const [first, second, third] = await Promise.all([startElsewhere(), startElsewhere(), start()]);
    expect([second.url, third.url]).toEqual([first.url, first.url]);
    await third.stop();
    expect(await ask(first.url, 'select 1 as one')).toEqual({ one: 1 });
    await first.tell('stop');
    expect(await ask(second.url, 'select 1 as one')).toEqual({ one: 1 });
    await second.tell('stop');
    expect(await findServer(cluster)).toBeUndefined();
  });

  it('starts again after it was killed itself, and keeps what was committed', async () => {
    const first = await start();
    await ask(first.ownerUrl, 'create table committed as select 7 as value');
    process.kill((await findServer(cluster))!.pid, 'SIGKILL');
    const second = await start();
    expect(await ask(second.ownerUrl, 'select value from committed')).toEqual({ value: 7 });
    await second.stop();
    await first.stop();
  });

  it('is not fooled by a pid that belongs to another process now', async () => {
    await (await start()).stop();
    await writeFile(join(cluster, 'postmaster.pid'), `${process.pid}\n${cluster}\n1\n5432\n\n127.0.0.1\n\nready\n`);
    await writeFile(join(dataDir, 'postgres.lock'), `${process.pid} of-an-earlier-life`);
    const server = await start();
    expect(await ask(server.ownerUrl, 'select 1 as one')).toEqual({ one: 1 });
    await server.stop();
  });

  it('that crashes is DatabaseUnavailable for a moment', async () => {
    const server = await start();
    const source = createDataSource({ url: server.url, poolSize: 2, pooler: false, applicationName: 'test' });
    await source.initialize();
    const database = new Database(source, { prepared: true });
    const alive = () => database.one<{ pid: number }>('-- test.alive\nselect pg_backend_pid() as pid');
    const crash = database.transaction(async () => {
      process.kill((await alive()).pid, 'SIGKILL');
      for (;;) await alive();
    });
    await expect(crash).rejects.toBeInstanceOf(DatabaseUnavailable);
    const errors: unknown[] = [];
    let answered = false;
    for (let i = 0; i < 500 && !answered; i++) {
      answered = await alive().then(
        () => true,
        (error: unknown) => (errors.push(error), sleep(10, false)),
      );
    }
    expect(answered).toBe(true);
    for (const error of errors) expect(error).toBeInstanceOf(DatabaseUnavailable);
    await source.destroy();
    await server.stop();
  });
});

describe('one clear line', () => {
  const failure = (directory: string) =>
    start(directory).then(
      (server: EmbeddedServer) => server.stop(),
      (error: Error) => error.message,
    );

  it('tells that the cluster is of another major version', async () => {
    await (await start()).stop();
    const file = join(cluster, 'PG_VERSION');
    const version = await readFile(file, 'utf8');
    await writeFile(file, '14\n');
    expect(await failure(dataDir)).toMatch(/was made by PostgreSQL 14 and this is \d+: dump and restore it/);
    await writeFile(file, version);
  });

  it('tells that the password is lost', async () => {
    await (await start()).stop();
    await writeFile(join(dataDir, 'postgres', 'password'), 'another');
    expect(await failure(dataDir)).toMatch(/^the password in .* is not that of the cluster beside it$/);
    await kill();
    await rm(join(dataDir, 'postgres'), { recursive: true });
  });

  it('tells that the directory may not be written to', async () => {
    const closed = join(dataDir, 'closed');
    await mkdir(closed, { mode: 0o555 });
    if (!isRoot) expect(await failure(closed)).toMatch(/^no permission to use .*closed/);
    else
      expect((await startElsewhere({ directory: closed, uid: 65_534 })).url).toMatch(
        /^error no permission to use .*closed/,
      );
  });
});

(isRoot ? describe : describe.skip)('root', () => {
  it('keeps the files elsewhere when the data directory is closed to everyone else', async () => {
    const closed = join(dataDir, 'root');
    await mkdir(closed, { mode: 0o700 });
    const server = await start(closed);
    const elsewhere = await realpath(join(closed, 'postgres'));
    expect(elsewhere).toMatch(/^\/var\/lib\/instructor-dashboard\/postgres-/);
    expect(await ask(server.ownerUrl, 'select 1 as one')).toEqual({ one: 1 });
    await server.stop();
    const again = await start(closed);
    expect(await realpath(join(closed, 'postgres'))).toBe(elsewhere);
    await again.stop();
    await rm(elsewhere, { recursive: true });
  });
});
