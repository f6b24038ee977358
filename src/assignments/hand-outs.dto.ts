import { ApiProperty } from '@nestjs/swagger';
import { Flag, Id, IdList, Nested, Text } from '../http/fields.js';
import { StudentFilter } from '../students/student-filter.js';

/** Which students are meant: exactly one of these. */
class ChosenStudents {
  @IdList({ max: 10_000, optional: true, description: 'These, or one of `filter`, `segmentId` and `departmentId`' })
  readonly studentIds?: string[];

  @Nested(() => StudentFilter, {
    optional: true,
    description: 'All students it means, up to 10,000; `limit`, `page`, `cursor` do not count',
  })
  readonly filter?: StudentFilter;

  @Id({ optional: true, description: 'All students a segment means: its filter as it is now' })
  readonly segmentId?: string;

  @Id({ optional: true, description: 'All students of this department and of those below it' })
  readonly departmentId?: string;
}

export class CreateHandOut extends ChosenStudents {
  @Id({ optional: true, description: 'Made by the client, so that handing out twice is handing out once' })
  readonly id?: string;

  @Flag({
    optional: true,
    description:
      'Students who come to match later get it too, until this is ended or whoever hands out may no longer do so. Not ' +
      'with `studentIds`; nobody from whom it was withdrawn gets it back so',
  })
  readonly isDynamic: boolean = false;

  @Flag({ optional: true, description: 'Tell who would get it, change nothing' })
  readonly dryRun: boolean = false;

  @Flag({ optional: true, description: 'Change nothing unless every student is found' })
  readonly allOrNothing: boolean = false;
}

const handOutResults = ['given', 'already_given', 'restored', 'student_not_found'] as const;

export class HandOutResult {
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({
    enum: handOutResults,
    description: '`restored`: it had been withdrawn, and is back with all its work',
  })
  result: (typeof handOutResults)[number];
}

export class HandedOut {
  @ApiProperty({ format: 'uuid', type: String, nullable: true, description: 'Null where nothing was to be kept' })
  id: string | null;
  @ApiProperty({ example: false })
  dryRun: boolean;
  @ApiProperty({ type: 'integer' })
  given: number;
  @ApiProperty({ type: 'integer' })
  restored: number;
  @ApiProperty({ type: 'integer' })
  alreadyGiven: number;
  @ApiProperty({ type: 'integer', description: 'Students who were not found' })
  rejected: number;
  @ApiProperty({ type: [HandOutResult], description: 'One per student' })
  results: HandOutResult[];
}

export class HandOut {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  assignmentId: string;
  @ApiProperty({ type: StudentFilter, nullable: true, description: 'Null where students were named' })
  filter: object | null;
  @ApiProperty({ description: 'Students who come to match later get it too, until `endedAt`' })
  isDynamic: boolean;
  @ApiProperty({ format: 'uuid', type: String, nullable: true, description: 'Null: a service' })
  createdById: string | null;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  endedAt: string | null;
  @ApiProperty({ type: 'integer', description: 'Students who have it by this hand-out', example: 24 })
  students: number;
}

export class Withdraw extends ChosenStudents {
  @Flag({
    optional: true,
    description:
      'Also where something was submitted or graded. Work and grades stay, and come back with the assignment',
  })
  readonly includeSubmitted: boolean = false;

  @Text({ max: 500, optional: true, description: 'Kept in the audit trail' })
  readonly reason?: string;

  @Flag({ optional: true, description: 'Tell what would happen, change nothing' })
  readonly dryRun: boolean = false;
}

const withdrawalResults = ['withdrawn', 'not_given', 'work_submitted'] as const;

export class WithdrawalResult {
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ enum: withdrawalResults })
  result: (typeof withdrawalResults)[number];
}

export class Withdrawn {
  @ApiProperty({ example: false })
  dryRun: boolean;
  @ApiProperty({ type: 'integer' })
  withdrawn: number;
  @ApiProperty({ type: 'integer', description: 'Students who do not have it' })
  notGiven: number;
  @ApiProperty({ type: 'integer', description: 'Students who keep it, because they have submitted or been graded' })
  rejected: number;
  @ApiProperty({ type: [WithdrawalResult], description: 'One per student' })
  results: WithdrawalResult[];
}
