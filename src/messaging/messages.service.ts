import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Database } from '../database/database.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { type Moment, TenantsService } from '../org/tenants.service.js';
import { htmlOf, shownBody, shownHtml } from './message-body.js';
import { MessageLimits } from './message-limits.js';
import { MessageRecord } from './message-record.js';
import type {
  ChangeMessage, CreateMessage, MessageDetail, MessageListQuery, MessagePreview, PreviewMessage, SendMessage,
} from './messages.dto.js'; // prettier-ignore
import { type Audience, type MessageRow, MessagesRepository, type Terms } from './messages.repository.js';
import { Recipients } from './recipients.service.js';
import { refuseExpiry, sendLocalOf, sendTimeOf } from './send-times.js';
import { render } from './template.js';

type Content = Pick<Terms, 'subject' | 'body' | 'contentType' | 'html' | 'attachments' | 'assignmentId' | 'audience' | 'recipients' | 'expiresAt' | 'sendAt' | 'sendLocal'>; // prettier-ignore
/** What is meant in all; the times are those of before. */
type Meant = Omit<Content, 'html' | 'expiresAt' | 'sendAt' | 'sendLocal'> & {
  readonly expiresAt: string | null;
  readonly sendAt?: string | null;
  readonly sendLocal?: string | null;
};

/** What people write to others, until it is on its way, and what they may do about it then. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly database: Database,
    private readonly messages: MessagesRepository,
    private readonly recipients: Recipients,
    private readonly limits: MessageLimits,
    private readonly tenants: TenantsService,
    private readonly record: MessageRecord,
  ) {}

  async list(viewer: Viewer, query: MessageListQuery): Promise<Page<MessageRow>> {
    const statuses = query.status && [...new Set(query.status)].sort();
    const listing = { scope: ['messages', viewer.userId, statuses], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const rows = await this.messages.list(viewer, statuses, position);
    return toPage(rows, position, { listing, keysOf: ({ createdAt, id }) => [createdAt, id] });
  }

  async get(viewer: Viewer, id: string): Promise<MessageDetail> {
    const message = await this.messages.find(viewer, id);
    if (!message) throw Problem.notFound('message');
    return { ...message, states: await this.messages.countStates(viewer.tenantId, id) };
  }

  async preview(viewer: Viewer, { to, ...request }: PreviewMessage): Promise<MessagePreview> {
    const text = { ...request, assignmentId: request.assignmentId ?? null };
    this.recipients.variablesOf(text);
    const { now } = await this.tenants.moment(viewer.tenantId);
    const ids = await this.recipients.settle(viewer, this.recipients.understand(to));
    const [missing, [sample]] = await Promise.all([
      this.recipients.missing(viewer, text, ids, now),
      this.recipients.values(viewer, text, ids.slice(0, 1), now),
    ]);
    const { subject, body, contentType } = request;
    const kept = { body, contentType, html: htmlOf(body, contentType) };
    return {
      recipients: ids.length,
      missing,
      sampleUserId: sample?.userId ?? null,
      subject: sample ? render(subject, 'text', sample.values) : null,
      body: sample ? shownBody(kept, sample.values) : null,
      html: sample ? shownHtml(kept, sample.values) : null,
    };
  }

  /**
   * Creating with an id that one has used before answers what was created then.
   * @throws Problem as `Recipients` and `sendTimeOf` do, and 429 for too many a day
   */
  create(viewer: Viewer, request: CreateMessage): Promise<MessageRow> {
    const { id = uuidv7(), isDraft, to } = request;
    return this.database.transaction(async () => {
      const known = await this.messages.find(viewer, id);
      if (known) return known;
      const moment = await this.tenants.moment(viewer.tenantId);
      const audience = to ? this.recipients.understand(to) : null;
      const meant = { ...request, audience, sendAt: null };
      const content = await this.contentOf(viewer, request, moment, meant);
      if (isDraft && content.sendAt) {
        const detail = 'a draft is sent when it is told to be';
        throw Problem.invalid([{ pointer: '/isDraft', code: 'field_forbidden', detail }]);
      }
      if (!isDraft) await this.limits.refuseTooMany(viewer);
      const terms = isDraft ? drafted(content) : await this.accept(viewer, content, moment);
      if (await this.messages.insert(viewer, id, terms, moment.now)) return this.written(viewer, id, terms);
      const meanwhile = await this.messages.find(viewer, id);
      if (meanwhile) return meanwhile;
      throw Problem.conflict('message_id_taken', 'This id is in use.', '/id');
    });
  }

  /**
   * Of a draft, or of what is scheduled: that stays so.
   * @throws Problem 404, 409 for what is on its way, 412, and as `create` does
   */
  change(viewer: Viewer, id: string, request: ChangeMessage, version: number | undefined): Promise<MessageRow> {
    return this.database.transaction(async () => {
      const before = await this.lock(viewer, id, ['draft', 'scheduled']);
      if (version !== before.version) throw Problem.versionMismatch();
      if (before.sentAt !== null) throw Problem.conflict('message_sending', 'Some of its recipients have it already.');
      const moment = await this.tenants.moment(viewer.tenantId);
      const audience = request.to ? this.recipients.understand(request.to) : before.to;
      const { expiresAt = before.expiresAt } = request;
      const content = await this.contentOf(viewer, request, moment, {
        subject: request.subject ?? before.subject,
        body: request.body ?? before.body,
        contentType: request.contentType ?? before.contentType,
        attachments: request.attachments ?? before.attachments,
        assignmentId: request.assignmentId === undefined ? before.assignmentId : request.assignmentId,
        recipients: request.recipients ?? before.recipients,
        audience,
        expiresAt,
        sendAt: before.sendAt,
        sendLocal: before.sendLocal,
      });
      const isSettled = before.status === 'scheduled' && !request.to && !request.recipients;
      const ids = isSettled ? await this.messages.findRecipientIds(viewer.tenantId, id) : null;
      const terms = before.status === 'draft' ? drafted(content) : await this.accept(viewer, content, moment, ids);
      await this.messages.update(viewer.tenantId, id, terms, moment.now);
      return this.written(viewer, id, terms, before);
    });
  }

  /** Of a draft. @throws Problem 404, 409 for any other, and as `create` does */
  send(viewer: Viewer, id: string, request: SendMessage): Promise<MessageRow> {
    return this.database.transaction(async () => {
      const before = await this.lock(viewer, id, ['draft']);
      const moment = await this.tenants.moment(viewer.tenantId);
      const meant = { ...before, sendAt: null, sendLocal: null, audience: before.to };
      const content = await this.contentOf(viewer, request, moment, meant);
      await this.limits.refuseTooMany(viewer);
      const terms = await this.accept(viewer, content, moment);
      await this.messages.update(viewer.tenantId, id, terms, moment.now);
      return this.written(viewer, id, terms, before);
    });
  }

  /** Of a draft, and of what is scheduled. Cancelling twice is no error. @throws Problem 404, 409 for what is on its way */
  cancel(viewer: Viewer, id: string): Promise<MessageRow> {
    return this.database.transaction(async () => {
      const before = await this.lock(viewer, id, ['draft', 'scheduled', 'cancelled']);
      if (before.status === 'cancelled') return before;
      const { now } = await this.tenants.moment(viewer.tenantId);
      await this.messages.cancel(viewer.tenantId, id, now);
      await this.record.changed(viewer, 'cancelled', id);
      return (await this.messages.find(viewer, id))!;
    });
  }

  /** Recalling twice is no error. @throws Problem 404, 409 for what is not on its way */
  recall(viewer: Viewer, id: string): Promise<MessageRow> {
    return this.database.transaction(async () => {
      const before = await this.lock(viewer, id, ['sending', 'sent', 'scheduled', 'cancelled']);
      const isUnsent = before.sentAt === null && (before.status === 'scheduled' || before.status === 'cancelled');
      if (isUnsent) throw refusalOf(before);
      if (before.recalledAt !== null) return before;
      const { now } = await this.tenants.moment(viewer.tenantId);
      await this.messages.recall(viewer.tenantId, id, now);
      await this.record.changed(viewer, 'recalled', id);
      return (await this.messages.find(viewer, id))!;
    });
  }

  /** What is meant in all, variables and times checked. */
  private async contentOf(viewer: Viewer, times: SendMessage, { now }: Moment, meant: Meant): Promise<Content> {
    this.recipients.variablesOf(meant);
    const { timeZone } = await this.tenants.get(viewer.tenantId);
    const sendAt = sendTimeOf(times, timeZone, now) ?? (meant.sendAt ? new Date(meant.sendAt) : null);
    const sendLocal = sendLocalOf(times) === undefined ? (meant.sendLocal ?? null) : sendLocalOf(times)!;
    const expiresAt = meant.expiresAt === null ? null : new Date(meant.expiresAt);
    refuseExpiry(expiresAt, sendAt, now);
    const { subject, body, contentType, attachments, assignmentId, audience, recipients } = meant;
    const html = htmlOf(body, contentType);
    return { subject, body, contentType, html, attachments, assignmentId, audience, recipients, expiresAt, sendAt, sendLocal }; // prettier-ignore
  }

  /** From now on it goes by itself, at once or when it is due. @param ids who they are where that was settled before */
  private async accept(
    viewer: Viewer,
    content: Content,
    { now }: Moment,
    ids: readonly string[] | null = null,
  ): Promise<Terms> {
    const { audience, sendAt, sendLocal } = content;
    if (!audience) {
      throw Problem.invalid([{ pointer: '/to', code: 'field_required', detail: 'say whom it goes to' }]);
    }
    const isLate = sendAt !== null && content.recipients === 'at-sending';
    const recipientIds = ids ?? (await this.settleOrNobody(viewer, audience, isLate));
    await this.recipients.refuseMissing(viewer, content, recipientIds, now);
    const accepted = { ...content, status: sendAt ? 'scheduled' : 'sending', recipientIds: isLate ? null : recipientIds, waves: null, acceptedAt: now, sentAt: sendAt ? null : now } as const; // prettier-ignore
    if (sendLocal === null) return accepted;
    if (isLate) return { ...accepted, sendAt: await this.recipients.firstInstant(viewer.tenantId, sendLocal) };
    const { userIds, waves } = await this.recipients.inWaves(viewer.tenantId, recipientIds, sendLocal);
    return { ...accepted, recipientIds: userIds, waves, sendAt: new Date(waves[0]!.at) };
  }

  /** Nobody now may be somebody when it is sent. */
  private async settleOrNobody(viewer: Viewer, audience: Audience, mayBeNobody: boolean): Promise<string[]> {
    try {
      return await this.recipients.settle(viewer, audience);
    } catch (error) {
      if (mayBeNobody && error instanceof Problem && error.code === 'recipients_none') return [];
      throw error;
    }
  }

  private async lock(viewer: Viewer, id: string, wanted: readonly MessageRow['status'][]): Promise<MessageRow> {
    const message = await this.messages.lock(viewer, id);
    if (!message) throw Problem.notFound('message');
    if (wanted.includes(message.status)) return message;
    throw refusalOf(message);
  }

  private async written(viewer: Viewer, id: string, terms: Terms, before?: MessageRow): Promise<MessageRow> {
    await this.record.written(viewer, id, terms, before);
    return (await this.messages.find(viewer, id))!;
  }
}

function refusalOf({ status }: MessageRow): Problem {
  return Problem.conflict(`message_${status}`, `The message is ${status}.`);
}

function drafted(content: Content): Terms {
  const unsent = { recipientIds: null, sendAt: null, sendLocal: null, waves: null, acceptedAt: null, sentAt: null };
  return { ...content, ...unsent, status: 'draft' };
}
