import { ApiProperty } from '@nestjs/swagger';
import { Id, OneOf } from '../http/fields.js';
import { AnalyticsAnswer } from './analytics.dto.js';
import { AnalyticsQuery } from './analytics-scope.js';

export const difficulties = ['easy', 'medium', 'hard'] as const;
export type Difficulty = (typeof difficulties)[number];

export const moduleSorts = [
  'title', 'sessions', 'studentsStarted', 'completionRate', 'averageScore', 'scoreDeviation', 'accuracy', 'passRate',
  'repeatRate', 'abandonRate', 'bounceRate', 'meanDurationSeconds',
] as const; // prettier-ignore
export type ModuleSort = (typeof moduleSorts)[number];

export class DifficultyQuery extends AnalyticsQuery {
  @Id({ optional: true, description: 'Modules of this category' })
  readonly categoryId?: string;

  @Id({
    optional: true,
    description: 'Sessions of the students that this segment means now, wherever they were at the time',
  })
  readonly segmentId?: string;
}

export class ModulesQuery extends DifficultyQuery {
  @OneOf(moduleSorts, {
    optional: true,
    default: 'title',
    description: 'Sort key; what has no value comes last. `title` is by category and title',
  })
  readonly sort: ModuleSort = 'title';

  @OneOf(['asc', 'desc'], { optional: true, description: 'Default: `asc` for title, else `desc`' })
  readonly order?: 'asc' | 'desc';
}

const count = { type: 'integer', format: 'int32', minimum: 0 } as const;
const rate = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;
const seconds = { type: Number, nullable: true, minimum: 0 } as const;

export class Stops {
  @ApiProperty({
    type: 'array',
    items: { ...count },
    minItems: 10,
    maxItems: 10,
    description: 'Abandoned sessions by the tenth of the questions they got to: below 10 %, below 20 % …',
    example: [4, 2, 1, 0, 0, 3, 0, 0, 0, 1],
  })
  tenths: number[];

  @ApiProperty({ ...count, description: 'Abandoned sessions that do not say how far they got', example: 2 })
  unknown: number;

  @ApiProperty({ ...seconds, description: 'Mean seconds until they were abandoned', example: 94.5 })
  meanSeconds: number | null;
}

export class ModuleSums {
  @ApiProperty({ ...count, description: 'Attempts: whatever began, completed or not', example: 240 })
  sessions: number;

  @ApiProperty({ ...count, example: 210 })
  sessionsCompleted: number;

  @ApiProperty({ ...count, example: 13 })
  sessionsAbandoned: number;

  @ApiProperty({
    ...count,
    description: 'Who have ever begun it up to `to`; of several modules once each',
    example: 80,
  })
  studentsStarted: number | null;

  @ApiProperty({
    ...count,
    nullable: true,
    description: 'Who have ever completed it up to `to`; of several once each',
    example: 62,
  })
  studentsCompleted: number | null;

  @ApiProperty({ ...rate, description: '`studentsCompleted` of `studentsStarted`, at most 100', example: 77.5 })
  completionRate: number | null;

  @ApiProperty({ ...rate, description: 'Mean score of completed sessions', example: 74.3 })
  averageScore: number | null;

  @ApiProperty({
    ...seconds,
    description: 'Standard deviation of these scores (of a sample), in points',
    example: 12.1,
  })
  scoreDeviation: number | null;

  @ApiProperty({ ...rate, description: 'Correct of the questions of completed sessions', example: 81.07 })
  accuracy: number | null;

  @ApiProperty({ ...seconds, description: 'Of completed sessions whose length is known', example: 612 })
  meanDurationSeconds: number | null;

  @ApiProperty({ ...rate, description: 'At least the pass mark, of completed sessions with a score', example: 68.2 })
  passRate: number | null;

  @ApiProperty({ ...rate, description: 'All but the first session of each student, of all', example: 41.25 })
  repeatRate: number | null;

  @ApiProperty({ ...rate, description: 'Abandoned of all sessions', example: 5.42 })
  abandonRate: number | null;

  @ApiProperty({ ...rate, description: 'Abandoned in the first minute of all sessions', example: 1.67 })
  bounceRate: number | null;

  @ApiProperty({
    type: Stops,
    nullable: true,
    description:
      'Where abandoned sessions stop; null for who may not see students, like accuracy, mean duration and what is ever',
  })
  stops: Stops | null;
}

export class ModuleFigures extends ModuleSums {
  @ApiProperty({ type: String, format: 'uuid', maxLength: 36 })
  moduleId: string;

  @ApiProperty({ type: String, maxLength: 100, example: 'alphabet-basics' })
  code: string;

  @ApiProperty({ type: String, maxLength: 200, example: 'The phonetic alphabet' })
  title: string;

  @ApiProperty({ type: String, format: 'uuid', maxLength: 36 })
  categoryId: string;

  @ApiProperty({ type: String, maxLength: 200, example: 'Phonetic alphabet' })
  categoryTitle: string;

  @ApiProperty({ enum: difficulties, type: String })
  difficulty: Difficulty;

  @ApiProperty({ description: 'False: retired; listed where there are sessions' })
  isActive: boolean;
}

export class DifficultyFigures extends ModuleSums {
  @ApiProperty({ enum: difficulties, type: String })
  difficulty: Difficulty;

  @ApiProperty({ ...count, description: 'Modules that are offered, or were and have sessions', example: 7 })
  modules: number;
}

export class CategoryDifficultyFigures extends DifficultyFigures {
  @ApiProperty({ type: String, format: 'uuid', maxLength: 36 })
  categoryId: string;

  @ApiProperty({ type: String, maxLength: 200, example: 'Phonetic alphabet' })
  categoryTitle: string;
}

class RolledUpAnswer extends AnalyticsAnswer {
  @ApiProperty({
    ...count,
    type: 'integer',
    nullable: true,
    description:
      'For who may not see students: days of a department are left out on which a module had fewer people. Null: all is in',
    example: null,
  })
  smallestGroup: number | null;
}

export class ModulesResponse extends RolledUpAnswer {
  @ApiProperty({ type: [ModuleFigures], maxItems: 100_000 })
  modules: ModuleFigures[];
}

export class DifficultyResponse extends RolledUpAnswer {
  @ApiProperty({ type: [DifficultyFigures], maxItems: 3, description: 'Easy first' })
  difficulties: DifficultyFigures[];

  @ApiProperty({ type: [CategoryDifficultyFigures], maxItems: 100_000, description: 'Only where there are modules' })
  categories: CategoryDifficultyFigures[];
}
