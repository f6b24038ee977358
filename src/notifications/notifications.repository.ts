import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import type { NotificationFilter, NotificationResponse } from './notifications.dto.js';

const columns = `id, type, priority, title, body, action_url as "actionUrl", count, created_at as "createdAt",
  updated_at as "updatedAt", expires_at as "expiresAt", read_at as "readAt", archived_at as "archivedAt"`;
const matches = `tenant_id = $1 and user_id = $2 and expires_at > $3 and (archived_at is not null) = $4
  and ($5::boolean is null or (read_at is null) = $5) and ($6::text[] is null or type = any ($6))
  and ($7::text[] is null or priority = any ($7))`;

function parametersOf({ tenantId, userId }: Viewer, filter: NotificationFilter, now: Date): unknown[] {
  const { archived, unread = null, type = null, priority = null } = filter;
  return [tenantId, userId, now, archived, unread, type, priority];
}

/** A person's own tray. What has expired is not there. */
@Injectable()
export class NotificationsRepository {
  constructor(private readonly database: Database) {}

  /** Newest first; `after` is the time and id of the last of the page before. */
  list(
    viewer: Viewer,
    filter: NotificationFilter,
    now: Date,
    { limit, offset, after }: Position,
  ): Promise<NotificationResponse[]> {
    return this.database.many<NotificationResponse>(
      `-- notifications.list
      select ${columns} from notifications
      where ${matches} and ($8::timestamptz is null or (created_at, id) < ($8, $9::uuid))
      order by created_at desc, id desc limit $10 offset $11`,
      [...parametersOf(viewer, filter, now), after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  async count(viewer: Viewer, filter: NotificationFilter, now: Date): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- notifications.count
      select count(*) as count from notifications where ${matches}`,
      parametersOf(viewer, filter, now),
    );
    return count;
  }

  countUnread({ tenantId, userId }: Viewer, now: Date): Promise<{ unread: number }> {
    return this.database.one<{ unread: number }>(
      `-- notifications.countUnread
      select count(*) as unread from notifications
      where tenant_id = $1 and user_id = $2 and read_at is null and expires_at > $3`,
      [tenantId, userId, now],
    );
  }

  /** Locked for a change. */
  lock({ tenantId, userId }: Viewer, id: string, now: Date): Promise<NotificationResponse | null> {
    return this.database.maybeOne<NotificationResponse>(
      `-- notifications.lock
      select ${columns} from notifications
      where tenant_id = $1 and user_id = $2 and id = $3 and expires_at > $4
      for no key update`,
      [tenantId, userId, id, now],
    );
  }

  /** Read, unless it is already, and where it is wanted archived. */
  update({ tenantId }: Viewer, id: string, archive: boolean, now: Date): Promise<NotificationResponse> {
    return this.database.one<NotificationResponse>(
      `-- notifications.update
      update notifications
      set read_at = coalesce(read_at, $4), archived_at = case when $3 then $4::timestamptz else archived_at end
      where tenant_id = $1 and id = $2
      returning ${columns}`,
      [tenantId, id, archive, now],
    );
  }

  /** @param until what was told of later stays unread @returns how many */
  updateAllRead({ tenantId, userId }: Viewer, until: Date, now: Date): Promise<number> {
    return this.database.run(
      `-- notifications.updateAllRead
      update notifications set read_at = $4
      where tenant_id = $1 and user_id = $2 and read_at is null and updated_at <= $3 and expires_at > $4`,
      [tenantId, userId, until, now],
    );
  }

  /** @returns how many were deleted; fewer than `limit` when nothing is left */
  deleteExpired(before: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- notifications.deleteExpired
      delete from notifications where (tenant_id, id) in (
        select tenant_id, id from notifications where expires_at < $1 order by expires_at limit $2
      )`,
      [before, limit],
    );
  }

  /** @returns how many were deleted; fewer than `limit` when nothing is left */
  deleteOldCauses(before: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- notifications.deleteOldCauses
      delete from notification_causes where (tenant_id, user_id, cause) in (
        select tenant_id, user_id, cause from notification_causes where created_at < $1 order by created_at limit $2
      )`,
      [before, limit],
    );
  }
}
