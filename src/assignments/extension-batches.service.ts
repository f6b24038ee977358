import { Injectable } from '@nestjs/common';
import { readCsvFile } from '../http/csv-file.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { StudentChoice } from '../students/student-choice.service.js';
import { extensionFile, type ExtensionRow, readExtension, type RefusedRow } from './extension-row.js';
import type { ExtendMany, ExtendManyResponse, BatchTerms, ExtensionResult } from './extensions.dto.js';
import { ExtensionsRepository } from './extensions.repository.js';
import { ExtensionsService } from './extensions.service.js';

/** Extensions of one assignment for many students: what is asked for, row by row, and what became of each. */
@Injectable()
export class ExtensionBatches {
  constructor(
    private readonly extensions: ExtensionsService,
    private readonly repository: ExtensionsRepository,
    private readonly choice: StudentChoice,
  ) {}

  /** @throws Problem for what concerns all; a student or item at fault is a result */
  async extend(viewer: Viewer, assignmentId: string, request: ExtendMany): Promise<ExtendManyResponse> {
    const { studentIds, filter, items, until, reason } = request;
    if ([studentIds, filter, items].filter((given) => given !== undefined).length !== 1) {
      throw missing('/studentIds', 'give one of studentIds, filter and items');
    }
    if (items) {
      const rows = items.map((item, index) => readExtension(index + 1, item, { until, reason }));
      return this.apply(viewer, assignmentId, rows, request);
    }
    if (until === undefined) throw missing('/until', 'must be given');
    if (reason === undefined) throw missing('/reason', 'must be given');
    const { ids } = await this.choice.choose(viewer, { studentIds, filter });
    const meant = filter ? await this.repository.listHoldersAmong(viewer.tenantId, assignmentId, ids) : ids;
    const rows = meant.map((studentId, index) => ({ row: index + 1, studentId, pid: null, until, reason }));
    return this.apply(viewer, assignmentId, rows, request);
  }

  /** The same file again changes nothing. @throws Problem for a file that cannot be read; a row at fault is a result */
  async import(viewer: Viewer, assignmentId: string, file: unknown, query: BatchTerms): Promise<ExtendManyResponse> {
    const cells = await readCsvFile(file, extensionFile);
    const rows = cells.map((one, index) => readExtension(index + 1, one));
    return this.apply(viewer, assignmentId, rows, query);
  }

  private async apply(
    viewer: Viewer,
    assignmentId: string,
    read: readonly (ExtensionRow | RefusedRow)[],
    { dryRun, allOrNothing }: BatchTerms,
  ): Promise<ExtendManyResponse> {
    const rows = read.filter((row): row is ExtensionRow => !('result' in row));
    const refused = read.filter((row): row is RefusedRow => 'result' in row);
    const rejectedOf = (results: readonly Pick<ExtensionResult, 'result'>[]): number =>
      results.filter(({ result }) => result !== 'extended' && result !== 'unchanged').length;
    let applied = false;
    const plan = await this.extensions.extendMany(viewer, assignmentId, rows, (planned) => {
      applied = !dryRun && !(allOrNothing && refused.length + rejectedOf(planned) > 0);
      return applied;
    });
    const planned = plan.map(({ row, pid, student, result }) => ({
      row,
      studentId: student?.studentId,
      pid: pid ?? undefined,
      result,
    }));
    const results = [...refused, ...planned].sort((a, b) => a.row - b.row);
    const count = (wanted: ExtensionResult['result']): number =>
      results.filter(({ result }) => result === wanted).length;
    return {
      dryRun,
      extended: dryRun || applied ? count('extended') : 0,
      unchanged: count('unchanged'),
      rejected: rejectedOf(results),
      results,
    };
  }
}

function missing(pointer: string, detail: string): Problem {
  return Problem.invalid([{ pointer, code: 'field_required', detail }]);
}
