import { Injectable } from '@nestjs/common';
import type { Viewer } from '../../http/viewer.js';
import { type Moment, TenantsService } from '../../org/tenants.service.js';
import type { ReportColumn, ReportKind, ReportPage, ReportScope, ReportSummary } from '../report-kind.js';
import { zonedInstant } from '../zoned-time.js';
import { type ActivityFilter, ActivityReportRepository, type ActivityRow } from './activity.repository.js';
import { columnsOf, told } from './columns.js';
import { dayLabel, periodMeant, stepOf } from './report-period.js';
import { ReportedStudents } from './reported-students.js';

const titles: Readonly<Record<keyof ActivityRow, string>> = {
  studentId: 'Id',
  name: 'Name',
  pid: 'Number',
  day: 'Day',
  sessions: 'Sessions',
  sessionsCompleted: 'Sessions completed',
  timeSpentSeconds: 'Time spent, seconds',
  interactions: 'Interactions',
  questions: 'Questions',
  correct: 'Correct',
  accuracy: 'Accuracy, %',
  averageScore: 'Mean score',
  lastSessionAt: 'Last session at',
};
const names = Object.keys(titles) as (keyof ActivityRow)[];

/** What each student did on each day of a period; a day without activity is no row. */
@Injectable()
export class ActivityReport implements ReportKind<ActivityFilter> {
  readonly name = 'activity';
  readonly title = 'Activity';
  readonly permissions = ['students:read'] as const;

  constructor(
    private readonly students: ReportedStudents,
    private readonly activity: ActivityReportRepository,
    private readonly tenants: TenantsService,
  ) {}

  columns(): Promise<readonly ReportColumn[]> {
    return Promise.resolve(columnsOf(titles));
  }

  async filterMeant(
    viewer: Viewer,
    given: Readonly<Record<string, unknown>>,
    { today }: Moment,
  ): Promise<ActivityFilter> {
    const [period, others] = periodMeant(given, today);
    return { ...(await this.students.filterMeant(viewer, others)), ...period };
  }

  async count(scope: ReportScope<ActivityFilter>): Promise<number> {
    return (await this.activity.sumUp(scope.viewer, scope)).days;
  }

  async page(scope: ReportScope<ActivityFilter>, position: string | null, limit: number): Promise<ReportPage> {
    const after = position === null ? null : (position.split(' ') as [string, string]);
    const days = await this.activity.list(scope.viewer, scope, after, limit);
    const { timeZone } = await this.tenants.get(scope.viewer.tenantId);
    const last = days.at(-1);
    return {
      rows: days.map((day) => {
        const { lastSessionAt: at } = day;
        const row = { ...day, lastSessionAt: at === null ? null : zonedInstant(timeZone, at) };
        return names.map((name) => row[name]);
      }),
      position: days.length < limit ? null : `${last!.studentId} ${last!.day}`,
    };
  }

  async summary(scope: ReportScope<ActivityFilter>): Promise<ReportSummary> {
    const step = stepOf(scope.filter);
    const sums = await this.activity.sumUp(scope.viewer, scope);
    const steps = await this.activity.listSteps(scope.viewer, scope, step);
    const labels = steps.map(({ day }) => dayLabel(day));
    return {
      title: this.title,
      figures: [
        { label: 'Active students', value: told(sums.students) },
        { label: 'Sessions completed', value: told(sums.sessionsCompleted) },
        { label: 'Hours of practice', value: told(Math.round(sums.timeSpentSeconds / 3_600)) },
        { label: 'Mean score', value: told(sums.averageScore) },
        { label: 'Accuracy', value: told(sums.accuracy, ' %') },
      ],
      charts: [
        {
          kind: 'line',
          title: `Active students by ${step}`,
          unit: 'students with a completed session',
          labels,
          series: [{ name: 'Active', values: steps.map(({ students }) => students) }],
        },
        {
          kind: 'bar',
          title: `Sessions completed by ${step}`,
          unit: 'sessions',
          labels,
          series: [{ name: 'Sessions', values: steps.map(({ sessionsCompleted }) => sessionsCompleted) }],
        },
        {
          kind: 'line',
          title: `Mean score by ${step}`,
          unit: '% of what could be reached',
          labels,
          series: [{ name: 'Mean score', values: steps.map(({ averageScore }) => averageScore) }],
        },
      ],
    };
  }
}
