import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { NotificationPriority } from '../notifications/notification.js';
import type { Category, ChannelName } from './channel.js';

export interface NewDelivery {
  readonly id: string;
  readonly userId: string;
  readonly channel: ChannelName;
  readonly cause: string;
  readonly category: Category;
  readonly priority: NotificationPriority;
  readonly messageId: string | null;
  readonly notificationId: string | null;
  readonly isHeld: boolean;
  readonly dueAt: Date;
}

export interface ClaimedDelivery {
  readonly id: string;
  readonly userId: string;
  readonly priority: NotificationPriority;
  /** This one included. */
  readonly attempts: number;
  readonly giveUpAt: string;
}

export type EndState = 'sent' | 'delivered' | 'suppressed' | 'bounced' | 'failed';

/** What became of an attempt. */
export interface Outcome {
  readonly id: string;
  /** Which attempt it was. */
  readonly attempt: number;
  readonly state: EndState | 'queued';
  /** Whether nobody was asked to take it: then it was no attempt. */
  readonly isUntried: boolean;
  /** Whether the other side is not well. */
  readonly isFault: boolean;
  /** When it is tried again. */
  readonly dueAt: Date | null;
  readonly reference: string | null;
  readonly error: string | null;
}

/** Of one person and channel on one of their days. */
export interface PlannedDay {
  readonly userId: string;
  readonly channel: ChannelName;
  readonly from: Date;
  readonly to: Date;
}

/** From when it is due: so long an outage loses nothing. */
export const triedSeconds = 86_400;

/** The queue of what goes out. */
@Injectable()
export class DeliveriesRepository {
  constructor(private readonly database: Database) {}

  /** Until the transaction ends nobody else plans anything for this tenant: what is counted of a day stays true. */
  async lockPlans(tenantId: string): Promise<void> {
    await this.database.run(
      `-- channels.lockPlans
      select pg_advisory_xact_lock(hashtext('channels ' || $1))`,
      [tenantId],
    );
  }

  /** What automation sends on each of these days, one by one; in their order. */
  async countPlanned(tenantId: string, days: readonly PlannedDay[]): Promise<number[]> {
    const rows = await this.database.many<{ count: number }>(
      `-- channels.countPlanned
      select (
        select count(*) from outgoing_deliveries d
        where d.tenant_id = $1 and d.user_id = day."userId" and d.channel = day.channel and d.due_at >= day."from"
          and d.due_at < day."to" and d.notification_id is not null and not d.is_held and d.priority <> 'urgent'
          and d.state <> 'suppressed'
      ) as count
      from rows from (
        jsonb_to_recordset($2::jsonb) as ("userId" uuid, channel text, "from" timestamptz, "to" timestamptz)
      ) with ordinality as day ("userId", channel, "from", "to", position)
      order by day.position`,
      [tenantId, JSON.stringify(days)],
    );
    return rows.map(({ count }) => count);
  }

  /** What is there already stays as it is. @returns the channels by which some of it is due */
  async insert(tenantId: string, deliveries: readonly NewDelivery[], now: Date): Promise<ChannelName[]> {
    const rows = await this.database.many<{ channel: ChannelName }>(
      `-- channels.insertDeliveries
      with added as (
        insert into outgoing_deliveries (tenant_id, id, user_id, channel, cause, category, priority, message_id,
          notification_id, state, is_held, queued_at, due_at, give_up_at)
        select $1, n.id, n."userId", n.channel, n.cause, n.category, n.priority, n."messageId", n."notificationId",
          'queued', n."isHeld", $3, n."dueAt", n."dueAt" + make_interval(secs => $4)
        from jsonb_to_recordset($2::jsonb) as n (id uuid, "userId" uuid, channel text, cause text, category text,
          priority text, "messageId" uuid, "notificationId" uuid, "isHeld" boolean, "dueAt" timestamptz)
        on conflict (tenant_id, user_id, channel, cause) do nothing
        returning channel, due_at
      )
      select distinct channel from added where due_at <= $3 order by channel`,
      [tenantId, JSON.stringify(deliveries), now, triedSeconds],
    );
    return rows.map(({ channel }) => channel);
  }

  /** Where something is due, or was left behind by a worker that died, and the channel is not paused. */
  listDueLanes(channels: readonly ChannelName[], now: Date): Promise<{ tenantId: string; channel: ChannelName }[]> {
    return this.database.many<{ tenantId: string; channel: ChannelName }>(
      `-- channels.listDueLanes
      select lane.tenant_id as "tenantId", lane.channel
      from (
        select t.id as tenant_id, c.name as channel from tenants t cross join unnest($1::text[]) as c (name)
      ) lane
      where not exists (
          select from channel_pauses p
          where p.tenant_id = lane.tenant_id and p.channel = lane.channel and p.paused_until > $2
        )
        and (exists (
          select from outgoing_deliveries d
          where d.tenant_id = lane.tenant_id and d.channel = lane.channel and d.state in ('queued', 'sending')
            and not d.is_held
            and (d.state = 'queued' and d.due_at <= $2 or d.leased_until < clock_timestamp())
        ) or exists (
          select from outgoing_deliveries d
          where d.tenant_id = lane.tenant_id and d.channel = lane.channel and d.state = 'queued' and d.is_held
            and d.due_at <= $2
        ))
      order by 1, 2`,
      [channels, now],
    );
  }

  /** Up to `limit` people for whom a digest is due. */
  async listDuePeople(tenantId: string, channel: ChannelName, now: Date, limit: number): Promise<string[]> {
    const rows = await this.database.many<{ userId: string }>(
      `-- channels.listDuePeople
      select distinct user_id as "userId" from (
        select user_id from outgoing_deliveries
        where tenant_id = $1 and channel = $2 and state = 'queued' and is_held and due_at <= $3
        order by due_at limit $4
      ) due`,
      [tenantId, channel, now, limit],
    );
    return rows.map(({ userId }) => userId);
  }

  /** Makes of all that is due for each of these people one digest; of what others have gathered meanwhile none. */
  async gather(
    tenantId: string,
    channel: ChannelName,
    digests: readonly { readonly id: string; readonly userId: string }[],
    now: Date,
  ): Promise<void> {
    await this.database.run(
      `-- channels.gather
      with gathered as (
        update outgoing_deliveries d set state = 'gathered', digest_id = new.id
        from unnest($3::uuid[], $4::uuid[]) as new (id, user_id)
        where d.tenant_id = $1 and d.channel = $2 and d.user_id = new.user_id and d.state = 'queued' and d.is_held
          and d.due_at <= $5
        returning d.digest_id as id, d.user_id
      )
      insert into outgoing_deliveries (tenant_id, id, user_id, channel, cause, priority, state, is_held, queued_at, due_at,
        give_up_at)
      select distinct $1::uuid, id, user_id, $2, 'digest:' || id, 'normal', 'queued', false, $5::timestamptz,
        $5::timestamptz, $5::timestamptz + make_interval(secs => $6)
      from gathered`,
      [tenantId, channel, digests.map(({ id }) => id), digests.map(({ userId }) => userId), now, triedSeconds],
    );
  }

  /**
   * Takes what is due, urgent things first, of which nobody else takes any before `leaseSeconds` are over: by the server's
   * clock, since workers run on many machines.
   */
  claim(
    tenantId: string,
    channel: ChannelName,
    now: Date,
    { limit, leaseSeconds }: { readonly limit: number; readonly leaseSeconds: number },
  ): Promise<ClaimedDelivery[]> {
    return this.database.many<ClaimedDelivery>(
      `-- channels.claim
      with due as materialized (
        select d.id from outgoing_deliveries d
        where d.tenant_id = $1 and d.channel = $2 and d.state in ('queued', 'sending') and not d.is_held
          and (d.state = 'queued' and d.due_at <= $3 or d.leased_until < clock_timestamp())
        order by (d.priority = 'urgent') desc, d.due_at, d.id limit $4
        for update skip locked
      )
      update outgoing_deliveries d
      set state = 'sending', attempts = d.attempts + 1, leased_until = clock_timestamp() + make_interval(secs => $5)
      from due where d.tenant_id = $1 and d.id = due.id
      returning d.id, d.user_id as "userId", d.priority, d.attempts, d.give_up_at as "giveUpAt"`,
      [tenantId, channel, now, limit, leaseSeconds],
    );
  }

  /** Unless somebody else has tried since: then what they find is what counts. */
  async record(tenantId: string, outcomes: readonly Outcome[], now: Date): Promise<void> {
    await this.database.run(
      `-- channels.recordOutcomes
      update outgoing_deliveries d
      set state = o.state, leased_until = null, error = o.error, due_at = coalesce(o."dueAt", d.due_at),
        attempts = d.attempts - case when o."isUntried" then 1 else 0 end, reference = o.reference,
        sent_at = case when o.state in ('sent', 'delivered') then $3::timestamptz end,
        delivered_at = case when o.state = 'delivered' then $3::timestamptz end
      from jsonb_to_recordset($2::jsonb) as o (id uuid, attempt integer, state text, "isUntried" boolean,
        "dueAt" timestamptz, reference text, error text)
      where d.tenant_id = $1 and d.id = o.id and d.state = 'sending' and d.attempts = o.attempt`,
      [tenantId, JSON.stringify(outcomes), now],
    );
  }

  findPause(tenantId: string, channel: ChannelName): Promise<{ faults: number; pausedUntil: string } | null> {
    return this.database.maybeOne<{ faults: number; pausedUntil: string }>(
      `-- channels.findPause
      select faults, paused_until as "pausedUntil" from channel_pauses where tenant_id = $1 and channel = $2`,
      [tenantId, channel],
    );
  }

  async pause(tenantId: string, channel: ChannelName, faults: number, until: Date): Promise<void> {
    await this.database.run(
      `-- channels.pause
      insert into channel_pauses (tenant_id, channel, faults, paused_until) values ($1, $2, $3, $4)
      on conflict (tenant_id, channel) do update
      set faults = excluded.faults, paused_until = excluded.paused_until`,
      [tenantId, channel, faults, until],
    );
  }

  async resume(tenantId: string, channel: ChannelName): Promise<void> {
    await this.database.run(
      `-- channels.resume
      delete from channel_pauses where tenant_id = $1 and channel = $2`,
      [tenantId, channel],
    );
  }

  /** What has waited in vain for as long as it is tried. */
  async giveUp(tenantId: string, channel: ChannelName, error: string, now: Date): Promise<void> {
    await this.database.run(
      `-- channels.giveUp
      update outgoing_deliveries set state = 'failed', error = $4
      where tenant_id = $1 and channel = $2 and state = 'queued' and not is_held and due_at <= $3 and give_up_at <= $3`,
      [tenantId, channel, now, error],
    );
  }

  /** What belongs to a message goes with it. @returns how many were deleted; fewer than `limit` when nothing is left */
  deleteOld(before: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- channels.deleteOld
      delete from outgoing_deliveries where (tenant_id, id) in (
        select tenant_id, id from outgoing_deliveries where message_id is null and queued_at < $1
        order by queued_at limit $2
      )`,
      [before, limit],
    );
  }
}
