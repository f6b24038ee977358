import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Messages may be written in HTML, and what is safe to show of them is kept beside what was written. */
export class KeepHtmlOfMessages1764200300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table messages
        add column html text,
        drop constraint messages__content_type_check,
        add constraint messages__content_type_check check (content_type in ('text', 'markdown', 'html')) not valid;
      alter table messages validate constraint messages__content_type_check;
      comment on column messages.body is 'as it was written, whatever it is; never to be shown as HTML';
      comment on column messages.html is
        'the body as HTML that is safe to show, with variables; null: to be shown as text. Made anew from the body';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      comment on column messages.body is null;
      update messages set content_type = 'text' where content_type = 'html';
      alter table messages
        drop column html,
        drop constraint messages__content_type_check,
        add constraint messages__content_type_check check (content_type in ('text', 'markdown'));
    `);
  }
}
