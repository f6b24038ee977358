import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateNotifications1764100300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table notifications (
        tenant_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        type text not null,
        priority text not null,
        title text not null,
        body text not null,
        action_url text,
        cause text not null,
        collapse_key text not null,
        count integer not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        expires_at timestamptz not null,
        read_at timestamptz,
        archived_at timestamptz,
        primary key (tenant_id, id),
        constraint notifications__user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id),
        constraint notifications__type_check check (type in ('assignment_created', 'assignment_due',
          'assignment_overdue', 'assignment_graded', 'student_at_risk', 'progress_milestone', 'system_alert',
          'message_received', 'report_ready')),
        constraint notifications__priority_check check (priority in ('low', 'normal', 'high', 'urgent')),
        constraint notifications__action_url_check check (action_url like '/%'),
        constraint notifications__count_check check (count > 0),
        constraint notifications__archived_check check (archived_at is null or read_at is not null)
      );
      create unique index notifications__unread_key on notifications (tenant_id, user_id, collapse_key)
        include (expires_at) where read_at is null;
      create index notifications__user_idx on notifications (tenant_id, user_id, created_at desc, id desc);
      create index notifications__expires_at_idx on notifications (expires_at);
      comment on table notifications is 'lines of people''s trays';
      comment on column notifications.cause is 'what was told of last';
      comment on column notifications.collapse_key is
        'what is told of under the same key, while the line is unread, goes into it; the cause, where lines stay apart';
      comment on column notifications.count is 'how many things it tells of; the text is that of the last one';
      comment on column notifications.updated_at is 'when it was told of the last of them';

      create table notification_causes (
        tenant_id uuid not null,
        user_id uuid not null,
        cause text not null,
        created_at timestamptz not null,
        primary key (tenant_id, user_id, cause),
        constraint notification_causes__user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id)
      );
      create index notification_causes__created_at_idx on notification_causes (created_at);
      comment on table notification_causes is 'what each person has been told of, so that it is once';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table notification_causes, notifications');
  }
}
