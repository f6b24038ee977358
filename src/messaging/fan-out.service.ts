import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { ViewersService } from '../auth/viewers.service.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { FanOutRepository, type SendingMessage } from './fan-out.repository.js';
import { MessageLimits } from './message-limits.js';
import { MessageRecord } from './message-record.js';
import { Recipients } from './recipients.service.js';
import { render } from './template.js';
import { dueUpTo } from './waves.js';

/** Recipients in one transaction: some hundred milliseconds. */
const chunk = 1_000;
/** Puts messages into the boxes of their recipients. */
@Injectable()
export class FanOut {
  constructor(
    private readonly database: Database,
    private readonly repository: FanOutRepository,
    private readonly recipients: Recipients,
    private readonly viewers: ViewersService,
    private readonly limits: MessageLimits,
    private readonly record: MessageRecord,
  ) {}

  /** What is due is on its way from now on. @returns whether it was not before */
  begin(tenantId: string, messageId: string, now: Date): Promise<boolean> {
    return this.database.transaction(async () => {
      const begun = await this.repository.begin(tenantId, messageId, now);
      if (begun) await this.record.begun(tenantId, messageId, begun.isFirst);
      return begun !== null;
    });
  }

  /**
   * The next recipients, and how far that is, in one transaction: whoever goes on after a crash, or at the same time,
   * goes on where this ends.
   * @returns whether there are more who are due
   */
  next(tenantId: string, messageId: string, now: Date): Promise<boolean> {
    return this.database.transaction(async () => {
      const message = await this.repository.lockSending(tenantId, messageId, chunk);
      if (!message) return false;
      try {
        const sender = (await this.viewers.find(tenantId, message.senderId))?.viewer;
        if (!sender) throw new Problem(409, 'sender_inactive', { detail: 'The sender is no longer active.' });
        if (message.isSettled) return await this.send(sender, messageId, message, now);
        await this.settle(sender, messageId, message);
        return true;
      } catch (refusal) {
        // nothing has been written: what refuses does so before
        if (!(refusal instanceof Problem) || refusal.status >= 500) throw refusal;
        await this.repository.fail(tenantId, messageId, refusal.message, now);
        return false;
      }
    });
  }

  private async settle(sender: Viewer, messageId: string, message: SendingMessage): Promise<void> {
    const { tenantId } = sender;
    const userIds = await this.recipients.settle(sender, message.audience!);
    const { sendLocal } = message;
    const settled = sendLocal === null ? { userIds, waves: null } : await this.recipients.inWaves(tenantId, userIds, sendLocal); // prettier-ignore
    await this.repository.settle(tenantId, messageId, settled);
  }

  private async send(sender: Viewer, messageId: string, message: SendingMessage, now: Date): Promise<boolean> {
    const { tenantId } = sender;
    const { wantedIds, waves, position } = message;
    const due = waves ? dueUpTo(waves, now) - position : message.userIds.length;
    if (due <= 0) {
      await this.repository.pause(tenantId, messageId, waves!.find(({ upTo }) => upTo > position)!.at);
      return false;
    }
    const userIds = message.userIds.slice(0, due);
    // what was there when it was accepted may be gone by now
    if (wantedIds) await this.recipients.refuseMissing(sender, message, wantedIds, now);
    const found = await this.recipients.values(sender, message, userIds, now);
    const wanted = found.map(({ userId, values }) => ({
      userId,
      threadId: uuidv7(),
      subject: render(message.subject, 'text', values),
      values,
    }));
    const limit = { now, ...(await this.limits.ofRecipients(tenantId)) };
    // whose clock is later has it later
    const sent = { ...message, sentAt: waves ? now.toISOString() : message.sentAt };
    const receipts = await this.repository.insertRecipients(tenantId, messageId, sent, wanted, limit);
    await this.record.distributed(tenantId, messageId, receipts);
    if (message.isDirect) await this.record.tell(tenantId, 'messages.changed', receipts.map((one) => ({ ...one, userId: sender.userId }))); // prettier-ignore
    const progress = { handled: userIds.length, withheld: userIds.length - receipts.length };
    return !(await this.repository.advance(tenantId, messageId, progress));
  }
}
