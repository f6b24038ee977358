import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether a student takes part in leaderboards, which is theirs alone to say. */
export class LetStudentsChooseLeaderboards1764000300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table student_progress add column takes_part boolean;
      comment on column student_progress.takes_part is
        'in leaderboards, as the student chose; NULL: has not chosen, and is not shown to fellow students';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table student_progress drop column takes_part');
  }
}
