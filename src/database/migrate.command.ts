import { readConfig } from '../config.js';
import { bringUpToDate } from '../up-to-date.js';
import { revertLast } from './migrate.js';
import { openServer } from './open.js';

/** `npm run db:migrate` runs what is pending; `npm run db:migrate -- --down` reverts the last one. */
try {
  const server = await openServer(readConfig(), console.log);
  try {
    if (process.argv.includes('--down')) await revertLast(server.ownerUrl, console.log);
    else if ((await bringUpToDate(server, console.log)).length === 0) console.log('nothing to migrate');
  } finally {
    await server.stop();
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
