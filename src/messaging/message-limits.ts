import { Injectable } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { addDays, startOfDay } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import { MessagesRepository } from './messages.repository.js';

/** Messages and replies of one person in one local day. */
export const mostSent = { student: 50, staff: 500 } as const;
/** Of others' to one person in one local day; replies are not held back. */
export const mostReceived = 50;

@Injectable()
export class MessageLimits {
  constructor(
    private readonly messages: MessagesRepository,
    private readonly tenants: TenantsService,
  ) {}

  /** In the transaction that sends: nothing else of this sender is accepted meanwhile. @throws Problem 429 */
  async refuseTooMany(viewer: Viewer): Promise<void> {
    const most = viewer.role === 'student' ? mostSent.student : mostSent.staff;
    await this.messages.lockSender(viewer);
    if ((await this.messages.countAccepted(viewer, await this.startOfToday(viewer.tenantId))) < most) return;
    const { timeZone } = await this.tenants.get(viewer.tenantId);
    const { today, now } = await this.tenants.moment(viewer.tenantId);
    const seconds = Math.ceil((startOfDay(timeZone, addDays(today, 1)).getTime() - now.getTime()) / 1000);
    const detail = `You may send ${most} messages a day, and have.`;
    throw new Problem(429, 'messages_too_many', { detail, headers: { 'retry-after': String(seconds) } });
  }

  /** When the present local day began. */
  async startOfToday(tenantId: string): Promise<Date> {
    const { timeZone } = await this.tenants.get(tenantId);
    return startOfDay(timeZone, await this.tenants.today(tenantId));
  }
}
