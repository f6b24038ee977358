import { ApiProperty } from '@nestjs/swagger';
import { Id } from '../http/fields.js';
import { StudentFilter } from '../students/student-filter.js';
import { ViewPage } from './views.dto.js';

const count = { type: 'integer', format: 'int64', minimum: 0 } as const;

export class LearnersQuery extends StudentFilter {
  @Id({ optional: true, description: "A segment's filter; what is given beside it replaces its parts" })
  readonly segmentId?: string;
}

export class LearnerCategory {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ example: 'Radio codes' })
  title: string;
}

export class LearningSummary {
  @ApiProperty({ ...count, description: 'Local days with a completed session', example: 41 })
  activeDays: number;
  @ApiProperty({ ...count, maximum: 30, description: 'Of the last 30', example: 12 })
  recentActiveDays: number;
  @ApiProperty({ type: String, format: 'date', nullable: true })
  firstActiveOn: string | null;
  @ApiProperty({ ...count, description: 'Modules with a session', example: 9 })
  modulesStarted: number;
  @ApiProperty({ ...count, description: 'Modules with a completed session', example: 7 })
  modulesCompleted: number;
  @ApiProperty({ ...count, description: 'Categories with a completed session', example: 3 })
  categories: number;
  @ApiProperty({ ...count, description: 'Of all completed sessions', example: 460 })
  questions: number;
  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: 0,
    maximum: 100,
    description: 'Correct of these questions, in per cent',
    example: 78.26,
  })
  accuracy: number | null;
  @ApiProperty({ ...count, example: 2 })
  achievements: number;
}

export class LearnerRow {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ example: 'Kathleen Osei' })
  name: string;
  @ApiProperty({ format: 'uuid' })
  departmentId: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  instructorId: string | null;
  @ApiProperty({ type: LearningSummary, nullable: true, description: 'As of `asOf`; null for who came after that' })
  summary: LearningSummary | null;
  @ApiProperty({
    type: LearnerCategory,
    nullable: true,
    description: 'The category with the lowest accuracy, as of now',
  })
  weakestCategory: LearnerCategory | null;
}

export class LearnerPage extends ViewPage {
  @ApiProperty({ type: [LearnerRow], maxItems: 100 })
  data: LearnerRow[];
}
