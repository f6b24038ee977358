import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestApp } from './app.js';

/** The job process as it is, with a clock of its own. Whoever starts it ends it. */
export function startWorker({ db, config }: TestApp): ChildProcess {
  const env = {
    NODE_OPTIONS: '',
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    ...db.environment,
    DATA_DIR: config.dataDir,
  };
  return spawn(process.execPath, ['--import', './test/typescript.js', 'src/worker.ts'], {
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
}

/** Four minutes: an event that a killed process had taken comes back after a minute, its job after another. */
export async function untilCounted(ask: () => Promise<{ readonly count: number }>, wanted: number): Promise<void> {
  for (let tries = 0; tries < 4_800; tries++) {
    if ((await ask()).count === wanted) return;
    await sleep(50);
  }
  throw new Error(`waited in vain for ${wanted}`);
}
