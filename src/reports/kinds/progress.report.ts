import { Injectable } from '@nestjs/common';
import type { Viewer } from '../../http/viewer.js';
import { TenantsService } from '../../org/tenants.service.js';
import type { Filter } from '../../students/student-filter.js';
import type { StudentRow } from '../../students/students.dto.js';
import type { ReportColumn, ReportKind, ReportPage, ReportScope, ReportSummary } from '../report-kind.js';
import { zonedInstant } from '../zoned-time.js';
import { columnsOf, told } from './columns.js';
import { ProgressReportRepository, type ReportedCategory } from './progress.repository.js';
import { dayLabel } from './report-period.js';
import { ReportedStudents } from './reported-students.js';

/** The categories are those in use when it was asked for: each is a column of every part of the file. */
interface ProgressFilter extends Filter {
  readonly categoryIds: readonly string[];
}

const titles: Partial<Readonly<Record<keyof StudentRow, string>>> = {
  id: 'Id',
  name: 'Name',
  pid: 'Number',
  departmentName: 'Department',
  instructorName: 'Instructor',
  overallScore: 'Overall score',
  completionRate: 'Completion, %',
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
};
const names = Object.keys(titles) as (keyof StudentRow)[];
const weeksShown = 12;
const tens = Array.from({ length: 10 }, (_, ten) => `${ten * 10}–${ten === 9 ? 100 : ten * 10 + 9}`);

/** How far each student is: the figures of the list, and the accuracy in each category. */
@Injectable()
export class ProgressReport implements ReportKind<ProgressFilter> {
  readonly name = 'progress';
  readonly title = 'Progress';
  readonly permissions = ['students:read'] as const;

  constructor(
    private readonly students: ReportedStudents,
    private readonly progress: ProgressReportRepository,
    private readonly tenants: TenantsService,
  ) {}

  async columns(scope: ReportScope<ProgressFilter>): Promise<readonly ReportColumn[]> {
    const categories = await this.categories(scope);
    return [
      ...columnsOf(titles),
      ...categories.map(({ id, title }) => ({ name: `category:${id}`, title: `${title}, %` })),
    ];
  }

  async filterMeant(viewer: Viewer, given: Readonly<Record<string, unknown>>): Promise<ProgressFilter> {
    const filter = await this.students.filterMeant(viewer, given);
    const categories = await this.progress.listCategories(viewer.tenantId);
    return { ...filter, categoryIds: categories.map(({ id }) => id) };
  }

  count(scope: ReportScope<ProgressFilter>): Promise<number> {
    return this.students.count(studentsOf(scope));
  }

  async page(scope: ReportScope<ProgressFilter>, position: string | null, limit: number): Promise<ReportPage> {
    const students = await this.progress.list(scope.viewer, studentsOf(scope), position, limit);
    const { timeZone } = await this.tenants.get(scope.viewer.tenantId);
    const { categoryIds } = scope.filter;
    return {
      rows: students.map(({ accuracies, ...student }) => {
        const { lastActiveAt: at } = student;
        const row = { ...student, lastActiveAt: at === null ? null : zonedInstant(timeZone, at) };
        return [...names.map((name) => row[name]), ...categoryIds.map((id) => accuracies[id] ?? null)];
      }),
      position: students.length < limit ? null : students.at(-1)!.id,
    };
  }

  async summary(scope: ReportScope<ProgressFilter>): Promise<ReportSummary> {
    const asked = studentsOf(scope);
    const sums = await this.progress.sumUp(asked.viewer, asked);
    const weeks = await this.progress.activeByWeek(asked.viewer, asked, weeksShown);
    const means = await this.progress.meanAccuracies(asked.viewer, asked);
    const categories = await this.categories(scope);
    const meanOf = new Map(means.map(({ categoryId, mean }) => [categoryId, mean]));
    return {
      title: this.title,
      figures: [
        { label: 'Students', value: told(sums.students) },
        { label: 'Active in the last 7 days', value: told(sums.active) },
        { label: 'Mean overall score', value: told(sums.overallScore) },
        { label: 'Mean completion', value: told(sums.completionRate, ' %') },
        { label: 'Hours of practice', value: told(Math.round(sums.timeSpentSeconds / 3_600)) },
      ],
      charts: [
        {
          kind: 'line',
          title: 'Active students by week',
          unit: 'students with a completed session, in weeks that are over',
          labels: weeks.map(({ week }) => dayLabel(week)),
          series: [{ name: 'Active', values: weeks.map(({ students }) => students) }],
        },
        {
          kind: 'bar',
          title: 'Students by overall score',
          unit: 'students',
          labels: tens,
          series: [{ name: 'Students', values: sums.scores }],
        },
        {
          kind: 'bar',
          title: 'Mean accuracy by category',
          unit: '% of those who have practised it',
          labels: categories.map(({ title }) => title),
          series: [{ name: 'Accuracy', values: categories.map(({ id }) => meanOf.get(id) ?? null) }],
        },
      ],
    };
  }

  private async categories({ viewer, filter }: ReportScope<ProgressFilter>): Promise<ReportedCategory[]> {
    const found = await this.progress.listTitles(viewer.tenantId, filter.categoryIds);
    const byId = new Map(found.map((category) => [category.id, category]));
    return filter.categoryIds.map((id) => byId.get(id)!);
  }
}

function studentsOf({
  filter: { categoryIds: _, ...filter },
  ...scope
}: ReportScope<ProgressFilter>): ReportScope<Filter> {
  return { ...scope, filter };
}
