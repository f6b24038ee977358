import { ApiProperty } from '@nestjs/swagger';
import { idSchema } from '../http/fields.js';
import { AnalyticsAnswer } from './analytics.dto.js';

const count = { type: 'integer', format: 'int32', minimum: 0 } as const;
const silent = { ...count, nullable: true } as const;
const mean = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;

export class DepartmentFigures {
  @ApiProperty({ ...silent, description: 'Students at the end of the day it is asked as of', example: 214 })
  students: number | null;
  @ApiProperty({ ...silent, description: 'Different students with a completed session in the period', example: 180 })
  activeStudents: number | null;
  @ApiProperty({ ...count, description: 'Sessions of the period, whatever became of them', example: 4_210 })
  sessions: number;
  @ApiProperty({ ...count, description: 'Of these, completed', example: 3_900 })
  sessionsCompleted: number;
  @ApiProperty({
    ...count,
    format: 'int64',
    description: 'Of what students did at the same time, once',
    example: 2_511_000,
  })
  timeSpentSeconds: number;
  @ApiProperty({ ...mean, description: 'Mean score of the completed sessions of the period', example: 78.31 })
  averageScore: number | null;
  @ApiProperty({ ...mean, description: 'Correct of questions in completed sessions, in per cent', example: 81.2 })
  accuracy: number | null;
  @ApiProperty({
    ...silent,
    description: 'Students above their risk threshold; null as of a day in the past',
    example: 9,
  })
  atRisk: number | null;
  @ApiProperty({ ...silent, description: 'Students with a high score; null as of a day in the past', example: 31 })
  topPerformers: number | null;
  @ApiProperty({
    ...mean,
    description: 'Mean completion rate of the students who have assignments; null as of a day in the past',
    example: 66.4,
  })
  completionRate: number | null;
}

export class DepartmentInTree {
  @ApiProperty(idSchema)
  departmentId: string;
  @ApiProperty({
    ...idSchema,
    nullable: true,
    description: 'The nearest one above it that is shown; null where there is none',
  })
  parentId: string | null;
  @ApiProperty({ maxLength: 200, example: 'Signals school' })
  name: string;
  @ApiProperty({ type: DepartmentFigures, description: 'Of the department itself, without those below it' })
  own: DepartmentFigures;
  @ApiProperty({
    type: DepartmentFigures,
    description:
      'Of the department and all below it: `own` and the totals of its children together. Means are weighted; ' +
      '`activeStudents` counts who has moved between them within the period once, and is so much less than the sum',
  })
  total: DepartmentFigures;
}

export class DepartmentFiguresResponse extends AnalyticsAnswer {
  @ApiProperty({
    ...silent,
    description: 'Days of departments with fewer students are in no figure; null for whom nothing is left out',
    example: null,
  })
  smallestGroup: number | null;
  @ApiProperty({ type: [DepartmentInTree], maxItems: 10_000, description: 'Each before those below it' })
  departments: DepartmentInTree[];
}
