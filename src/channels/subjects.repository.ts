import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { ContentType, Values } from '../messaging/template.js';
import type { NotificationPriority, NotificationType } from '../notifications/notification.js';
import type { Category } from './channel.js';
import { type Recipient, recipientColumns } from './recipient.js';

/** Something that somebody is to be told of. */
export interface Subject extends Recipient {
  readonly type: NotificationType;
  readonly priority: NotificationPriority;
  readonly messageId: string | null;
  readonly notificationId: string | null;
}

/** What a delivery has to say, or one of several things. */
export interface Item extends Recipient {
  readonly deliveryId: string;
  readonly category: Category;
  readonly subject: string;
  readonly body: string;
  /** Null: of a notification, which is plain text without variables. */
  readonly contentType: ContentType | null;
  readonly values: Values | null;
  readonly senderName: string | null;
  /** Of the application. */
  readonly path: string | null;
  readonly occurredAt: string;
  /** Why it is not to be sent any more. */
  readonly over: string | null;
}

const preferences = 'left join preferences p on p.tenant_id = $1 and p.user_id = u.id';
/** Of a message `m` and its recipient's row `r`. */
const isMuted = `coalesce(m.sender_id = any (p.muted_sender_ids) or r.thread_id = any (p.muted_thread_ids), false)`;

/** What people are to be told of outside of the application: what others wrote, and what stands in their trays. */
@Injectable()
export class SubjectsRepository {
  constructor(private readonly database: Database) {}

  /** For those of its recipients who have not opened it; for whoever they were merged into. */
  listOfMessage(tenantId: string, messageId: string, userIds: readonly string[], now: Date): Promise<Subject[]> {
    return this.database.many<Subject>(
      `-- channels.listOfMessage
      with told as materialized (
        select distinct coalesce(u.merged_into_id, u.id) as user_id from users u
        where u.tenant_id = $1 and u.id = any ($3::uuid[])
      )
      select ${recipientColumns}, 'message_received' as type, 'normal' as priority, m.id as "messageId",
        null::uuid as "notificationId"
      from told
      join users u on u.tenant_id = $1 and u.id = told.user_id and u.is_active
      join message_recipients r on r.tenant_id = $1 and r.message_id = $2 and r.user_id = u.id
      join messages m on m.tenant_id = $1 and m.id = r.message_id
      ${preferences}
      where r.first_opened_at is null and m.recalled_at is null and (m.expires_at is null or m.expires_at > $4)
        and not ${isMuted}`,
      [tenantId, messageId, userIds, now],
    );
  }

  /** Lines of trays that have not been read. Of messages they are not: those go by themselves. */
  listOfNotifications(tenantId: string, notificationIds: readonly string[], now: Date): Promise<Subject[]> {
    return this.database.many<Subject>(
      `-- channels.listOfNotifications
      select ${recipientColumns}, n.type, n.priority, null::uuid as "messageId", n.id as "notificationId"
      from notifications n
      join users u on u.tenant_id = $1 and u.id = n.user_id and u.is_active
      ${preferences}
      where n.tenant_id = $1 and n.id = any ($2::uuid[]) and n.type <> 'message_received' and n.read_at is null
        and n.expires_at > $3`,
      [tenantId, notificationIds, now],
    );
  }

  /** What deliveries have to say now; of a digest the last `most` things. */
  listItems(tenantId: string, deliveryIds: readonly string[], now: Date, most: number): Promise<Item[]> {
    return this.database.many<Item>(
      `-- channels.listItems
      with item as materialized (
        select d.id as delivery_id, d.user_id, d.category, d.message_id, d.notification_id, d.id
        from outgoing_deliveries d where d.tenant_id = $1 and d.id = any ($2::uuid[]) and d.category is not null
        union all
        select digest.id, d.user_id, d.category, d.message_id, d.notification_id, d.id
        from unnest($2::uuid[]) as digest (id)
        cross join lateral (
          select * from outgoing_deliveries g where g.tenant_id = $1 and g.digest_id = digest.id
          order by g.id desc limit $4
        ) d
      )
      select ${recipientColumns}, item.delivery_id as "deliveryId", item.category,
        coalesce(m.subject, n.title, '') as subject, coalesce(m.body, n.body, '') as body,
        m.content_type as "contentType", r.variables as "values", s.name as "senderName",
        case when r.thread_id is null then n.action_url else '/messages/' || r.thread_id end as path,
        coalesce(r.sent_at, n.updated_at, $3) as "occurredAt",
        case
          when not u.is_active then 'left'
          when m.id is null and n.id is null then 'gone'
          when m.recalled_at is not null then 'recalled'
          when coalesce(m.expires_at, n.expires_at) <= $3 then 'expired'
          when coalesce(r.first_opened_at, n.read_at) is not null then 'read'
          when ${isMuted} then 'muted'
        end as over
      from item
      join users u on u.tenant_id = $1 and u.id = item.user_id
      ${preferences}
      left join message_recipients r
        on r.tenant_id = $1 and r.message_id = item.message_id and r.user_id = item.user_id
      left join messages m on m.tenant_id = $1 and m.id = item.message_id
      left join users s on s.tenant_id = $1 and s.id = m.sender_id
      left join notifications n on n.tenant_id = $1 and n.id = item.notification_id and n.user_id = item.user_id
      order by item.id`,
      [tenantId, deliveryIds, now, most],
    );
  }
}
