import { Injectable } from '@nestjs/common';
import { Id } from '../../http/fields.js';
import { validated } from '../../http/validation.pipe.js';
import type { Viewer } from '../../http/viewer.js';
import type { Moment } from '../../org/tenants.service.js';
import type { ReportColumn, ReportKind, ReportPage, ReportScope, ReportSummary } from '../report-kind.js';
import { columnsOf, told } from './columns.js';
import {
  type DepartmentFigures,
  type DepartmentFilter,
  type DepartmentRow,
  DepartmentsReportRepository,
} from './departments.repository.js';
import { periodMeant } from './report-period.js';

class DepartmentFields {
  @Id({ optional: true, description: 'This department and those below it' })
  readonly departmentId?: string;
}

const figureTitles: Readonly<Record<keyof DepartmentFigures, string>> = {
  students: 'Students',
  active: 'Active in 7 days',
  neverStarted: 'Never started',
  atRisk: 'At risk',
  overallScore: 'Mean overall score',
  completionRate: 'Mean completion, %',
  sessionsCompleted: 'Sessions completed',
  timeSpentSeconds: 'Time spent, seconds',
  averageScore: 'Mean session score',
};
const figureNames = Object.keys(figureTitles) as (keyof DepartmentFigures)[];
const departmentsShown = 10;
const share = (part: number, whole: number): number | null => (whole === 0 ? null : (100 * part) / whole);

/** A row for each department: what is its own, and that together with all below it. */
@Injectable()
export class DepartmentsReport implements ReportKind<DepartmentFilter> {
  readonly name = 'departments';
  readonly title = 'Departments';
  /** Departments can be smaller than what those are told of who may not see people. */
  readonly permissions = ['analytics:read', 'students:read'] as const;

  constructor(private readonly departments: DepartmentsReportRepository) {}

  columns(): Promise<readonly ReportColumn[]> {
    const of = (prefix: 'own' | 'total', title: string): ReportColumn[] =>
      figureNames.map((name) => ({
        name: `${prefix}${name[0]!.toUpperCase()}${name.slice(1)}`,
        title: `${figureTitles[name]} (${title})`,
      }));
    const leading = columnsOf({ path: 'Department', id: 'Id', code: 'Code', level: 'Level' });
    return Promise.resolve([...leading, ...of('total', 'with those below'), ...of('own', 'own')]);
  }

  filterMeant(_: Viewer, given: Readonly<Record<string, unknown>>, { today }: Moment): Promise<DepartmentFilter> {
    const [period, others] = periodMeant(given, today);
    const { departmentId } = validated(DepartmentFields, others, '/filter');
    return Promise.resolve({
      ...period,
      ...(departmentId !== undefined && { departmentId: departmentId.toLowerCase() }),
    });
  }

  async count(scope: ReportScope<DepartmentFilter>): Promise<number> {
    return (await this.departments.list(scope.viewer, scope)).length;
  }

  /** All at once: a tenant has hundreds of departments, not millions, and their sums are made together. */
  async page(scope: ReportScope<DepartmentFilter>): Promise<ReportPage> {
    const departments = await this.departments.list(scope.viewer, scope);
    return {
      rows: departments.map(({ path, id, code, level, own, total }) => [
        path,
        id,
        code,
        level,
        ...figureNames.map((name) => total[name]),
        ...figureNames.map((name) => own[name]),
      ]),
      position: null,
    };
  }

  async summary(scope: ReportScope<DepartmentFilter>): Promise<ReportSummary> {
    const departments = await this.departments.list(scope.viewer, scope);
    const tops = departments.filter(
      ({ id, ids }) => !departments.some((other) => other.id !== id && ids.includes(other.id)),
    );
    const sum = (name: 'students' | 'active' | 'atRisk' | 'sessionsCompleted' | 'timeSpentSeconds'): number =>
      tops.reduce((all, { total }) => all + total[name], 0);
    const shown = largest(departments);
    const labels = shown.map(({ name }) => name);
    return {
      title: this.title,
      figures: [
        { label: 'Students', value: told(sum('students')) },
        { label: 'Active in the last 7 days', value: told(sum('active')) },
        { label: 'At risk', value: told(sum('atRisk')) },
        { label: 'Sessions completed', value: told(sum('sessionsCompleted')) },
        { label: 'Hours of practice', value: told(Math.round(sum('timeSpentSeconds') / 3_600)) },
      ],
      charts: [
        {
          kind: 'bar',
          title: 'Active in the last 7 days, and at risk',
          unit: '% of the students of the department and those below it',
          labels,
          series: [
            { name: 'Active', values: shown.map(({ total }) => share(total.active, total.students)) },
            { name: 'At risk', values: shown.map(({ total }) => share(total.atRisk, total.students)) },
          ],
        },
        {
          kind: 'bar',
          title: 'Mean overall score',
          unit: '%',
          labels,
          series: [{ name: 'Score', values: shown.map(({ total }) => total.overallScore) }],
        },
        {
          kind: 'bar',
          title: 'Sessions completed for each student',
          unit: 'sessions in the period',
          labels,
          series: [
            {
              name: 'Sessions',
              values: shown.map(({ total }) =>
                total.students === 0 ? null : total.sessionsCompleted / total.students,
              ),
            },
          ],
        },
      ],
    };
  }
}

/** The largest departments, in the order of the table. */
function largest(departments: readonly DepartmentRow[]): readonly DepartmentRow[] {
  const chosen = new Set(
    departments.toSorted((a, b) => b.total.students - a.total.students).slice(0, departmentsShown),
  );
  return departments.filter((department) => chosen.has(department));
}
