import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Not generated: that would write every message anew while nobody can read them. */
export class FoldWordsOfMessages1764200300400 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table messages add column words text;
      comment on column messages.words is 'the body as it is searched; null: written before there was this column';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table messages drop column words');
  }
}
