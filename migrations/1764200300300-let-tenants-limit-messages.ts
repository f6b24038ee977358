import type { MigrationInterface, QueryRunner } from 'typeorm';

export class LetTenantsLimitMessages1764200300300 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table tenants
        add column student_messages_per_day integer not null default 50,
        add column staff_messages_per_day integer not null default 500,
        add column received_messages_per_day integer not null default 50,
        add column notifications_per_day integer not null default 20
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table tenants
        drop column student_messages_per_day,
        drop column staff_messages_per_day,
        drop column received_messages_per_day,
        drop column notifications_per_day
    `);
  }
}
