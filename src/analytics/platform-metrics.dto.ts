import { ApiProperty } from '@nestjs/swagger';
import { Day } from '../http/fields.js';
import { mostDays } from './analytics-scope.js';
import { ViewAge } from './views.dto.js';

const share = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;
const count = { type: 'integer', format: 'int64', minimum: 0 } as const;

export class PlatformMetricsQuery {
  @Day({ optional: true, description: 'First local day; 30 days up to `to` unless told' })
  readonly from?: string;

  @Day({ optional: true, description: 'Last local day, included; today unless told' })
  readonly to?: string;
}

export class PlatformDay {
  @ApiProperty({ format: 'date', example: '2026-11-20' })
  day: string;
  @ApiProperty({ ...count, description: 'With a completed session', example: 812 })
  activeStudents: number;
  @ApiProperty({ ...count, nullable: true, description: 'Joined; null for who may not see people', example: 4 })
  newStudents: number | null;
  @ApiProperty({ ...count, example: 1_630 })
  sessions: number;
  @ApiProperty({ ...count, example: 1_502 })
  sessionsCompleted: number;
  @ApiProperty({ ...count, example: 1_204_220 })
  timeSpentSeconds: number;
  @ApiProperty({ ...share, description: "Mean score of the day's completed sessions", example: 74.12 })
  averageScore: number | null;
  @ApiProperty({ ...share, description: 'Correct of questions, in per cent' })
  accuracy: number | null;
}

export class PlatformMetricsResponse extends ViewAge {
  @ApiProperty({ format: 'date' })
  from: string;
  @ApiProperty({ format: 'date' })
  to: string;
  @ApiProperty({ format: 'date', description: "Today in the tenant's zone" })
  today: string;
  @ApiProperty({
    type: 'integer',
    format: 'int32',
    nullable: true,
    description: 'Departments are in the sums of a day only with so many active students; null for who may see people',
  })
  smallestGroup: number | null;
  @ApiProperty({
    type: [PlatformDay],
    maxItems: mostDays,
    description: 'Oldest first, to the day that `asOf` lies in: what has happened since is not known here yet',
  })
  days: PlatformDay[];
}
