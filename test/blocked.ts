import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../src/database/database.js';

/**
 * Until somebody waits for a lock in this database, or what should have waited is over.
 * @param database one without a transaction of the caller's, in which each look would be the first again
 */
export async function untilBlocked(database: Database, waiting: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = (): void => void (isOver = true);
  waiting.then(over, over);
  while (!isOver) {
    const { blocked } = await database.one<{ blocked: boolean }>(
      `-- test.isBlocked
      select exists (
        select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
      ) as blocked`,
    );
    if (blocked) return;
    await sleep(5);
  }
}
