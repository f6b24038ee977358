import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateReports1764000500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table report_files (
        tenant_id uuid not null,
        id uuid not null,
        digest text not null,
        kind text not null,
        format text not null,
        viewer jsonb not null,
        filter jsonb not null,
        as_of timestamptz not null,
        status text not null default 'queued',
        progress numeric(5,2) not null default 0,
        rows integer not null default 0,
        bytes bigint not null default 0,
        parts integer not null default 0,
        position text,
        attempts integer not null default 0,
        error text,
        created_at timestamptz not null,
        started_at timestamptz,
        finished_at timestamptz,
        expires_at timestamptz,
        constraint report_files_pkey primary key (tenant_id, id),
        constraint report_files__format_check check (format in ('csv', 'xlsx', 'jsonl', 'pdf')),
        constraint report_files__status_check
          check (status in ('queued', 'running', 'ready', 'failed', 'cancelled', 'expired')),
        constraint report_files__progress_check check (progress between 0 and 100)
      );
      -- equal questions at the same time share one run
      create unique index report_files__running_key on report_files (tenant_id, digest) where status in ('queued', 'running');
      create index report_files__expires_at_idx on report_files (expires_at) where status = 'ready';
      -- by tenant what is stored, and what of files that are over is to be deleted
      create index report_files__stored_idx on report_files (tenant_id, status) where parts > 0;
      comment on table report_files is 'one run of a report, for everybody who asked for the same';
      comment on column report_files.digest is 'of kind, format, filter and what the viewer may see';
      comment on column report_files.viewer is 'whose scope the rows are read in';
      comment on column report_files.parts is 'stored, which are numbered from 0; those of a file that is over go by and by';
      comment on column report_files.position is 'how far the rows of the stored parts reach; where a killed run goes on';

      create table report_parts (
        tenant_id uuid not null,
        file_id uuid not null,
        number integer not null,
        content bytea not null,
        constraint report_parts_pkey primary key (tenant_id, file_id, number),
        constraint report_parts__file_fkey foreign key (tenant_id, file_id) references report_files (tenant_id, id)
          on delete cascade
      );
      -- compressed before it comes here, where it can be
      alter table report_parts alter column content set storage external;

      create table report_schedules (
        tenant_id uuid not null,
        id uuid not null,
        owner_id uuid not null,
        name text not null,
        kind text not null,
        format text not null,
        filter jsonb not null,
        period text,
        every text not null,
        at_minute smallint not null,
        weekday smallint,
        month_day smallint,
        recipients uuid[] not null,
        is_active boolean not null default true,
        next_at timestamptz,
        last_at timestamptz,
        last_error text,
        version integer not null default 1,
        created_at timestamptz not null,
        constraint report_schedules_pkey primary key (tenant_id, id),
        constraint report_schedules__owner_fkey foreign key (tenant_id, owner_id) references users (tenant_id, id),
        constraint report_schedules__format_check check (format in ('csv', 'xlsx', 'jsonl', 'pdf')),
        constraint report_schedules__every_check check (every in ('day', 'week', 'month')),
        constraint report_schedules__at_check
          check (at_minute between 0 and 1439 and weekday between 1 and 7 and month_day between 1 and 28)
      );
      create index report_schedules__next_at_idx on report_schedules (next_at) where is_active;
      comment on column report_schedules.at_minute is 'minutes after the tenant''s local midnight';

      create table reports (
        tenant_id uuid not null,
        id uuid not null,
        owner_id uuid not null,
        file_id uuid not null,
        schedule_id uuid,
        created_at timestamptz not null,
        cancelled_at timestamptz,
        constraint reports_pkey primary key (tenant_id, id),
        constraint reports__file_fkey foreign key (tenant_id, file_id) references report_files (tenant_id, id),
        constraint reports__schedule_fkey foreign key (tenant_id, schedule_id)
          references report_schedules (tenant_id, id) on delete set null (schedule_id)
      );
      create index reports__owner_idx on reports (tenant_id, owner_id, created_at desc, id desc);
      create index reports__file_idx on reports (tenant_id, file_id);
      comment on table reports is 'who asked for a report; a service is an owner like a person';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table reports, report_schedules, report_parts, report_files');
  }
}
