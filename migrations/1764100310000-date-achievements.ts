import type { MigrationInterface, QueryRunner } from 'typeorm';

export class DateAchievements1764100310000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table student_achievements add column reached_on date;
      comment on column student_achievements.reached_on is
        'the local day on which the rule was met, which may lie long before it was unlocked; null: unknown';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table student_achievements drop column reached_on');
  }
}
