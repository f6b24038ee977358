import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { OwnerDatabase } from '../database/owner-database.js';
import {
  isMonth,
  monthAfter,
  PartitionedTable,
  partitionedTables,
  PartitionsRepository,
} from './partitions.repository.js';

const monthsAhead = 2;
/** Small enough for the shortest statement timeout. */
const batchSize = 10_000;

/**
 * Makes partitions before rows come for them, and takes up rows that came without one: those are in the default
 * partition until then, where they are found as well, only not as fast.
 */
@Injectable()
export class Partitions {
  constructor(
    private readonly repository: PartitionsRepository,
    private readonly database: OwnerDatabase,
    private readonly clock: Clock,
  ) {}

  /** The current month, those ahead, and the months of all rows that have none. @returns the partitions it made */
  async prepare(signal?: AbortSignal): Promise<string[]> {
    const now = this.clock.now();
    const last = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + monthsAhead, 1));
    const ahead = monthsBetween(now.toISOString().slice(0, 7), last.toISOString().slice(0, 7));
    const made: string[] = [];
    for (const table of partitionedTables) {
      for (const month of [...ahead, ...(await this.repository.listStrayMonths(table))]) {
        signal?.throwIfAborted();
        if (await this.ensure(table, month)) made.push(`${table} ${month}`);
      }
    }
    return made;
  }

  /**
   * Partitions for the rows of `[from, to]`, local days; those of activity unless told. Called before rows are loaded in
   * bulk, which then need not move later.
   */
  async ensureMonths(
    from: string,
    to: string,
    tables: readonly PartitionedTable[] = ['sessions', 'progress_snapshots'],
  ): Promise<void> {
    for (const month of monthsBetween(from.slice(0, 7), to.slice(0, 7))) {
      for (const table of tables) await this.ensure(table, month);
    }
  }

  /**
   * In one transaction, so that a row is always in exactly one place. Writers wait for it: some milliseconds where the
   * default partition holds nothing for the month, a second for each 50,000 rows that it does.
   */
  private async ensure(table: PartitionedTable, month: string): Promise<boolean> {
    if (await this.repository.exists(table, month)) return false;
    return this.database.transaction(async () => {
      await this.repository.lock(table);
      if (await this.repository.exists(table, month)) return false;
      await this.repository.create(table, month);
      while ((await this.repository.moveStrays(table, month, batchSize)) === batchSize);
      await this.repository.attach(table, month);
      return true;
    });
  }
}

/** Both included, `YYYY-MM`. */
export function monthsBetween(from: string, to: string): string[] {
  const months: string[] = [];
  if (!isMonth(from) || !isMonth(to)) throw new RangeError(`${from} to ${to} are not months`);
  for (let month = from; month <= to; month = monthAfter(month)) months.push(month);
  return months;
}
