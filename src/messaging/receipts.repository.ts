import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { ReceiptResponse, ReceiptState } from './receipts.dto.js';

/** Of `message_recipients r`, `n` being the instant by which it must have lain there. */
const states: Readonly<Record<ReceiptState, (n: string) => string>> = {
  delivered: () => 'r.first_opened_at is null',
  opened: () => 'r.first_opened_at is not null',
  notSeen: (n) =>
    `r.first_opened_at is null and r.sent_at <= ${n} and coalesce(r.reminded_at <= ${n}, true) and exists (
      select from deliveries d
      where d.tenant_id = $1 and d.message_id = r.message_id and d.user_id = r.user_id and d.delivered_at is not null
    )`,
};

@Injectable()
export class ReceiptsRepository {
  constructor(private readonly database: Database) {}

  /** By the ids of the recipients; `after` is the last one of the page before. */
  list(
    tenantId: string,
    messageId: string,
    { state, before }: { readonly state: ReceiptState | undefined; readonly before: Date },
    { limit, offset, after }: Position,
  ): Promise<ReceiptResponse[]> {
    const parameters: unknown[] = [tenantId, messageId, after?.[0] ?? null, limit + 1, offset];
    if (state === 'notSeen') parameters.push(before);
    return this.database.many<ReceiptResponse>(
      `-- messaging.listRecipients
      select r.user_id as "userId", u.name, r.thread_id as "threadId", r.first_opened_at as "firstOpenedAt",
        r.last_opened_at as "lastOpenedAt", r.reminded_at as "remindedAt", array(
          select json_build_object('channel', d.channel, 'state', d.state, 'queuedAt', d.queued_at,
            'sentAt', d.sent_at, 'deliveredAt', d.delivered_at, 'error', d.error)
          from (
            select a.channel, case when a.delivered_at is null then 'sent' else 'delivered' end as state, a.queued_at,
              a.sent_at, a.delivered_at, null as error
            from deliveries a where a.tenant_id = $1 and a.message_id = $2 and a.user_id = r.user_id
            union all
            select o.channel, coalesce(digest.state, o.state), o.queued_at, coalesce(digest.sent_at, o.sent_at),
              coalesce(digest.delivered_at, o.delivered_at), coalesce(digest.error, o.error)
            from outgoing_deliveries o
            left join outgoing_deliveries digest on digest.tenant_id = $1 and digest.id = o.digest_id
            where o.tenant_id = $1 and o.message_id = $2 and o.user_id = r.user_id
          ) d order by d.channel
        ) as deliveries
      from message_recipients r join users u on u.tenant_id = $1 and u.id = r.user_id
      where r.tenant_id = $1 and r.message_id = $2 and ($3::uuid is null or r.user_id > $3)
        and ${state ? states[state]('$6') : 'true'}
      order by r.user_id limit $4 offset $5`,
      parameters,
    );
  }

  /** Whom it is to be told again; they are not due for another reminder. */
  async markReminded(tenantId: string, messageId: string, before: Date, now: Date): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- messaging.markReminded
      update message_recipients r set reminded_at = $4
      where r.tenant_id = $1 and r.message_id = $2 and ${states.notSeen('$3')}
      returning r.user_id as id`,
      [tenantId, messageId, before, now],
    );
    return rows.map(({ id }) => id).sort();
  }
}
