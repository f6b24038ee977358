import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Day, Flag, Id, IdList, Nested, OneOf, OneOfList, Text } from '../http/fields.js';
import { PageQuery } from '../http/paging.js';
import { riskBands } from '../students/risk-bands.js';
import { StudentFilter } from '../students/student-filter.js';
import {
  type Action, actions, type Dismissal, dismissals, type EntryKind, entryKinds, type Origin, origins, type Outcome,
  outcomes, type Status, statuses,
} from './intervention-states.js'; // prettier-ignore

const reason = { max: 1_000, description: 'Why, for staff who have the student', example: 'Silent since the resit' };
const dueOn = { description: 'Local day by which something must have happened, today or later', example: '2026-11-27' };
const owner = 'Who takes care of it: an active member of staff who may see the student';
const note = {
  max: 2_000,
  optional: true,
  description: 'For staff who have the student',
  example: 'Calls back Monday',
};
const percent = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;

export const interventionSorts = ['due', 'opened', 'score'] as const;
export type InterventionSort = (typeof interventionSorts)[number];

export class InterventionFilter extends PageQuery {
  @OneOfList(statuses, { max: 4, optional: true, description: 'Statuses; all unless told' })
  readonly status?: Status[];

  @Id({ optional: true, description: 'Of this owner' })
  readonly ownerId?: string;

  @Id({ optional: true, description: 'On this student' })
  readonly studentId?: string;

  @Id({ optional: true, description: 'On students of this department or one below it' })
  readonly departmentId?: string;

  @Id({ optional: true, description: 'On students of this instructor' })
  readonly instructorId?: string;

  @OneOf(origins, { optional: true, description: 'Opened from a flag, or by hand' })
  readonly origin?: Origin;

  @OneOf(actions, { optional: true, description: 'What is planned or was done first' })
  readonly action?: Action;

  @Flag({ optional: true, description: 'Whether they are overdue' })
  readonly overdue?: boolean;

  @Flag({ optional: true, description: 'Whether they are snoozed' })
  readonly snoozed?: boolean;

  @Day({ optional: true, description: 'Opened on this local day or later' })
  readonly from?: string;

  @Day({ optional: true, description: 'Opened on this local day or earlier' })
  readonly to?: string;
}

export class InterventionsQuery extends InterventionFilter {
  @OneOf(interventionSorts, {
    optional: true,
    default: 'due',
    description: "Sort key: due day, when it was opened, the student's present score",
  })
  readonly sort: InterventionSort = 'due';

  @OneOf(['asc', 'desc'], { optional: true, description: 'Default: `asc` for due, else `desc`. Without a value: last' })
  readonly order?: 'asc' | 'desc';
}

class Opening {
  @OneOf(origins, {
    optional: true,
    description: '`flag` unless told where the student is at risk, else `manual`. One by hand never closes itself',
  })
  readonly origin?: Origin;

  @Text({ ...reason, optional: true })
  readonly reason?: string;

  @OneOf(actions, { optional: true, description: 'What is planned', example: 'call' })
  readonly action?: Action;

  @Day({ ...dueOn, optional: true })
  readonly dueOn?: string;

  @Id({ optional: true, description: `${owner}; whoever opens unless told` })
  readonly ownerId?: string;
}

export class OpenIntervention extends Opening {
  @Id({ description: 'On whom', example: '0198f000-0000-7000-8000-000000000004' })
  readonly studentId: string;
}

export class OpenInterventions extends Opening {
  @IdList({ max: 1_000, optional: true, description: 'These, or one of `filter` and `segmentId`' })
  readonly studentIds?: string[];

  @Nested(() => StudentFilter, {
    optional: true,
    description: 'All students it means, up to 1,000; `limit`, `page`, `cursor` do not count',
  })
  readonly filter?: StudentFilter;

  @Id({ optional: true, description: 'All students a segment means: its filter as it is now' })
  readonly segmentId?: string;

  @Flag({ optional: true, default: false, description: 'Tell what would happen, change nothing' })
  readonly dryRun: boolean = false;

  @Flag({ optional: true, default: false, description: 'Change nothing where one is at fault' })
  readonly allOrNothing: boolean = false;
}

export class ChangeIntervention {
  @Id({ optional: true, description: owner })
  readonly ownerId?: string;

  @Day({ ...dueOn, optional: true, nullable: true })
  readonly dueOn?: string | null;

  @Text({ ...reason, optional: true })
  readonly reason?: string;
}

export class AddNote {
  @Text({ ...note, optional: false })
  readonly note: string;
}

export class RecordContact {
  @OneOf(actions, { description: 'How', example: 'call' })
  readonly action: Action;

  @Text(note)
  readonly note?: string;
}

export class ResolveIntervention {
  @OneOf(outcomes, { description: 'What came of it', example: 'better' })
  readonly outcome: (typeof outcomes)[number];

  @Text(note)
  readonly note?: string;
}

export class DismissIntervention {
  @OneOf(dismissals, { description: 'Why the flag was wrong', example: 'excused_absence' })
  readonly reason: Dismissal;

  @Text(note)
  readonly note?: string;
}

export class SnoozeIntervention {
  @Day({
    nullable: true,
    description: 'It wakes up on this local day, tomorrow or later; null: now',
    example: '2026-11-27',
  })
  readonly until: string | null;

  @Text(note)
  readonly note?: string;
}

export class ReopenIntervention {
  @Text(note)
  readonly note?: string;
}

export class Intervention {
  @ApiProperty({ format: 'uuid', example: '0198f000-0000-7000-8000-00000000000c' })
  id: string;
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ example: 'Kathleen Osei' })
  studentName: string;
  @ApiProperty({ description: 'False of who has left' })
  studentIsActive: boolean;
  @ApiProperty({ format: 'uuid' })
  ownerId: string;
  @ApiProperty({ example: 'Ada Okafor' })
  ownerName: string;
  @ApiProperty({ description: 'False: somebody else should have it' })
  ownerIsActive: boolean;
  @ApiProperty({ enum: origins })
  origin: Origin;
  @ApiProperty({ enum: statuses })
  status: Status;
  @ApiProperty({ enum: actions, type: String, nullable: true, description: 'What is planned, or was done first' })
  action: Action | null;
  @ApiProperty({ example: reason.example })
  reason: string;
  @ApiProperty({ format: 'date', type: String, nullable: true })
  dueOn: string | null;
  @ApiProperty({ description: 'Its due day is past, and it is neither closed nor snoozed' })
  isOverdue: boolean;
  @ApiProperty({ format: 'date', type: String, nullable: true })
  snoozedUntil: string | null;
  @ApiProperty({ description: 'That day is still to come, and it is not closed' })
  isSnoozed: boolean;
  @ApiProperty({ format: 'date-time' })
  openedAt: string;
  @ApiProperty({ format: 'uuid' })
  openedBy: string;
  @ApiProperty({ ...percent, description: "The student's score then" })
  openedScore: number | null;
  @ApiProperty({ enum: riskBands, type: String, nullable: true })
  openedBand: string | null;
  @ApiProperty({ format: 'date-time', type: String, nullable: true, description: 'For the first time' })
  contactedAt: string | null;
  @ApiProperty({ ...percent, description: "The student's score then" })
  contactedScore: number | null;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  closedAt: string | null;
  @ApiProperty({ format: 'uuid', type: String, nullable: true, description: 'Null where it closed itself' })
  closedBy: string | null;
  @ApiProperty({ ...percent, description: "The student's score then" })
  closedScore: number | null;
  @ApiProperty({ description: 'The signals had cleared for two nights' })
  closedItself: boolean;
  @ApiProperty({
    enum: [...outcomes, 'duplicate'],
    type: String,
    nullable: true,
    description: '`duplicate`: two students with open cases were one person. Null where it closed itself',
  })
  outcome: Outcome | null;
  @ApiProperty({ enum: dismissals, type: String, nullable: true })
  dismissal: Dismissal | null;
  @ApiProperty({ ...percent, description: "The student's present score" })
  riskScore: number | null;
  @ApiProperty({ enum: riskBands, type: String, nullable: true })
  riskBand: string | null;
  @ApiProperty({ format: 'date-time' })
  updatedAt: string;
  @ApiProperty({ type: 'integer', example: 3 })
  version: number;
}

export class InterventionEntry {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ format: 'date-time' })
  at: string;
  @ApiProperty({ enum: entryKinds })
  kind: EntryKind;
  @ApiProperty({ format: 'uuid', type: String, nullable: true, description: 'Null where nobody did it' })
  actorId: string | null;
  @ApiProperty({ type: String, nullable: true })
  actorName: string | null;
  @ApiProperty({ description: 'Empty where nothing was written', example: note.example })
  note: string;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    description: 'What the kind has to say: the action, the outcome, the day, the scores, or what changed into what',
  })
  details: object | null;
}

export class InterventionDetail extends Intervention {
  @ApiProperty({ type: [InterventionEntry], maxItems: 100, description: 'The last hundred, the latest first' })
  entries: InterventionEntry[];
}

export class InterventionCounts {
  @ApiProperty({ type: 'integer', example: 7 })
  open: number;
  @ApiProperty({ type: 'integer' })
  contacted: number;
  @ApiProperty({ type: 'integer' })
  resolved: number;
  @ApiProperty({ type: 'integer' })
  dismissed: number;
  @ApiProperty({ type: 'integer', description: 'Of those that are not closed' })
  overdue: number;
  @ApiProperty({ type: 'integer', description: 'Of those that are not closed' })
  snoozed: number;
}

export const openingResults = [
  'opened', 'open_already', 'student_not_found', 'student_not_flagged', 'owner_unsuitable',
] as const; // prettier-ignore

export class OpeningResult {
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ enum: openingResults })
  result: (typeof openingResults)[number];
  @ApiPropertyOptional({ format: 'uuid', description: 'What was opened, or is open already' })
  interventionId?: string;
}

export class OpenedInterventions {
  @ApiProperty({ example: false })
  dryRun: boolean;
  @ApiProperty({ type: 'integer' })
  opened: number;
  @ApiProperty({ type: 'integer', description: 'Students who have an open case' })
  unchanged: number;
  @ApiProperty({ type: 'integer' })
  rejected: number;
  @ApiProperty({ type: [OpeningResult], description: 'One per student' })
  results: OpeningResult[];
}
