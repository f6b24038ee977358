import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who has moved lately: few, among all who were ever on a roster. */
export class IndexMoves1764000200000 implements MigrationInterface {
  readonly transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    // of an attempt that was interrupted
    await runner.query('drop index concurrently if exists roster_entries__valid_to_idx');
    await runner.query(`
      create index concurrently roster_entries__valid_to_idx on roster_entries (tenant_id, valid_to)
      where valid_to is not null
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index roster_entries__valid_to_idx');
  }
}
