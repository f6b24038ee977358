import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Warnings and errors of the installation, for operators; what is less stands on standard output alone. */
export class CreateSystemLogs1764400310000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table system_logs (
        id uuid not null,
        at timestamptz not null,
        level text not null,
        category text not null,
        message text not null,
        code text,
        error text,
        stack text,
        details jsonb not null,
        request_id text,
        trace_id text,
        tenant_id uuid,
        duration_seconds double precision,
        memory_bytes bigint,
        host text not null,
        constraint system_logs__pkey primary key (id),
        constraint system_logs__level_check check (level in ('warn', 'error', 'fatal'))
      );
      create index system_logs__at_idx on system_logs (at, id);
      create index system_logs__category_idx on system_logs (category, at, id);
      create index system_logs__request_idx on system_logs (request_id) where request_id is not null;
      create index system_logs__trace_idx on system_logs (trace_id) where trace_id is not null;
      comment on table system_logs is 'lines of the log from warnings up, masked';
      comment on column system_logs.tenant_id is 'whose request or job it was; null: the installation''s';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table system_logs');
  }
}
