import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Operation } from '../http/operation.js';
import { examplePagination, type Page } from '../http/paging.js';
import { IdParam } from '../http/validation.pipe.js';
import { CurrentViewer, type Viewer } from '../http/viewer.js';
import {
  NotificationListQuery,
  NotificationResponse,
  ReadNotifications,
  UnreadNotifications,
} from './notifications.dto.js';
import { NotificationsService } from './notifications.service.js';

const example: NotificationResponse = {
  id: '0198f000-0000-7000-8000-000000000021',
  type: 'assignment_due',
  priority: 'high',
  title: 'Due soon: Radio codes, week 3',
  body: 'Hand it in by 22 Nov 2026, 18:00.',
  actionUrl: '/assignments/0198f000-0000-7000-8000-000000000009',
  count: 1,
  createdAt: '2026-11-20T08:30:00Z',
  updatedAt: '2026-11-20T08:30:00Z',
  expiresAt: '2026-11-22T18:00:00Z',
  readAt: null,
  archivedAt: null,
};
const read = { ...example, readAt: '2026-11-20T09:00:00Z' };

@ApiTags('notifications')
@Controller('notifications')
export class NotificationsController {
  constructor(private readonly notifications: NotificationsService) {}

  @Get()
  @Operation({
    summary: "List one's own notifications, newest first",
    description: 'Without those that have expired.',
    permission: 'notifications:read',
    answer: NotificationResponse,
    shape: 'page',
    example: { data: [example], pagination: examplePagination(1) },
  })
  list(@CurrentViewer() viewer: Viewer, @Query() query: NotificationListQuery): Promise<Page<NotificationResponse>> {
    return this.notifications.list(viewer, query);
  }

  @Get('unread-count')
  @Operation({
    summary: "Count one's own unread notifications",
    permission: 'notifications:read',
    answer: UnreadNotifications,
    example: { unread: 3 },
  })
  countUnread(@CurrentViewer() viewer: Viewer): Promise<UnreadNotifications> {
    return this.notifications.countUnread(viewer);
  }

  @Post('read')
  @Operation({
    summary: "Mark all of one's own notifications as read",
    description: 'Or those that were shown: what has come meanwhile stays unread. Answers how many are unread then.',
    permission: 'notifications:write',
    answer: UnreadNotifications,
    example: { unread: 0 },
  })
  readAll(@CurrentViewer() viewer: Viewer, @Body() body: ReadNotifications): Promise<UnreadNotifications> {
    return this.notifications.readAll(viewer, body);
  }

  @Post(':id/read')
  @Operation({
    summary: 'Mark a notification as read',
    permission: 'notifications:write',
    answer: NotificationResponse,
    example: read,
    errors: [404],
  })
  read(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<NotificationResponse> {
    return this.notifications.read(viewer, id);
  }

  @Post(':id/archive')
  @Operation({
    summary: 'Put a notification away',
    description: 'It is read then, too.',
    permission: 'notifications:write',
    answer: NotificationResponse,
    example: { ...read, archivedAt: '2026-11-20T09:00:00Z' },
    errors: [404],
  })
  archive(@CurrentViewer() viewer: Viewer, @IdParam() id: string): Promise<NotificationResponse> {
    return this.notifications.archive(viewer, id);
  }
}
