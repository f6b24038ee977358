import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateChannelEndpoints1764200200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table channel_endpoints (
        tenant_id uuid not null references tenants,
        channel text not null,
        url text not null,
        is_active boolean not null,
        gone_at timestamptz,
        secret bytea not null,
        old_secret bytea,
        old_secret_until timestamptz,
        version integer not null default 1,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        primary key (tenant_id, channel),
        constraint channel_endpoints__channel_check check (channel in ('webhook', 'sms')),
        constraint channel_endpoints__gone_check check (gone_at is null or not is_active),
        constraint channel_endpoints__old_secret_check check ((old_secret is null) = (old_secret_until is null))
      );
      comment on table channel_endpoints is 'systems of tenants that messages and notifications are handed to';
      comment on column channel_endpoints.gone_at is 'when it said that it takes no more (410)';
      comment on column channel_endpoints.secret is 'what calls are signed with, and so not a hash';
      comment on column channel_endpoints.old_secret is 'the one before, with which calls are signed, too, for a while';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table channel_endpoints');
  }
}
