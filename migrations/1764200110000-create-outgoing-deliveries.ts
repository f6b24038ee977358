import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What goes to people by other channels than the application. */
export class CreateOutgoingDeliveries1764200110000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table outgoing_deliveries (
        tenant_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        channel text not null,
        cause text not null,
        category text,
        priority text not null,
        message_id uuid,
        notification_id uuid,
        digest_id uuid,
        state text not null,
        is_held boolean not null,
        attempts integer not null default 0,
        queued_at timestamptz not null,
        due_at timestamptz not null,
        give_up_at timestamptz not null,
        leased_until timestamptz,
        sent_at timestamptz,
        delivered_at timestamptz,
        reference text,
        error text,
        constraint outgoing_deliveries_pkey primary key (tenant_id, id),
        constraint outgoing_deliveries__cause_key unique (tenant_id, user_id, channel, cause),
        constraint outgoing_deliveries__user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id),
        constraint outgoing_deliveries__recipient_fkey foreign key (tenant_id, message_id, user_id)
          references message_recipients (tenant_id, message_id, user_id) on update cascade on delete cascade,
        constraint outgoing_deliveries__digest_fkey foreign key (tenant_id, digest_id)
          references outgoing_deliveries (tenant_id, id) on delete set null (digest_id),
        constraint outgoing_deliveries__subject_check
          check (num_nonnulls(message_id, notification_id) = case when category is null then 0 else 1 end),
        constraint outgoing_deliveries__category_check
          check (category in ('messages', 'assignments', 'risk', 'progress', 'reports', 'system')),
        constraint outgoing_deliveries__priority_check check (priority in ('low', 'normal', 'high', 'urgent')),
        constraint outgoing_deliveries__state_check check (state in
          ('queued', 'gathered', 'sending', 'sent', 'delivered', 'suppressed', 'bounced', 'failed')),
        constraint outgoing_deliveries__held_check check (not is_held or state in ('queued', 'gathered', 'suppressed')),
        constraint outgoing_deliveries__gathered_check check (state = 'gathered' or digest_id is null),
        constraint outgoing_deliveries__leased_check check ((state = 'sending') = (leased_until is not null))
      );
      create index outgoing_deliveries__due_idx on outgoing_deliveries
        (tenant_id, channel, (priority = 'urgent') desc, due_at, id) where state in ('queued', 'sending') and not is_held;
      create index outgoing_deliveries__held_idx on outgoing_deliveries (tenant_id, channel, due_at)
        where state = 'queued' and is_held;
      create index outgoing_deliveries__digest_idx on outgoing_deliveries (tenant_id, digest_id)
        where digest_id is not null;
      create index outgoing_deliveries__message_idx on outgoing_deliveries (tenant_id, message_id, user_id)
        where message_id is not null;
      create index outgoing_deliveries__day_idx on outgoing_deliveries (tenant_id, user_id, channel, due_at)
        where notification_id is not null and not is_held;
      create index outgoing_deliveries__state_idx on outgoing_deliveries (tenant_id, state, id);
      create index outgoing_deliveries__queued_at_idx on outgoing_deliveries (queued_at) where message_id is null;
      comment on table outgoing_deliveries is 'what goes to people by other channels than the application, and how far it has come';
      comment on column outgoing_deliveries.channel is 'as the program knows them: a further one needs no migration';
      comment on column outgoing_deliveries.cause is 'what it tells of: to each person by each channel once';
      comment on column outgoing_deliveries.category is 'null: a digest';
      comment on column outgoing_deliveries.notification_id is 'of a line that may be gone, which is not sent any more then';
      comment on column outgoing_deliveries.digest_id is 'what it was gathered into, whose state is its own';
      comment on column outgoing_deliveries.is_held is 'it waits for a digest, until due_at';
      comment on column outgoing_deliveries.attempts is 'how often it has been tried since it was queued; tells attempts apart, too';
      comment on column outgoing_deliveries.give_up_at is 'what still cannot be sent then has failed';
      comment on column outgoing_deliveries.leased_until is 'by the server''s clock: after that whoever sends it is taken for dead';
      comment on column outgoing_deliveries.reference is 'what the other side calls it';
      comment on column outgoing_deliveries.error is 'why it was not sent, or not yet: a few words, without personal data';

      comment on table deliveries is 'when a message came to a recipient in the application';

      create table channel_pauses (
        tenant_id uuid not null references tenants (id),
        channel text not null,
        faults integer not null,
        paused_until timestamptz not null,
        constraint channel_pauses_pkey primary key (tenant_id, channel)
      );
      comment on table channel_pauses is 'channels of tenants that take nothing: nothing is tried before that, and then one thing';
      comment on column channel_pauses.faults is 'pauses in a row';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table channel_pauses, outgoing_deliveries;
      comment on table deliveries is 'how far a message has come to a recipient, by each channel it goes by';
    `);
  }
}
