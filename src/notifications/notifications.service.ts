import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import type {
  NotificationListQuery,
  NotificationResponse,
  ReadNotifications,
  UnreadNotifications,
} from './notifications.dto.js';
import { NotificationsRepository } from './notifications.repository.js';

/** What a person does with their own tray. Doing it twice is no error, and says nothing more. */
@Injectable()
export class NotificationsService {
  constructor(
    private readonly database: Database,
    private readonly notifications: NotificationsRepository,
    private readonly outbox: Outbox,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async list(viewer: Viewer, query: NotificationListQuery): Promise<Page<NotificationResponse>> {
    const { unread, archived, type, priority } = query;
    const filter = { unread, archived, type, priority };
    const listing = { scope: ['notifications', viewer.userId, filter], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const now = this.clock.now();
    const [rows, total] = await Promise.all([
      this.notifications.list(viewer, filter, now, position),
      position.page === undefined ? undefined : this.notifications.count(viewer, filter, now),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ createdAt, id }) => [createdAt, id], total });
  }

  countUnread(viewer: Viewer): Promise<UnreadNotifications> {
    return this.notifications.countUnread(viewer, this.clock.now());
  }

  /** @throws Problem 404 */
  read(viewer: Viewer, id: string): Promise<NotificationResponse> {
    return this.change(viewer, id, { action: 'notification.read', archive: false });
  }

  /** What is archived is read, too. @throws Problem 404 */
  archive(viewer: Viewer, id: string): Promise<NotificationResponse> {
    return this.change(viewer, id, { action: 'notification.archived', archive: true });
  }

  readAll(viewer: Viewer, { until }: ReadNotifications): Promise<UnreadNotifications> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const count = await this.notifications.updateAllRead(viewer, until === undefined ? now : new Date(until), now);
      if (count > 0) {
        await this.audit.record(viewer, {
          action: 'notifications.read',
          targetType: 'user',
          targetId: viewer.userId,
          after: { count, until },
        });
        await this.tell(viewer, []);
      }
      return this.notifications.countUnread(viewer, now);
    });
  }

  private change(
    viewer: Viewer,
    id: string,
    { action, archive }: { readonly action: string; readonly archive: boolean },
  ): Promise<NotificationResponse> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const before = await this.notifications.lock(viewer, id, now);
      if (!before) throw Problem.notFound('notification');
      if (before.readAt !== null && (!archive || before.archivedAt !== null)) return before;
      const after = await this.notifications.update(viewer, id, archive, now);
      await this.audit.record(viewer, { action, targetType: 'notification', targetId: id, personId: viewer.userId });
      await this.tell(viewer, [id]);
      return after;
    });
  }

  /** @param notificationIds empty where all may have changed */
  private tell({ tenantId, userId }: Viewer, notificationIds: readonly string[]): Promise<void> {
    return this.outbox.append(tenantId, 'notifications.changed', userId, { userId, notificationIds });
  }
}
