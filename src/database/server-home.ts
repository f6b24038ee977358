import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, realpath, rmdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Account } from './postgres-binaries.js';

/** Where clusters go when root's data directory is closed to every other account. */
const shelter = '/var/lib/instructor-dashboard';

export interface ServerHome {
  /** Holds the cluster, its password and its log; without symbolic links, and reachable for the account. */
  readonly path: string;
  readonly account: Account;
}

/**
 * Makes `<dataDir>/postgres`. PostgreSQL refuses to run as root, so root hands it to `nobody`, or to whoever owned it
 * before. An account that cannot reach it there (a checkout below `/root`) gets a directory in `/var/lib` instead, and
 * `<dataDir>/postgres` becomes a link to it.
 */
export async function makeHome(dataDir: string, log: (line: string) => void): Promise<ServerHome> {
  const link = join(dataDir, 'postgres');
  await mkdir(link, { recursive: true, mode: 0o700 });
  const home = await realpath(link);
  if (process.getuid?.() !== 0) return { path: home, account: undefined };

  const owner = await stat(home);
  const account = owner.uid === 0 ? nobody() : { uid: owner.uid, gid: owner.gid };
  await chown(home, account.uid, account.gid);
  if (isReachable(home, account)) return { path: home, account };

  if ((await readdir(home)).length > 0) throw new Error(`no permission: user ${account.uid} cannot reach ${home}`);
  await mkdir(shelter, { recursive: true });
  await chmod(shelter, 0o755);
  const sheltered = await mkdtemp(join(shelter, 'postgres-'));
  await chown(sheltered, account.uid, account.gid);
  await rmdir(home);
  await symlink(sheltered, link);
  log(`only root can reach ${dataDir}, and PostgreSQL does not run as root: its files go to ${sheltered}`);
  return { path: sheltered, account };
}

function nobody(): { uid: number; gid: number } {
  const id = (flag: string) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout) || 65_534;
  return { uid: id('-u'), gid: id('-g') };
}

/** macOS gives `nobody` the id 2³² − 2, which Node takes as −2 where it starts processes. */
function isReachable(path: string, account: { uid: number; gid: number }): boolean {
  return spawnSync('test', ['-w', path], { uid: account.uid | 0, gid: account.gid | 0, cwd: '/' }).status === 0;
}
