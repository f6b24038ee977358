import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';

/** How long an answer is kept. */
const keptSeconds = 24 * 60 * 60;
/** How long a request may hold its key without having answered; afterwards its process is taken for dead. */
const claimSeconds = 60;

/** The right to execute. `claimedAt` tells it from a later claim of the same key. */
export interface Claim {
  readonly tenantId: string;
  readonly userId: string;
  readonly key: string;
  readonly claimedAt: Date;
}

/** What an earlier request with the key did; without `status` it has not answered yet. */
export interface Earlier {
  readonly requestHash: string;
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly body: string | null;
}

@Injectable()
export class IdempotencyRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Takes the key when it is free or its time is over. @returns the claim, or null when another request has it */
  async claim(
    tenantId: string,
    userId: string,
    key: string,
    route: string,
    requestHash: string,
  ): Promise<Claim | null> {
    const now = this.clock.now();
    const claimed = await this.database.run(
      `-- idempotency.claim
      insert into idempotency_keys as k (tenant_id, user_id, key, route, request_hash, created_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $6::timestamptz + make_interval(secs => $7))
      on conflict (tenant_id, user_id, key) do update
        set route = excluded.route, request_hash = excluded.request_hash, created_at = excluded.created_at,
            expires_at = excluded.expires_at, status = null, headers = null, body = null
        where k.expires_at <= excluded.created_at`,
      [tenantId, userId, key, route, requestHash, now, claimSeconds],
    );
    return claimed === 1 ? { tenantId, userId, key, claimedAt: now } : null;
  }

  async find(tenantId: string, userId: string, key: string): Promise<Earlier | null> {
    return this.database.maybeOne<Earlier>(
      `-- idempotency.find
      select request_hash as "requestHash", status, headers, body
      from idempotency_keys
      where tenant_id = $1 and user_id = $2 and key = $3`,
      [tenantId, userId, key],
    );
  }

  /** Keeps the answer, unless the claim has run out and somebody else has taken the key. */
  async complete(claim: Claim, status: number, headers: Readonly<Record<string, string>>, body: string): Promise<void> {
    await this.database.run(
      `-- idempotency.complete
      update idempotency_keys
      set status = $5, headers = $6, body = $7, expires_at = $8::timestamptz + make_interval(secs => $9)
      where tenant_id = $1 and user_id = $2 and key = $3 and created_at = $4 and status is null`,
      [...identify(claim), status, headers, body, this.clock.now(), keptSeconds],
    );
  }

  /** Gives the key back: the request was refused, so it changed nothing and may be tried again. */
  async release(claim: Claim): Promise<void> {
    await this.database.run(
      `-- idempotency.release
      delete from idempotency_keys
      where tenant_id = $1 and user_id = $2 and key = $3 and created_at = $4 and status is null`,
      identify(claim),
    );
  }

  /** For the nightly clean-up, over all tenants. @returns the number of keys that were deleted */
  async deleteExpired(limit = 10_000): Promise<number> {
    return this.database.run(
      `-- idempotency.deleteExpired
      delete from idempotency_keys
      where (tenant_id, user_id, key) in (
        select tenant_id, user_id, key from idempotency_keys
        where expires_at <= $1 order by expires_at limit $2 for update skip locked
      )`,
      [this.clock.now(), limit],
    );
  }
}

function identify({ tenantId, userId, key, claimedAt }: Claim): unknown[] {
  return [tenantId, userId, key, claimedAt];
}
