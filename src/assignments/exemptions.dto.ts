import { ApiProperty } from '@nestjs/swagger';
import { IdList, OneOf, Text } from '../http/fields.js';
import { BulkOptions } from './grades.dto.js';
import { longest } from './grade-rows.js';
import { type Exemption, exemptions } from './grading.js';

const description =
  '`excused`: need not be done and counts nowhere; `exempt`: is to be done, but its score does not count; null: neither';
const reason = { max: longest.reason, description: 'Kept in the history', example: 'Ill from 2 to 6 March' };

export class SetExemption {
  @OneOf(exemptions, { nullable: true, description, example: 'excused' })
  readonly exemption: Exemption | null;

  @Text(reason)
  readonly reason: string;
}

export class SetExemptions extends BulkOptions {
  @IdList({ max: 1_000, description: 'Students who have this work' })
  readonly studentIds: string[];

  @OneOf(exemptions, { nullable: true, description, example: 'excused' })
  readonly exemption: Exemption | null;

  @Text(reason)
  readonly reason: string;
}

const exemptionResults = ['changed', 'unchanged', 'student_not_found', 'submission_not_found'] as const;

export class ExemptedStudent {
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ enum: exemptionResults })
  result: (typeof exemptionResults)[number];
}

export class SetExemptionsResponse {
  @ApiProperty()
  dryRun: boolean;
  @ApiProperty({ description: 'Whether anything was written' })
  applied: boolean;
  @ApiProperty({ type: 'integer', example: 2 })
  changed: number;
  @ApiProperty({ type: 'integer' })
  unchanged: number;
  @ApiProperty({ type: 'integer' })
  rejected: number;
  @ApiProperty({ type: [ExemptedStudent], description: 'One per student' })
  results: ExemptedStudent[];
}
