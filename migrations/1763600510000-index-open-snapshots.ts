import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The close of the day asks for the open days of some students; by day alone it would read everybody's each time. */
export class IndexOpenSnapshots1763600510000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index progress_snapshots__open_idx;
      create index progress_snapshots__open_idx on progress_snapshots (tenant_id, student_id, day) where not is_closed;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index progress_snapshots__open_idx;
      create index progress_snapshots__open_idx on progress_snapshots (tenant_id, day) where not is_closed;
    `);
  }
}
