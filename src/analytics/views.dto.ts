import { ApiProperty } from '@nestjs/swagger';
import { type Pagination } from '../http/paging.js';
import { type ViewName, views } from './views.js';

const names = views.map(({ name }) => name);

/** How old the figures of an answer are that comes from a materialised view. */
export class ViewAge {
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'The moment that the figures are of: that of the last refresh. Null: none yet',
    example: '2026-11-20T08:20:00.000Z',
  })
  asOf: string | null;
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0, nullable: true, example: 312 })
  ageSeconds: number | null;
  @ApiProperty({ description: 'Two refreshes and more are missing' })
  isStale: boolean;
}

/** The same of a list. */
export class ViewPage extends ViewAge {
  @ApiProperty({ allOf: [{ $ref: '#/components/schemas/Pagination' }], description: 'Of `data`' })
  pagination: Pagination;
}

export class ViewResponse {
  @ApiProperty({ enum: names })
  name: ViewName;
  @ApiProperty({
    isArray: true,
    enum: names,
    maxItems: names.length,
    description: 'Views it is made from. They are refreshed before it, and it is skipped where one of them fails',
  })
  dependsOn: readonly ViewName[];
  @ApiProperty({ enum: ['refreshed', 'failed', 'skipped'], description: 'What came of the last time it was tried' })
  status: 'refreshed' | 'failed' | 'skipped';
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'The moment it is of' })
  lastRefreshedAt: string | null;
  @ApiProperty({ type: 'integer', format: 'int64', minimum: 0, nullable: true })
  ageSeconds: number | null;
  @ApiProperty({ description: 'Two refreshes and more are missing' })
  isStale: boolean;
  @ApiProperty({ type: Number, minimum: 0, description: 'Of the last time it was tried', example: 0.42 })
  durationSeconds: number;
  @ApiProperty({ type: 'integer', format: 'int64', nullable: true, example: 100_000 })
  rows: number | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description:
      "PostgreSQL's code and words, with … for what could be of somebody, of the last failure that is on record",
    example: '55P03: canceling statement due to lock timeout',
  })
  lastError: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  lastFailedAt: string | null;
}
