import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { insertTwice } from '../database/errors.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { declareConstraint, Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { htmlOf, shownBody, shownHtml } from './message-body.js';
import { MessageLimits } from './message-limits.js';
import { MessageRecord } from './message-record.js';
import { MessagesRepository } from './messages.repository.js';
import { render } from './template.js';
import type { ChangeThread, CreateReply, ThreadListQuery, ThreadMessage, ThreadResponse, UnreadThreads } from './threads.dto.js'; // prettier-ignore
import { type Parties, ThreadsRepository } from './threads.repository.js';

declareConstraint('messages_pkey', {
  status: 409,
  code: 'message_id_taken',
  detail: 'This id is in use.',
  pointer: '/id',
});

/** Conversations, each as one of its two people has it. */
@Injectable()
export class ThreadsService {
  constructor(
    private readonly database: Database,
    private readonly threads: ThreadsRepository,
    private readonly messages: MessagesRepository,
    private readonly limits: MessageLimits,
    private readonly record: MessageRecord,
    private readonly clock: Clock,
  ) {}

  async list(viewer: Viewer, query: ThreadListQuery): Promise<Page<ThreadResponse>> {
    const { search, label, archived, unread } = query;
    const listing = {
      scope: ['threads', viewer.userId, search, label, archived, unread],
      keys: ['instant', 'id'] as const,
    };
    const position = positionOf(query, listing);
    const rows = await this.threads.list(viewer, query, this.clock.now(), position);
    return toPage(rows, position, { listing, keysOf: ({ lastAt, id }) => [lastAt, id] });
  }

  countUnread(viewer: Viewer): Promise<UnreadThreads> {
    return this.threads.countUnread(viewer, this.clock.now());
  }

  async listMessages(viewer: Viewer, id: string, query: PageQuery): Promise<Page<ThreadMessage>> {
    const listing = { scope: ['threadMessages', viewer.userId, id], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const now = this.clock.now();
    await this.parties(viewer, id, now);
    const rows = await this.threads.listMessages(viewer, id, now, position);
    const page = toPage(rows, position, { listing, keysOf: ({ sentAt, id }) => [sentAt, id] });
    return {
      ...page,
      data: page.data.map(({ variables, ...message }) => ({
        ...message,
        subject: render(message.subject, 'text', variables),
        body: shownBody(message, variables),
        html: shownHtml(message, variables),
      })),
    };
  }

  change(viewer: Viewer, id: string, { isArchived, labels }: ChangeThread): Promise<ThreadResponse> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const parties = await this.parties(viewer, id, now);
      await this.threads.ensure(viewer.tenantId, viewer.userId, id, parties, now);
      const wanted = { isArchived, labels: labels && [...new Set(labels)] };
      await this.threads.update(viewer, id, wanted, now);
      await this.record.thread(viewer, 'changed', id, wanted);
      return this.threads.get(viewer, id, now);
    });
  }

  /** Everything in it that came to the viewer is opened now. @throws Problem 404 */
  open(viewer: Viewer, id: string): Promise<void> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      await this.parties(viewer, id, now);
      const receipts = await this.threads.open(viewer, id, now);
      await this.record.thread(viewer, 'opened', id, { messages: receipts.length });
      await this.record.tell(viewer.tenantId, 'messages.changed', receipts);
    });
  }

  /**
   * Replying with an id that one has used before changes nothing.
   * @throws Problem 404, 409 where the other has left and for an id in use, 429 for too many a day
   */
  reply(viewer: Viewer, threadId: string, reply: CreateReply): Promise<{ id: string }> {
    const { id = uuidv7() } = reply;
    const { tenantId, userId } = viewer;
    const html = htmlOf(reply.body, reply.contentType);
    const write = async (): Promise<{ id: string }> => {
      const now = this.clock.now();
      const parties = await this.parties(viewer, threadId, now);
      if (await this.threads.hasReply(viewer, threadId, id)) return { id };
      if (!(await this.threads.lockActive(tenantId, parties.otherId))) {
        throw Problem.conflict('recipient_inactive', 'Whom this would go to is no longer active.');
      }
      await this.limits.refuseTooMany(viewer);
      const { otherId, subject } = parties;
      await this.threads.ensure(tenantId, userId, threadId, parties, now);
      await this.threads.ensure(tenantId, otherId, threadId, { ...parties, otherId: userId }, now);
      await this.messages.insertReply(viewer, { ...reply, id, threadId, subject, html }, now);
      await this.threads.deliver(viewer, { id, threadId }, otherId, now);
      await this.record.thread(viewer, 'replied', threadId, { messageId: id });
      await this.record.distributed(tenantId, id, [{ messageId: id, threadId, userId: otherId }]);
      return { id };
    };
    return insertTwice(() => this.database.transaction(write));
  }

  private async parties(viewer: Viewer, id: string, now: Date): Promise<Parties> {
    const parties = await this.threads.findParties(viewer, id, now);
    if (!parties) throw Problem.notFound('thread');
    return parties;
  }
}
