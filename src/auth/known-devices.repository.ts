import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';

const lifetimeDays = 180;
/** Of one person; the one that was used least recently is forgotten first. */
const mostDevices = 20;

/** Where people have signed in. */
@Injectable()
export class KnownDevicesRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** From now on for 180 days. */
  async remember(tenantId: string, userId: string, tokenHash: Buffer): Promise<void> {
    await this.database.run(
      `-- auth.rememberDevice
      with forgotten as (
        delete from known_devices where tenant_id = $1 and user_id = $2 and token_hash in (
          select token_hash from known_devices where tenant_id = $1 and user_id = $2 and token_hash <> $3
          order by expires_at desc offset $6
        )
      )
      insert into known_devices (tenant_id, user_id, token_hash, expires_at)
      values ($1, $2, $3, $4::timestamptz + make_interval(days => $5))
      on conflict (tenant_id, user_id, token_hash) do update set expires_at = excluded.expires_at`,
      [tenantId, userId, tokenHash, this.clock.now(), lifetimeDays, mostDevices - 1],
    );
  }

  /** @returns how many were deleted; fewer than `limit` when nothing is left */
  deleteExpired(limit: number): Promise<number> {
    return this.database.run(
      `-- auth.deleteExpiredDevices
      delete from known_devices where (tenant_id, user_id, token_hash) in (
        select tenant_id, user_id, token_hash from known_devices where expires_at <= $1 order by expires_at limit $2
      )`,
      [this.clock.now(), limit],
    );
  }
}
