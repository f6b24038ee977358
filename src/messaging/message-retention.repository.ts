import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** In this order: what refers to others first, so that no deletion takes more rows with it than its limit says. */
export const expiring = ['message_recipients', 'messages', 'threads'] as const;

/** Not what is still to be sent, however long ago it was written. */
const isOld = `m.tenant_id = $1 and coalesce(m.sent_at, m.created_at) < $3 and m.status <> 'scheduled'`;
const expired: Readonly<Record<(typeof expiring)[number], string>> = {
  message_recipients: `messages m join message_recipients x on x.tenant_id = $1 and x.message_id = m.id where ${isOld}`,
  messages: `messages x join messages m on x.tenant_id = $1 and m.id = x.id
    where ${isOld} and not exists (select from message_recipients r where r.tenant_id = $1 and r.message_id = m.id)`,
  threads: 'threads x where x.tenant_id = $1 and x.last_at < $3',
};

@Injectable()
export class MessageRetentionRepository {
  constructor(private readonly database: Database) {}

  /** Since when everything is kept, by the tenant's setting. */
  async findFirstKept(tenantId: string, now: Date): Promise<Date> {
    const { since } = await this.database.one<{ since: string }>(
      `-- messaging.findFirstKept
      select $2::timestamptz - make_interval(days => message_retention_days) as since from tenants where id = $1`,
      [tenantId, now],
    );
    return new Date(since);
  }

  /** @returns how many were deleted; fewer than `limit` when none are left */
  delete(tenantId: string, table: (typeof expiring)[number], before: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- messaging.deleteExpired
      delete from ${table} where tenant_id = $1 and ctid = any (array(
        select x.ctid from ${expired[table]} limit $2
      ))`,
      [tenantId, limit, before],
    );
  }
}
