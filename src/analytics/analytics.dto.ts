import { ApiProperty } from '@nestjs/swagger';

export class FreshnessResponse {
  @ApiProperty({
    type: 'integer',
    format: 'int32',
    minimum: 0,
    description:
      'Local days that still have to be added up: of the period, and of those before it where figures reach back',
    example: 0,
  })
  pendingDays: number;

  @ApiProperty({
    type: String,
    format: 'date-time',
    maxLength: 35,
    nullable: true,
    description: 'Since when; null where there are none',
    example: null,
  })
  pendingSince: string | null;
}

/** What every answer of analytics says beside its figures. */
export class AnalyticsAnswer {
  @ApiProperty({
    type: String,
    format: 'date',
    maxLength: 10,
    nullable: true,
    description: 'First local day; null for what is true now',
    example: '2026-10-22',
  })
  from: string | null;

  @ApiProperty({
    type: String,
    format: 'date',
    maxLength: 10,
    nullable: true,
    description: 'Last local day, included',
    example: '2026-11-20',
  })
  to: string | null;

  @ApiProperty({ type: String, format: 'date-time', maxLength: 35, description: 'When this was read' })
  asOf: string;

  @ApiProperty({
    type: String,
    format: 'date',
    maxLength: 10,
    description: "Today in the tenant's zone",
    example: '2026-11-20',
  })
  today: string;

  @ApiProperty({ type: FreshnessResponse, description: 'Of the sums this was read from' })
  freshness: FreshnessResponse;
}
