import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Payload } from './job.js';

export interface OutboxEvent {
  readonly id: number;
  readonly tenantId: string | null;
  readonly topic: string;
  readonly key: string;
  readonly payload: Payload;
}

@Injectable()
export class OutboxRepository {
  constructor(private readonly database: Database) {}

  async insert(
    tenantId: string | null,
    topic: string,
    events: readonly { readonly key: string; readonly payload: Payload }[],
    now: Date,
  ): Promise<void> {
    await this.database.run(
      `-- jobs.insertEvents
      insert into outbox (tenant_id, topic, key, payload, created_at)
      select $1, $2, event.key, event.payload::jsonb, $5
      from unnest($3::text[], $4::text[]) with ordinality as event (key, payload, position)
      order by event.position`,
      [tenantId, topic, events.map(({ key }) => key), events.map(({ payload }) => JSON.stringify(payload)), now],
    );
  }

  /**
   * Takes up to `limit` rows that no other relay holds, oldest first. They come back by themselves after `leaseSeconds`,
   * so that no transaction stays open while the queue is spoken to. By the server's clock: relays run on many machines.
   */
  async claim(limit: number, leaseSeconds: number): Promise<OutboxEvent[]> {
    const events = await this.database.many<OutboxEvent>(
      `-- jobs.claimEvents
      with due as materialized (
        select id from outbox
        where relayed_at is null and (claimed_until is null or claimed_until < clock_timestamp())
        order by id
        limit $1
        for update skip locked
      )
      update outbox set claimed_until = clock_timestamp() + make_interval(secs => $2)
      from due
      where outbox.id = due.id
      returning outbox.id, outbox.tenant_id as "tenantId", outbox.topic, outbox.key, outbox.payload`,
      [limit, leaseSeconds],
    );
    return events.sort((a, b) => a.id - b.id);
  }

  async markRelayed(ids: readonly number[], now: Date): Promise<void> {
    await this.database.run(
      `-- jobs.markRelayed
      update outbox set relayed_at = $2 where id = any($1::bigint[])`,
      [ids, now],
    );
  }

  async release(ids: readonly number[]): Promise<void> {
    await this.database.run(
      `-- jobs.releaseEvents
      update outbox set claimed_until = null where id = any($1::bigint[]) and relayed_at is null`,
      [ids],
    );
  }

  /** @returns how many were deleted; fewer than `limit` when nothing is left */
  deleteRelayed(before: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- jobs.deleteRelayed
      delete from outbox
      where id = any(array(select id from outbox where relayed_at < $1 order by relayed_at limit $2))`,
      [before, limit],
    );
  }
}
