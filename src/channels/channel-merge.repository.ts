import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { mostMuted } from './preferences.dto.js';

/** How two people who are one want to be told of things, and what is on its way to them. */
@Injectable()
export class ChannelMergeRepository {
  constructor(private readonly database: Database) {}

  /**
   * Whoever stays keeps their own choice, or has that of the other, and does not hear of whom either had muted; whoever had
   * muted the other has muted them. The caller has given messages away, with what is on its way of them.
   */
  async giveAway(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- channels.giveAwayDeliveries
      update outgoing_deliveries set user_id = $3 where tenant_id = $1 and user_id = $2`,
      [tenantId, fromId, intoId],
    );
    await this.database.run(
      `-- channels.joinPreferences
      with gone as (
        delete from preferences where tenant_id = $1 and user_id = $2
        returning time_zone, quiet_from, quiet_to, choices, muted_sender_ids, muted_thread_ids, version, updated_at
      )
      insert into preferences (tenant_id, user_id, time_zone, quiet_from, quiet_to, choices, muted_sender_ids,
        muted_thread_ids, version, updated_at)
      select $1, $3, gone.* from gone
      on conflict (tenant_id, user_id) do update
      set muted_sender_ids = array(
          select distinct unnest(preferences.muted_sender_ids || excluded.muted_sender_ids) limit $4
        ),
        muted_thread_ids = array(
          select distinct unnest(preferences.muted_thread_ids || excluded.muted_thread_ids) limit $4
        ),
        version = preferences.version + 1, updated_at = greatest(preferences.updated_at, excluded.updated_at)`,
      [tenantId, fromId, intoId, mostMuted],
    );
    await this.database.run(
      `-- channels.redirectMutes
      update preferences
      set muted_sender_ids = array(
          select distinct unnest(array_replace(muted_sender_ids, $2::uuid, $3::uuid)) except select user_id
        ),
        version = version + 1
      where tenant_id = $1 and $2 = any (muted_sender_ids)`,
      [tenantId, fromId, intoId],
    );
  }
}
