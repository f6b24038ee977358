import { ApiProperty } from '@nestjs/swagger';
import { Day, Int, OneOf } from '../http/fields.js';
import { AnalyticsAnswer } from './analytics.dto.js';

export const leaderboardMetrics = ['overallScore', 'sessionsCompleted', 'timeSpent', 'streak'] as const;
export type LeaderboardMetric = (typeof leaderboardMetrics)[number];

export class LeaderboardQuery {
  @OneOf(leaderboardMetrics, {
    optional: true,
    default: 'overallScore',
    description:
      'By what they are ranked: the overall score, completed sessions, seconds spent, or days of the current streak',
  })
  readonly metric: LeaderboardMetric = 'overallScore';

  @Day({
    optional: true,
    description: 'First local day, of `sessionsCompleted` and `timeSpent` alone; 30 days up to `to` unless told',
  })
  readonly from?: string;

  @Day({ optional: true, description: 'Last local day, included; today unless told' })
  readonly to?: string;

  @Int({ min: 1, max: 100, optional: true, default: 10, description: 'How many to list; one’s own row comes on top' })
  readonly limit: number = 10;
}

const count = { type: 'integer', format: 'int32', minimum: 0 } as const;

export class LeaderboardRow {
  @ApiProperty({
    ...count,
    nullable: true,
    description: 'From 1; who are equal share one, and those after them go on as if they did not. Null without a value',
    example: 3,
  })
  rank: number | null;

  @ApiProperty({ type: String, maxLength: 200, example: 'Kathleen Osei' })
  name: string;

  @ApiProperty({
    type: String,
    format: 'uuid',
    maxLength: 36,
    nullable: true,
    description: 'For those who may see the student; null for fellow students',
  })
  studentId: string | null;

  @ApiProperty({
    type: Number,
    minimum: 0,
    nullable: true,
    description: 'Points, sessions, seconds or days, as the metric says; null where there is nothing yet',
    example: 81.5,
  })
  value: number | null;

  @ApiProperty({ description: 'Of the student who is asking' })
  isOwn: boolean;
}

export class LeaderboardResponse extends AnalyticsAnswer {
  @ApiProperty({ enum: leaderboardMetrics, type: String })
  metric: LeaderboardMetric;

  @ApiProperty({ ...count, description: 'Who are ranked', example: 24 })
  students: number;

  @ApiProperty({
    type: [LeaderboardRow],
    maxItems: 101,
    description: 'Best first; equal ones by name. Then the own row of a student who is not among them',
  })
  rows: LeaderboardRow[];
}
