import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SendByClocksOfRecipients1764200300100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table messages
        add column send_local text,
        add column waves jsonb;
      comment on column messages.send_local is
        'YYYY-MM-DDTHH:MM: sent when the clock of each recipient shows that; send_at is when the next of them is due';
      comment on column messages.waves is
        'of the settled recipients: when those up to each position are due. Between two of them it is scheduled again';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table messages drop column send_local, drop column waves');
  }
}
