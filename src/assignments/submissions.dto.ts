import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Day, Id, OneOf } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { AttemptResponse } from './attempts.dto.js';
import { dueRules, EffectiveDue } from './due-dates.js';
import { exemptions, submissionStatuses } from './grading.js';

const submissionStates = [
  'notStarted', 'inProgress', 'submitted', 'completed', 'graded', 'overdue', 'dueSoon', 'missing', 'late',
  'awaitingGrade', 'excused', 'exempt',
] as const; // prettier-ignore
export type SubmissionState = (typeof submissionStates)[number];
const submissionSorts = ['due', 'submitted', 'student'] as const;
export type SubmissionSort = (typeof submissionSorts)[number];

export class SubmissionFilter extends PageQuery {
  @Id({ optional: true, description: 'Of this assignment' })
  readonly assignmentId?: string;

  @Id({ optional: true, description: 'Of this student' })
  readonly studentId?: string;

  @Id({ optional: true, description: 'Of students of this department or one below it' })
  readonly departmentId?: string;

  @Id({ optional: true, description: 'Of students of this instructor' })
  readonly instructorId?: string;

  @OneOf(submissionStates, {
    optional: true,
    description:
      'The first five divide all submissions. `overdue`: nothing submitted by the due date of this student; `missing`: ' +
      'overdue, and closed; `late`: first submitted after the due date; `awaitingGrade`: submitted and to be graded',
  })
  readonly state?: SubmissionState;

  @Day({ optional: true, description: 'Due on this local day or later' })
  readonly dueFrom?: string;

  @Day({ optional: true, description: 'Due on this local day or earlier' })
  readonly dueTo?: string;
}

export class SubmissionListQuery extends SubmissionFilter {
  @OneOf(submissionSorts, {
    optional: true,
    default: 'due',
    description:
      'Sort key. Work without a due date comes last, ascending; what was not submitted comes first. With ' +
      '`state=awaitingGrade`, `submitted` is the queue of what to grade, the longest waiting first',
  })
  readonly sort: SubmissionSort = 'due';

  @OneOf(['asc', 'desc'], { optional: true, default: 'asc', description: 'Direction' })
  readonly order: 'asc' | 'desc' = 'asc';
}

export class SubmissionRow {
  @ApiProperty({ format: 'uuid' })
  assignmentId: string;
  @ApiProperty({ example: 'Call signs, part two' })
  assignmentTitle: string;
  @ApiProperty({ enum: ['scheduled', 'active', 'paused', 'completed', 'archived'] })
  assignmentStatus: string;
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ example: 'Kathleen Osei' })
  studentName: string;
  @ApiProperty({ type: String, nullable: true, example: 'P-1042' })
  studentPid: string | null;
  @ApiProperty({ enum: submissionStatuses })
  status: string;
  @ApiProperty()
  isOverdue: boolean;
  @ApiProperty()
  isDueSoon: boolean;
  @ApiProperty({ description: 'First submitted after the due date of this student' })
  isLate: boolean;
  @ApiProperty({ description: 'Overdue, and cannot be submitted any more' })
  isMissing: boolean;
  @ApiProperty()
  isAwaitingGrade: boolean;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'For this student' })
  effectiveDueAt: string | null;
  @ApiProperty({ type: String, nullable: true, enum: [...dueRules, null] })
  dueRule: string | null;
  @ApiProperty({ type: 'integer' })
  attemptsSubmitted: number;
  @ApiProperty()
  hasOpenAttempt: boolean;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Null: any number' })
  maxAttempts: number | null;
  @ApiProperty({ type: Number, nullable: true, description: 'Null without one; for a student until it is released' })
  score: number | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When last' })
  submittedAt: string | null;
  @ApiProperty({ type: 'integer', description: 'Of all attempts' })
  totalTimeSeconds: number;
  @ApiProperty({
    type: String,
    nullable: true,
    enum: [...exemptions, null],
    description: '`excused`: need not be done; `exempt`: is to be done, but its score counts nowhere',
  })
  exemption: string | null;
  @ApiProperty({ type: 'integer' })
  version: number;
}

export class SubmissionDetail extends SubmissionRow {
  @ApiProperty({ type: EffectiveDue, nullable: true, description: 'When it is due and why' })
  effectiveDue: EffectiveDue | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'No attempt is taken later' })
  closesAt: string | null;
  @ApiProperty({ type: Number, description: 'Score from which it is passed' })
  targetScore: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  startedAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  firstSubmittedAt: string | null;
  @ApiProperty({ description: 'Whether whoever did it may see scores, grade and feedback' })
  isReleased: boolean;
  @ApiProperty({ type: Number, nullable: true, description: 'Of the attempts, penalties taken off' })
  attemptScore: number | null;
  @ApiProperty({ type: Number, nullable: true, description: "An instructor's, in place of the attempts' score" })
  grade: number | null;
  @ApiProperty({ description: 'Per cent taken off the grade for lateness' })
  gradePenalty: number;
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  gradedAt: string | null;
  @ApiProperty({ type: String, nullable: true, description: "The instructor's" })
  feedback: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'What the assignment says to such a score' })
  autoFeedback: string | null;
  @ApiPropertyOptional({ type: () => [AttemptResponse], maxItems: 100, description: 'The newest 100, oldest first' })
  attempts: AttemptResponse[];
}
