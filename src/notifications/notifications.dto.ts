import { ApiProperty } from '@nestjs/swagger';
import { Flag, Instant, OneOfList } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import {
  longestBody,
  longestTitle,
  notificationPriorities,
  type NotificationPriority,
  notificationTypes,
  type NotificationType,
} from './notification.js';

export class NotificationListQuery extends PageQuery {
  @Flag({ optional: true, description: 'Only unread ones, or only read ones' })
  readonly unread?: boolean;

  @Flag({ optional: true, default: false, description: 'Archived ones in place of the others' })
  readonly archived: boolean = false;

  @OneOfList(notificationTypes, { max: notificationTypes.length, optional: true, description: 'Of these types' })
  readonly type?: NotificationType[];

  @OneOfList(notificationPriorities, { max: 4, optional: true, description: 'Of these priorities' })
  readonly priority?: NotificationPriority[];
}

export type NotificationFilter = Pick<NotificationListQuery, 'unread' | 'archived' | 'type' | 'priority'>;

export class NotificationResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ enum: notificationTypes })
  type: NotificationType;
  @ApiProperty({ enum: notificationPriorities })
  priority: NotificationPriority;
  @ApiProperty({ maxLength: longestTitle, description: 'Plain text' })
  title: string;
  @ApiProperty({ maxLength: longestBody, description: 'Plain text; of several things that of the last' })
  body: string;
  @ApiProperty({ type: String, nullable: true, format: 'uri-reference', description: 'Path of what it is about' })
  actionUrl: string | null;
  @ApiProperty({ type: 'integer', minimum: 1, description: 'How many things of one kind it tells of' })
  count: number;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time', description: 'When the last of the things came' })
  updatedAt: string;
  @ApiProperty({ format: 'date-time', description: 'Until when it is shown' })
  expiresAt: string;
  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readAt: string | null;
  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  archivedAt: string | null;
}

export class UnreadNotifications {
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Notifications that are not read' })
  unread: number;
}

export class ReadNotifications {
  @Instant({
    optional: true,
    description: 'The greatest `updatedAt` that was shown: what came later stays unread. Left out: all of them',
  })
  readonly until?: string;
}
