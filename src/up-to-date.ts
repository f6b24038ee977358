import { migrate } from './database/migrate.js';
import type { Server } from './database/open.js';
import { grantRights } from './database/roles.js';
import { migrateQueues } from './jobs/queues.js';

/**
 * Tables, those of the queues, and the rights of the application's role, as this code wants them. Any number of processes
 * may do so at once.
 * @returns the names of the migrations that ran
 */
export async function bringUpToDate(
  server: Pick<Server, 'url' | 'ownerUrl'>,
  log: (line: string) => void,
): Promise<string[]> {
  const done = await migrate(server.ownerUrl, log);
  await migrateQueues(server.ownerUrl);
  await grantRights(server, log);
  return done;
}
