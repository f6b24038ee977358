import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import type { Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import { DeliveryListQuery, OutgoingDeliveryResponse, ReplayDeliveries, ReplayedDeliveries } from './deliveries.dto.js';
import { DeliveriesService } from './deliveries.service.js';

const example: OutgoingDeliveryResponse = {
  id: '0198f000-0000-7000-8000-000000000051',
  userId: '0198f000-0000-7000-8000-000000000004',
  userName: 'Bea Lee',
  channel: 'email',
  category: 'messages',
  priority: 'normal',
  state: 'failed',
  attempts: 18,
  queuedAt: '2026-11-20T08:30:00Z',
  dueAt: '2026-11-21T07:52:00Z',
  sentAt: null,
  deliveredAt: null,
  error: 'the mail was not taken over: ESOCKET',
  messageId: '0198f000-0000-7000-8000-000000000031',
  notificationId: null,
  digestId: null,
};

@ApiTags('channels')
@Controller('channels/deliveries')
export class DeliveriesController {
  constructor(private readonly deliveries: DeliveriesService) {}

  @Get()
  @Operation({
    summary: 'List what goes to people by other channels than the application',
    description:
      'The latest first. What has failed stays until it is sent again, for 90 days or as long as its message.',
    permission: 'channels:read',
    answer: OutgoingDeliveryResponse,
    shape: 'page',
    example: { data: [example], pagination: { limit: 20, page: 1, hasNext: false, hasPrevious: false } },
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: DeliveryListQuery): Promise<Page<OutgoingDeliveryResponse>> {
    return this.deliveries.list(viewer, query);
  }

  @Post('replay')
  @Operation({
    summary: 'Send again what has failed by a channel',
    description: 'Up to 1,000 at a time. What has been opened, recalled or turned off meanwhile is not sent.',
    permission: 'channels:write',
    answer: ReplayedDeliveries,
    example: { replayed: 12, hasMore: false },
  })
  replayFailed(@CurrentViewer() viewer: Viewer, @Body() body: ReplayDeliveries): Promise<ReplayedDeliveries> {
    return this.deliveries.replayFailed(viewer, body);
  }

  @Post(':id/replay')
  @Operation({
    summary: 'Send a delivery again that has failed or bounced',
    description: 'With the same id, by which the receiver can tell that it is the same.',
    permission: 'channels:write',
    answer: OutgoingDeliveryResponse,
    example: { ...example, state: 'queued', attempts: 0, error: null },
    errors: [404, 409],
  })
  replay(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<OutgoingDeliveryResponse> {
    return this.deliveries.replay(viewer, id);
  }
}
