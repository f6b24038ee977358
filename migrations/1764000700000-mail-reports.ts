import type { MigrationInterface, QueryRunner } from 'typeorm';

export class MailReports1764000700000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table reports add column mailed_at timestamptz;
      comment on column reports.mailed_at is 'when its owner was mailed that it is ready; null: not, or not yet';
      create index reports__schedule_idx on reports (tenant_id, schedule_id, created_at) where schedule_id is not null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index reports__schedule_idx;
      alter table reports drop column mailed_at;
    `);
  }
}
