import { Injectable } from '@nestjs/common';
import { type Actor, AuditRecorder } from '../audit/audit.recorder.js';
import { Outbox } from '../jobs/outbox.js';
import type { MessageRow, Terms } from './messages.repository.js';

/** Somebody's copy of a message. */
export interface Receipt {
  readonly messageId: string;
  readonly threadId: string;
  readonly userId: string;
}

/** What follows from every write: the audit, which repeats nothing that people have written, and events. */
@Injectable()
export class MessageRecord {
  constructor(
    private readonly audit: AuditRecorder,
    private readonly outbox: Outbox,
  ) {}

  async written(actor: Actor, id: string, terms: Terms, before?: MessageRow): Promise<void> {
    const { status, audience, recipients, recipientIds, sendAt, expiresAt } = terms;
    const { userIds: _, ...to } = audience ?? {};
    await this.audit.record(actor, {
      action: `message.${status === 'sending' ? 'sent' : before ? 'changed' : 'created'}`,
      targetType: 'message',
      targetId: id,
      personId: recipientIds?.length === 1 ? recipientIds[0] : null,
      before: before && { status: before.status, version: before.version, sendAt: before.sendAt },
      after: { status, to, recipients, wanted: recipientIds?.length, sendAt, expiresAt },
    });
    if (status === 'sending') await this.accepted(actor.tenantId, id);
  }

  /** By the clock. */
  async begun(tenantId: string, id: string, isFirst: boolean): Promise<void> {
    const entry = { action: 'message.sent', targetType: 'message', targetId: id };
    if (isFirst) await this.audit.record({ tenantId, userId: null, role: 'service' }, entry);
    await this.accepted(tenantId, id);
  }

  async changed(actor: Actor, what: 'cancelled' | 'recalled', id: string): Promise<void> {
    await this.audit.record(actor, { action: `message.${what}`, targetType: 'message', targetId: id });
    if (what === 'recalled') await this.outbox.append(actor.tenantId, 'messages.recalled', id, { messageId: id });
  }

  async thread(actor: Actor, what: 'changed' | 'opened' | 'replied', id: string, after: object): Promise<void> {
    await this.audit.record(actor, {
      action: `thread.${what}`,
      targetType: 'thread',
      targetId: id,
      personId: actor.userId,
      after,
    });
  }

  /** One message has reached these people: an event for each, and one for all of them together. */
  async distributed(tenantId: string, messageId: string, receipts: readonly Receipt[]): Promise<void> {
    if (receipts.length === 0) return;
    await this.tell(tenantId, 'messages.received', receipts);
    const userIds = receipts.map(({ userId }) => userId);
    await this.outbox.append(tenantId, 'messages.distributed', messageId, { messageId, userIds });
  }

  /** To each recipient. */
  tell(tenantId: string, topic: 'messages.received' | 'messages.changed', receipts: readonly Receipt[]): Promise<void> {
    const events = receipts.map(({ messageId, threadId, userId }) => ({
      key: userId,
      payload: { messageId, threadId, userId },
    }));
    return this.outbox.appendMany(tenantId, topic, events);
  }

  /** It is to be fanned out. */
  private accepted(tenantId: string, id: string): Promise<void> {
    return this.outbox.append(tenantId, 'messages.accepted', id, { messageId: id });
  }
}
