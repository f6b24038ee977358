import { ApiProperty } from '@nestjs/swagger';
import {
  Day, Decimal, Flag, Id, IdList, Instant, Int, NestedList, OneOf, OneOfList, Text, TextList,
} from '../http/fields.js'; // prettier-ignore
import { PageQuery } from '../http/paging.js';

export const assignmentStatuses = ['draft', 'scheduled', 'active', 'paused', 'completed', 'archived'] as const;
const priorities = ['low', 'normal', 'high', 'urgent'] as const;
const retakePolicies = ['never', 'untilPassed', 'always'] as const;
const attemptPolicies = ['best', 'last', 'mean'] as const;
const gradeReleases = ['automatic', 'manual'] as const;
const assignmentSorts = ['due', 'created', 'title'] as const;
export type AssignmentSort = (typeof assignmentSorts)[number];

export class AssignmentListQuery extends PageQuery {
  @OneOfList(assignmentStatuses, { max: 6, optional: true, description: '`scheduled`: active and not yet available' })
  readonly status?: (typeof assignmentStatuses)[number][];

  @Id({ optional: true, description: 'Only of this owner' })
  readonly ownerId?: string;

  @Text({ max: 100, optional: true, description: 'Only of this category' })
  readonly category?: string;

  @Text({ max: 50, optional: true, description: 'Only with this tag' })
  readonly tag?: string;

  @OneOf(priorities, { optional: true, description: 'Only of this priority' })
  readonly priority?: string;

  @Flag({ optional: true, default: false, description: 'Templates in place of assignments' })
  readonly isTemplate: boolean = false;

  @Text({ max: 100, optional: true, description: 'Part of the title, whatever case and accents' })
  readonly search?: string;

  @Day({ optional: true, description: 'Due on this local day or later' })
  readonly dueFrom?: string;

  @Day({ optional: true, description: 'Due on this local day or earlier' })
  readonly dueTo?: string;

  @Id({ optional: true, description: 'Only with this module' })
  readonly moduleId?: string;

  @OneOf(assignmentSorts, { optional: true, default: 'due', description: 'Sort key' })
  readonly sort: AssignmentSort = 'due';

  @OneOf(['asc', 'desc'], {
    optional: true,
    description: 'Default: `desc` for created, else `asc`. Without a due date: first descending, last ascending',
  })
  readonly order?: 'asc' | 'desc';
}

export class FeedbackRule {
  @Decimal({ min: 0, max: 100, description: 'The score from which on it holds', example: 80 })
  readonly minScore: number;

  @Text({ max: 1_000, description: 'What the student is told', example: 'Well done.' })
  readonly text: string;
}

/** What may be said of an assignment, each part of it or none. */
class AssignmentFields {
  @Id({
    optional: true,
    nullable: true,
    description: 'Whose it is: oneself, or somebody one oversees; null: the organisation’s, for administrators',
  })
  readonly ownerId?: string | null;

  @Text({ min: 0, max: 5_000, optional: true, description: 'What it is about' })
  readonly description?: string;

  @Text({ min: 0, max: 20_000, optional: true, description: 'What is to be done' })
  readonly instructions?: string;

  @Text({ max: 100, optional: true, nullable: true, description: 'A heading of one’s own' })
  readonly category?: string | null;

  @TextList({ min: 0, max: 20, item: { max: 50 }, optional: true, description: 'Words to find it by' })
  readonly tags?: string[];

  @OneOf(priorities, { optional: true, description: '`normal` unless told' })
  readonly priority?: string;

  @Int({ min: 0, max: 31_536_000, optional: true, nullable: true, description: 'How long it will take, in seconds' })
  readonly estimatedDurationSeconds?: number | null;

  @IdList({ min: 0, max: 50, optional: true, description: 'Modules to practise, in their order; not once submitted' })
  readonly moduleIds?: string[];

  @Decimal({
    min: 0, max: 100, optional: true, nullable: true,
    description: 'Score that passes; null: the pass mark of the tenant. Not once anything has a score',
  }) // prettier-ignore
  readonly targetScore?: number | null;

  @Int({
    min: 1, max: 100, optional: true, nullable: true,
    description: 'Tries, 3 unless told; null: any number. Not fewer than somebody has begun',
  }) // prettier-ignore
  readonly maxAttempts?: number | null;

  @OneOf(retakePolicies, { optional: true, description: 'Whether one may try again; `always` unless told' })
  readonly retakePolicy?: (typeof retakePolicies)[number];

  @OneOf(attemptPolicies, {
    optional: true,
    description: 'Which of the submitted attempts make the score; `best` unless told. Not once submitted',
  })
  readonly attemptPolicy?: (typeof attemptPolicies)[number];

  @Decimal({ min: 0, max: 1_000, optional: true, description: 'In means over assignments; 1 unless told' })
  readonly weight?: number;

  @Flag({ optional: true, description: 'An instructor has to grade what is submitted; false unless told' })
  readonly needsGrading?: boolean;

  @OneOf(gradeReleases, {
    optional: true,
    description: 'Students see grades at once, or when they are released; `automatic` unless told. Not once graded',
  })
  readonly gradeRelease?: (typeof gradeReleases)[number];

  @Decimal({
    min: 0, max: 100, optional: true,
    description: 'Per cent off the score for each local day begun after the due date; attempts to come only',
  }) // prettier-ignore
  readonly latePenalty?: number;

  @Decimal({ min: 0, max: 100, optional: true, description: 'The most that comes off, per cent; 100 unless told' })
  readonly latePenaltyLimit?: number;

  @Int({ min: 0, max: 604_800, optional: true, description: 'Late, but without penalty, in seconds; 0 unless told' })
  readonly lateGraceSeconds?: number;

  @NestedList(() => FeedbackRule, {
    min: 0, max: 10, optional: true,
    description: 'Of those at or below the score of an attempt the highest is shown',
  }) // prettier-ignore
  readonly feedbackRules?: FeedbackRule[];

  @Instant({ optional: true, nullable: true, description: 'Scheduled until then; null: at once' })
  readonly availableFrom?: string | null;

  @Instant({ optional: true, nullable: true, description: 'Nothing can be handed in from then on' })
  readonly availableUntil?: string | null;

  @Instant({ optional: true, nullable: true, description: 'Within the time that it is available' })
  readonly dueAt?: string | null;

  @Flag({ optional: true, description: 'Of a template: all who teach at the tenant may copy it' })
  readonly isShared?: boolean;
}

export class ChangeAssignment extends AssignmentFields {
  @Text({ max: 200, optional: true, description: 'As people read it', example: 'Phonetic alphabet, part 1' })
  readonly title?: string;
}

export class CreateAssignment extends AssignmentFields {
  @Id({ optional: true, description: 'Made by the client, so that creating twice is creating once' })
  readonly id?: string;

  @Text({ max: 200, description: 'As people read it', example: 'Phonetic alphabet, part 1' })
  readonly title: string;

  @Flag({ optional: true, default: false, description: 'To be copied and never handed out' })
  readonly isTemplate: boolean = false;
}

export class PublishAssignment {
  @Flag({ optional: true, default: false, description: 'Although it is over before it begins', example: false })
  readonly confirmPastDue: boolean = false;
}

export class CopyAssignment {
  @Id({ optional: true, description: 'Of the copy, made by the client, so that copying twice is copying once' })
  readonly id?: string;

  @Text({ max: 200, optional: true, description: 'That of the original unless told', example: 'Alphabet, spring' })
  readonly title?: string;

  @Instant({ optional: true, description: 'None unless told: dates do not come along' })
  readonly availableFrom?: string;

  @Instant({ optional: true, description: 'None unless told' })
  readonly availableUntil?: string;

  @Instant({ optional: true, description: 'None unless told' })
  readonly dueAt?: string;

  @Flag({ optional: true, default: false, description: 'Whether the copy is a template' })
  readonly isTemplate: boolean = false;
}

const whole = { type: 'integer', minimum: 0 } as const;
const instant = { format: 'date-time', type: String, nullable: true } as const;
const score = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;

/** Of the active students whom the viewer may see. */
export class AssignmentCounts {
  @ApiProperty({ ...whole, description: 'Have it and were not withdrawn, also before it is published' })
  students: number;
  @ApiProperty({ ...whole, description: 'Need not do it' })
  excused: number;
  @ApiProperty({ ...whole, description: 'Have it to do, now or once: published, available, not excused' })
  assigned: number;
  @ApiProperty({ ...whole, description: 'Of those assigned; the five states add up to them' })
  notStarted: number;
  @ApiProperty(whole)
  inProgress: number;
  @ApiProperty(whole)
  submitted: number;
  @ApiProperty({ ...whole, description: 'By their sessions' })
  completed: number;
  @ApiProperty(whole)
  graded: number;
  @ApiProperty({ ...whole, description: 'Of those assigned: have submitted something' })
  done: number;
  @ApiProperty(whole)
  overdue: number;
  @ApiProperty({ ...whole, description: 'Within 72 hours' })
  dueSoon: number;
  @ApiProperty({ ...whole, description: 'Overdue, and nothing can be handed in any more' })
  missing: number;
  @ApiProperty({ ...whole, description: 'Submitted after the due date' })
  late: number;
  @ApiProperty(whole)
  awaitingGrade: number;
  @ApiProperty({ ...score, description: 'Without the excused and the exempt; null without scores' })
  meanScore: number | null;
}

export class AssignmentRow {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'uuid', type: String, nullable: true, description: 'Null: the organisation’s own' })
  ownerId: string | null;
  @ApiProperty({ example: 'Phonetic alphabet, part 1' })
  title: string;
  @ApiProperty({ type: String, nullable: true })
  category: string | null;
  @ApiProperty({ type: [String] })
  tags: string[];
  @ApiProperty({ enum: priorities })
  priority: string;
  @ApiProperty({ enum: assignmentStatuses })
  status: string;
  @ApiProperty()
  isTemplate: boolean;
  @ApiProperty()
  isShared: boolean;
  @ApiProperty({ ...score, description: 'Null: the pass mark of the tenant' })
  targetScore: number | null;
  @ApiProperty({ description: 'Whether an instructor has to grade what is submitted' })
  needsGrading: boolean;
  @ApiProperty(instant)
  availableFrom: string | null;
  @ApiProperty(instant)
  availableUntil: string | null;
  @ApiProperty({ ...instant, description: 'For students without one of their own' })
  dueAt: string | null;
  @ApiProperty(instant)
  publishedAt: string | null;
  @ApiProperty({ format: 'date-time' })
  createdAt: string;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
  @ApiProperty({ type: 'integer', description: 'For `If-Match`' })
  version: number;
  @ApiProperty({ type: AssignmentCounts, nullable: true, description: 'Null for a student' })
  counts: AssignmentCounts | null;
}

export class AssignmentModule {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty()
  code: string;
  @ApiProperty()
  title: string;
  @ApiProperty()
  kind: string;
  @ApiProperty({ description: 'False: retired since' })
  isActive: boolean;
}

export class AssignmentDetail extends AssignmentRow {
  @ApiProperty()
  description: string;
  @ApiProperty()
  instructions: string;
  @ApiProperty({ type: 'integer', nullable: true })
  estimatedDurationSeconds: number | null;
  @ApiProperty({ type: [AssignmentModule], description: 'In their order' })
  modules: AssignmentModule[];
  @ApiProperty({ type: 'integer', nullable: true, description: 'Null: any number' })
  maxAttempts: number | null;
  @ApiProperty({ enum: retakePolicies })
  retakePolicy: string;
  @ApiProperty({ enum: attemptPolicies })
  attemptPolicy: string;
  @ApiProperty()
  weight: number;
  @ApiProperty({ enum: gradeReleases })
  gradeRelease: string;
  @ApiProperty(instant)
  gradesReleasedAt: string | null;
  @ApiProperty({ description: 'Per cent for each local day begun' })
  latePenalty: number;
  @ApiProperty({ description: 'Per cent' })
  latePenaltyLimit: number;
  @ApiProperty({ type: 'integer' })
  lateGraceSeconds: number;
  @ApiProperty({ type: [FeedbackRule], nullable: true, description: 'Null for a student' })
  feedbackRules: FeedbackRule[] | null;
  @ApiProperty({ format: 'uuid', type: String, nullable: true })
  copiedFromId: string | null;
}
