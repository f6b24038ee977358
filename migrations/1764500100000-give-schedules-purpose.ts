import type { MigrationInterface, QueryRunner } from 'typeorm';

export class GiveSchedulesPurpose1764500100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table report_schedules add column purpose text;
      comment on column report_schedules.purpose is 'of each of its reports';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table report_schedules drop column purpose');
  }
}
