import { ApiProperty } from '@nestjs/swagger';
import { Day, Id, idSchema } from '../http/fields.js';
import { AnalyticsAnswer } from './analytics.dto.js';
import { AnalyticsQuery } from './analytics-scope.js';

export class ComparisonQuery extends AnalyticsQuery {
  @Day({ optional: true, description: 'First local day of the other period' })
  readonly otherFrom?: string;

  @Day({ optional: true, description: 'Last local day of the other period, included' })
  readonly otherTo?: string;

  @Id({ optional: true, description: 'The other department, with those below it, in the same period' })
  readonly otherDepartmentId?: string;
}

const day = { type: String, format: 'date', maxLength: 10 } as const;
const count = { type: 'integer', format: 'int32', minimum: 0 } as const;

export class ComparedSide {
  @ApiProperty({ ...day, example: '2026-10-22' })
  from: string;
  @ApiProperty({ ...day, example: '2026-11-20' })
  to: string;
  @ApiProperty({ ...idSchema, nullable: true, description: 'Null: all that the viewer may see' })
  departmentId: string | null;
  @ApiProperty({ ...count, description: 'Students who were there on any day of the period', example: 204 })
  students: number;
}

export class ComparedFigure {
  @ApiProperty({ type: Number, description: 'Mean of the students of the one side', example: 78.2 })
  one: number;
  @ApiProperty({ type: Number, description: 'Mean of those of the other', example: 74.1 })
  other: number;
  @ApiProperty({ type: Number, description: '`one` − `other`', example: 4.1 })
  difference: number;
  @ApiProperty({ type: Number, description: 'The 95 % interval of the difference begins here', example: 1.9 })
  low: number;
  @ApiProperty({ type: Number, description: 'The 95 % interval of the difference ends here', example: 6.3 })
  high: number;
  @ApiProperty({ ...count, description: 'Students of the one side who have a value', example: 188 })
  students: number;
  @ApiProperty({ ...count, description: 'Of the other; of two periods the same students', example: 171 })
  otherStudents: number;
}

const figure = { type: ComparedFigure, nullable: true } as const;

export class ComparedFigures {
  @ApiProperty({ ...figure, description: 'Of each student the mean score of completed sessions' })
  averageScore: ComparedFigure | null;
  @ApiProperty({ ...figure, description: 'Of each student correct of questions in completed sessions, in per cent' })
  accuracy: ComparedFigure | null;
  @ApiProperty({ ...figure, description: 'Sessions of each student, none included' })
  sessionsPerStudent: ComparedFigure | null;
  @ApiProperty({ ...figure, description: 'Per cent of the students with a completed session' })
  activeShare: ComparedFigure | null;
  @ApiProperty({ ...figure, description: 'Time spent of each student in seconds, none included' })
  timePerStudentSeconds: ComparedFigure | null;
}

export class ComparisonResponse extends AnalyticsAnswer {
  @ApiProperty({ enum: ['periods', 'departments'], type: String, example: 'periods' })
  compared: 'periods' | 'departments';
  @ApiProperty({ type: ComparedSide })
  one: ComparedSide;
  @ApiProperty({ type: ComparedSide })
  other: ComparedSide;
  @ApiProperty({ type: ComparedFigures, description: 'Each null where a side has fewer than 10 students with a value' })
  figures: ComparedFigures;
}
