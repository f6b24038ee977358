import { ApiProperty } from '@nestjs/swagger';

const itemFlags = ['tooEasy', 'tooHard', 'notDiscriminating'] as const;
const itemReasons = ['tooFewStudents', 'noOtherItems', 'noVariation'] as const;
const share = { type: Number, nullable: true, minimum: 0, maximum: 1 } as const;
const correlation = { ...share, minimum: -1 } as const;
const seconds = { type: Number, nullable: true, minimum: 0 } as const;

export class ItemStatistics {
  @ApiProperty({ type: 'integer', description: 'Students with a result', example: 24 })
  n: number;
  @ApiProperty({
    ...share,
    description: 'Mean share of what could be reached: 1 where everybody has all of it',
    example: 0.71,
  })
  difficulty: number | null;
  @ApiProperty({ ...share, description: '95 % interval (Wilson)', example: 0.51 })
  difficultyLow: number | null;
  @ApiProperty({ ...share, example: 0.85 })
  difficultyHigh: number | null;
  @ApiProperty({
    ...correlation,
    description:
      'Corrected item-total correlation: with the mean of what the same student has in the other items, which for who ' +
      'has them all is the same as with their sum',
    example: 0.46,
  })
  discrimination: number | null;
  @ApiProperty({ ...correlation, description: '95 % interval (Fisher)', example: 0.07 })
  discriminationLow: number | null;
  @ApiProperty({ ...correlation, example: 0.73 })
  discriminationHigh: number | null;
  @ApiProperty({ ...seconds, description: 'Of the results with a known time', example: 431.5 })
  meanTimeSeconds: number | null;
  @ApiProperty({ ...seconds, example: 402 })
  medianTimeSeconds: number | null;
  @ApiProperty({
    enum: itemFlags,
    isArray: true,
    description:
      '`tooEasy`: difficulty above 0.95; `tooHard`: below 0.2; `notDiscriminating`: the upper end of the interval of ' +
      'the discrimination is below 0.2, so that it is not by chance',
    example: [],
  })
  flags: (typeof itemFlags)[number][];
  @ApiProperty({
    enum: itemReasons,
    type: String,
    nullable: true,
    description:
      'Why something is null: `tooFewStudents`, less than 10 (of less than 5 there is no time either); ' +
      '`noOtherItems` and `noVariation`, for the discrimination alone',
    example: null,
  })
  reason: (typeof itemReasons)[number] | null;
}

export class ModuleItem extends ItemStatistics {
  @ApiProperty({ format: 'uuid' })
  moduleId: string;
  @ApiProperty({ example: 'alphabet-basics' })
  code: string;
  @ApiProperty({ example: 'The phonetic alphabet' })
  title: string;
}

export class AssignmentAnalysis {
  @ApiProperty({ format: 'uuid' })
  assignmentId: string;
  @ApiProperty({ type: 'integer', description: 'Students with a result in any item', example: 24 })
  students: number;
  @ApiProperty({ type: [ModuleItem], description: 'The modules of the assignment, in its order' })
  items: ModuleItem[];
}

export class QuestionItem extends ItemStatistics {
  @ApiProperty({ example: 'q-17' })
  questionId: string;
}

export class ModuleAnalysis {
  @ApiProperty({ format: 'uuid' })
  moduleId: string;
  @ApiProperty({ type: 'integer', description: 'Students with a result in any item', example: 24 })
  students: number;
  @ApiProperty({ type: [QuestionItem], maxItems: 500, description: 'The questions that most have answered, up to 500' })
  items: QuestionItem[];
}
