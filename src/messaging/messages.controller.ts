import { Body, Controller, Get, Patch, Post, Query, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { IfMatch } from '../http/if-match.js';
import { Operation } from '../http/operation.js';
import type { Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import {
  ChangeMessage, CreateMessage, MessageDetail, MessageListQuery, MessagePreview, MessageResponse, mostRecipients,
  PreviewMessage, SendMessage,
} from './messages.dto.js'; // prettier-ignore
import { MessagesService } from './messages.service.js';
import { variables } from './template.js';

const path = (id: string): string => `/api/v1/messages/${id}`;
const listed = Object.entries(variables).map(([name, meaning]) => `\`{{${name}}}\`: ${meaning}`);

const example: MessageResponse = {
  id: '0198f000-0000-7000-8000-000000000031',
  status: 'sending',
  to: { filter: { assignmentId: '0198f000-0000-7000-8000-000000000020', assignmentState: 'dueSoon' } },
  recipients: 'frozen',
  subject: 'About {{assignment.title}}',
  body: 'Hello {{firstName}}, it is due on {{assignment.dueAt}}.',
  contentType: 'text',
  html: null,
  attachments: [{ title: 'Reading list', url: 'https://example.org/list' }],
  assignmentId: '0198f000-0000-7000-8000-000000000020',
  remindsId: null,
  sendAt: null,
  sendLocal: null,
  sentAt: '2026-11-20T08:30:00.000Z',
  expiresAt: null,
  recalledAt: null,
  error: null,
  wanted: 24,
  queued: 24,
  withheld: 0,
  version: 1,
  createdAt: '2026-11-20T08:30:00.000Z',
  updatedAt: '2026-11-20T08:30:00.000Z',
};
const one = { answer: MessageResponse, example };

@ApiTags('messages')
@Controller('messages')
export class MessagesController {
  constructor(private readonly messages: MessagesService) {}

  @Post('preview')
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Tell to whom a message would go, and how one of them would read it',
    description: `Changes nothing. Variables: ${listed.join('; ')}. One that is none of them is refused with its place.`,
    permission: 'messages:write',
    answer: MessagePreview,
    example: {
      recipients: 24,
      missing: [],
      sampleUserId: '0198f000-0000-7000-8000-000000000004',
      subject: 'About Radio check',
      body: 'Hello Ada, it is due on 2026-11-27 17:00.',
      html: null,
    } satisfies MessagePreview,
    errors: [404, 422],
  })
  preview(@CurrentViewer() viewer: Viewer, @Body() body: PreviewMessage): Promise<MessagePreview> {
    return this.messages.preview(viewer, body);
  }

  @Post()
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Write a message: send it now or later, or keep it as a draft',
    description:
      `Goes to ${mostRecipients.toLocaleString('en')} people at most, in the background: \`Location\` is where to look. ` +
      'Each recipient has a thread of their own with the sender and sees none of the others. Nothing is sent while a ' +
      'variable stands for nothing with one of them. The organisation says how many one sends a day, then 429 ' +
      '`messages_too_many`, and how many one gets: whoever has had enough that day gets no more.',
    permission: 'messages:write',
    status: 201,
    ...one,
    errors: [404, 409, 422],
  })
  async create(
    @CurrentViewer() viewer: Viewer,
    @Body() body: CreateMessage,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MessageResponse> {
    const message = await this.messages.create(viewer, body);
    reply.header('location', path(message.id));
    return message;
  }

  @Get()
  @Operation({
    summary: 'List the messages that one has written, newest first',
    description: 'Replies stand in their threads.',
    permission: 'messages:read',
    ...one,
    shape: 'page',
    example: { data: [example], pagination: { limit: 20, page: 1, hasNext: false, hasPrevious: false } },
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: MessageListQuery): Promise<Page<MessageResponse>> {
    return this.messages.list(viewer, query);
  }

  @Get(':id')
  @Operation({
    summary: 'Show a message that one has written, and how far it has come',
    permission: 'messages:read',
    answer: MessageDetail,
    example: { ...example, states: { sent: 0, delivered: 0, openedInApp: 0, reminded: 0 } },
    errors: [404],
  })
  get(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<MessageDetail> {
    return this.messages.get(viewer, id);
  }

  @Patch(':id')
  @Operation({
    summary: 'Change a draft, or a message that is scheduled',
    description:
      'What is not given stays. Who the recipients are is settled anew where `to` or `recipients` is given. Once the first ' +
      'of them has it, nothing can be changed.',
    permission: 'messages:write',
    ...one,
    errors: [404, 409, 412, 422, 428],
  })
  change(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @IfMatch({ required: true }) version: number | undefined,
    @Body() body: ChangeMessage,
  ): Promise<MessageResponse> {
    return this.messages.change(viewer, id, body, version);
  }

  @Post(':id/send')
  @RouteConfig({ rateLimit: 'expensive' })
  @Operation({
    summary: 'Send a draft, now or later',
    permission: 'messages:write',
    ...one,
    errors: [404, 409, 422],
  })
  send(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Body() body: SendMessage): Promise<MessageResponse> {
    return this.messages.send(viewer, id, body);
  }

  @Post(':id/cancel')
  @Operation({
    summary: 'Cancel a draft, or a message that is scheduled',
    description:
      'It stays in the list. Of one that goes by the clocks of its recipients those keep it who have it already, which are ' +
      '`wanted` without `withheld`. Cancelling twice is no error.',
    permission: 'messages:write',
    ...one,
    example: { ...example, status: 'cancelled', sentAt: null, queued: 0, wanted: 0 },
    errors: [404, 409],
  })
  cancel(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<MessageResponse> {
    return this.messages.cancel(viewer, id);
  }

  @Post(':id/recall')
  @Operation({
    summary: 'Recall a message from those who have not opened it',
    description: 'To them it is as if it had never come. Who has opened it keeps it. Recalling twice is no error.',
    permission: 'messages:write',
    ...one,
    example: { ...example, status: 'sent', queued: 0, recalledAt: '2026-11-20T08:40:00.000Z' },
    errors: [404, 409],
  })
  recall(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<MessageResponse> {
    return this.messages.recall(viewer, id);
  }
}
