import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { BounceResponse } from './bounces.dto.js';

export interface Bounce {
  /** In lower case. */
  readonly address: string;
  readonly kind: 'hard' | 'soft';
  readonly reason: string;
}

export interface Mailed {
  readonly id: string;
  readonly userId: string;
  readonly reference: string | null;
  readonly email: string | null;
}

const columns = 'u.id as "userId", u.name, u.email, b.kind, b.reason, b.at';
/** Of whoever has the address now. */
const source = 'bounces b join users u on u.tenant_id = $1 and u.email = b.address';

@Injectable()
export class BouncesRepository {
  constructor(private readonly database: Database) {}

  /** Those of the addresses that nothing more goes to. */
  async listHard(tenantId: string, addresses: readonly string[]): Promise<string[]> {
    const rows = await this.database.many<{ address: string }>(
      `-- channels.listHardBounces
      select address from bounces where tenant_id = $1 and address = any ($2) and kind = 'hard'`,
      [tenantId, addresses],
    );
    return rows.map(({ address }) => address);
  }

  /** What is hard stays hard. Each address once. */
  async upsert(tenantId: string, bounces: readonly Bounce[], now: Date): Promise<void> {
    await this.database.run(
      `-- channels.upsertBounces
      insert into bounces as b (tenant_id, address, kind, reason, at)
      select $1, address, kind, reason, $5 from unnest($2::text[], $3::text[], $4::text[]) as new (address, kind, reason)
      order by address
      on conflict (tenant_id, address) do update set kind = excluded.kind, reason = excluded.reason, at = excluded.at
      where b.kind = 'soft' or excluded.kind = 'hard'`,
      [tenantId, ...(['address', 'kind', 'reason'] as const).map((name) => bounces.map((one) => one[name])), now],
    );
  }

  /** Newest first; `after` is the time and the person of the last of the page before. */
  list(tenantId: string, { limit, offset, after }: Position): Promise<BounceResponse[]> {
    return this.database.many<BounceResponse>(
      `-- channels.listBounces
      select ${columns} from ${source}
      where b.tenant_id = $1 and ($2::timestamptz is null or (b.at, u.id) < ($2, $3::uuid))
      order by b.at desc, u.id desc limit $4 offset $5`,
      [tenantId, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  async count(tenantId: string): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- channels.countBounces
      select count(*) as count from ${source} where b.tenant_id = $1`,
      [tenantId],
    );
    return count;
  }

  /** Mails among these deliveries, and the address of whom they were for as it is now. */
  listMailed(tenantId: string, deliveryIds: readonly string[]): Promise<Mailed[]> {
    return this.database.many<Mailed>(
      `-- channels.listMailed
      select d.id, d.user_id as "userId", d.reference, u.email
      from outgoing_deliveries d join users u on u.tenant_id = $1 and u.id = d.user_id
      where d.tenant_id = $1 and d.id = any ($2::uuid[]) and d.channel = 'email'`,
      [tenantId, deliveryIds],
    );
  }

  /** Of what was taken over and has come back for good. */
  async markBounced(tenantId: string, deliveryIds: readonly string[]): Promise<void> {
    await this.database.run(
      `-- channels.markBounced
      update outgoing_deliveries set state = 'bounced', error = 'came back'
      where tenant_id = $1 and id = any ($2::uuid[]) and state in ('sent', 'delivered')`,
      [tenantId, deliveryIds],
    );
  }

  /** @returns what was known of the person's address */
  deleteOf(tenantId: string, userId: string): Promise<Omit<Bounce, 'address'> | null> {
    return this.database.maybeOne<Omit<Bounce, 'address'>>(
      `-- channels.deleteBounce
      delete from bounces b using users u
      where b.tenant_id = $1 and u.tenant_id = $1 and u.id = $2 and u.email = b.address
      returning b.kind, b.reason`,
      [tenantId, userId],
    );
  }

  /** @returns how many, at most `limit` */
  deleteOld(before: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- channels.deleteOldBounces
      delete from bounces where (tenant_id, address) in (
        select tenant_id, address from bounces where at < $1 limit $2
      )`,
      [before, limit],
    );
  }
}
