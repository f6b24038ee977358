import { ApiProperty } from '@nestjs/swagger';
import { Id, OneOf, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';

export const erasureStatuses = ['waiting', 'running', 'done', 'cancelled'] as const;
export type ErasureStatus = (typeof erasureStatuses)[number];
export const obstacles = ['legal_hold', 'students_assigned', 'admin_last'] as const;

export class RequestErasure {
  @Id({ description: 'Who is to be forgotten' })
  readonly personId: string;

  @Text({ max: 1_000, description: 'Why, without names: gone with the rest', example: 'Asked for by letter' })
  readonly reason: string;
}

export class ErasuresQuery extends PageQuery {
  @Id({ optional: true, description: 'Of this person' })
  readonly personId?: string;

  @OneOf(erasureStatuses, { optional: true, description: 'In this state' })
  readonly status?: ErasureStatus;
}

export class ErasureResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid', description: 'Who is to be forgotten' })
  personId: string;
  @ApiProperty({ format: 'uuid', description: 'Who asked for it' })
  requestedBy: string;
  @ApiProperty({ description: 'As it was given; empty once it is done' })
  reason: string;
  @ApiProperty({ enum: erasureStatuses, description: '`waiting` can be cancelled' })
  status: ErasureStatus;
  @ApiProperty({
    type: String,
    enum: [...obstacles, null],
    nullable: true,
    description: 'What keeps it from beginning although it is due',
  })
  heldBy: (typeof obstacles)[number] | null;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time', description: 'When it begins' })
  dueAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  cancelledAt: string | null;
}
