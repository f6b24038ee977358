import { Body, Controller, Get, Patch, Post, Query } from '@nestjs/common';
import { ApiProperty, ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { type Page, PageQuery } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { ChangeThread, CreateReply, ThreadListQuery, ThreadMessage, ThreadResponse, UnreadThreads } from './threads.dto.js'; // prettier-ignore
import { ThreadsService } from './threads.service.js';

const example: ThreadResponse = {
  id: '0198f000-0000-7000-8000-000000000041',
  otherId: '0198f000-0000-7000-8000-000000000002',
  otherName: 'Ada Okafor',
  subject: 'About Radio check',
  lastAt: '2026-11-20T08:30:00.000Z',
  unread: 1,
  isArchived: false,
  labels: ['to do'],
};
const onePage = { limit: 20, page: 1, hasNext: false, hasPrevious: false };

class Replied {
  @ApiProperty({ format: 'uuid' })
  id: string;
}

@ApiTags('messages')
@Controller('threads')
export class ThreadsController {
  constructor(private readonly threads: ThreadsService) {}

  @Get()
  @Operation({
    summary: "List one's own conversations, the latest first",
    description:
      'What one has sent to several people is among them once they have replied; until then it is under `/messages`. ' +
      'What one has sent to one person is among them at once.',
    permission: 'messages:read',
    answer: ThreadResponse,
    shape: 'page',
    example: { data: [example], pagination: onePage },
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: ThreadListQuery): Promise<Page<ThreadResponse>> {
    return this.threads.list(viewer, query);
  }

  @Get('unread')
  @Operation({
    summary: 'Count what one has not opened',
    permission: 'messages:read',
    answer: UnreadThreads,
    example: { unreadMessages: 3, unreadThreads: 2 },
  })
  countUnread(@CurrentViewer() viewer: Viewer): Promise<UnreadThreads> {
    return this.threads.countUnread(viewer);
  }

  @Get(':id/messages')
  @Operation({
    summary: 'List the messages of a conversation, the latest first',
    description: 'Reading them here opens nothing: that is told with `POST /threads/{id}/open`.',
    permission: 'messages:read',
    answer: ThreadMessage,
    shape: 'page',
    errors: [404],
    example: {
      data: [
        {
          id: '0198f000-0000-7000-8000-000000000031',
          senderId: example.otherId,
          senderName: example.otherName,
          subject: example.subject,
          body: 'Hello Bea, it is due on 2026-11-27 17:00.',
          contentType: 'text',
          html: null,
          attachments: [],
          sentAt: '2026-11-20T08:30:00.000Z',
          firstOpenedAt: null,
        },
      ],
      pagination: onePage,
    },
  })
  listMessages(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Query() query: PageQuery,
  ): Promise<Page<ThreadMessage>> {
    return this.threads.listMessages(viewer, id, query);
  }

  @Patch(':id')
  @Operation({
    summary: 'Archive or label a conversation',
    description: 'For oneself: the other does not see it.',
    permission: 'messages:write',
    answer: ThreadResponse,
    example,
    errors: [404],
  })
  change(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Body() body: ChangeThread): Promise<ThreadResponse> {
    return this.threads.change(viewer, id, body);
  }

  @Post(':id/open')
  @Operation({
    summary: 'Tell that one has opened a conversation',
    description: 'Whoever wrote what is in it sees when.',
    permission: 'messages:write',
    status: 204,
    errors: [404],
  })
  open(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<void> {
    return this.threads.open(viewer, id);
  }

  @Post(':id/replies')
  @Operation({
    summary: 'Reply to the other',
    permission: 'messages:write',
    status: 201,
    answer: Replied,
    example: { id: '0198f000-0000-7000-8000-000000000032' },
    errors: [404, 409],
  })
  reply(@CurrentViewer() viewer: Viewer, @IdParam() id: string, @Body() body: CreateReply): Promise<Replied> {
    return this.threads.reply(viewer, id, body);
  }
}
