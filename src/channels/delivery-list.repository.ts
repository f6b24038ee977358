import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { ChannelName } from './channel.js';
import { triedSeconds } from './deliveries.repository.js';
import type { DeliveryFilter, OutgoingDeliveryResponse } from './deliveries.dto.js';

const columns = `d.id, d.user_id as "userId", u.name as "userName", d.channel, d.category, d.priority, d.state, d.attempts,
  d.queued_at as "queuedAt", d.due_at as "dueAt", d.sent_at as "sentAt", d.delivered_at as "deliveredAt", d.error,
  d.message_id as "messageId", d.notification_id as "notificationId", d.digest_id as "digestId"`;
/** As on the day on which it was queued first. */
const again = `state = 'queued', attempts = 0, error = null, queued_at = $3, due_at = $3,
  give_up_at = $3::timestamptz + make_interval(secs => $4)`;

/** What administrators see of the queue, and send once more. */
@Injectable()
export class DeliveryListRepository {
  constructor(private readonly database: Database) {}

  /** The latest first; `after` is the id of the last one of the page before. */
  list(
    tenantId: string,
    { state, channel }: DeliveryFilter,
    { limit, offset, after }: Position,
  ): Promise<OutgoingDeliveryResponse[]> {
    return this.database.many<OutgoingDeliveryResponse>(
      `-- channels.listDeliveries
      select ${columns}
      from outgoing_deliveries d join users u on u.tenant_id = $1 and u.id = d.user_id
      where d.tenant_id = $1 and ($2::text is null or d.channel = $2) and ($3::uuid is null or d.id < $3)
        ${state === undefined ? '' : 'and d.state = $6'}
      order by d.id desc limit $4 offset $5`,
      [
        tenantId, channel ?? null, after?.[0] ?? null, limit + 1, offset, ...(state === undefined ? [] : [state]),
      ],
    ); // prettier-ignore
  }

  find(tenantId: string, id: string): Promise<OutgoingDeliveryResponse | null> {
    return this.database.maybeOne<OutgoingDeliveryResponse>(
      `-- channels.findDelivery
      select ${columns}
      from outgoing_deliveries d join users u on u.tenant_id = $1 and u.id = d.user_id
      where d.tenant_id = $1 and d.id = $2`,
      [tenantId, id],
    );
  }

  /** @returns whether it had failed, or bounced */
  async replay(tenantId: string, id: string, now: Date): Promise<boolean> {
    const replayed = await this.database.run(
      `-- channels.replay
      update outgoing_deliveries set ${again}
      where tenant_id = $1 and id = $2 and state in ('failed', 'bounced')`,
      [tenantId, id, now, triedSeconds],
    );
    return replayed === 1;
  }

  /** Of what has failed since; what has bounced would again. @returns how many; `limit` when there may be more */
  replayFailed(
    tenantId: string,
    { channel, since }: { readonly channel: ChannelName; readonly since: string },
    now: Date,
    limit: number,
  ): Promise<number> {
    return this.database.run(
      `-- channels.replayFailed
      update outgoing_deliveries set ${again}
      where tenant_id = $1 and id = any (array(
        select id from outgoing_deliveries
        where tenant_id = $1 and state = 'failed' and channel = $2 and queued_at >= $5 order by id limit $6
        for update skip locked
      ))`,
      [tenantId, channel, now, triedSeconds, since, limit],
    );
  }
}
