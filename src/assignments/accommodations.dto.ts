import { ApiProperty } from '@nestjs/swagger';
import { Decimal, Id, Instant, Int, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';

const factor = { min: 1, max: 10, example: 1.5, description: 'Of the time from hand-out, or opening, to the due date' };
const days = { min: 0, max: 365, example: 2, description: 'Local days on top of that' };
const reason = {
  max: 500,
  example: 'Agreed with the disability office',
  description: 'For staff who have the student',
};

export class AccommodationsQuery extends PageQuery {
  @Id({ optional: true, description: 'Of this student alone' })
  readonly studentId?: string;
}

export class CreateAccommodation {
  @Id({ description: 'Who gets it', example: '0198f000-0000-7000-8000-000000000004' })
  readonly studentId: string;

  @Decimal({ ...factor, optional: true, default: 1 })
  readonly timeFactor: number = 1;

  @Int({ ...days, optional: true, default: 0 })
  readonly extraDays: number = 0;

  @Text(reason)
  readonly reason: string;

  @Instant({ optional: true, description: 'For work handed out from then on; now unless told, also in the past' })
  readonly validFrom?: string;

  @Instant({ optional: true, nullable: true, description: 'For work handed out before that; null for no end' })
  readonly validTo: string | null = null;
}

export class ChangeAccommodation {
  @Decimal({ ...factor, optional: true })
  readonly timeFactor?: number;

  @Int({ ...days, optional: true })
  readonly extraDays?: number;

  @Text({ ...reason, optional: true })
  readonly reason?: string;

  @Instant({ optional: true, description: 'For work handed out from then on' })
  readonly validFrom?: string;

  @Instant({ optional: true, nullable: true, description: 'For work handed out before that; null for no end' })
  readonly validTo?: string | null;
}

export class AccommodationResponse {
  @ApiProperty({ format: 'uuid', example: '0198f000-0000-7000-8000-00000000000a' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ example: 'Kathleen Osei' })
  studentName: string;
  @ApiProperty({ minimum: 1, maximum: 10, description: factor.description, example: 1.5 })
  timeFactor: number;
  @ApiProperty({ type: 'integer', description: days.description, example: 2 })
  extraDays: number;
  @ApiProperty({ example: reason.example })
  reason: string;
  @ApiProperty({ format: 'date-time' })
  validFrom: string;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  validTo: string | null;
  @ApiProperty({ format: 'date-time', type: String, nullable: true, description: 'When it was ended by hand' })
  endedAt: string | null;
  @ApiProperty({ format: 'uuid' })
  createdBy: string;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
  @ApiProperty({ type: 'integer' })
  version: number;
}
