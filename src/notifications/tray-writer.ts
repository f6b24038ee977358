import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';
import { localDay, startOfDay } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import type { NewNotification } from './notification.js';
import { keyOf, linesOf, type Untold } from './tray-lines.js';
import { TrayWriterRepository } from './tray-writer.repository.js';

/** By one event of `notifications.told`. */
const mostTold = 1_000;

/**
 * The one way into people's trays. Whatever else a notification may go by follows from `notifications.told`: what is in
 * the tray is not lost by what a person wants no mail of.
 */
@Injectable()
export class TrayWriter {
  constructor(
    private readonly database: Database,
    private readonly trays: TrayWriterRepository,
    private readonly tenants: TenantsService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /**
   * Tells active people what they have not been told of yet; others get nothing.
   * @param notifications of few enough people for one transaction, at most 1,000
   * @returns how many had not been told of
   */
  async tell(tenantId: string, notifications: readonly NewNotification[]): Promise<number> {
    if (notifications.length === 0) return 0;
    const { timeZone, notificationsPerDay: mostPerDay } = await this.tenants.get(tenantId);
    return this.database.transaction(async () => {
      await this.trays.lock(tenantId);
      const now = this.clock.now();
      const today = localDay(timeZone, now);
      const untold = await this.claim(tenantId, notifications, { now, midnight: startOfDay(timeZone, today) });
      const lines = linesOf(untold, { today, mostPerDay }).map((line) => ({ ...line, id: uuidv7() }));
      if (lines.length > 0) await this.announce(tenantId, lines, await this.trays.write(tenantId, lines, now));
      return untold.length;
    });
  }

  private async claim(
    tenantId: string,
    notifications: readonly NewNotification[],
    { now, midnight }: { readonly now: Date; readonly midnight: Date },
  ): Promise<Untold[]> {
    const claimed = await this.trays.insertCauses(tenantId, notifications, now);
    if (claimed.length === 0) return [];
    const claims = new Set(claimed.map(({ userId, cause }) => placeOf(userId, cause)));
    // what is said twice at once is said once
    const told = new Map(notifications.map((one) => [placeOf(one.userId, one.cause), one]));
    const fresh = [...told].flatMap(([place, notification]) => (claims.has(place) ? notification : []));
    const userIds = [...new Set(fresh.map(({ userId }) => userId))];
    const today = await this.trays.countSince(tenantId, userIds, midnight);
    const keys = fresh.flatMap((one) => [keyOf(one), one.crowdKey ?? []].flat());
    const open = new Map(userIds.map((userId) => [userId, new Map<string, number>()]));
    for (const { userId, collapseKey, count } of await this.trays.listOpen(
      tenantId,
      userIds,
      [...new Set(keys)],
      now,
    )) {
      open.get(userId)!.set(collapseKey, count);
    }
    const counts = new Map(today.map((one) => [one.userId, one]));
    return fresh.map((notification) => {
      const { userId } = notification;
      return {
        notification,
        open: open.get(userId)!,
        linesToday: counts.get(userId)?.lines ?? 0,
        urgentToday: counts.get(userId)?.urgent ?? 0,
      };
    });
  }

  private async announce(
    tenantId: string,
    lines: readonly { readonly id: string }[],
    written: readonly { readonly id: string; readonly userId: string }[],
  ): Promise<void> {
    const added = new Set(lines.map(({ id }) => id));
    const isNew = ({ id }: { readonly id: string }): boolean => added.has(id);
    await this.outbox.appendMany(tenantId, 'notifications.created', eventsOf(written.filter(isNew)));
    await this.outbox.appendMany(tenantId, 'notifications.changed', eventsOf(written.filter((line) => !isNew(line))));
    const ids = written.map(({ id }) => id);
    for (let from = 0; from < ids.length; from += mostTold) {
      const notificationIds = ids.slice(from, from + mostTold);
      await this.outbox.append(tenantId, 'notifications.told', notificationIds[0]!, { notificationIds });
    }
  }
}

/** Within a tenant. */
function placeOf(userId: string, key: string): string {
  return `${userId} ${key}`;
}

/** One for each person. */
function eventsOf(lines: readonly { readonly id: string; readonly userId: string }[]) {
  const ids = new Map<string, string[]>();
  for (const { id, userId } of lines) ids.set(userId, [...(ids.get(userId) ?? []), id]);
  return [...ids].map(([userId, notificationIds]) => ({ key: userId, payload: { userId, notificationIds } }));
}
