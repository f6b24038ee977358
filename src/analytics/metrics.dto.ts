import { ApiProperty } from '@nestjs/swagger';
import { units } from './metric-definition.js';

export class MetricPlace {
  @ApiProperty({
    maxLength: 100,
    description: 'Of this interface; or the operation that answers it',
    example: 'StudentRow',
  })
  schema: string;
  @ApiProperty({ maxLength: 200, example: 'overallScore' })
  field: string;
  @ApiProperty({ type: [String], description: 'Operations that answer it', example: ['studentsList'] })
  operationIds: string[];
}

export class MetricResponse {
  @ApiProperty({ maxLength: 100, example: 'overallScore' })
  id: string;
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    description: 'Another one, other numbers from the same data',
    example: 1,
  })
  version: number;
  @ApiProperty({ maxLength: 100, example: 'Overall score' })
  title: string;
  @ApiProperty({ enum: units, example: 'percent' })
  unit: (typeof units)[number];
  @ApiProperty({ maxLength: 1_000, example: 'How well a student does over all categories, each counting once.' })
  meaning: string;
  @ApiProperty({ maxLength: 1_000, example: 'mean of the categoryAccuracy of the student’s categories that have one' })
  formula: string;
  @ApiProperty({ type: [MetricPlace], description: 'Every field of every answer that is this number' })
  shownIn: MetricPlace[];
}
