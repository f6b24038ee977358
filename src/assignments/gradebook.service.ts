import type { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { type TableCell, writeTable } from '../http/table-file.js';
import { personOf, type Viewer } from '../http/viewer.js';
import { purposeMissing, TenantsService } from '../org/tenants.service.js';
import { scopeKey, StudentReads } from '../students/student-reads.js';
import { fileCell, leadingColumns } from './gradebook-file.js';
import type { GradebookCell, GradebookExportQuery, GradebookQuery, GradebookResponse } from './gradebook.dto.js';
import {
  type GradebookRange,
  GradebookRepository,
  type GradebookSelection,
  mostStudents,
} from './gradebook.repository.js';

/** Columns of a file. */
export const mostAssignments = 200;
/** What is read at once for a file: some megabytes. */
const mostAtOnce = { students: 500, cells: 20_000 };

interface Identified {
  readonly id: string;
}

interface Row {
  readonly cells: (GradebookCell | null)[];
}

@Injectable()
export class GradebookService {
  constructor(
    private readonly gradebook: GradebookRepository,
    private readonly students: StudentReads,
    private readonly tenants: TenantsService,
    private readonly audit: AuditRecorder,
  ) {}

  async page(viewer: Viewer, query: GradebookQuery): Promise<GradebookResponse> {
    const selection = await this.selectionOf(viewer, query);
    const { students, assignments, sort, order } = selection;
    const listing = {
      scope: ['gradebook', scopeKey(viewer), students, assignments, sort, order],
      keys: this.gradebook.cursorKinds(sort),
    };
    const position = positionOf(query, listing);
    const { assignmentsLimit: limit, assignmentsPage: page } = query;
    const { assignments: columns, ...found } = await this.gradebook.range(
      viewer,
      selection,
      { ...position, limit: position.limit + 1 },
      { limit, offset: (page - 1) * limit },
    );
    const { studentCount, assignmentCount } = found;
    refuseTooMany(studentCount);
    const { data, pagination } = toPage(found.students, position, {
      listing,
      keysOf: (row) => this.gradebook.cursorOf(sort, row),
      total: position.page === undefined ? undefined : studentCount,
    });
    const totalPages = Math.ceil(assignmentCount / limit);
    const rows = await this.rows(viewer, data, columns, selection.moment.now);
    return {
      students: rows.map(({ nameSort: _, ...row }) => row),
      assignments: columns,
      pagination,
      assignmentsPagination: {
        limit,
        page,
        total: assignmentCount,
        totalIsEstimate: false,
        totalPages,
        hasNext: page < totalPages,
        hasPrevious: page > 1,
      },
    };
  }

  /** The same as a file, all pages of it; on record before a byte of it leaves. */
  async export(viewer: Viewer, query: GradebookExportQuery): Promise<Readable> {
    const { purpose } = query;
    if (purpose === undefined && (await this.tenants.get(viewer.tenantId)).isPurposeRequired)
      throw purposeMissing('/purpose');
    const selection = await this.selectionOf(viewer, query);
    const everybody = { limit: mostStudents, offset: 0, after: null };
    const everything = { limit: mostAssignments, offset: 0 };
    const outline = await this.gradebook.range(viewer, selection, everybody, everything);
    refuseTooMany(outline.studentCount);
    if (outline.assignmentCount > mostAssignments) {
      throw tooLarge(`The filter means more than ${mostAssignments} assignments; narrow it.`);
    }
    const { students, assignments } = selection;
    const { now } = selection.moment;
    await this.audit.recordRead(viewer, {
      action: 'gradebook.exported',
      targetType: 'gradebook',
      personId: personOf(viewer),
      reason: purpose,
      after: {
        format: query.format,
        filter: { ...students, ...assignments },
        students: outline.studentCount,
        assignments: outline.assignmentCount,
        ...(viewer.rosters?.length ? { delegations: viewer.rosters } : {}),
      },
    });
    return writeTable(query.format, {
      title: 'Gradebook',
      columns: [...leadingColumns, ...outline.assignments.map(({ title }) => title)],
      rows: this.fileRows(viewer, outline, now),
    });
  }

  /** Between two reads nothing is held in the database: whoever stops reading leaves nothing behind there. */
  private async *fileRows(
    viewer: Viewer,
    { students, assignments }: Pick<GradebookRange, 'students' | 'assignments'>,
    now: Date,
  ): AsyncGenerator<TableCell[]> {
    const size = Math.min(mostAtOnce.students, Math.floor(mostAtOnce.cells / Math.max(1, assignments.length)));
    for (let first = 0; first < students.length; first += size) {
      const rows = await this.rows(viewer, students.slice(first, first + size), assignments, now);
      for (const { name, pid, mean, cells } of rows) yield [name, pid, mean, ...cells.map(fileCell)];
    }
  }

  /** The students with a cell for each of the assignments. */
  private async rows<T extends Identified>(
    viewer: Viewer,
    students: readonly T[],
    assignments: readonly Identified[],
    now: Date,
  ): Promise<(T & Row)[]> {
    const placed = await this.gradebook.cells(viewer, idsOf(students), idsOf(assignments), now);
    const columns = new Map(assignments.map(({ id }, index) => [id, index]));
    const rows = new Map(students.map((student) => [student.id, { ...student, cells: assignments.map(() => null) }]));
    for (const { studentId, assignmentId, ...cell } of placed) {
      (rows.get(studentId) as Row).cells[columns.get(assignmentId)!] = cell;
    }
    return [...rows.values()];
  }

  private async selectionOf(viewer: Viewer, query: GradebookQuery): Promise<GradebookSelection> {
    const { sort, order = sort === 'name' ? 'asc' : 'desc' } = query;
    const { assignmentIds, ownerId, category, tag, dueFrom, dueTo } = query;
    return {
      students: await this.students.filterMeant(viewer, query),
      assignments: { assignmentIds, ownerId, category, tag, dueFrom, dueTo },
      sort,
      order,
      moment: await this.tenants.moment(viewer.tenantId),
    };
  }
}

const idsOf = (list: readonly Identified[]): string[] => list.map(({ id }) => id);

function refuseTooMany(students: number): void {
  if (students > mostStudents) throw tooLarge(`The filter means more than ${mostStudents} students; narrow it.`);
}

function tooLarge(detail: string): Problem {
  return new Problem(422, 'selection_too_large', { detail });
}
