import { ApiProperty } from '@nestjs/swagger';
import { Day, Id } from '../http/fields.js';
import { PageQuery, type Pagination } from '../http/paging.js';
import { AnalyticsAnswer } from './analytics.dto.js';

export class QuestionsQuery extends PageQuery {
  @Id({ description: 'The module whose questions are asked about' })
  readonly moduleId: string;

  @Day({ optional: true, description: 'First local day; 30 days up to `to` unless told' })
  readonly from?: string;

  @Day({ optional: true, description: 'Last local day, included; `asOf`, or else today, unless told' })
  readonly to?: string;

  @Day({ optional: true, description: 'This local day stands for today' })
  readonly asOf?: string;

  @Id({ optional: true, description: 'This department and those below it' })
  readonly departmentId?: string;

  @Id({ optional: true, description: 'The rosters of this instructor' })
  readonly instructorId?: string;
}

export class QuestionFigures {
  @ApiProperty({ type: String, maxLength: 100, example: 'q-17' })
  questionId: string;

  @ApiProperty({ type: 'integer', format: 'int32', minimum: 0, example: 57 })
  answers: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    minimum: 0,
    maximum: 100,
    description:
      'Per cent correct of those that say whether they are, or have a score, which must reach the pass mark; null of ' +
      'fewer than 10',
    example: 43.86,
  })
  correctRate: number | null;

  @ApiProperty({ type: Number, nullable: true, minimum: 0, description: 'Of answers that say how long', example: 12.4 })
  meanSeconds: number | null;
}

export class QuestionsResponse extends AnalyticsAnswer {
  @ApiProperty({ type: String, format: 'uuid', maxLength: 36 })
  moduleId: string;

  @ApiProperty({ type: [QuestionFigures], maxItems: 100, description: 'Hardest first, those without a rate last' })
  data: readonly QuestionFigures[];

  @ApiProperty({ allOf: [{ $ref: '#/components/schemas/Pagination' }], description: 'Of the questions' })
  pagination: Pagination;
}
