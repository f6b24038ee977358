import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import type { Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { MessageResponse } from './messages.dto.js';
import { CreateReminder, ReceiptListQuery, ReceiptResponse } from './receipts.dto.js';
import { ReceiptsService } from './receipts.service.js';

@ApiTags('messages')
@Controller('messages/:id')
export class ReceiptsController {
  constructor(private readonly receipts: ReceiptsService) {}

  @Get('recipients')
  @Operation({
    summary: 'List to whom a message went, and how far it has come',
    permission: 'messages:read',
    answer: ReceiptResponse,
    shape: 'page',
    errors: [404],
    example: {
      data: [
        {
          userId: '0198f000-0000-7000-8000-000000000004',
          name: 'Bea Lee',
          threadId: '0198f000-0000-7000-8000-000000000041',
          deliveries: [
            {
              channel: 'app',
              state: 'delivered',
              queuedAt: '2026-11-20T08:30:00Z',
              sentAt: '2026-11-20T08:30:00Z',
              deliveredAt: '2026-11-20T08:30:00Z',
              error: null,
            },
          ],
          firstOpenedAt: null,
          lastOpenedAt: null,
          remindedAt: null,
        },
      ],
      pagination: { limit: 20, page: 1, hasNext: false, hasPrevious: false },
    },
  })
  list(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Query() query: ReceiptListQuery,
  ): Promise<Page<ReceiptResponse>> {
    return this.receipts.list(viewer, id, query);
  }

  @Post('reminders')
  @Operation({
    summary: 'Remind those who have probably not seen a message',
    description: 'A message of its own, in the same conversations. Nobody is reminded again before that time is over.',
    permission: 'messages:write',
    status: 201,
    answer: MessageResponse,
    errors: [404, 409],
  })
  remind(
    @CurrentViewer() viewer: Viewer,
    @IdParam() id: string,
    @Body() { olderThanHours }: CreateReminder,
  ): Promise<MessageResponse> {
    return this.receipts.remind(viewer, id, olderThanHours);
  }
}
