import { Injectable } from '@nestjs/common';
import type { TableCell } from '../../http/table-file.js';
import type { Viewer } from '../../http/viewer.js';
import { describe } from '../../risk/sentences.js';
import { shownParts } from '../../risk/shown-risk.js';
import { riskBands } from '../../students/risk-bands.js';
import type { Filter } from '../../students/student-filter.js';
import type { ReportColumn, ReportKind, ReportPage, ReportScope, ReportSummary } from '../report-kind.js';
import { columnsOf, told } from './columns.js';
import { ReportedStudents } from './reported-students.js';
import { type Judgement, RiskReportRepository } from './risk.repository.js';

const reasonsTold = 3;
const departmentsShown = 10;
const titles = {
  studentId: 'Id',
  name: 'Name',
  pid: 'Number',
  departmentName: 'Department',
  instructorName: 'Instructor',
  riskScore: 'Risk',
  riskBand: 'Band',
  threshold: 'Threshold',
  isAtRisk: 'At risk',
  evidenceDay: 'Evidence of',
  points1: 'Points',
  reason1: 'What weighs most',
  points2: 'Points (2nd)',
  reason2: 'What weighs second',
  points3: 'Points (3rd)',
  reason3: 'What weighs third',
} as const;

/** Who is at risk and why: the score of the list, and what its explanation says first. */
@Injectable()
export class RiskReport implements ReportKind<Filter> {
  readonly name = 'risk';
  readonly title = 'Risk';
  readonly permissions = ['risk:read'] as const;

  constructor(
    private readonly students: ReportedStudents,
    private readonly risk: RiskReportRepository,
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
    const students = await this.risk.list(scope.viewer, scope, position, limit);
    return {
      rows: students.map(({ judgement, isAtRisk, ...student }) => [
        student.studentId,
        student.name,
        student.pid,
        student.departmentName,
        student.instructorName,
        student.riskScore,
        student.riskBand,
        student.threshold,
        isAtRisk ? 'yes' : 'no',
        student.evidenceDay,
        ...reasonCells(judgement),
      ]),
      position: students.length < limit ? null : students.at(-1)!.studentId,
    };
  }

  async summary(scope: ReportScope<Filter>): Promise<ReportSummary> {
    const sums = await this.risk.sumUp(scope.viewer, scope);
    const departments = await this.risk.listDepartments(scope.viewer, scope, departmentsShown);
    const places = departments.map(({ name }) => name);
    return {
      title: this.title,
      figures: [
        { label: 'Students', value: told(sums.students) },
        { label: 'With a score', value: told(sums.scored) },
        { label: 'At risk', value: told(sums.atRisk) },
        { label: 'Critical', value: told(sums.critical) },
        { label: 'Mean score', value: told(sums.mean) },
      ],
      charts: [
        {
          kind: 'bar',
          title: 'Students by risk band',
          unit: 'students with a score',
          labels: riskBands,
          series: [{ name: 'Students', values: riskBands.map((band) => sums[band]) }],
        },
        {
          kind: 'bar',
          title: 'Students at risk by department',
          unit: 'students',
          labels: places,
          series: [
            { name: 'With a score', values: departments.map(({ scored }) => scored) },
            { name: 'At risk', values: departments.map(({ atRisk }) => atRisk) },
          ],
        },
      ],
    };
  }
}

/** In the order and the words of the explanation; none where there is too little to show a score. */
function reasonCells(judgement: Judgement | null): TableCell[] {
  const parts = judgement === null ? [] : shownParts(judgement).contributions;
  const heaviest = parts.toSorted((a, b) => Math.abs(b.logOdds) - Math.abs(a.logOdds));
  return Array.from({ length: reasonsTold }, (_, index) => heaviest[index]).flatMap((part): TableCell[] => {
    if (judgement === null || part === undefined) return [null, null];
    const { inputs, counts, hasBeenActive } = judgement;
    const circumstances = { hasBeenActive, hasScoredWork: inputs.lowestScore !== null };
    return [part.points, describe(part.factor, inputs, counts, circumstances)?.sentence ?? null];
  });
}
