import type { MigrationInterface, QueryRunner } from 'typeorm';

const columns = '(tenant_id, instructor_id, day, department_id)';

/**
 * Whose day it was: what a roll-up of one instructor's day begins with. Its columns stay as they are when sessions come
 * in, so that it is written once for each student and day, and updates remain HOT.
 */
export class IndexSnapshots1764000110000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `create index if not exists progress_snapshots__instructor_idx on only progress_snapshots ${columns}`,
    );
    const partitions = (await runner.query(`
      select p.inhrelid::regclass::text as name from pg_inherits p
      where p.inhparent = 'progress_snapshots'::regclass and not exists (
        select from pg_index i join pg_inherits a on a.inhrelid = i.indexrelid
        where i.indrelid = p.inhrelid and a.inhparent = 'progress_snapshots__instructor_idx'::regclass
      )
      order by 1`)) as { name: string }[];
    for (const { name } of partitions) {
      // of an attempt that was interrupted
      await runner.query(`drop index concurrently if exists ${name}__instructor_idx`);
      await runner.query(`create index concurrently ${name}__instructor_idx on ${name} ${columns}`);
      await runner.query(`alter index progress_snapshots__instructor_idx attach partition ${name}__instructor_idx`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index progress_snapshots__instructor_idx');
  }
}
