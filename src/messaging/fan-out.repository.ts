import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Receipt } from './message-record.js';
import type { Audience, MessageText } from './messages.repository.js';
import type { Values } from './template.js';
import type { Wave } from './waves.js';

export interface SendingMessage extends MessageText {
  readonly senderId: string;
  readonly audience: Audience | null;
  readonly remindsId: string | null;
  readonly sentAt: string;
  readonly isSettled: boolean;
  readonly sendLocal: string | null;
  readonly waves: readonly Wave[] | null;
  readonly position: number;
  /** To one person alone. */
  readonly isDirect: boolean;
  /** All of them, before the first; null later. */
  readonly wantedIds: readonly string[] | null;
  /** Those whose turn it is. */
  readonly userIds: readonly string[];
}

export interface NewRecipient {
  readonly userId: string;
  readonly threadId: string;
  /** As this one is to read it. */
  readonly subject: string;
  readonly values: Values | null;
}

@Injectable()
export class FanOutRepository {
  constructor(private readonly database: Database) {}

  /** Up to `limit` of all tenants. */
  listDue(now: Date, limit: number): Promise<{ tenantId: string; id: string }[]> {
    return this.database.many<{ tenantId: string; id: string }>(
      `-- messaging.listDue
      select tenant_id as "tenantId", id from messages
      where status = 'scheduled' and send_at <= $1 order by send_at, id limit $2`,
      [now, limit],
    );
  }

  /** @returns whether it is for the first time that it is sent to somebody; null: it is not to be sent now */
  async begin(tenantId: string, id: string, now: Date): Promise<{ isFirst: boolean } | null> {
    return this.database.maybeOne<{ isFirst: boolean }>(
      `-- messaging.beginSending
      update messages
      set status = 'sending', sent_at = coalesce(sent_at, $3), version = version + 1, updated_at = $3
      where tenant_id = $1 and id = $2 and status = 'scheduled' and send_at <= $3
      returning sent_at = $3 as "isFirst"`,
      [tenantId, id, now],
    );
  }

  /** The row is locked. It goes on when the next of its recipients are due. */
  async pause(tenantId: string, id: string, until: string): Promise<void> {
    await this.database.run(
      `-- messaging.pauseSending
      update messages set status = 'scheduled', send_at = $3 where tenant_id = $1 and id = $2`,
      [tenantId, id, until],
    );
  }

  /** With the next `limit` recipients; null unless it is being sent. Nobody else deals with it until the transaction ends. */
  lockSending(tenantId: string, id: string, limit: number): Promise<SendingMessage | null> {
    return this.database.maybeOne<SendingMessage>(
      `-- messaging.lockSending
      select m.sender_id as "senderId", m.subject, m.body, m.assignment_id as "assignmentId", m.audience,
        m.reminds_id as "remindsId", m.sent_at as "sentAt", m.recipient_ids is not null as "isSettled",
        m.send_local as "sendLocal", m.waves, m.position,
        m.wanted = 1 as "isDirect",
        case when m.position = 0 then m.recipient_ids end as "wantedIds",
        coalesce(m.recipient_ids[m.position + 1 : m.position + $3], '{}') as "userIds"
      from messages m where m.tenant_id = $1 and m.id = $2 and m.status = 'sending'
      for no key update`,
      [tenantId, id, limit],
    );
  }

  async settle(
    tenantId: string,
    id: string,
    { userIds, waves }: { readonly userIds: readonly string[]; readonly waves: readonly Wave[] | null },
  ): Promise<void> {
    await this.database.run(
      `-- messaging.settleRecipients
      update messages set recipient_ids = $3, wanted = cardinality($3::uuid[]), waves = $4
      where tenant_id = $1 and id = $2`,
      [tenantId, id, userIds, waves && JSON.stringify(waves)],
    );
  }

  /**
   * Puts a message into the boxes of those who have not got `most` since `since`, and have not got this one. A reminder
   * goes on with the thread of what it reminds of. Of a direct one the sender has the thread, too.
   */
  async insertRecipients(
    tenantId: string,
    messageId: string,
    { senderId, remindsId, sentAt, isDirect }: Pick<SendingMessage, 'senderId' | 'remindsId' | 'sentAt' | 'isDirect'>,
    recipients: readonly NewRecipient[],
    { now, since, most }: { readonly now: Date; readonly since: Date; readonly most: number },
  ): Promise<Receipt[]> {
    return this.database.many<Receipt>(
      `-- messaging.insertRecipients
      with wanted as materialized (
        select w."userId" as user_id, coalesce((
            select o.thread_id from message_recipients o
            where o.tenant_id = $1 and o.message_id = $4 and o.user_id = w."userId"
          ), w."threadId") as thread_id, w.subject, w."values"
        from jsonb_to_recordset($5::jsonb) as w ("userId" uuid, "threadId" uuid, subject text, "values" jsonb)
        where (select count(*) from (
            select from message_recipients r
            where r.tenant_id = $1 and r.user_id = w."userId" and r.sent_at >= $8 limit $9
          ) received) < $9
          -- \`is true\` keeps it from becoming a join, which as long as there are no statistics goes through all who have
          -- got it for each who has not: measured, 2,700 a second in place of 6,900
          and (not exists (
            select from message_recipients r where r.tenant_id = $1 and r.message_id = $2 and r.user_id = w."userId"
          )) is true
      ), thread as (
        insert into threads (tenant_id, user_id, id, other_id, subject, last_at)
        select $1, user_id, thread_id, $3, subject, $7 from wanted order by user_id
        on conflict (tenant_id, user_id, id) do update set last_at = excluded.last_at, archived_at = null
      ), own as (
        insert into threads (tenant_id, user_id, id, other_id, subject, last_at)
        select $1, $3, thread_id, user_id, subject, $7 from wanted where $10
        on conflict (tenant_id, user_id, id) do update set last_at = excluded.last_at, archived_at = null
      ), recipient as (
        insert into message_recipients (tenant_id, message_id, user_id, thread_id, sent_at, variables)
        select $1, $2, user_id, thread_id, $7, "values" from wanted
      ), delivery as (
        insert into deliveries (tenant_id, message_id, user_id, channel, queued_at, sent_at, delivered_at)
        select $1, $2, user_id, 'app', $6, $7, $7 from wanted
      )
      select $2::uuid as "messageId", thread_id as "threadId", user_id as "userId" from wanted`,
      [tenantId, messageId, senderId, remindsId, JSON.stringify(recipients), sentAt, now, since, most, isDirect],
    );
  }

  /** The row is locked. @returns whether that were all */
  async advance(
    tenantId: string,
    id: string,
    { handled, withheld }: { readonly handled: number; readonly withheld: number },
  ): Promise<boolean> {
    const { isOver } = await this.database.one<{ isOver: boolean }>(
      `-- messaging.advance
      update messages
      set position = position + $3, withheld = withheld + $4,
        status = case when position + $3 >= wanted then 'sent' else status end,
        recipient_ids = case when position + $3 < wanted then recipient_ids end
      where tenant_id = $1 and id = $2
      returning status = 'sent' as "isOver"`,
      [tenantId, id, handled, withheld],
    );
    return isOver;
  }

  /** The row is locked. */
  async fail(tenantId: string, id: string, error: string, now: Date): Promise<void> {
    await this.database.run(
      `-- messaging.failMessage
      update messages
      set status = 'failed', error = $3, recipient_ids = null, version = version + 1, updated_at = $4
      where tenant_id = $1 and id = $2`,
      [tenantId, id, error, now],
    );
  }

  /** From whom it was recalled, by their ids above `after`. */
  listLost(tenantId: string, id: string, after: string, limit: number): Promise<Receipt[]> {
    return this.database.many<Receipt>(
      `-- messaging.listLost
      select r.message_id as "messageId", r.thread_id as "threadId", r.user_id as "userId"
      from message_recipients r
      join messages m on m.tenant_id = $1 and m.id = r.message_id
      where r.tenant_id = $1 and r.message_id = $2 and r.user_id > $3
        and m.recalled_at is not null and (r.first_opened_at is null or r.first_opened_at > m.recalled_at)
      order by r.user_id limit $4`,
      [tenantId, id, after, limit],
    );
  }
}
