import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** Trays of two people who are one. The caller holds the lock of the tenant's trays. */
@Injectable()
export class NotificationMergeRepository {
  constructor(private readonly database: Database) {}

  /** Of what both were told of the one who stays keeps the line. */
  async deleteTold(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- notifications.deleteTold
      delete from notifications n using notification_causes c
      where n.tenant_id = $1 and n.user_id = $2 and c.tenant_id = $1 and c.user_id = $3 and c.cause = n.cause`,
      [tenantId, fromId, intoId],
    );
  }

  /** What would be two unread lines of one key is one. */
  async joinLines(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- notifications.joinLines
      with gone as (
        delete from notifications f using notifications n
        where f.tenant_id = $1 and f.user_id = $2 and f.read_at is null and n.tenant_id = $1 and n.user_id = $3
          and n.read_at is null and n.collapse_key = f.collapse_key
        returning n.id, f.count, f.updated_at, f.expires_at
      )
      update notifications n
      set count = n.count + gone.count, updated_at = greatest(n.updated_at, gone.updated_at),
        expires_at = greatest(n.expires_at, gone.expires_at)
      from gone where n.tenant_id = $1 and n.id = gone.id`,
      [tenantId, fromId, intoId],
    );
  }

  async giveAway(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- notifications.giveAway
      update notifications set user_id = $3 where tenant_id = $1 and user_id = $2`,
      [tenantId, fromId, intoId],
    );
  }

  async joinCauses(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- notifications.joinCauses
      with gone as (
        delete from notification_causes where tenant_id = $1 and user_id = $2 returning cause, created_at
      )
      insert into notification_causes (tenant_id, user_id, cause, created_at)
      select $1, $3, cause, created_at from gone
      on conflict (tenant_id, user_id, cause) do nothing`,
      [tenantId, fromId, intoId],
    );
  }
}
