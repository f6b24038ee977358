import type { INestApplicationContext } from '@nestjs/common';
import { chmod, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from './config.js';
import { Clock } from './database/clock.js';
import { type EmbeddedServer, startEmbedded } from './database/embedded.js';
import { withServices } from './import-process.js';
import { printModel } from './risk/model-file.js';
import { bringUpToDate } from './up-to-date.js';
import type { RiskModel } from './risk/risk-model.js';

const silent = (): void => undefined;
/** What is thrown away need not be safe from a power cut. */
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_wal_size: '4GB' };

/** Stands where it was put. */
class SetClock extends Clock {
  private moment = new Date(0);

  override now(): Date {
    return this.moment;
  }

  set(moment: Date): void {
    this.moment = moment;
  }
}

/**
 * The application's services on an empty database, which is gone afterwards: also when the work fails, and on Ctrl-C,
 * which makes it fail.
 * @param model what they score with
 * @param work is also given what sets their clock, which stands still
 */
export async function withScratchServices<T>(
  model: RiskModel,
  work: (services: INestApplicationContext, moveTo: (moment: Date) => void) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'instructor-dashboard-scratch-'));
  let server: EmbeddedServer | undefined;
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => (stopped ??= server?.stop());
  let signal: NodeJS.Signals | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    if (signal !== undefined) process.exit(1);
    signal = name;
    // what is under way loses its connections
    stop().catch(silent);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    // root's server runs as somebody else
    await chmod(dataDir, 0o755);
    server = await startEmbedded({ dataDir, log: silent, settings });
    if (signal !== undefined) await stop();
    await bringUpToDate(server, silent);
    const riskModelFile = join(dataDir, 'risk-model.json');
    await writeFile(riskModelFile, printModel(model));
    const environment = { DATA_DIR: dataDir, LOG_LEVEL: 'silent', CACHE: 'off', RISK_MODEL_FILE: riskModelFile };
    const clock = new SetClock();
    const moveTo = (moment: Date): void => clock.set(moment);
    const config = readConfig(environment);
    return await withServices(config, server, (services) => work(services, moveTo), clock, 0);
  } catch (error) {
    throw signal === undefined ? error : new Error(`stopped by ${signal}`);
  } finally {
    await stop();
    await discard(dataDir);
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** The server's files may lie elsewhere, where its account can reach them. */
async function discard(dataDir: string): Promise<void> {
  const home = await realpath(join(dataDir, 'postgres')).catch(silent);
  if (home) await rm(home, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}
