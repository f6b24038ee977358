import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ResumeReports1764000600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table report_files
        add column options jsonb not null default '{}',
        add column occasion text,
        add constraint report_files__tenant_fkey foreign key (tenant_id) references tenants (id);
      create index report_files__created_at_idx on report_files (created_at);
      comment on column report_files.options is 'how the file is written, besides its format';
      comment on column report_files.occasion is 'of the job that writes it, by which is found who wrote it last';
      comment on column report_files.attempts is 'begun so often; who began it last is the only one who may write';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      comment on column report_files.attempts is null;
      drop index report_files__created_at_idx;
      alter table report_files drop constraint report_files__tenant_fkey, drop column occasion, drop column options;
    `);
  }
}
