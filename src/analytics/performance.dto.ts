import { ApiProperty } from '@nestjs/swagger';
import { Id, OneOf } from '../http/fields.js';
import { AnalyticsAnswer } from './analytics.dto.js';
import { AnalyticsQuery } from './analytics-scope.js';
import { granularities, type Granularity, mostPoints } from './calendar-buckets.js';

export class PerformanceQuery extends AnalyticsQuery {
  @OneOf(granularities, {
    optional: true,
    default: 'day',
    description: `Local days, ISO weeks, months or quarters; ${mostPoints} of them at most. Hours: /analytics/activity-heatmap`,
  })
  readonly groupBy: Granularity = 'day';

  @Id({ optional: true, description: 'Sessions of this module' })
  readonly moduleId?: string;

  @Id({
    optional: true,
    description: 'Students who are on the list of this segment now: what they did while with whom is asked about',
  })
  readonly segmentId?: string;
}

const day = { type: String, format: 'date', maxLength: 10 } as const;
const count = { type: 'integer', format: 'int32', minimum: 0 } as const;
const mean = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;

export class PerformancePoint {
  @ApiProperty({ ...day, description: 'First local day', example: '2026-11-09' })
  from: string;
  @ApiProperty({ ...day, description: 'Last local day, included', example: '2026-11-15' })
  to: string;
  @ApiProperty({
    ...count,
    nullable: true,
    description:
      'Different students with a completed session. With `moduleId` those with any session of the module, and null of ' +
      'more than one day; null of more than one day also for services that may not see students',
    example: 412,
  })
  activeStudents: number | null;
  @ApiProperty({ ...count, description: 'Sessions, whatever became of them', example: 1_930 })
  sessions: number;
  @ApiProperty({ ...count, description: 'Of these, completed', example: 1_702 })
  sessionsCompleted: number;
  @ApiProperty({ ...count, description: 'Completed sessions with a score, which `averageScore` is of', example: 1_650 })
  sessionsScored: number;
  @ApiProperty({
    ...count,
    format: 'int64',
    nullable: true,
    description:
      'Of what students did at the same time, once; with `moduleId` the lengths of completed sessions, in seconds, and ' +
      'null for services that may not see students',
    example: 1_204_300,
  })
  timeSpentSeconds: number | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: 0,
    description:
      '`timeSpentSeconds` ÷ `sessions`; with `moduleId` the mean of completed sessions whose length is known',
    example: 624.05,
  })
  meanSessionSeconds: number | null;
  @ApiProperty({ ...mean, description: 'Mean score of completed sessions', example: 78.31 })
  averageScore: number | null;
  @ApiProperty({
    ...mean,
    description: '`correct` of `questions`, in per cent; these three are null for services that may not see students',
    example: 81.2,
  })
  accuracy: number | null;
  @ApiProperty({ ...count, nullable: true, description: 'In completed sessions', example: 17_020 })
  questions: number | null;
  @ApiProperty({ ...count, nullable: true, description: 'Of these, answered correctly', example: 13_820 })
  correct: number | null;
}

export class PerformanceResponse extends AnalyticsAnswer {
  @ApiProperty({ enum: granularities, type: String, example: 'week' })
  groupBy: Granularity;
  @ApiProperty({
    ...count,
    nullable: true,
    description: 'Days of departments with fewer students are in no figure; null for whom nothing is left out',
    example: null,
  })
  smallestGroup: number | null;
  @ApiProperty({ type: PerformancePoint, description: 'Of the whole period, from the same sums' })
  totals: PerformancePoint;
  @ApiProperty({
    type: [PerformancePoint],
    maxItems: mostPoints,
    description: 'Oldest first, without gaps; the first and the last are cut at the ends of the period',
  })
  points: PerformancePoint[];
}
