import { ApiProperty } from '@nestjs/swagger';
import { Instant, OneOf, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';

export const keptLevels = ['warn', 'error', 'fatal'] as const;

export class SystemLogsQuery extends PageQuery {
  @OneOf(keptLevels, { optional: true, description: 'From this level up' })
  readonly level?: (typeof keptLevels)[number];

  @Text({ max: 100, optional: true, description: 'What part of the application it comes from', example: 'Database' })
  readonly category?: string;

  @Instant({ optional: true, description: 'Not before' })
  readonly from?: string;

  @Instant({ optional: true, description: 'Before' })
  readonly to?: string;

  @Text({ max: 128, optional: true, description: 'What the answer had as `X-Request-Id`' })
  readonly requestId?: string;

  @Text({ max: 32, optional: true, description: 'Of a trace, by `traceparent` (W3C Trace Context)' })
  readonly traceId?: string;

  @Text({ max: 100, optional: true, description: 'Of a problem, of PostgreSQL or of a system call', example: '57014' })
  readonly code?: string;

  @Text({ max: 200, optional: true, description: 'Stands in the message, the error or the details; in whatever case' })
  readonly text?: string;
}

export class SystemLogEntry {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'date-time' })
  at: string;
  @ApiProperty({ enum: keptLevels })
  level: string;
  @ApiProperty({ example: 'Jobs' })
  category: string;
  @ApiProperty({ example: 'job failed' })
  message: string;
  @ApiProperty({ type: String, nullable: true, example: null })
  code: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'With … for what could be of somebody', example: null })
  error: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Where it was thrown', example: null })
  stack: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true, example: { job: 'activity.close-days' } })
  details: object;
  @ApiProperty({ type: String, nullable: true, example: null })
  requestId: string | null;
  @ApiProperty({ type: String, nullable: true, example: '4bf92f3577b34da6a3ce929d0e0e4736' })
  traceId: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Null: of no tenant', example: null })
  tenantId: string | null;
  @ApiProperty({ type: Number, nullable: true, example: 12.4 })
  durationSeconds: number | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Of the process', example: 214_958_080 })
  memoryBytes: number | null;
  @ApiProperty({ description: 'Where the process ran', example: 'worker-1' })
  host: string;
}
