import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import type { Filter } from '../students/student-filter.js';
import type { Attachment, MessageResponse, MessageStates, MessageStatus, RecipientMode } from './messages.dto.js';
import type { ContentType } from './template.js';
import type { Wave } from './waves.js';

/** Exactly one of them. */
export interface Audience {
  readonly userIds?: readonly string[];
  readonly filter?: Filter;
  readonly segmentId?: string;
  readonly departmentId?: string;
  readonly instructorId?: string;
}

/** What variables can stand in, and what they are about. */
export interface MessageText {
  readonly subject: string;
  readonly body: string;
  readonly assignmentId: string | null;
}

/** What its sender may change until it is sent. */
export interface Terms extends MessageText {
  readonly status: MessageStatus;
  readonly contentType: ContentType;
  /** Of the body, made by `htmlOf`. */
  readonly html: string | null;
  readonly attachments: readonly Attachment[];
  readonly audience: Audience | null;
  readonly recipients: RecipientMode;
  /** Who they are; null: not settled. */
  readonly recipientIds: readonly string[] | null;
  readonly sendAt: Date | null;
  readonly sendLocal: string | null;
  /** In the order of `recipientIds`; null: all at once, or not settled. */
  readonly waves: readonly Wave[] | null;
  readonly expiresAt: Date | null;
  readonly acceptedAt: Date | null;
  readonly sentAt: Date | null;
}

export interface Reply {
  readonly id: string;
  readonly threadId: string;
  readonly body: string;
  readonly contentType: ContentType;
  readonly html: string | null;
  readonly attachments: readonly Attachment[];
  readonly subject: string;
}

export type MessageRow = Omit<MessageResponse, 'to'> & { readonly to: Audience | null };

const columns = (
  audience: string,
): string => `m.id, m.status, ${audience} as "to", m.recipients, m.subject, m.body, m.content_type as "contentType",
  m.html, m.attachments, m.assignment_id as "assignmentId", m.reminds_id as "remindsId", m.send_at as "sendAt",
  m.send_local as "sendLocal",
  m.sent_at as "sentAt", m.expires_at as "expiresAt", m.recalled_at as "recalledAt", m.error, m.wanted,
  m.wanted - m.position as queued, m.withheld, m.version, m.created_at as "createdAt", m.updated_at as "updatedAt"`;
const whole = columns('m.audience');
/** One's own; replies stand in their threads. */
const own = 'm.tenant_id = $1 and m.sender_id = $2 and m.thread_id is null';

@Injectable()
export class MessagesRepository {
  constructor(private readonly database: Database) {}

  /** Until the transaction ends nothing else of this sender is accepted: what is counted stays true. */
  async lockSender({ tenantId, userId }: Viewer): Promise<void> {
    await this.database.run(
      `-- messaging.lockSender
      select pg_advisory_xact_lock(hashtext('messages ' || $1 || ' ' || $2))`,
      [tenantId, userId],
    );
  }

  /** What this sender has sent or meant to send since an instant, replies included. */
  async countAccepted({ tenantId, userId }: Viewer, since: Date): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- messaging.countAccepted
      select count(*) as count from messages m
      where m.tenant_id = $1 and m.sender_id = $2 and m.accepted_at >= $3
        and (m.status <> 'cancelled' or m.sent_at is not null)`,
      [tenantId, userId, since],
    );
    return count;
  }

  /** The latest first, without the names of those who were named; `after` is the time and the id of the last one of the page before. */
  list(
    { tenantId, userId }: Viewer,
    statuses: readonly MessageStatus[] | undefined,
    { limit, offset, after }: Position,
  ): Promise<MessageRow[]> {
    return this.database.many<MessageRow>(
      `-- messaging.listMessages
      select ${columns(`m.audience - 'userIds'`)} from messages m
      where ${own} and ($3::text[] is null or m.status = any ($3))
        and ($4::timestamptz is null or (m.created_at, m.id) < ($4, $5::uuid))
      order by m.created_at desc, m.id desc limit $6 offset $7`,
      [tenantId, userId, statuses ?? null, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  find({ tenantId, userId }: Viewer, id: string): Promise<MessageRow | null> {
    return this.database.maybeOne<MessageRow>(
      `-- messaging.findMessage
      select ${whole} from messages m where ${own} and m.id = $3`,
      [tenantId, userId, id],
    );
  }

  /** Until the transaction ends it neither changes nor is anybody added to whom it goes. */
  lock({ tenantId, userId }: Viewer, id: string): Promise<MessageRow | null> {
    return this.database.maybeOne<MessageRow>(
      `-- messaging.lockMessage
      select ${whole} from messages m where ${own} and m.id = $3 for no key update`,
      [tenantId, userId, id],
    );
  }

  async findRecipientIds(tenantId: string, id: string): Promise<string[] | null> {
    const { ids } = await this.database.one<{ ids: string[] | null }>(
      `-- messaging.findRecipientIds
      select recipient_ids as ids from messages where tenant_id = $1 and id = $2`,
      [tenantId, id],
    );
    return ids;
  }

  countStates(tenantId: string, id: string): Promise<MessageStates> {
    // each counted by itself: as a join, tables that were filled a minute ago would be gone through once for each row
    return this.database.one<MessageStates>(
      `-- messaging.countStates
      select d.sent, d.delivered, r."openedInApp", r.reminded
      from (
        select count(sent_at) as sent, count(delivered_at) as delivered from deliveries
        where tenant_id = $1 and message_id = $2 and channel = 'app'
      ) d, (
        select count(first_opened_at) as "openedInApp", count(reminded_at) as reminded from message_recipients
        where tenant_id = $1 and message_id = $2
      ) r`,
      [tenantId, id],
    );
  }

  /** @returns false when the id is taken */
  async insert(
    { tenantId, userId }: Viewer,
    id: string,
    terms: Terms & { readonly remindsId?: string },
    now: Date,
  ): Promise<boolean> {
    const inserted = await this.database.run(
      `-- messaging.insertMessage
      insert into messages (tenant_id, id, sender_id, status, subject, body, words, content_type, html, attachments,
        assignment_id, audience, recipients, recipient_ids, wanted, send_at, send_local, waves, expires_at, accepted_at, sent_at,
        reminds_id, created_at, updated_at)
      values ($1, $2, $3, $4, $5, $6, fold($6), $7, $8, $9, $10, $11, $12, $13, coalesce(cardinality($13::uuid[]), 0), $14, $15, $16,
        $17, $18, $19, $20, $21, $21)
      on conflict (tenant_id, id) do nothing`,
      [tenantId, id, userId, ...valuesOf(terms), terms.remindsId ?? null, now],
    );
    return inserted === 1;
  }

  /** The row is locked. */
  async update(tenantId: string, id: string, terms: Terms, now: Date): Promise<void> {
    await this.database.run(
      `-- messaging.updateMessage
      update messages
      set status = $3, subject = $4, body = $5, words = fold($5), content_type = $6, html = $7, attachments = $8, assignment_id = $9,
        audience = $10, recipients = $11, recipient_ids = $12, wanted = coalesce(cardinality($12::uuid[]), 0),
        send_at = $13, send_local = $14, waves = $15, expires_at = $16, accepted_at = $17, sent_at = $18,
        version = version + 1, updated_at = $19
      where tenant_id = $1 and id = $2`,
      [tenantId, id, ...valuesOf(terms), now],
    );
  }

  /** The row is locked. Who has it keeps it. */
  async cancel(tenantId: string, id: string, now: Date): Promise<void> {
    await this.database.run(
      `-- messaging.cancelMessage
      update messages
      set status = 'cancelled', recipient_ids = null, withheld = withheld + wanted - position, position = wanted,
        version = version + 1, updated_at = $3
      where tenant_id = $1 and id = $2`,
      [tenantId, id, now],
    );
  }

  /** The row is locked; nobody is added to whom it goes. */
  async recall(tenantId: string, id: string, now: Date): Promise<void> {
    await this.database.run(
      `-- messaging.recallMessage
      update messages
      set recalled_at = $3, status = case status when 'cancelled' then status else 'sent' end, recipient_ids = null, withheld = withheld + wanted - position,
        position = wanted, version = version + 1, updated_at = $3
      where tenant_id = $1 and id = $2`,
      [tenantId, id, now],
    );
  }

  async insertReply({ tenantId, userId }: Viewer, reply: Reply, now: Date): Promise<void> {
    await this.database.run(
      `-- messaging.insertReply
      insert into messages (tenant_id, id, sender_id, thread_id, status, subject, body, words, content_type, html,
        attachments, wanted, position, accepted_at, sent_at, created_at, updated_at)
      values ($1, $2, $3, $4, 'sent', $5, $6, fold($6), $7, $8, $9, 1, 1, $10, $10, $10, $10)`,
      [
        tenantId, reply.id, userId, reply.threadId, reply.subject, reply.body, reply.contentType, reply.html,
        JSON.stringify(reply.attachments), now,
      ],
    ); // prettier-ignore
  }
}

function valuesOf(terms: Terms): unknown[] {
  return [
    terms.status, terms.subject, terms.body, terms.contentType, terms.html, JSON.stringify(terms.attachments),
    terms.assignmentId, terms.audience && JSON.stringify(terms.audience), terms.recipients, terms.recipientIds,
    terms.sendAt, terms.sendLocal, terms.waves && JSON.stringify(terms.waves), terms.expiresAt, terms.acceptedAt, terms.sentAt,
  ]; // prettier-ignore
}
