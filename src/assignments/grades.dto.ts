import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Decimal, Flag, RawList, Text } from '../http/fields.js';
import { longest, type RowFault } from './grade-rows.js';
import { type Exemption, exemptions, type Refusal, submissionStatuses } from './grading.js';

const nullableScore = { type: Number, minimum: 0, maximum: 100, nullable: true } as const;

export class GiveGrade {
  @Decimal({
    min: 0,
    max: 100,
    nullable: true,
    description: 'Before any penalty; null takes the grade away',
    example: 85,
  })
  readonly grade: number | null;

  @Text({
    max: longest.feedback,
    optional: true,
    nullable: true,
    description: 'For the student; left out: as it is',
    example: 'Clear call signs; watch the pauses.',
  })
  readonly feedback?: string | null;

  @Text({ max: longest.reason, optional: true, description: 'Required where a grade that was given changes' })
  readonly reason?: string;

  @Flag({
    optional: true,
    description: 'Whether being late costs nothing; left out: as decided before, else what the last attempt costs',
  })
  readonly waivePenalty?: boolean;
}

export class GradingResponse {
  @ApiProperty({ format: 'uuid' })
  assignmentId: string;
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ ...nullableScore, example: 85 })
  grade: number | null;
  @ApiProperty({ description: 'Per cent of the grade', example: 10 })
  gradePenalty: number;
  @ApiProperty({
    ...nullableScore,
    description: 'What counts: the grade less its penalty, else the attempts',
    example: 76.5,
  })
  score: number | null;
  @ApiProperty({ type: String, nullable: true })
  feedback: string | null;
  @ApiProperty({ enum: exemptions, nullable: true })
  exemption: Exemption | null;
  @ApiProperty({ enum: submissionStatuses, example: 'graded' })
  status: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  gradedAt: string | null;
  @ApiProperty({ type: 'integer', description: 'Of the submission, for If-Match', example: 4 })
  version: number;
}

/** One item of a bulk, as documented; `readGradeItems` checks it. */
export class GradeItem {
  @ApiPropertyOptional({
    format: 'uuid',
    maxLength: 36,
    description: 'Either this or `pid`, or both of the same student',
  })
  studentId?: string;
  @ApiPropertyOptional({ maxLength: longest.pid, description: "The organisation's own number", example: 'P-1042' })
  pid?: string;
  @ApiPropertyOptional({ ...nullableScore, description: 'Null takes it away; left out: as it is', example: 85 })
  grade?: number | null;
  @ApiPropertyOptional({ type: String, maxLength: longest.feedback, nullable: true, description: 'Left out: as it is' })
  feedback?: string | null;
  @ApiPropertyOptional({ maxLength: longest.reason, description: 'Required where a grade that was given changes' })
  reason?: string;
  @ApiPropertyOptional({
    type: 'integer',
    format: 'int32',
    minimum: 1,
    maximum: longest.version,
    description: 'Of the submission as it was read: another one there is refused',
  })
  version?: number;
}

export class BulkOptions {
  @Flag({ optional: true, default: false, description: 'Tell what would happen, change nothing' })
  readonly dryRun: boolean = false;

  @Flag({ optional: true, default: false, description: 'Change nothing where a single row is refused' })
  readonly allOrNothing: boolean = false;
}

export class GiveGrades extends BulkOptions {
  @RawList(() => GradeItem, { max: 1_000, description: 'One per student; a row at fault is answered as such' })
  readonly grades: unknown[];
}

const gradeResults = [
  'graded', 'unchanged', 'student_not_found', 'submission_not_found', 'duplicate_row', 'version_mismatch',
  'reason_required', 'row_invalid', 'student_invalid', 'grade_invalid', 'feedback_invalid', 'reason_invalid',
  'version_invalid',
] as const; // prettier-ignore
export type RowResult =
  'graded' | 'unchanged' | 'student_not_found' | 'submission_not_found' | 'duplicate_row' | Refusal | RowFault;

export class GradedRow {
  @ApiProperty({ type: 'integer', description: 'From 1; of a file the row below the names of the columns', example: 1 })
  row: number;
  @ApiPropertyOptional({ format: 'uuid' })
  studentId?: string;
  @ApiPropertyOptional({ example: 'P-1042' })
  pid?: string;
  @ApiProperty({ enum: gradeResults, example: 'graded' })
  result: RowResult;
  @ApiPropertyOptional({ type: 'integer', description: 'Of the submission, once it is graded', example: 4 })
  version?: number;
}

export class GiveGradesResponse {
  @ApiProperty()
  dryRun: boolean;
  @ApiProperty({ description: 'Whether anything was written' })
  applied: boolean;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'To take it back; null: nothing changed' })
  batchId: string | null;
  @ApiProperty({ type: 'integer', description: 'Rows that were graded, or in a dry run would be', example: 1 })
  graded: number;
  @ApiProperty({ type: 'integer' })
  unchanged: number;
  @ApiProperty({ type: 'integer' })
  rejected: number;
  @ApiProperty({ type: [GradedRow], description: 'One per row, in order' })
  results: GradedRow[];
}

export class GradingState {
  @ApiProperty(nullableScore)
  grade: number | null;
  @ApiProperty()
  gradePenalty: number;
  @ApiProperty({ type: String, nullable: true })
  feedback: string | null;
  @ApiProperty({ enum: exemptions, nullable: true })
  exemption: Exemption | null;
}

export class GradeChangeResponse {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'uuid', description: 'A person or a service' })
  actorId: string;
  @ApiProperty({ enum: ['instructor', 'supervisor', 'admin', 'service'] })
  actorRole: string;
  @ApiProperty({ type: String, nullable: true })
  actorName: string | null;
  @ApiProperty({ type: GradingState })
  from: GradingState;
  @ApiProperty({ type: GradingState })
  to: GradingState;
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  batchId: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The change that this one took back' })
  undoesId: string | null;
  @ApiProperty()
  isUndone: boolean;
}

export class GradeReleaseResponse {
  @ApiProperty({ format: 'uuid' })
  assignmentId: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null: students do not see grades' })
  gradesReleasedAt: string | null;
  @ApiProperty({ type: 'integer', description: 'Of the assignment', example: 5 })
  version: number;
}
