import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Tells this process from an earlier one that had the same pid, which is the rule inside containers. */
const incarnation = String(performance.timeOrigin);

/** Which processes use a server, one file each; the last to leave may stop it. A process that died counts no more. */
export class ServerUsers {
  private readonly file: string;

  constructor(private readonly directory: string) {
    this.file = join(directory, `${process.pid}.${randomBytes(4).toString('hex')}`);
  }

  enter(): void {
    writeFileSync(this.file, '');
  }

  /** Synchronous, because it must work while the process exits. @returns whether nobody is left */
  leave(): boolean {
    rmSync(this.file, { force: true });
    return !readdirSync(this.directory).some((name) => isAlive(Number.parseInt(name, 10)));
  }

  /** Nobody can be using a server that has just been started. */
  async reset(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
    await mkdir(this.directory);
  }
}

/** A process with this pid runs, whoever it belongs to. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  // one that has ended stays visible until its parent asks, which the first process of a container may never do
  return commandOf(pid) !== '';
}

/** The command line of a process; empty when it has ended, undefined when the system does not tell. */
export function commandOf(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return undefined;
  }
}

/**
 * One process at a time does `work`; others wait. The lock of a process that died is taken over.
 * @throws Error when it is held for more than two minutes
 */
export async function exclusively<T>(lock: string, work: () => Promise<T>): Promise<T> {
  const mine = `${lock}.${process.pid}-${randomBytes(4).toString('hex')}`;
  const owner = `${process.pid} ${incarnation}`;
  await writeFile(mine, owner);
  await acquire(lock, mine).finally(() => rm(mine, { force: true }));
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function acquire(lock: string, mine: string): Promise<void> {
  for (let attempt = 0; attempt < 2_400; attempt++) {
    try {
      // a link appears with its content; a file that is created is empty for a moment
      await link(mine, lock);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readFile(lock, 'utf8').catch(() => '');
    if (holder !== '' && isStale(holder)) await takeAway(lock, holder, `${mine}.stale`);
    else await sleep(50);
  }
  throw new Error(
    `${lock} is held by process ${readFileSync(lock, 'utf8').split(' ')[0]}; remove it if that is not us`,
  );
}

function isStale(holder: string): boolean {
  const [pid, token] = holder.split(' ');
  return Number(pid) === process.pid ? token !== incarnation : !isAlive(Number(pid));
}

/** Two may find the same stale lock; the slower one then holds the lock of the faster, and puts it back. */
async function takeAway(lock: string, stale: string, aside: string): Promise<void> {
  try {
    await rename(lock, aside);
  } catch {
    return;
  }
  if ((await readFile(aside, 'utf8')) !== stale) await link(aside, lock).catch(() => undefined);
  await rm(aside, { force: true });
}
