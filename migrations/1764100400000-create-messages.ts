import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What was written, to whom it went, by which channels, and the conversations it began. */
export class CreateMessages1764100400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table messages (
        tenant_id uuid not null,
        id uuid not null,
        sender_id uuid not null,
        thread_id uuid,
        reminds_id uuid,
        status text not null,
        subject text not null,
        body text not null,
        content_type text not null,
        attachments jsonb not null default '[]',
        assignment_id uuid,
        audience jsonb,
        recipients text not null default 'frozen',
        recipient_ids uuid[],
        wanted integer not null default 0,
        position integer not null default 0,
        withheld integer not null default 0,
        send_at timestamptz,
        expires_at timestamptz,
        accepted_at timestamptz,
        sent_at timestamptz,
        recalled_at timestamptz,
        error text,
        version integer not null default 1,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint messages_pkey primary key (tenant_id, id),
        constraint messages__sender_fkey foreign key (tenant_id, sender_id) references users (tenant_id, id),
        constraint messages__reminds_fkey foreign key (tenant_id, reminds_id) references messages (tenant_id, id)
          on delete set null (reminds_id),
        constraint messages__assignment_fkey foreign key (tenant_id, assignment_id)
          references assignments (tenant_id, id) on delete set null (assignment_id),
        constraint messages__status_check
          check (status in ('draft', 'scheduled', 'sending', 'sent', 'cancelled', 'failed')),
        constraint messages__content_type_check check (content_type in ('text', 'markdown')),
        constraint messages__recipients_check check (recipients in ('frozen', 'at-sending')),
        constraint messages__scheduled_check check (status <> 'scheduled' or send_at is not null),
        constraint messages__position_check check (0 <= position and position <= wanted)
      );
      create index messages__sender_idx on messages (tenant_id, sender_id, created_at desc, id desc);
      create index messages__accepted_idx on messages (tenant_id, sender_id, accepted_at);
      create index messages__reminds_idx on messages (tenant_id, reminds_id) where reminds_id is not null;
      create index messages__assignment_idx on messages (tenant_id, assignment_id) where assignment_id is not null;
      create index messages__thread_idx on messages (tenant_id, thread_id) where thread_id is not null;
      create index messages__due_idx on messages (send_at) where status = 'scheduled';
      create index messages__unsent_idx on messages (tenant_id, id) where status in ('draft', 'scheduled', 'sending');
      comment on column messages.thread_id is 'of a reply; any other begins a thread with each of its recipients';
      comment on column messages.audience is 'whom the sender meant; null for a reply and a reminder';
      comment on column messages.recipient_ids is 'who they are, once that is settled, until each of them has a row';
      comment on column messages.wanted is 'how many they are';
      comment on column messages.position is 'so many of them have been dealt with; where a killed worker goes on';
      comment on column messages.withheld is 'of those: left out, having had enough that day or having left';
      comment on column messages.accepted_at is 'when the sender said that it is to go, at once or later';
      comment on column messages.recalled_at is 'whoever had not opened it by then does not get to see it';

      create table threads (
        tenant_id uuid not null,
        user_id uuid not null,
        id uuid not null,
        other_id uuid not null,
        subject text not null,
        last_at timestamptz not null,
        archived_at timestamptz,
        labels text[] not null default '{}',
        constraint threads_pkey primary key (tenant_id, user_id, id),
        constraint threads__user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id),
        constraint threads__other_fkey foreign key (tenant_id, other_id) references users (tenant_id, id)
      );
      create index threads__latest_idx on threads (tenant_id, user_id, last_at desc, id desc);
      create index threads__other_idx on threads (tenant_id, other_id);
      create index threads__last_at_idx on threads (tenant_id, last_at);
      comment on table threads is
        'a conversation of two people, as one of them has it; whoever began it has it once the other has replied';
      alter table messages add constraint messages__thread_fkey foreign key (tenant_id, sender_id, thread_id)
        references threads (tenant_id, user_id, id) on update cascade on delete cascade;

      create table message_recipients (
        tenant_id uuid not null,
        message_id uuid not null,
        user_id uuid not null,
        thread_id uuid not null,
        sent_at timestamptz not null,
        variables jsonb,
        first_opened_at timestamptz,
        last_opened_at timestamptz,
        reminded_at timestamptz,
        constraint message_recipients_pkey primary key (tenant_id, message_id, user_id),
        constraint message_recipients__message_fkey foreign key (tenant_id, message_id)
          references messages (tenant_id, id) on delete cascade,
        constraint message_recipients__thread_fkey foreign key (tenant_id, user_id, thread_id)
          references threads (tenant_id, user_id, id) on update cascade on delete cascade,
        constraint message_recipients__opened_check check ((first_opened_at is null) = (last_opened_at is null))
      );
      create index message_recipients__thread_idx on message_recipients (tenant_id, thread_id, sent_at, message_id);
      -- the only one that has the instant behind the person: with another to choose from, before there are statistics,
      -- what somebody received today would be looked for among all that was sent today
      create index message_recipients__user_idx on message_recipients (tenant_id, user_id, sent_at);
      create index message_recipients__unread_idx on message_recipients (tenant_id, user_id, thread_id)
        where first_opened_at is null;
      comment on column message_recipients.variables is 'what the variables of the text stood for when it was sent; null: it has none';

      create table deliveries (
        tenant_id uuid not null,
        message_id uuid not null,
        user_id uuid not null,
        channel text not null,
        queued_at timestamptz not null,
        sent_at timestamptz,
        delivered_at timestamptz,
        constraint deliveries_pkey primary key (tenant_id, message_id, user_id, channel),
        constraint deliveries__recipient_fkey foreign key (tenant_id, message_id, user_id)
          references message_recipients (tenant_id, message_id, user_id) on update cascade on delete cascade,
        constraint deliveries__channel_check check (channel in ('app')),
        constraint deliveries__order_check check (delivered_at is null or sent_at is not null)
      );
      comment on table deliveries is 'how far a message has come to a recipient, by each channel it goes by';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table messages drop constraint messages__thread_fkey;
      drop table deliveries;
      drop table message_recipients;
      drop table threads;
      drop table messages;
    `);
  }
}
