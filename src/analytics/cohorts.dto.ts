import { ApiProperty } from '@nestjs/swagger';
import { Day, Id, Int } from '../http/fields.js';
import { AnalyticsAnswer } from './analytics.dto.js';

/** Half a year: measured with 100,000 students, 12 weeks take 0.12 s of a processor. */
export const mostWeeks = 26;

export class CohortsQuery {
  @Int({
    min: 1,
    max: mostWeeks,
    optional: true,
    default: 12,
    description: 'How many ISO weeks, the one of today or `asOf` included',
  })
  readonly weeks: number = 12;

  @Day({
    optional: true,
    description: 'As it stood at the end of this local day, with that day’s roster; today unless told',
  })
  readonly asOf?: string;

  @Id({ optional: true, description: 'This department and those below it' })
  readonly departmentId?: string;

  @Id({ optional: true, description: 'The roster of this instructor' })
  readonly instructorId?: string;
}

const count = { type: 'integer', format: 'int32', minimum: 0 } as const;
const share = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;
const monday = { type: String, format: 'date', maxLength: 10, example: '2026-11-16' } as const;

class IsoWeek {
  @ApiProperty({ ...monday, description: 'Its Monday' })
  week: string;

  @ApiProperty({ type: String, maxLength: 8, example: '2026-W47' })
  isoWeek: string;
}

export class CohortWeek extends IsoWeek {
  @ApiProperty({ ...count, description: 'Weeks after the one of joining, which is 0', example: 3 })
  number: number;

  @ApiProperty({ ...count, description: 'With a completed session in the week', example: 17 })
  activeStudents: number;

  @ApiProperty({ ...share, description: 'Per cent of the cohort', example: 70.83 })
  activeRate: number | null;

  @ApiProperty({ description: 'False: the week is still running' })
  isComplete: boolean;
}

export class Cohort extends IsoWeek {
  @ApiProperty({ ...count, description: 'Who joined in this week', example: 24 })
  students: number;

  @ApiProperty({ type: [CohortWeek], maxItems: mostWeeks, description: 'From the week of joining on' })
  weeks: CohortWeek[];
}

export class RetentionWeek extends IsoWeek {
  @ApiProperty({ ...count, description: 'Of the whole roster, whenever they joined', example: 410 })
  activeStudents: number;

  @ApiProperty({ ...count, description: 'Active in the week before', example: 395 })
  activeBefore: number;

  @ApiProperty({ ...count, description: 'Active in both', example: 352 })
  activeInBoth: number;

  @ApiProperty({ ...share, description: 'Per cent of those active in the week before', example: 89.11 })
  retention: number | null;

  @ApiProperty({ description: 'False: the week is still running' })
  isComplete: boolean;
}

export class CohortsResponse extends AnalyticsAnswer {
  @ApiProperty({ type: [Cohort], maxItems: mostWeeks, description: 'By week of joining, oldest first' })
  cohorts: Cohort[];

  @ApiProperty({ type: [RetentionWeek], maxItems: mostWeeks, description: 'The same weeks, oldest first' })
  retention: RetentionWeek[];
}
