import { totalmem } from 'node:os';
import { spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Account, PostgresBinaries, ProgramFailed } from './postgres-binaries.js';
import { ServerHome, makeHome } from './server-home.js';
import { ServerUsers, commandOf, exclusively, isAlive } from './processes.js';

export interface EmbeddedServer {
  /** Of the application's role, and of the superuser, who owns the tables; both in its database `app`. */
  readonly url: string;
  readonly ownerUrl: string;
  /** A fast shutdown, unless another process still uses the server. Also happens when the process exits. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly log: (line: string) => void;
  /** Server settings besides or instead of our own; values without spaces. */
  readonly settings?: Readonly<Record<string, string>>;
}

const laptop = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: "''",
  // an eighth of the machine; memory that is not used is not taken
  shared_buffers: `${Math.round(Math.min(Math.max(totalmem() / 8 / 2 ** 20, 128), 1_024))}MB`,
  max_connections: '100',
  wal_compression: 'on',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** That of the application. */
const embeddedRole = 'app';

const maxLogBytes = 10_000_000;

/**
 * A PostgreSQL of our own below `<dataDir>/postgres`, on loopback, with a random password. Processes that name the
 * same directory share one server, and so does a process started after one that was killed: the server outlives it.
 * @throws Error with one clear line when it cannot be had
 */
export async function startEmbedded({ dataDir, log, settings }: EmbeddedOptions): Promise<EmbeddedServer> {
  try {
    await mkdir(dataDir, { recursive: true });
    return await exclusively(join(dataDir, 'postgres.lock'), async () => {
      const home = await makeHome(dataDir, log);
      const binaries = await PostgresBinaries.locate(home.path, home.account, log);
      return new Supervisor(dataDir, home, binaries, log, { ...laptop, ...settings }).start();
    });
  } catch (error) {
    throw explain(error, dataDir);
  }
}

/**
 * The living server of a cluster, as its postmaster.pid tells. PostgreSQL believes in that file for as long as any
 * process has that pid, so the file is removed when the process is another one or has ended. Backends that outlived their
 * server still hold the shared memory of the directory, which keeps a new server out.
 */
export async function findServer(cluster: string): Promise<{ pid: number; port: number } | undefined> {
  const file = join(cluster, 'postmaster.pid');
  const lines = (await readFile(file, 'utf8').catch(ignoreMissing))?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (!pid) return undefined;
  if (!isAlive(pid) || commandOf(pid)?.includes(cluster) === false) {
    await rm(file, { force: true });
    return undefined;
  }
  return { pid, port: Number(lines[3]) };
}

class Supervisor {
  private readonly cluster: string;
  private readonly logFile: string;
  private readonly users: ServerUsers;
  private password: string;
  private stopped = false;

  constructor(
    private readonly dataDir: string,
    private readonly home: ServerHome,
    private readonly binaries: PostgresBinaries,
    private readonly log: (line: string) => void,
    private readonly settings: Readonly<Record<string, string>>,
  ) {
    this.cluster = join(home.path, 'cluster');
    this.logFile = join(home.path, 'server.log');
    this.users = new ServerUsers(join(home.path, 'users'));
  }

  async start(): Promise<EmbeddedServer> {
    await this.ensureCluster();
    const port = await this.ensureRunning();
    this.users.enter();
    process.once('exit', this.onExit);
    const url = new URL(this.url(port, 'app'));
    url.username = embeddedRole;
    url.password = passwordOf(embeddedRole, this.password);
    return { url: url.href, ownerUrl: this.url(port, 'app'), stop: () => this.stop() };
  }

  private async ensureCluster(): Promise<void> {
    const ours = await this.binaries.majorVersion();
    const theirs = await readFile(join(this.cluster, 'PG_VERSION'), 'utf8').catch(ignoreMissing);
    const passwordFile = join(this.home.path, 'password');
    if (theirs === undefined) {
      this.password = randomBytes(24).toString('hex');
      await rm(passwordFile, { force: true });
      await writeFile(passwordFile, this.password, { mode: 0o600 });
      await own(passwordFile, this.home.account);
      await this.createCluster(passwordFile);
      return;
    }
    if (Number(theirs) !== ours) {
      throw new Error(
        `${this.cluster} was made by PostgreSQL ${theirs.trim()} and this is ${ours}: ` +
          'dump and restore it, or set DATA_DIR to another directory',
      );
    }
    this.password = (await readFile(passwordFile, 'utf8')).trim();
  }

  /** Made beside its place and then renamed: what an interrupted start leaves is not taken for a cluster. */
  private async createCluster(passwordFile: string): Promise<void> {
    this.log(`creating a PostgreSQL cluster in ${this.cluster}`);
    const unfinished = `${this.cluster}.new`;
    const initdb = async (...locale: string[]) => {
      await rm(unfinished, { recursive: true, force: true });
      await this.binaries.run('initdb', [
        `--pgdata=${unfinished}`,
        '--username=postgres',
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        ...locale,
        '--data-checksums',
        ...(this.settings.fsync === 'off' ? ['--no-sync'] : []),
      ]);
    };
    try {
      await initdb('--locale=C.UTF-8');
    } catch (error) {
      if (!(error instanceof ProgramFailed && /invalid locale/.test(error.message))) throw error;
      // older macOS has no such locale; PostgreSQL brings one of its own since 17
      await initdb('--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8');
    }
    await rename(unfinished, this.cluster);
  }

  /** Adopts the server that is running, waits for one that is coming up or going down, starts one if there is none. */
  private async ensureRunning(): Promise<number> {
    for (let attempt = 0; attempt < 1_200; attempt++) {
      const server = await findServer(this.cluster);
      if (server && (await this.answers(server.port))) return server.port;
      if (server) {
        if (attempt === 20) this.log(`waiting for PostgreSQL (process ${server.pid}) to answer`);
        await sleep(100);
      } else {
        await this.launch();
      }
    }
    throw new Error(`PostgreSQL does not answer; see ${this.logFile}`);
  }

  private async launch(): Promise<void> {
    await this.users.reset();
    const old = await stat(this.logFile).catch(ignoreMissing);
    if (old && old.size > maxLogBytes) await rename(this.logFile, `${this.logFile}.1`);
    const logStart = old && old.size <= maxLogBytes ? old.size : 0;
    const settings: Record<string, string> = { ...this.settings, port: String(await freePort()) };
    if (await this.binaries.hasLibrary('pg_stat_statements')) settings.shared_preload_libraries = 'pg_stat_statements';
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
    try {
      await this.pgCtl('start', '--timeout=120', `--log=${this.logFile}`, `--options=${options.join(' ')}`);
    } catch (error) {
      const said = (await readFile(this.logFile).catch(() => Buffer.alloc(0))).subarray(logStart).toString();
      // backends of a server that was killed need a moment to notice; a port may be taken between choice and use
      if (!/pre-existing shared memory block|lock file "[^"]*" already exists|Address already in use/.test(said)) {
        throw new ProgramFailed(said || (error as Error).message);
      }
      await sleep(100);
    }
  }

  /** Makes the database and the application's role where they do not exist yet. @returns false when it is not (yet) our server that answers */
  private async answers(port: number): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url(port, 'postgres'), connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ ours: boolean; hasDatabase: boolean; hasRole: boolean }>(
        `-- embedded.probe
        select current_setting('data_directory') = $1 as ours,
               exists (select from pg_database where datname = 'app') as "hasDatabase",
               exists (select from pg_roles where rolname = $2) as "hasRole"`,
        [this.cluster, embeddedRole],
      );
      if (!rows[0]?.ours) return false;
      if (!rows[0].hasDatabase) await client.query('-- embedded.createDatabase\ncreate database app');
      if (!rows[0].hasRole) {
        const password = client.escapeLiteral(passwordOf(embeddedRole, this.password));
        await client.query(`-- embedded.createRole\ncreate role ${embeddedRole} login password ${password}`);
      }
      return true;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === '28P01') throw new Error(`the password in ${this.home.path} is not that of the cluster beside it`);
      if (code === '53100') throw error;
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    process.off('exit', this.onExit);
    await exclusively(join(this.dataDir, 'postgres.lock'), async () => {
      if (this.users.leave() && (await findServer(this.cluster)))
        await this.pgCtl('stop', '--mode=fast', '--timeout=60');
    });
  }

  /** Nothing can be waited for any more: the server is told to stop, and does so by itself. */
  private readonly onExit = (): void => {
    if (!this.users.leave()) return;
    const args = ['stop', `--pgdata=${this.cluster}`, '--mode=fast', '--no-wait'];
    spawnSync(this.binaries.path('pg_ctl'), args, this.binaries.spawnOptions());
  };

  private pgCtl(command: 'start' | 'stop', ...args: string[]): Promise<string> {
    return this.binaries.run('pg_ctl', [command, `--pgdata=${this.cluster}`, '--wait', '--silent', ...args]);
  }

  private url(port: number, database: string): string {
    return `postgres://postgres:${this.password}@127.0.0.1:${port}/${database}`;
  }
}

/** From that of the owner, so that there is one to keep. */
export function passwordOf(role: string, ownerPassword: string): string {
  return createHmac('sha256', ownerPassword).update(role).digest('hex');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

async function own(path: string, account: Account): Promise<void> {
  if (account) await chown(path, account.uid, account.gid);
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/** What PostgreSQL and the operating system say, in one line that tells what to do. */
function explain(error: unknown, dataDir: string): Error {
  const text = error instanceof Error ? error.message : String(error);
  const cause = { cause: error };
  if (/ENOSPC|No space left on device/.test(text)) return new Error(`the disk that holds ${dataDir} is full`, cause);
  if (/EACCES|EPERM|EROFS|Permission denied/.test(text)) {
    const named = (error as NodeJS.ErrnoException).path ?? /"([^"]+)"/.exec(text)?.[1] ?? dataDir;
    const path = named.split('/postgres.lock')[0]!;
    return new Error(`no permission to use ${path}: change its owner, or set DATA_DIR to another directory`, cause);
  }
  if (!(error instanceof ProgramFailed)) return error instanceof Error ? error : new Error(text);
  const reason = /(?:FATAL|PANIC|error): *(.+)/.exec(text)?.[1] ?? text.trim();
  return new Error(`PostgreSQL cannot start: ${reason} (see ${join(dataDir, 'postgres', 'server.log')})`, cause);
}
