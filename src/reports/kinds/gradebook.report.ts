import { Injectable } from '@nestjs/common';
import { fileCell } from '../../assignments/gradebook-file.js';
import { GradebookRepository, mostStudents } from '../../assignments/gradebook.repository.js';
import { mostAssignments } from '../../assignments/gradebook.service.js';
import { Day, Id, IdList, Text } from '../../http/fields.js';
import { Problem } from '../../http/problem.js';
import type { TableCell } from '../../http/table-file.js';
import { validated } from '../../http/validation.pipe.js';
import type { Viewer } from '../../http/viewer.js';
import type { Moment } from '../../org/tenants.service.js';
import type { ReportColumn, ReportKind, ReportPage, ReportScope, ReportSummary } from '../report-kind.js';
import { columnsOf, told } from './columns.js';
import { type GradebookFilter, GradebookReportRepository } from './gradebook.repository.js';
import { ReportedStudents } from './reported-students.js';

const assignmentNames = ['assignmentIds', 'ownerId', 'category', 'tag', 'dueFrom', 'dueTo'] as const;

/** Of the gradebook's own query, what chooses assignments. */
class GradedAssignmentsFilter {
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
}

/** What is read at once for a page: some megabytes. */
const mostCells = 20_000;
const assignmentsShown = 10;

/** Students × assignments as on the screen. The assignments are chosen when it is asked for, and are its columns. */
@Injectable()
export class GradebookReport implements ReportKind<GradebookFilter> {
  readonly name = 'gradebook';
  readonly title = 'Gradebook';
  readonly permissions = ['gradebook:read'] as const;

  constructor(
    private readonly students: ReportedStudents,
    private readonly gradebook: GradebookRepository,
    private readonly grades: GradebookReportRepository,
  ) {}

  async columns(scope: ReportScope<GradebookFilter>): Promise<readonly ReportColumn[]> {
    const assignments = await this.grades.listAssignments(scope.viewer, scope);
    return [
      ...columnsOf({ id: 'Id', name: 'Name', pid: 'Number', mean: 'Mean' }),
      ...assignments.map(({ id, title }) => ({ name: `assignment:${id}`, title })),
    ];
  }

  /** @throws Problem 422 for more students or assignments than a gradebook has room for */
  async filterMeant(
    viewer: Viewer,
    given: Readonly<Record<string, unknown>>,
    moment: Moment,
  ): Promise<GradebookFilter> {
    const isOfAssignments = ([name]: [string, unknown]): boolean =>
      (assignmentNames as readonly string[]).includes(name);
    const entries = Object.entries(given);
    const asked = validated(GradedAssignmentsFilter, Object.fromEntries(entries.filter(isOfAssignments)), '/filter');
    const others = Object.fromEntries(entries.filter((entry) => !isOfAssignments(entry)));
    const students = await this.students.filterMeant(viewer, others);
    const { assignments, assignmentCount, studentCount } = await this.gradebook.range(
      viewer,
      { students, assignments: asked, sort: 'name', order: 'asc', moment },
      { limit: 0, offset: 0, after: null },
      { limit: mostAssignments, offset: 0 },
    );
    if (studentCount > mostStudents) throw tooLarge(`${mostStudents} students`);
    if (assignmentCount > mostAssignments) throw tooLarge(`${mostAssignments} assignments`);
    return { ...students, assignmentIds: assignments.map(({ id }) => id) };
  }

  count({ filter: { assignmentIds: _, ...filter }, ...scope }: ReportScope<GradebookFilter>): Promise<number> {
    return this.students.count({ ...scope, filter });
  }

  async page(scope: ReportScope<GradebookFilter>, position: string | null, limit: number): Promise<ReportPage> {
    const { viewer, filter, moment } = scope;
    const { assignmentIds } = filter;
    const most = Math.min(limit, Math.max(1, Math.floor(mostCells / Math.max(1, assignmentIds.length))));
    const students = await this.grades.list(scope.viewer, scope, position, most);
    const ids = students.map(({ id }) => id);
    const cells = await this.gradebook.cells(viewer, ids, assignmentIds, moment.now);
    const columns = new Map(assignmentIds.map((id, index) => [id, index]));
    const rows = new Map(ids.map((id) => [id, assignmentIds.map((): TableCell => null)]));
    for (const { studentId, assignmentId, ...cell } of cells) {
      rows.get(studentId)![columns.get(assignmentId)!] = fileCell(cell);
    }
    return {
      rows: students.map(({ id, name, pid, mean }) => [id, name, pid, mean, ...rows.get(id)!]),
      position: students.length < most ? null : students.at(-1)!.id,
    };
  }

  async summary(scope: ReportScope<GradebookFilter>): Promise<ReportSummary> {
    const assignments = await this.grades.listAssignments(scope.viewer, scope);
    const sums = await this.grades.sumUp(scope.viewer, scope);
    const assigned = assignments.reduce((sum, one) => sum + one.assigned, 0);
    const submitted = assignments.reduce((sum, one) => sum + one.submitted, 0);
    // by due date: the last ones are what is talked about
    const shown = assignments.slice(-assignmentsShown);
    const labels = shown.map(({ title }) => title);
    return {
      title: this.title,
      figures: [
        { label: 'Students', value: told(sums.students) },
        { label: 'Assignments', value: told(assignments.length) },
        { label: 'Mean of the students’ means', value: told(sums.mean) },
        { label: 'Handed in', value: told(assigned === 0 ? null : (100 * submitted) / assigned, ' %') },
        { label: 'Still to be handed in', value: told(assigned - submitted) },
      ],
      charts: [
        {
          kind: 'bar',
          title: `Handed in, by assignment${assignments.length > shown.length ? ` (the last ${shown.length} by due date)` : ''}`,
          unit: '% of the students who have it and are not excused',
          labels,
          series: [
            {
              name: 'Handed in',
              values: shown.map((one) => (one.assigned === 0 ? null : (100 * one.submitted) / one.assigned)),
            },
          ],
        },
        {
          kind: 'bar',
          title: 'Mean score by assignment',
          unit: '% of what could be reached',
          labels,
          series: [{ name: 'Mean score', values: shown.map(({ mean }) => mean) }],
        },
        {
          kind: 'bar',
          title: 'Students by mean',
          unit: 'students with a mean',
          labels: Array.from({ length: 10 }, (_, ten) => `${ten * 10}–${ten === 9 ? 100 : ten * 10 + 9}`),
          series: [{ name: 'Students', values: sums.means }],
        },
      ],
    };
  }
}

function tooLarge(bound: string): Problem {
  return new Problem(422, 'selection_too_large', { detail: `The filter means more than ${bound}; narrow it.` });
}
