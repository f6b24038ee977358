import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AddPhones1764200220000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table users add column phone text,
        add constraint users__phone_check check (phone ~ '^[+][1-9][0-9]{6,14}$');
      comment on column users.phone is 'where short messages go: E.164';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table users drop column phone');
  }
}
