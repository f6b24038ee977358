import { ApiProperty } from '@nestjs/swagger';
import { Int, OneOf } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';

export const receiptStates = ['delivered', 'opened', 'notSeen'] as const;
export type ReceiptState = (typeof receiptStates)[number];

const hours = {
  min: 0,
  max: 8_760,
  optional: true,
  default: 24,
  description: 'How long it must have lain there, and since the last reminder, to be `notSeen`',
};

export class ReceiptListQuery extends PageQuery {
  @OneOf(receiptStates, { optional: true, description: '`notSeen`: delivered, not opened, and that for a while' })
  readonly state?: ReceiptState;

  @Int(hours)
  readonly olderThanHours: number = 24;
}

export class CreateReminder {
  @Int(hours)
  readonly olderThanHours: number = 24;
}

export class DeliveryResponse {
  @ApiProperty({ enum: ['app', 'email', 'sms', 'webhook'] })
  channel: string;
  @ApiProperty({
    enum: ['queued', 'gathered', 'sending', 'sent', 'delivered', 'suppressed', 'bounced', 'failed'],
    description: '`gathered` and no longer known what became of that; `suppressed`: see `error`',
  })
  state: string;
  @ApiProperty({ format: 'date-time' })
  queuedAt: string;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  sentAt: string | null;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  deliveredAt: string | null;
  @ApiProperty({ type: String, nullable: true, maxLength: 300, description: 'Why it was not sent, or not yet' })
  error: string | null;
}

export class ReceiptResponse {
  @ApiProperty({ format: 'uuid' })
  userId: string;
  @ApiProperty({ example: 'Bea Lee' })
  name: string;
  @ApiProperty({ format: 'uuid', description: 'The conversation with this recipient' })
  threadId: string;
  @ApiProperty({ type: [DeliveryResponse], maxItems: 10, description: 'By each channel' })
  deliveries: DeliveryResponse[];
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  firstOpenedAt: string | null;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  lastOpenedAt: string | null;
  @ApiProperty({ format: 'date-time', type: String, nullable: true, description: 'When this one was reminded last' })
  remindedAt: string | null;
}
