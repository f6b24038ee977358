import { ApiProperty } from '@nestjs/swagger';
import { Instant, OneOf } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { notificationPriorities, type NotificationPriority } from '../notifications/notification.js';
import { categories, type Category, type ChannelName, channelNames } from './channel.js';

export const deliveryStates = [
  'queued', 'gathered', 'sending', 'sent', 'delivered', 'suppressed', 'bounced', 'failed',
] as const; // prettier-ignore
export type DeliveryState = (typeof deliveryStates)[number];

export class DeliveryListQuery extends PageQuery {
  @OneOf(deliveryStates, { optional: true, description: '`failed`: was tried for a day, or refused for good' })
  readonly state?: DeliveryState;

  @OneOf(channelNames, { optional: true, description: 'By this channel' })
  readonly channel?: ChannelName;
}

export type DeliveryFilter = Pick<DeliveryListQuery, 'state' | 'channel'>;

export class OutgoingDeliveryResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  userId: string;
  @ApiProperty({ example: 'Bea Lee', description: 'Whom it is for' })
  userName: string;
  @ApiProperty({ enum: channelNames })
  channel: ChannelName;
  @ApiProperty({ enum: categories, type: String, nullable: true, description: 'null: of a digest' })
  category: Category | null;
  @ApiProperty({ enum: notificationPriorities })
  priority: NotificationPriority;
  @ApiProperty({ enum: deliveryStates })
  state: DeliveryState;
  @ApiProperty({ type: 'integer', format: 'int32', minimum: 0, description: 'How often it has been tried' })
  attempts: number;
  @ApiProperty({ format: 'date-time' })
  queuedAt: string;
  @ApiProperty({ format: 'date-time', description: 'When it was or will be tried next, at the earliest' })
  dueAt: string;
  @ApiProperty({ format: 'date-time', type: String, nullable: true, description: 'When the other side took it' })
  sentAt: string | null;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  deliveredAt: string | null;
  @ApiProperty({ type: String, nullable: true, maxLength: 300, description: 'Why it was not sent, or not yet' })
  error: string | null;
  @ApiProperty({ format: 'uuid', type: String, nullable: true })
  messageId: string | null;
  @ApiProperty({ format: 'uuid', type: String, nullable: true })
  notificationId: string | null;
  @ApiProperty({ format: 'uuid', type: String, nullable: true, description: 'The digest that it was gathered into' })
  digestId: string | null;
}

export class ReplayDeliveries {
  @OneOf(channelNames, { description: 'By this channel' })
  readonly channel: ChannelName;

  @Instant({ description: 'Those that were queued since then' })
  readonly since: string;
}

export class ReplayedDeliveries {
  @ApiProperty({ type: 'integer', format: 'int32', minimum: 0, description: 'Deliveries that are queued again' })
  replayed: number;
  @ApiProperty({ description: 'Whether there are more: ask again' })
  hasMore: boolean;
}
