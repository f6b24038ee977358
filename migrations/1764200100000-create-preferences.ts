import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreatePreferences1764200100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table preferences (
        tenant_id uuid not null,
        user_id uuid not null,
        time_zone text,
        quiet_from text,
        quiet_to text,
        choices jsonb not null,
        muted_sender_ids uuid[] not null,
        muted_thread_ids uuid[] not null,
        version integer not null default 1,
        updated_at timestamptz not null,
        constraint preferences_pkey primary key (tenant_id, user_id),
        constraint preferences__user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id),
        constraint preferences__quiet_check check ((quiet_from is null) = (quiet_to is null) and quiet_from <> quiet_to)
      );
      comment on table preferences is 'how those who have said so want to be told of things; others have what their role has';
      comment on column preferences.time_zone is 'IANA name; null: that of the tenant';
      comment on column preferences.quiet_from is 'HH:MM as clocks show it there, as quiet_to: before that, perhaps on the next day';
      comment on column preferences.choices is 'by category the channels and how often';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table preferences');
  }
}
