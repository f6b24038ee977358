import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { NewNotification } from './notification.js';
import { overflowPrefix, type TrayLine } from './tray-lines.js';

export interface Claimed {
  readonly userId: string;
  readonly cause: string;
}

export interface LinesToday {
  readonly userId: string;
  readonly lines: number;
  readonly urgent: number;
}

/** In statements of their own, none of which looks at a tray once for each line: many are told of the same at once. */
@Injectable()
export class TrayWriterRepository {
  constructor(private readonly database: Database) {}

  /**
   * Until the transaction ends nobody else writes to trays of this tenant: what is counted of a tray stays true, and no
   * two wait for each other's lines.
   */
  async lock(tenantId: string): Promise<void> {
    await this.database.run(
      `-- notifications.lockTenant
      select pg_advisory_xact_lock(hashtext('notifications ' || $1))`,
      [tenantId],
    );
  }

  /** Those of which active people have not been told yet; from now on they have. */
  insertCauses(tenantId: string, told: readonly NewNotification[], now: Date): Promise<Claimed[]> {
    return this.database.many<Claimed>(
      `-- notifications.insertCauses
      insert into notification_causes (tenant_id, user_id, cause, created_at)
      select $1, told.user_id, told.cause, $4
      from unnest($2::uuid[], $3::text[]) as told (user_id, cause)
      join users u on u.tenant_id = $1 and u.id = told.user_id and u.is_active
      on conflict (tenant_id, user_id, cause) do nothing
      returning user_id as "userId", cause`,
      [tenantId, told.map(({ userId }) => userId), told.map(({ cause }) => cause), now],
    );
  }

  /** Lines from automation in each of these trays since midnight, without the one for what is more; 0 is left out. */
  countSince(tenantId: string, userIds: readonly string[], midnight: Date): Promise<LinesToday[]> {
    return this.database.many<LinesToday>(
      `-- notifications.countSince
      select user_id as "userId", count(*) filter (where priority <> 'urgent') as lines,
        count(*) filter (where priority = 'urgent') as urgent
      from notifications
      where tenant_id = $1 and user_id = any ($2) and created_at >= $3 and type <> 'message_received'
        and not starts_with(collapse_key, $4)
      group by user_id`,
      [tenantId, userIds, midnight, overflowPrefix],
    );
  }

  /** Unread lines with one of these keys; they stay so until the transaction ends. */
  listOpen(
    tenantId: string,
    userIds: readonly string[],
    collapseKeys: readonly string[],
    now: Date,
  ): Promise<{ userId: string; collapseKey: string; count: number }[]> {
    return this.database.many<{ userId: string; collapseKey: string; count: number }>(
      `-- notifications.listOpen
      select user_id as "userId", collapse_key as "collapseKey", count from notifications
      where tenant_id = $1 and user_id = any ($2) and collapse_key = any ($3) and read_at is null and expires_at > $4
      order by id for no key update`,
      [tenantId, userIds, collapseKeys, now],
    );
  }

  /**
   * Adds lines, or to those that are there and unread; one that has expired meanwhile gives its place to the new one.
   * @returns the lines it went into
   */
  write(
    tenantId: string,
    lines: readonly (TrayLine & { readonly id: string })[],
    now: Date,
  ): Promise<{ id: string; userId: string }[]> {
    return this.database.many<{ id: string; userId: string }>(
      `-- notifications.write
      insert into notifications as n (tenant_id, id, user_id, type, priority, title, body, action_url, cause,
        collapse_key, count, expires_at, created_at, updated_at)
      select $1, line.*, $13, $13
      from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
        $10::text[], $11::integer[], $12::timestamptz[]) as line
      on conflict (tenant_id, user_id, collapse_key) where read_at is null do update
      set id = case when n.expires_at > $13 then n.id else excluded.id end, type = excluded.type, priority = excluded.priority, title = excluded.title, body = excluded.body,
        action_url = excluded.action_url, cause = excluded.cause, expires_at = excluded.expires_at,
        updated_at = excluded.updated_at,
        count = excluded.count + case when n.expires_at > $13 then n.count else 0 end,
        created_at = case when n.expires_at > $13 then n.created_at else excluded.created_at end
      returning n.id, n.user_id as "userId"`,
      [
        tenantId,
        ...(['id', 'userId', 'type', 'priority', 'title', 'body', 'actionUrl', 'cause', 'collapseKey', 'count',
            'expiresAt'] as const) // prettier-ignore
          .map((name) => lines.map((line) => line[name])),
        now,
      ],
    );
  }
}
