import { ApiProperty } from '@nestjs/swagger';
import { AnalyticsAnswer } from './analytics.dto.js';

const count = { type: 'integer', format: 'int32', minimum: 0 } as const;

export class HeatmapCell {
  @ApiProperty({ ...count, minimum: 1, maximum: 7, description: '1: Monday … 7: Sunday', example: 1 })
  weekday: number;
  @ApiProperty({ ...count, maximum: 23, description: 'Of the local day; 0: from midnight on', example: 18 })
  hour: number;
  @ApiProperty({ ...count, description: 'Sessions that began in this hour', example: 310 })
  sessions: number;
  @ApiProperty({ ...count, description: 'Of these, completed', example: 290 })
  sessionsCompleted: number;
  @ApiProperty({
    ...count,
    description: 'Students with a session that began in this hour, counted anew on each day; not different students',
    example: 260,
  })
  studentDays: number;
}

export class ActivityHeatmapResponse extends AnalyticsAnswer {
  @ApiProperty({
    ...count,
    description: 'Sessions of which no time of day is known, and which are in no cell',
    example: 12,
  })
  sessionsWithoutTime: number;
  @ApiProperty({ type: [HeatmapCell], minItems: 168, maxItems: 168, description: 'Monday’s hours first, without gaps' })
  cells: HeatmapCell[];
}
