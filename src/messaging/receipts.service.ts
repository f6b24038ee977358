import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { MessageLimits } from './message-limits.js';
import { MessageRecord } from './message-record.js';
import { type MessageRow, MessagesRepository } from './messages.repository.js';
import type { ReceiptListQuery, ReceiptResponse } from './receipts.dto.js';
import { ReceiptsRepository } from './receipts.repository.js';

const longestSubject = 200;

/** How far a message has come, to each of its recipients. */
@Injectable()
export class ReceiptsService {
  constructor(
    private readonly database: Database,
    private readonly receipts: ReceiptsRepository,
    private readonly messages: MessagesRepository,
    private readonly limits: MessageLimits,
    private readonly record: MessageRecord,
    private readonly clock: Clock,
  ) {}

  async list(viewer: Viewer, messageId: string, query: ReceiptListQuery): Promise<Page<ReceiptResponse>> {
    const { state, olderThanHours } = query;
    const listing = { scope: ['recipients', messageId, state, olderThanHours], keys: ['id'] as const };
    const position = positionOf(query, listing);
    await this.find(viewer, messageId);
    const filter = { state, before: hoursBefore(this.clock.now(), olderThanHours) };
    const rows = await this.receipts.list(viewer.tenantId, messageId, filter, position);
    return toPage(rows, position, { listing, keysOf: ({ userId }) => [userId] });
  }

  /**
   * Sends it once more, into the same conversations, to those who have probably not seen it.
   * @throws Problem 404, 409 where it is not to be seen, or everybody has seen it or was reminded, 429 for too many a day
   */
  remind(viewer: Viewer, messageId: string, olderThanHours: number): Promise<MessageRow> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const { subject, ...message } = await this.find(viewer, messageId);
      const expiresAt = message.expiresAt === null ? null : new Date(message.expiresAt);
      if (message.recalledAt !== null || (expiresAt && expiresAt <= now)) {
        throw Problem.conflict('message_over', 'The message was recalled, or has expired.');
      }
      await this.limits.refuseTooMany(viewer);
      const before = hoursBefore(now, olderThanHours);
      const recipientIds = await this.receipts.markReminded(viewer.tenantId, messageId, before, now);
      if (recipientIds.length === 0) {
        throw Problem.conflict('recipients_none', 'Everybody has opened it, or was told not long ago.');
      }
      const id = uuidv7();
      const { body, contentType, html, attachments, assignmentId } = message;
      const terms = {
        body, contentType, html, attachments, assignmentId, expiresAt, recipientIds, status: 'sending', audience: null,
        subject: `Reminder: ${subject}`.slice(0, longestSubject), recipients: 'frozen', sendAt: null, sendLocal: null, waves: null, acceptedAt: now,
        sentAt: now, remindsId: messageId,
      } as const; // prettier-ignore
      await this.messages.insert(viewer, id, terms, now);
      await this.record.written(viewer, id, terms);
      return (await this.messages.find(viewer, id))!;
    });
  }

  private async find(viewer: Viewer, id: string): Promise<MessageRow> {
    const message = await this.messages.find(viewer, id);
    if (!message) throw Problem.notFound('message');
    return message;
  }
}

function hoursBefore(now: Date, hours: number): Date {
  return new Date(now.getTime() - hours * 3_600_000);
}
