import { ApiProperty } from '@nestjs/swagger';
import { Id, OneOf } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { ViewPage } from './views.dto.js';

export const instructorSorts = [
  'name', 'students', 'activeShare', 'atRisk', 'averageScore', 'completionRate', 'sessionsPerStudent', 'scoreChange',
  'daysToContact',
] as const; // prettier-ignore
export type InstructorSort = (typeof instructorSorts)[number];

const share = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;
const count = { type: 'integer', format: 'int64', minimum: 0 } as const;

export class InstructorPerformanceQuery extends PageQuery {
  @OneOf(instructorSorts, { optional: true, default: 'name', description: 'Sort key' })
  readonly sort: InstructorSort = 'name';

  @OneOf(['asc', 'desc'], {
    optional: true,
    description: 'Default: `asc` for name, else `desc`. Without a value: last descending, first ascending',
  })
  readonly order?: 'asc' | 'desc';

  @Id({ optional: true, description: 'What belongs to this department and those below it' })
  readonly departmentId?: string;
}

export class InstructorFigures {
  @ApiProperty({ format: 'uuid' })
  instructorId: string;
  @ApiProperty({ example: 'Amina Hassan' })
  name: string;
  @ApiProperty({ ...count, description: 'On the roster', example: 28 })
  students: number;
  @ApiProperty({ ...count, description: 'With a completed session in the last 7 local days', example: 21 })
  activeStudents: number;
  @ApiProperty({ ...share, description: 'Active students of the roster, in per cent', example: 75 })
  activeShare: number | null;
  @ApiProperty({ ...count, description: 'Risk score above the threshold', example: 3 })
  atRisk: number;
  @ApiProperty({ ...share, description: 'Mean overall score of the students who have one' })
  averageScore: number | null;
  @ApiProperty({ ...share, description: 'Mean completion rate of the students who have assignments' })
  completionRate: number | null;
  @ApiProperty({ ...count, description: 'Completed in the last 30 local days by those who were on the roster then' })
  sessionsCompleted: number;
  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: 0,
    description: 'These sessions for each student of the present roster',
    example: 9.25,
  })
  sessionsPerStudent: number | null;
  @ApiProperty({ ...count, description: 'In the last 30 local days' })
  timeSpentSeconds: number;
  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: -100,
    description: 'Completed sessions of these 30 days beside those of the 30 before, in per cent more; null after none',
    example: 12.5,
  })
  sessionsChange: number | null;
  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: -100,
    maximum: 100,
    description: "Mean score of these 30 days' sessions minus that of the 30 before, in points; null without either",
    example: 1.75,
  })
  scoreChange: number | null;
  @ApiProperty({
    ...count,
    description: 'Cases of this instructor in which a student was contacted, last 90 local days',
  })
  contacts: number;
  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: 0,
    description: 'From the opening of such a case to the contact, mean',
    example: 1.4,
  })
  daysToContact: number | null;
}

export class InstructorPerformancePage extends ViewPage {
  @ApiProperty({ type: [InstructorFigures], maxItems: 100 })
  data: InstructorFigures[];
}
