import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Flag, IdList, Instant, Nested, NestedList, Text } from '../http/fields.js';
import { StudentFilter } from '../students/student-filter.js';
import { EffectiveDue } from './due-dates.js';
import { type ExtensionOutcome, extensionOutcomes, longestPid, longestReason } from './extension-row.js';

const reason = {
  max: longestReason,
  example: 'In hospital until Tuesday',
  description: 'For staff who have the student',
};
const until = { example: '2026-12-07T22:59:59Z', description: "Later than the assignment's own due date" };

export class ExtendSubmission {
  @Instant(until)
  readonly until: string;

  @Text(reason)
  readonly reason: string;
}

export class ExtendedSubmission {
  @ApiProperty({ format: 'uuid' })
  assignmentId: string;
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ type: EffectiveDue, nullable: true })
  effectiveDue: EffectiveDue | null;
  @ApiProperty({ type: 'integer', description: 'Of the submission', example: 3 })
  version: number;
}

/** Who and when is looked at item by item, so that one at fault does not cost the others. */
export class ExtensionItem {
  @Text({ max: 36, optional: true, description: 'An id; this or `pid`' })
  readonly studentId?: string;

  @Text({ max: longestPid, optional: true, description: "The organisation's own number", example: 'P-1042' })
  readonly pid?: string;

  @Text({
    max: 35,
    optional: true,
    description: "An instant, or a day, whose end in the tenant's zone is meant; that of all unless told",
    example: '2026-12-07',
  })
  readonly until?: string;

  @Text({ ...reason, optional: true, description: 'That of all unless told' })
  readonly reason?: string;
}

export class BatchTerms {
  @Flag({ optional: true, default: false, description: 'Tell what would happen, change nothing' })
  readonly dryRun: boolean = false;

  @Flag({ optional: true, default: false, description: 'Change nothing where one is at fault' })
  readonly allOrNothing: boolean = false;
}

export class ExtendMany extends BatchTerms {
  @IdList({ max: 1_000, optional: true, description: 'Either these, or `filter`, or `items`' })
  readonly studentIds?: string[];

  @Nested(() => StudentFilter, {
    optional: true,
    description: 'All whom it means and who have the assignment, up to 10,000 students',
  })
  readonly filter?: StudentFilter;

  @NestedList(() => ExtensionItem, { max: 1_000, optional: true, description: 'Each with its own date and reason' })
  readonly items?: ExtensionItem[];

  @Instant({ ...until, optional: true })
  readonly until?: string;

  @Text({ ...reason, optional: true })
  readonly reason?: string;
}

export class ExtensionResult {
  @ApiProperty({ type: 'integer', description: 'From 1: the item, the row below the names of the columns', example: 1 })
  row: number;
  @ApiPropertyOptional({ format: 'uuid' })
  studentId?: string;
  @ApiPropertyOptional({ description: 'Where it was given' })
  pid?: string;
  @ApiProperty({ enum: extensionOutcomes })
  result: ExtensionOutcome;
}

export class ExtendManyResponse {
  @ApiProperty({ example: false })
  dryRun: boolean;
  @ApiProperty({ type: 'integer' })
  extended: number;
  @ApiProperty({ type: 'integer' })
  unchanged: number;
  @ApiProperty({ type: 'integer' })
  rejected: number;
  @ApiProperty({ type: [ExtensionResult], description: 'One per student, item or row, in order' })
  results: ExtensionResult[];
}
