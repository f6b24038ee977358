import { Injectable } from '@nestjs/common';
import { riskBands } from '../../students/risk-bands.js';
import { TenantsService } from '../../org/tenants.service.js';
import type { Filter } from '../../students/student-filter.js';
import type { StudentRow } from '../../students/students.dto.js';
import type { Viewer } from '../../http/viewer.js';
import type { ReportColumn, ReportKind, ReportPage, ReportScope, ReportSummary } from '../report-kind.js';
import { zonedInstant } from '../zoned-time.js';
import { columnsOf, told } from './columns.js';
import { ReportedStudents } from './reported-students.js';
import { RosterRepository } from './roster.repository.js';

/** The fields of the student list, in its order. */
const titles: Readonly<Record<keyof StudentRow, string>> = {
  id: 'Id',
  name: 'Name',
  email: 'E-mail',
  pid: 'Number',
  departmentId: 'Department id',
  departmentName: 'Department',
  instructorId: 'Instructor id',
  instructorName: 'Instructor',
  joinedOn: 'Joined on',
  badge: 'Badge',
  overallScore: 'Score',
  completionRate: 'Completion, %',
  assignmentsAssigned: 'Assignments',
  assignmentsCompleted: 'Assignments completed',
  assignmentsOverdue: 'Assignments overdue',
  quizAccuracy: 'Quiz accuracy',
  voiceAccuracy: 'Voice accuracy',
  improvementRate: 'Improvement, points',
  consistencyScore: 'Consistency, %',
  currentStreak: 'Current streak, days',
  longestStreak: 'Longest streak, days',
  sessionsCompleted: 'Sessions completed',
  totalTimeSpentSeconds: 'Time spent, seconds',
  lastActiveOn: 'Last active on',
  lastActiveAt: 'Last active at',
  riskScore: 'Risk',
  riskBand: 'Risk band',
};
const names = Object.keys(titles) as (keyof StudentRow)[];

/** The student list as a file: the rows of its filter with all of their fields. */
@Injectable()
export class RosterReport implements ReportKind<Filter> {
  readonly name = 'roster';
  readonly title = 'Roster';
  readonly permissions = ['students:read'] as const;

  constructor(
    private readonly students: ReportedStudents,
    private readonly rosters: RosterRepository,
    private readonly tenants: TenantsService,
  ) {}

  columns(): Promise<readonly ReportColumn[]> {
    return Promise.resolve(columnsOf(titles));
  }

  filterMeant(viewer: Viewer, given: Readonly<Record<string, unknown>>): Promise<Filter> {
    return this.students.filterMeant(viewer, given);
  }

  count(scope: ReportScope<Filter>): Promise<number> {
    return this.students.count(scope);
  }

  async page(scope: ReportScope<Filter>, position: string | null, limit: number): Promise<ReportPage> {
    const students = await this.rosters.list(scope.viewer, scope, position, limit);
    const { timeZone } = await this.tenants.get(scope.viewer.tenantId);
    return {
      rows: students.map(({ lastActiveAt: at, ...student }) => {
        const row = { ...student, lastActiveAt: at === null ? null : zonedInstant(timeZone, at) };
        return names.map((name) => row[name]);
      }),
      position: students.length < limit ? null : students.at(-1)!.id,
    };
  }

  async summary(scope: ReportScope<Filter>): Promise<ReportSummary> {
    const sums = await this.rosters.sumUp(scope.viewer, scope);
    return {
      title: this.title,
      figures: [
        { label: 'Students', value: told(sums.students) },
        { label: 'Active in the last 7 days', value: told(sums.active) },
        { label: 'Never started', value: told(sums.neverStarted) },
        { label: 'At risk', value: told(sums.atRisk) },
        { label: 'Mean score', value: told(sums.overallScore) },
      ],
      charts: [
        {
          kind: 'bar',
          title: 'Students by risk band',
          unit: 'students',
          labels: riskBands,
          series: [{ name: 'Students', values: riskBands.map((band) => sums[band]) }],
        },
      ],
    };
  }
}
