import { ApiProperty } from '@nestjs/swagger';
import { Day, Id, IdList, Int, OneOf, Text } from '../http/fields.js';
import { tableFormats, type TableFormat } from '../http/table-file.js';
import { StudentFilter } from '../students/student-filter.js';
import { assignmentStatuses } from './assignments.dto.js';
import { type Exemption, exemptions, submissionStatuses } from './grading.js';

const score = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;

export class GradebookQuery extends StudentFilter {
  @OneOf(['name', 'mean'], { optional: true, default: 'name', description: 'Sort key of the students' })
  readonly sort: 'name' | 'mean' = 'name';

  @OneOf(['asc', 'desc'], { optional: true, description: 'Default: `asc` for name, `desc` for mean; without one last' })
  readonly order?: 'asc' | 'desc';

  @Id({ optional: true, description: "A segment's filter; what is given beside it replaces its parts" })
  readonly segmentId?: string;

  @IdList({ max: 100, optional: true, description: 'These assignments, as far as some of the students have them' })
  readonly assignmentIds?: string[];

  @Id({ optional: true, description: 'Assignments of this owner' })
  readonly ownerId?: string;

  @Text({ max: 100, optional: true, description: 'Assignments of this category' })
  readonly category?: string;

  @Text({ max: 50, optional: true, description: 'Assignments with this tag' })
  readonly tag?: string;

  @Day({ optional: true, description: 'Assignments due on this local day or later' })
  readonly dueFrom?: string;

  @Day({ optional: true, description: 'Assignments due on this local day or earlier' })
  readonly dueTo?: string;

  @Int({ min: 1, max: 50, optional: true, default: 20, description: 'Assignments per page' })
  readonly assignmentsLimit: number = 20;

  @Int({ min: 1, max: 1_000, optional: true, default: 1, description: 'Page of assignments, from 1' })
  readonly assignmentsPage: number = 1;
}

export class GradebookExportQuery extends GradebookQuery {
  @OneOf(tableFormats, { description: '`csv`: UTF-8 with a byte order mark, comma, CRLF. `xlsx`: Office Open XML' })
  readonly format: TableFormat;

  @Text({ max: 200, optional: true, description: 'What the file is for; the organisation may require it' })
  readonly purpose?: string;
}

export class GradebookCell {
  @ApiProperty({ enum: submissionStatuses, example: 'graded' })
  status: (typeof submissionStatuses)[number];
  @ApiProperty({
    ...score,
    description: 'What counts, late penalties taken off; null, and never 0, where nothing is scored',
  })
  score: number | null;
  @ApiProperty({ ...score, description: "An instructor's, before any penalty" })
  grade: number | null;
  @ApiProperty({
    enum: exemptions,
    type: String,
    nullable: true,
    description: '`excused` need not be done, `exempt` is to be done; the score of neither counts in a mean',
  })
  exemption: Exemption | null;
  @ApiProperty({ description: 'First handed in after the due date' })
  isLate: boolean;
  @ApiProperty({ description: 'Not handed in, and cannot be any more' })
  isMissing: boolean;
  @ApiProperty({ description: 'Due, and not handed in' })
  isOverdue: boolean;
  @ApiProperty({ description: 'Handed in since somebody last graded it' })
  isAwaitingGrade: boolean;
  @ApiProperty({
    format: 'date-time',
    type: String,
    nullable: true,
    description: 'For this student, extensions counted',
  })
  effectiveDueAt: string | null;
  @ApiProperty({ type: 'integer', description: 'Of the submission, for grading' })
  version: number;
}

export class GradebookStudent {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ example: 'Kathleen Osei' })
  name: string;
  @ApiProperty({ type: String, nullable: true, description: "The organisation's own number" })
  pid: string | null;
  @ApiProperty({ format: 'uuid' })
  departmentId: string;
  @ApiProperty({
    ...score,
    description:
      'By the weight of the assignments, of every score that counts of all chosen assignments, also those on other ' +
      'pages. Work that is missing has no score and does not count; null without a score',
  })
  mean: number | null;
  @ApiProperty({
    type: 'array',
    items: { oneOf: [{ $ref: '#/components/schemas/GradebookCell' }, { type: 'null' }] },
    description: 'One for each of `assignments`, in their order; null where it was not handed out',
  })
  cells: (GradebookCell | null)[];
}

export class GradebookAssignment {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ example: 'Phonetic alphabet, part 1' })
  title: string;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  dueAt: string | null;
  @ApiProperty({ minimum: 0, maximum: 1000, description: 'In the means of the students', example: 1 })
  weight: number;
  @ApiProperty({ enum: assignmentStatuses })
  status: (typeof assignmentStatuses)[number];
  @ApiProperty({ ...score, description: 'Of the scores that count of all chosen students, also those on other pages' })
  mean: number | null;
  @ApiProperty({ type: 'integer', description: 'Scores in the mean' })
  n: number;
}

export class GradebookResponse {
  @ApiProperty({ type: [GradebookStudent] })
  students: GradebookStudent[];
  @ApiProperty({ type: [GradebookAssignment], description: 'The columns, by due date; those without one last' })
  assignments: GradebookAssignment[];
  @ApiProperty({ allOf: [{ $ref: '#/components/schemas/Pagination' }], description: 'Of the students' })
  pagination: object;
  @ApiProperty({ allOf: [{ $ref: '#/components/schemas/Pagination' }], description: 'Of the assignments' })
  assignmentsPagination: object;
}
