import { ApiProperty } from '@nestjs/swagger';
import { Intervention } from '../interventions/interventions.dto.js';
import { StudentRow } from '../students/students.dto.js';

const mean = { type: Number, nullable: true, minimum: 0, maximum: 100 } as const;

export class DashboardStatistics {
  @ApiProperty({ type: 'integer' })
  totalStudents: number;
  @ApiProperty({ type: 'integer', description: 'With a completed session today' })
  activeToday: number;
  @ApiProperty({ type: 'integer', description: 'With a completed session in the last 7 local days' })
  activeStudents: number;
  @ApiProperty({ type: 'integer' })
  inactiveStudents: number;
  @ApiProperty({ type: 'integer' })
  neverStarted: number;
  @ApiProperty({ type: 'integer', description: 'Risk score above the threshold' })
  atRisk: number;
  @ApiProperty({ type: 'integer' })
  topPerformers: number;
  @ApiProperty({ type: 'integer', description: 'Joined in the last 30 local days' })
  newStudents: number;
  @ApiProperty({ type: 'integer', description: 'With work that is due within 72 hours' })
  dueSoon: number;
  @ApiProperty({ type: 'integer', description: 'With work that is overdue' })
  overdue: number;
  @ApiProperty({ type: 'integer', description: 'With work that waits for a grade' })
  awaitingGrade: number;
  @ApiProperty({ type: 'integer', description: 'Interventions whose due day is past' })
  overdueInterventions: number;
  @ApiProperty({ ...mean, description: 'Mean overall score of the students who have one' })
  averageScore: number | null;
  @ApiProperty({ ...mean, description: 'Mean completion rate of the students who have assignments' })
  completionRate: number | null;
}

export class DashboardLinks {
  @ApiProperty({ example: '/api/v1/students' })
  totalStudents: string;
  @ApiProperty()
  activeToday: string;
  @ApiProperty({ example: '/api/v1/students?status=active' })
  activeStudents: string;
  @ApiProperty()
  inactiveStudents: string;
  @ApiProperty()
  neverStarted: string;
  @ApiProperty()
  atRisk: string;
  @ApiProperty()
  topPerformers: string;
  @ApiProperty()
  newStudents: string;
  @ApiProperty({ example: '/api/v1/students?assignmentState=dueSoon' })
  dueSoon: string;
  @ApiProperty()
  overdue: string;
  @ApiProperty()
  awaitingGrade: string;
  @ApiProperty({ example: '/api/v1/interventions?overdue=true' })
  overdueInterventions: string;
}

export class AssignmentInView {
  @ApiProperty({ format: 'uuid' })
  assignmentId: string;
  @ApiProperty({ example: 'Distress calls, part 2' })
  title: string;
  @ApiProperty({ format: 'date-time', description: 'The earliest due date that holds for one of these students' })
  dueAt: string;
  @ApiProperty({ type: 'integer', description: 'Of those the viewer may see', example: 12 })
  students: number;
}

export class TrendDay {
  @ApiProperty({ format: 'date' })
  day: string;
  @ApiProperty({ type: 'integer' })
  activeStudents: number;
  @ApiProperty({ type: 'integer' })
  sessionsCompleted: number;
  @ApiProperty({ type: 'integer' })
  timeSpentSeconds: number;
  @ApiProperty({ ...mean, description: "Mean score of the day's completed sessions" })
  averageScore: number | null;
  @ApiProperty({ ...mean, description: 'Correct of questions, in per cent' })
  accuracy: number | null;
}

export class StatisticsResponse {
  @ApiProperty({ format: 'date', description: "Today in the tenant's zone", example: '2026-11-20' })
  today: string;
  @ApiProperty({ format: 'date-time', description: 'When this was read' })
  asOf: string;
  @ApiProperty({ type: DashboardStatistics })
  statistics: DashboardStatistics;
  @ApiProperty({ type: DashboardLinks, description: 'The list whose total is the count of the same name' })
  links: DashboardLinks;
}

export class TrendResponse {
  @ApiProperty({ format: 'date', description: "Today in the tenant's zone", example: '2026-11-20' })
  today: string;
  @ApiProperty({ format: 'date-time', description: 'When this was read' })
  asOf: string;
  @ApiProperty({ type: [TrendDay], description: 'The last 30 local days, oldest first' })
  trend: TrendDay[];
}

export class DashboardResponse extends StatisticsResponse {
  @ApiProperty({ type: [TrendDay], description: 'The last 30 local days, oldest first' })
  trend: TrendDay[];
  @ApiProperty({ type: [StudentRow], description: 'The ten with the highest risk' })
  atRisk: StudentRow[];
  @ApiProperty({ type: [StudentRow], description: 'The ten who have been away for longest' })
  inactive: StudentRow[];
  @ApiProperty({ type: [AssignmentInView], description: 'The ten that are due next, within 72 hours' })
  dueSoon: AssignmentInView[];
  @ApiProperty({ type: [AssignmentInView], description: 'The ten that have been overdue for longest' })
  overdue: AssignmentInView[];
  @ApiProperty({ type: [Intervention], description: 'The ten that have been overdue for longest' })
  overdueInterventions: Intervention[];
}
