import { Injectable } from '@nestjs/common';
import { Id } from '../../http/fields.js';
import { Problem } from '../../http/problem.js';
import { validated } from '../../http/validation.pipe.js';
import type { Viewer } from '../../http/viewer.js';
import { type Filter, StudentFilter } from '../../students/student-filter.js';
import { StudentListRepository } from '../../students/student-list.repository.js';
import { StudentReads } from '../../students/student-reads.js';
import type { ReportScope } from '../report-kind.js';

const paging = ['limit', 'page', 'cursor'] as const;

class ReportedStudentsFilter extends StudentFilter {
  @Id({ optional: true, description: "A segment's filter; what is given beside it replaces its parts" })
  readonly segmentId?: string;
}

/** What kinds that are about students share: the filter of the house, with `segmentId` as in the list, and its count. */
@Injectable()
export class ReportedStudents {
  constructor(
    private readonly students: StudentReads,
    private readonly lists: StudentListRepository,
  ) {}

  /**
   * A segment is taken as it is now: the file has what was meant when it was asked for.
   * @throws Problem 400 with pointers below `/filter`, 404 for a segment
   */
  filterMeant(viewer: Viewer, given: Readonly<Record<string, unknown>>): Promise<Filter> {
    refusePaging(given);
    return this.students.filterMeant(viewer, validated(ReportedStudentsFilter, given, '/filter'));
  }

  /** As the list does: of very many an estimate. */
  async count({ viewer, filter, moment }: ReportScope<Filter>): Promise<number> {
    return (await this.lists.count(viewer, filter, moment)).total;
  }
}

/** @throws Problem 400 for what only a page of a list has */
export function refusePaging(given: Readonly<Record<string, unknown>>): void {
  const pages = paging.filter((name) => name in given);
  if (pages.length === 0) return;
  const detail = 'A report has all pages.';
  throw Problem.invalid(pages.map((name) => ({ pointer: `/filter/${name}`, code: 'field_unknown', detail })));
}
