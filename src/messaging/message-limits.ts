import { Injectable } from '@nestjs/common';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { addDays, startOfDay } from '../org/local-day.js';
import { TenantsService } from '../org/tenants.service.js';
import { MessagesRepository } from './messages.repository.js';

@Injectable()
export class MessageLimits {
  constructor(
    private readonly messages: MessagesRepository,
    private readonly tenants: TenantsService,
  ) {}

  /** In the transaction that sends: nothing else of this sender is accepted meanwhile. @throws Problem 429 */
  async refuseTooMany(viewer: Viewer): Promise<void> {
    const { timeZone, studentMessagesPerDay, staffMessagesPerDay } = await this.tenants.get(viewer.tenantId);
    const most = viewer.role === 'student' ? studentMessagesPerDay : staffMessagesPerDay;
    await this.messages.lockSender(viewer);
    if ((await this.messages.countAccepted(viewer, await this.startOfToday(viewer.tenantId))) < most) return;
    const { today, now } = await this.tenants.moment(viewer.tenantId);
    const seconds = Math.ceil((startOfDay(timeZone, addDays(today, 1)).getTime() - now.getTime()) / 1000);
    const detail = `You may send ${most} messages a day, and have.`;
    throw new Problem(429, 'messages_too_many', { detail, headers: { 'retry-after': String(seconds) } });
  }

  /** Of others' messages, without replies, in the present local day. */
  async ofRecipients(tenantId: string): Promise<{ since: Date; most: number }> {
    const { receivedMessagesPerDay: most } = await this.tenants.get(tenantId);
    return { since: await this.startOfToday(tenantId), most };
  }

  private async startOfToday(tenantId: string): Promise<Date> {
    const { timeZone } = await this.tenants.get(tenantId);
    return startOfDay(timeZone, await this.tenants.today(tenantId));
  }
}
