import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Day, Decimal, Flag, Id, IdList, Nested, Text } from '../http/fields.js';
import { riskBands } from './risk-bands.js';
import { StudentFilter } from './student-filter.js';

export const badges = ['atRisk', 'neverStarted', 'inactive', 'topPerformer', 'active'] as const;
const score = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;

export class StudentRow {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ example: 'Kathleen Osei' })
  name: string;
  @ApiProperty({ type: String, nullable: true })
  email: string | null;
  @ApiProperty({ type: String, nullable: true, description: "The organisation's own number" })
  pid: string | null;
  @ApiProperty({ format: 'uuid' })
  departmentId: string;
  @ApiProperty()
  departmentName: string;
  @ApiProperty({ format: 'uuid', type: String, nullable: true })
  instructorId: string | null;
  @ApiProperty({ type: String, nullable: true })
  instructorName: string | null;
  @ApiProperty({ format: 'date' })
  joinedOn: string;
  @ApiProperty({ enum: badges, description: 'The first that holds' })
  badge: (typeof badges)[number];
  @ApiProperty({ ...score, description: 'Mean of the category accuracies; null without data' })
  overallScore: number | null;
  @ApiProperty({
    ...score,
    description: 'Assignments completed of those assigned, in per cent; null where there are none',
  })
  completionRate: number | null;
  @ApiProperty({ type: 'integer', description: 'Published, available, neither withdrawn nor excused' })
  assignmentsAssigned: number;
  @ApiProperty({ type: 'integer', description: 'Of these, with something submitted' })
  assignmentsCompleted: number;
  @ApiProperty({ type: 'integer', description: 'Past the due date that holds for this student, nothing submitted' })
  assignmentsOverdue: number;
  @ApiProperty({ ...score, description: 'Mean score of quizzes, last 30 days' })
  quizAccuracy: number | null;
  @ApiProperty({ ...score, description: 'Mean score of voice exercises, last 30 days' })
  voiceAccuracy: number | null;
  @ApiProperty({
    ...score,
    minimum: -100,
    description: 'Mean score of the last 14 days minus the 14 before, in points',
  })
  improvementRate: number | null;
  @ApiProperty({ minimum: 0, maximum: 100, description: 'Active days of the last 28, in per cent' })
  consistencyScore: number;
  @ApiProperty({ type: 'integer', description: 'Days' })
  currentStreak: number;
  @ApiProperty({ type: 'integer', description: 'Days' })
  longestStreak: number;
  @ApiProperty({ type: 'integer' })
  sessionsCompleted: number;
  @ApiProperty({ type: 'integer' })
  totalTimeSpentSeconds: number;
  @ApiProperty({
    format: 'date',
    type: String,
    nullable: true,
    description: "The last active day, in the tenant's zone",
  })
  lastActiveOn: string | null;
  @ApiProperty({ format: 'date-time', type: String, nullable: true, description: 'Null where no time of day is known' })
  lastActiveAt: string | null;
  @ApiProperty({ ...score, description: 'Null until scored' })
  riskScore: number | null;
  @ApiProperty({ enum: riskBands, type: String, nullable: true })
  riskBand: string | null;
}

export class CategoryProgress {
  @ApiProperty({ format: 'uuid' })
  categoryId: string;
  @ApiProperty()
  title: string;
  @ApiProperty({ ...score, description: 'Correct of questions, or the mean score where there are no questions' })
  accuracy: number | null;
  @ApiProperty({ type: 'integer' })
  sessionsCompleted: number;
  @ApiProperty({ type: 'integer' })
  questions: number;
  @ApiProperty({ type: 'integer' })
  correct: number;
}

export class RecentSession {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty()
  kind: string;
  @ApiProperty()
  status: string;
  @ApiProperty({ format: 'uuid' })
  moduleId: string;
  @ApiProperty()
  moduleTitle: string;
  @ApiProperty({ format: 'date' })
  day: string;
  @ApiProperty({ format: 'date-time', type: String, nullable: true })
  completedAt: string | null;
  @ApiProperty(score)
  score: number | null;
  @ApiProperty({ type: 'integer', nullable: true })
  durationSeconds: number | null;
  @ApiProperty({ type: 'integer', nullable: true })
  interactions: number | null;
}

export class UnlockedAchievement {
  @ApiProperty()
  code: string;
  @ApiProperty()
  title: string;
  @ApiProperty()
  description: string;
  @ApiProperty({ type: String, nullable: true })
  icon: string | null;
  @ApiProperty({ type: String, nullable: true })
  badgeColor: string | null;
  @ApiProperty({ format: 'date-time' })
  unlockedAt: string;
}

export class TimelineDay {
  @ApiProperty({ format: 'date' })
  day: string;
  @ApiProperty({ type: 'integer' })
  sessionsCompleted: number;
  @ApiProperty({ type: 'integer' })
  timeSpentSeconds: number;
  @ApiProperty({ ...score, description: "Mean score of the day's sessions" })
  score: number | null;
}

export class PeerBand {
  @ApiProperty({ enum: ['top10', 'top25', 'middle', 'bottom25', 'bottom10'], type: String, nullable: true })
  band: string | null;
  @ApiProperty({ ...score, description: 'Per cent of the peers with a lower overall score' })
  percentile: number | null;
  @ApiProperty({
    type: 'integer',
    description: 'Students with the same instructor and a score; up to 1,000 are compared',
  })
  peers: number;
}

export class StudentDetail extends StudentRow {
  @ApiProperty({ type: String, nullable: true })
  rank: string | null;
  @ApiProperty({ type: String, nullable: true })
  avatarUrl: string | null;
  @ApiProperty({ ...score, description: 'Goal' })
  targetScore: number | null;
  @ApiProperty({ format: 'date', type: String, nullable: true })
  targetOn: string | null;
  @ApiProperty({ type: Boolean, nullable: true, description: 'Null without a goal' })
  goalAchieved: boolean | null;
  @ApiProperty({ type: 'integer', description: 'Of the goals, for If-Match' })
  version: number;
  @ApiProperty({ type: [CategoryProgress] })
  categories: CategoryProgress[];
  @ApiProperty({ type: [RecentSession], description: 'The last ten' })
  recentSessions: RecentSession[];
  @ApiProperty({ type: [UnlockedAchievement] })
  achievements: UnlockedAchievement[];
  @ApiProperty({ type: PeerBand })
  peers: PeerBand;
  @ApiProperty({ type: [TimelineDay], description: 'The last 30 local days; days without activity are zeros' })
  timeline: TimelineDay[];
}

export class ChangeStudent {
  @Decimal({ min: 0, max: 100, nullable: true, optional: true, description: 'Overall score to reach; null for none' })
  readonly targetScore?: number | null;

  @Day({ nullable: true, optional: true, description: 'When to reach it; null for no date' })
  readonly targetOn?: string | null;
}

export class StudentGoals {
  @ApiProperty({ format: 'uuid' })
  id: string;
  @ApiProperty({ ...score, example: 80 })
  targetScore: number | null;
  @ApiProperty({ format: 'date', type: String, nullable: true })
  targetOn: string | null;
  @ApiProperty({ type: 'integer' })
  version: number;
}

export class AssignInstructor {
  @Id({ nullable: true, description: 'Null: nobody is responsible', example: '0198f000-0000-7000-8000-000000000002' })
  readonly instructorId: string | null;

  @Text({ max: 500, optional: true, description: 'Kept in the audit trail' })
  readonly reason?: string;
}

export class AssignStudents extends AssignInstructor {
  @IdList({ max: 1_000, optional: true, description: 'Either these, or `filter`' })
  readonly studentIds?: string[];

  @Nested(() => StudentFilter, {
    optional: true,
    description: 'All students it means; `limit`, `page`, `cursor` do not count',
  })
  readonly filter?: StudentFilter;

  @Flag({ optional: true, description: 'Tell what would happen, change nothing' })
  readonly dryRun: boolean = false;

  @Flag({ optional: true, description: 'Change nothing unless every student can be assigned' })
  readonly allOrNothing: boolean = false;
}

export class AssignmentResult {
  @ApiProperty({ format: 'uuid' })
  studentId: string;
  @ApiProperty({ enum: ['assigned', 'unchanged', 'student_not_found', 'instructor_department_mismatch'] })
  result: 'assigned' | 'unchanged' | 'student_not_found' | 'instructor_department_mismatch';
}

export class AssignStudentsResponse {
  @ApiProperty({ example: false })
  dryRun: boolean;
  @ApiProperty({ type: 'integer' })
  assigned: number;
  @ApiProperty({ type: 'integer' })
  unchanged: number;
  @ApiProperty({ type: 'integer' })
  rejected: number;
  @ApiPropertyOptional({ type: [AssignmentResult], description: 'One per student' })
  results: AssignmentResult[];
}
