import { Injectable } from '@nestjs/common';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import type { JsonBytes } from '../http/answer.js';
import { positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { scopeKey, scopeTags } from '../students/student-reads.js';
import { type AssignmentFilter, AssignmentListRepository } from './assignment-list.repository.js';
import type { AssignmentDetail, AssignmentListQuery, AssignmentRow } from './assignments.dto.js';

/** What becomes overdue may stand in a list for this long before it is called so. */
const listSeconds = 60;

/** Bumped by every change to an assignment: templates are seen by people whom no tag of a roster names. */
export const assignmentsTag = (tenantId: string): string => `assignments:${tenantId}`;

@Injectable()
export class AssignmentReads {
  constructor(
    private readonly lists: AssignmentListRepository,
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  list(viewer: Viewer, query: AssignmentListQuery): Promise<JsonBytes> {
    const { sort, order = sort === 'created' ? 'desc' : 'asc' } = query;
    const { status, ownerId, category, tag, priority, isTemplate, search, dueFrom, dueTo, moduleId } = query;
    const filter: AssignmentFilter = {
      status, ownerId, category, tag, priority, isTemplate, search, dueFrom, dueTo, moduleId,
    }; // prettier-ignore
    const listing = { scope: [scopeKey(viewer), filter, sort, order], keys: this.lists.cursorKinds(sort) };
    const position = positionOf(query, listing);
    const key = `assignments.list ${JSON.stringify([listing.scope, position])}`;
    const tags = [assignmentsTag(viewer.tenantId), ...scopeTags(viewer)];
    return this.cache.bytes(key, { tags, lifetimeSeconds: listSeconds }, async () => {
      const now = this.clock.now();
      const [rows, total] = await Promise.all([
        this.lists.list(viewer, filter, { sort, order, now }, position),
        position.page === undefined ? undefined : this.lists.count(viewer, filter, now),
      ]);
      const page = toPage(rows, position, { listing, keysOf: (row) => this.lists.cursorOf(sort, row), total });
      return { ...page, data: page.data.map(({ titleSort: _, ...row }): AssignmentRow => row) };
    });
  }

  /** @throws Problem 404 */
  async get(viewer: Viewer, id: string): Promise<AssignmentDetail> {
    const assignment = await this.lists.findDetail(viewer, id, this.clock.now());
    if (!assignment) throw Problem.notFound('assignment');
    return assignment;
  }
}
