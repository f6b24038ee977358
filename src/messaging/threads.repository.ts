import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import type { Receipt } from './message-record.js';
import type { Reply } from './messages.repository.js';
import type { Values } from './template.js';
import type { ThreadListQuery, ThreadMessage, ThreadResponse, UnreadThreads } from './threads.dto.js';
import { isReceived, isUnread, isVisible } from './visibility.js';

/** A thread as far as somebody who is in it may know it. */
export interface Parties {
  readonly otherId: string;
  readonly subject: string;
}

export type ThreadMessageRow = ThreadMessage & { readonly variables: Values | null };

const join = 'message_recipients r join messages m on m.tenant_id = $1 and m.id = r.message_id';
const inThread = 'r.tenant_id = $1 and r.thread_id = t.id';
const columns = (now: string): string => `t.id, t.other_id as "otherId", o.name as "otherName", t.subject,
  t.last_at as "lastAt", t.archived_at is not null as "isArchived", t.labels, (
    select count(*) from ${join} where ${inThread} and ${isUnread('$2', now)}
  ) as unread`;

@Injectable()
export class ThreadsRepository {
  constructor(private readonly database: Database) {}

  /** The latest first; `after` is the time and the id of the last one of the page before. */
  list(
    { tenantId, userId }: Viewer,
    { search, label, archived, unread }: ThreadListQuery,
    now: Date,
    { limit, offset, after }: Position,
  ): Promise<ThreadResponse[]> {
    const patterns = (search?.trim().split(/\s+/).slice(0, 5) ?? []).map(
      (word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`,
    );
    return this.database.many<ThreadResponse>(
      // each text is folded once, and those of messages when they were written: folding costs more than comparing
      `-- messaging.listThreads
      with word as materialized (select fold(pattern) as pattern from unnest($7::text[]) as given (pattern))
      select ${columns('$3')}
      from threads t join users o on o.tenant_id = $1 and o.id = t.other_id
      where t.tenant_id = $1 and t.user_id = $2 and (t.archived_at is not null) = $4
        and ($5::text is null or $5 = any (t.labels))
        -- \`is true\` keeps it from becoming a join, which would go through all messages of the tenant
        and exists (select from ${join} where ${inThread} and ${isVisible('$2', '$3')}) is true
        and (not $6 or exists (select from ${join} where ${inThread} and ${isUnread('$2', '$3')}))
        and not exists (
          select from word cross join (select fold(t.subject || E'\\n' || o.name) as text offset 0) named
          where not (named.text like word.pattern or exists (
            select from ${join}
            where ${inThread} and ${isVisible('$2', '$3')} and coalesce(m.words, fold(m.body)) like word.pattern
          ))
        )
        and ($8::timestamptz is null or (t.last_at, t.id) < ($8, $9::uuid))
      order by t.last_at desc, t.id desc limit $10 offset $11`,
      [
        tenantId, userId, now, archived, label ?? null, unread, patterns, after?.[0] ?? null, after?.[1] ?? null,
        limit + 1, offset,
      ],
    ); // prettier-ignore
  }

  countUnread({ tenantId, userId }: Viewer, now: Date): Promise<UnreadThreads> {
    return this.database.one<UnreadThreads>(
      `-- messaging.countUnread
      select count(*) as "unreadMessages", count(distinct r.thread_id) as "unreadThreads"
      from ${join} where r.tenant_id = $1 and ${isUnread('$2', '$3')}`,
      [tenantId, userId, now],
    );
  }

  /** One's own. */
  async get({ tenantId, userId }: Viewer, id: string, now: Date): Promise<ThreadResponse> {
    return this.database.one<ThreadResponse>(
      `-- messaging.getThread
      select ${columns('$3')}
      from threads t join users o on o.tenant_id = $1 and o.id = t.other_id
      where t.tenant_id = $1 and t.user_id = $2 and t.id = $4`,
      [tenantId, userId, now, id],
    );
  }

  /** Of a thread in which there is something for the viewer to see. */
  findParties({ tenantId, userId }: Viewer, id: string, now: Date): Promise<Parties | null> {
    return this.database.maybeOne<Parties>(
      `-- messaging.findParties
      select case r.user_id when $2 then m.sender_id else r.user_id end as "otherId", t.subject
      from ${join}
      join threads t on t.tenant_id = $1 and t.user_id = r.user_id and t.id = r.thread_id
      where r.tenant_id = $1 and r.thread_id = $3 and ${isVisible('$2', '$4')}
      order by r.sent_at, m.id limit 1`,
      [tenantId, userId, id, now],
    );
  }

  /** Whether somebody is active; if so, they stay so, and themselves, until the transaction ends. */
  async lockActive(tenantId: string, userId: string): Promise<boolean> {
    const found = await this.database.maybeOne<{ id: string }>(
      `-- messaging.lockActive
      select id from users where tenant_id = $1 and id = $2 and is_active for share`,
      [tenantId, userId],
    );
    return found !== null;
  }

  /** The latest first. */
  listMessages(
    { tenantId, userId }: Viewer,
    id: string,
    now: Date,
    { limit, offset, after }: Position,
  ): Promise<ThreadMessageRow[]> {
    return this.database.many<ThreadMessageRow>(
      `-- messaging.listThreadMessages
      select m.id, m.sender_id as "senderId", s.name as "senderName", m.subject, m.body,
        m.content_type as "contentType", m.html, m.attachments, r.sent_at as "sentAt", r.first_opened_at as "firstOpenedAt",
        r.variables
      from ${join} join users s on s.tenant_id = $1 and s.id = m.sender_id
      where r.tenant_id = $1 and r.thread_id = $3 and ${isVisible('$2', '$4')}
        and ($5::timestamptz is null or (r.sent_at, m.id) < ($5, $6::uuid))
      order by r.sent_at desc, m.id desc limit $7 offset $8`,
      [tenantId, userId, id, now, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  /** Whoever began a thread has none of their own before. */
  async ensure(tenantId: string, userId: string, id: string, { otherId, subject }: Parties, now: Date): Promise<void> {
    await this.database.run(
      `-- messaging.ensureThread
      insert into threads (tenant_id, user_id, id, other_id, subject, last_at) values ($1, $2, $3, $4, $5, $6)
      on conflict (tenant_id, user_id, id) do nothing`,
      [tenantId, userId, id, otherId, subject, now],
    );
  }

  async update(
    { tenantId, userId }: Viewer,
    id: string,
    { isArchived, labels }: { readonly isArchived?: boolean; readonly labels?: readonly string[] },
    now: Date,
  ): Promise<void> {
    await this.database.run(
      `-- messaging.updateThread
      update threads
      set labels = coalesce($4, labels),
        archived_at = case when $5::boolean is null then archived_at when $5 then coalesce(archived_at, $6) end
      where tenant_id = $1 and user_id = $2 and id = $3`,
      [tenantId, userId, id, labels ?? null, isArchived ?? null, now],
    );
  }

  /** Opens what the viewer has not. @returns that */
  async open({ tenantId, userId }: Viewer, id: string, now: Date): Promise<Receipt[]> {
    const opened = await this.database.many<Receipt & { isFirst: boolean }>(
      `-- messaging.openThread
      with opened as (
        select r.message_id, r.first_opened_at is null as is_first from ${join}
        where r.tenant_id = $1 and r.thread_id = $3 and ${isReceived('$2', '$4')}
        order by r.message_id for no key update of r
      )
      update message_recipients r
      set first_opened_at = coalesce(r.first_opened_at, $4), last_opened_at = greatest(r.last_opened_at, $4)
      from opened
      where r.tenant_id = $1 and r.user_id = $2 and r.message_id = opened.message_id
      returning r.message_id as "messageId", r.thread_id as "threadId", r.user_id as "userId", opened.is_first as "isFirst"`,
      [tenantId, userId, id, now],
    );
    return opened.filter(({ isFirst }) => isFirst).map(({ messageId, threadId }) => ({ messageId, threadId, userId }));
  }

  /** Puts a reply into the other's box; both have the thread. */
  async deliver(
    { tenantId, userId }: Viewer,
    { id, threadId }: Pick<Reply, 'id' | 'threadId'>,
    otherId: string,
    now: Date,
  ): Promise<void> {
    await this.database.run(
      `-- messaging.deliverReply
      with thread as (
        update threads set last_at = greatest(last_at, $6), archived_at = null
        where tenant_id = $1 and id = $4 and user_id in ($2, $5)
      ), recipient as (
        insert into message_recipients (tenant_id, message_id, user_id, thread_id, sent_at)
        values ($1, $3, $5, $4, $6)
      )
      insert into deliveries (tenant_id, message_id, user_id, channel, queued_at, sent_at, delivered_at)
      values ($1, $3, $5, 'app', $6, $6, $6)`,
      [tenantId, userId, id, threadId, otherId, now],
    );
  }

  /** A reply of the viewer's with this id, in this thread. */
  async hasReply({ tenantId, userId }: Viewer, threadId: string, id: string): Promise<boolean> {
    const found = await this.database.maybeOne<{ id: string }>(
      `-- messaging.findReply
      select id from messages where tenant_id = $1 and sender_id = $2 and thread_id = $3 and id = $4`,
      [tenantId, userId, threadId, id],
    );
    return found !== null;
  }
}
