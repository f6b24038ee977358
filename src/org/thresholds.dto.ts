import { ApiProperty } from '@nestjs/swagger';
import { Flag } from '../http/fields.js';

export class ChangeQuery {
  @Flag({ optional: true, default: false, description: 'Tell what would happen, change nothing' })
  readonly dryRun: boolean = false;
}

/** What thresholds make of the students there are. Each student's own row follows within seconds, by a job. */
export class ThresholdEffect {
  @ApiProperty({ type: 'integer', description: 'Students for whom any of the following holds', example: 17 })
  studentsChanged: number;
  @ApiProperty({ type: 'integer', example: 15 })
  newlyAtRisk: number;
  @ApiProperty({ type: 'integer', example: 0 })
  noLongerAtRisk: number;
  @ApiProperty({ type: 'integer', example: 2 })
  newTopPerformers: number;
  @ApiProperty({ type: 'integer', example: 0 })
  noLongerTopPerformers: number;
}
