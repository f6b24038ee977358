import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** What two people who are one have written and received. */
@Injectable()
export class MessageMergeRepository {
  constructor(private readonly database: Database) {}

  /**
   * Gives everything of the one to the other; who received the same message twice has it once, and opened where either
   * was. The caller holds the locks of both people.
   */
  async giveAway(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.joinReceipts(tenantId, fromId, intoId);
    // recipients, deliveries and replies follow by their foreign keys
    await this.database.run(
      `-- messaging.giveAwayThreads
      update threads
      set user_id = case user_id when $2::uuid then $3::uuid else user_id end,
        other_id = case other_id when $2::uuid then $3::uuid else other_id end
      where tenant_id = $1 and (user_id = $2 or other_id = $2)`,
      [tenantId, fromId, intoId],
    );
    await this.database.run(
      `-- messaging.giveAwayMessages
      update messages set sender_id = $3 where tenant_id = $1 and sender_id = $2`,
      [tenantId, fromId, intoId],
    );
    await this.redirect(tenantId, fromId, intoId);
  }

  private async joinReceipts(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- messaging.joinReceipts
      update message_recipients r
      set first_opened_at = least(r.first_opened_at, other.first_opened_at),
        last_opened_at = greatest(r.last_opened_at, other.last_opened_at)
      from message_recipients other
      where r.tenant_id = $1 and r.user_id = $3
        and other.tenant_id = $1 and other.user_id = $2 and other.message_id = r.message_id`,
      [tenantId, fromId, intoId],
    );
    await this.database.run(
      `-- messaging.deleteJoined
      delete from message_recipients r
      where r.tenant_id = $1 and r.user_id = $2 and exists (
        select from message_recipients kept
        where kept.tenant_id = $1 and kept.user_id = $3 and kept.message_id = r.message_id
      )`,
      [tenantId, fromId, intoId],
    );
  }

  /** What is still to be sent goes to whoever stays. */
  private async redirect(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- messaging.redirectMessages
      update messages
      set recipient_ids = array_replace(recipient_ids, $2::uuid, $3::uuid),
        audience = replace(audience::text, $2::text, $3::text)::jsonb
      where tenant_id = $1 and status in ('draft', 'scheduled', 'sending')
        and ($2 = any (recipient_ids) or audience::text like '%' || $2::text || '%')`,
      [tenantId, fromId, intoId],
    );
  }
}
