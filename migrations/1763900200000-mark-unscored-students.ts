import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose sessions have come in since they were scored, so that many in a row lead to one scoring. */
export class MarkUnscoredStudents1763900200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table student_progress add column risk_due_since timestamptz;
      comment on column student_progress.risk_due_since is 'the first sessions since the score was last looked at came in then; null: none have';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table student_progress drop column risk_due_since');
  }
}
