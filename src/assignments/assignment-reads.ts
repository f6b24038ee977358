import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { scopeKey } from '../students/student-reads.js';
import { type AssignmentFilter, AssignmentListRepository } from './assignment-list.repository.js';
import type { AssignmentDetail, AssignmentListQuery, AssignmentRow } from './assignments.dto.js';

/** Not from a cache: what is overdue is so from one second to the next. */
@Injectable()
export class AssignmentReads {
  constructor(
    private readonly lists: AssignmentListRepository,
    private readonly clock: Clock,
  ) {}

  async list(viewer: Viewer, query: AssignmentListQuery): Promise<Page<AssignmentRow>> {
    const { sort, order = sort === 'created' ? 'desc' : 'asc' } = query;
    const { status, ownerId, category, tag, priority, isTemplate, search, dueFrom, dueTo, moduleId } = query;
    const filter: AssignmentFilter = {
      status, ownerId, category, tag, priority, isTemplate, search, dueFrom, dueTo, moduleId,
    }; // prettier-ignore
    const listing = {
      scope: ['assignments', scopeKey(viewer), filter, sort, order],
      keys: this.lists.cursorKinds(sort),
    };
    const position = positionOf(query, listing);
    const now = this.clock.now();
    const [rows, total] = await Promise.all([
      this.lists.list(viewer, filter, { sort, order, now }, position),
      position.page === undefined ? undefined : this.lists.count(viewer, filter, now),
    ]);
    const page = toPage(rows, position, { listing, keysOf: (row) => this.lists.cursorOf(sort, row), total });
    return { ...page, data: page.data.map(({ titleSort: _, ...row }): AssignmentRow => row) };
  }

  /** @throws Problem 404 */
  async get(viewer: Viewer, id: string): Promise<AssignmentDetail> {
    const assignment = await this.lists.findDetail(viewer, id, this.clock.now());
    if (!assignment) throw Problem.notFound('assignment');
    return assignment;
  }
}
