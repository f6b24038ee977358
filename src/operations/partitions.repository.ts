import { Injectable } from '@nestjs/common';
import { OwnerDatabase } from '../database/owner-database.js';

/** Tables that are partitioned by month, and the column that tells it; an instant's month is that of UTC. */
const columns = { sessions: 'day', progress_snapshots: 'day', audit_entries: 'at', risk_evaluations: 'day' } as const;

export type PartitionedTable = keyof typeof columns;
export const partitionedTables = Object.keys(columns) as readonly PartitionedTable[];

/**
 * Partitions by month, `sessions_2026_11` and so on. Works on partitions and not through their table, so that its
 * triggers do not take a row that moves for one that is new. Whoever runs this must own the tables.
 */
@Injectable()
export class PartitionsRepository {
  constructor(private readonly database: OwnerDatabase) {}

  /** Months, `YYYY-MM`, that have rows in the default partition, the fullest last. */
  async listStrayMonths(table: PartitionedTable): Promise<string[]> {
    const rows = await this.database.many<{ month: string }>(
      `-- operations.listStrayMonths
      select to_char(${columns[table]}${columns[table] === 'at' ? ` at time zone 'UTC'` : ''}, 'YYYY-MM') as month
      from ${table}_default group by 1 order by count(*)`,
    );
    return rows.map(({ month }) => month);
  }

  async exists(table: PartitionedTable, month: string): Promise<boolean> {
    const { found } = await this.database.one<{ found: boolean }>(
      `-- operations.findPartition
      select to_regclass($1) is not null as found`,
      [nameOf(table, month)],
    );
    return found;
  }

  /**
   * Keeps other makers of partitions and all writers out until the transaction ends; only the attachment makes readers
   * wait. Gives up after half a second, since whoever comes behind us waits as long as we do.
   *
   * Writers must stop at the table itself: one that had chosen the default partition before it waited would be refused
   * by it afterwards.
   */
  async lock(table: PartitionedTable): Promise<void> {
    await this.database.run(
      `-- operations.lockPartitions
      select pg_advisory_xact_lock(hashtext('partitions ' || $1)), set_config('lock_timeout', '500', true)`,
      [table],
    );
    await this.database.run(`-- operations.lockPartitionedTable
      lock table only ${table} in share row exclusive mode`);
  }

  /** A table of its own for the month; whoever reads the partitioned table does not see it before it is attached. */
  async create(table: PartitionedTable, month: string): Promise<void> {
    const name = nameOf(table, month);
    await this.database.run(`-- operations.createPartition
      create table ${name} (like ${table} including all)`);
    if (table === 'audit_entries') {
      // see the migration that made the index of kinds: "like" does not take it along
      await this.database.run(`-- operations.tellOfKinds
        alter table ${name} alter column target_type set (n_distinct = 20)`);
    }
    // proves to the attachment what it would otherwise read all rows for
    await this.database.run(`-- operations.constrainPartition
      alter table ${name} add constraint ${name}__month_check check (${within(table, month)})`);
  }

  /** Moves rows of the month out of the default partition. @returns how many; fewer than `limit` when none are left */
  moveStrays(table: PartitionedTable, month: string, limit: number): Promise<number> {
    return this.database.run(
      `-- operations.moveStrays
      with moved as (
        delete from ${table}_default where ctid = any (array(
          select ctid from ${table}_default where ${within(table, month)} limit $1
        )) returning *
      )
      insert into ${nameOf(table, month)} select * from moved`,
      [limit],
    );
  }

  /**
   * A reader that is about to wait for the default partition has chosen its partitions already and would find neither
   * the rows that left nor their new place: readers must stop at the table itself, too, before the rows are gone for
   * good.
   */
  async attach(table: PartitionedTable, month: string): Promise<void> {
    const name = nameOf(table, month);
    await this.lockReadersOut(table);
    await this.database.run(`-- operations.attachPartition
      alter table ${table} attach partition ${name}
      for values from (${begin(table, month)}) to (${end(table, month)})`);
    await this.database.run(`-- operations.releasePartition
      alter table ${name} drop constraint ${name}__month_check`);
  }

  /** Detaches a month and takes it away, within the transaction that holds the lock of its table. */
  async drop(table: PartitionedTable, month: string): Promise<void> {
    const name = nameOf(table, month);
    await this.lockReadersOut(table);
    await this.database.run(`-- operations.detachPartition
      alter table ${table} detach partition ${name}`);
    await this.database.run(`-- operations.dropPartition
      drop table ${name}`);
  }

  private async lockReadersOut(table: PartitionedTable): Promise<void> {
    await this.database.run(`-- operations.lockReadersOut
      lock table only ${table} in access exclusive mode`);
  }
}

function nameOf(table: PartitionedTable, month: string): string {
  return `${table}_${checked(month).replace('-', '_')}`;
}

function within(table: PartitionedTable, month: string): string {
  const column = columns[table];
  return `${column} >= ${begin(table, month)} and ${column} < ${end(table, month)}`;
}

function begin(table: PartitionedTable, month: string): string {
  return literal(table, checked(month));
}

function end(table: PartitionedTable, month: string): string {
  return literal(table, monthAfter(checked(month)));
}

function literal(table: PartitionedTable, month: string): string {
  return columns[table] === 'at' ? `timestamptz '${month}-01 00:00:00+00'` : `date '${month}-01'`;
}

/** Names and bounds of tables cannot be parameters. */
function checked(month: string): string {
  if (!isMonth(month)) throw new RangeError(`${month} is not a month`);
  return month;
}

/** `2026-11` */
export function isMonth(text: string): boolean {
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(text);
}

export function monthAfter(month: string): string {
  const [year, number] = month.split('-').map(Number);
  return new Date(Date.UTC(year!, number!, 1)).toISOString().slice(0, 7);
}
