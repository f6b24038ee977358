import { ApiProperty } from '@nestjs/swagger';
import { OneOf, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';

const statuses = ['queued', 'running', 'completed', 'failed', 'skipped'];

export class RunsQuery extends PageQuery {
  @Text({ max: 100, optional: true, description: 'Name of a job', example: 'activity.close-days' })
  readonly job?: string;

  @OneOf(statuses, { optional: true, description: 'How it stands with the run' })
  readonly status?: string;
}

export class RunResponse {
  @ApiProperty({ type: 'integer' })
  id: number;
  @ApiProperty({ example: 'activity.close-days' })
  job: string;
  @ApiProperty({ enum: statuses })
  status: string;
  @ApiProperty({ type: 'integer', description: 'How often it was tried' })
  attempt: number;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Null: for the whole installation' })
  tenantId: string | null;
  @ApiProperty({ description: 'What made it due', example: 'tick-20261121T001700Z' })
  occasion: string;
  @ApiProperty({ format: 'date-time' })
  queuedAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  finishedAt: string | null;
  @ApiProperty({ type: Number, nullable: true })
  durationSeconds: number | null;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' }, example: { snapshotsClosed: 812 } })
  counts: Readonly<Record<string, number>>;
  @ApiProperty({ type: String, nullable: true, description: 'Why it failed, with … for what could be of somebody' })
  error: string | null;
}
