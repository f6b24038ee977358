import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { insertTwice } from '../database/errors.js';
import { Page, PageQuery, positionOf, toPage } from '../http/paging.js';
import { declareConstraint, Problem } from '../http/problem.js';
import { personOf, Viewer } from '../http/viewer.js';
import { TenantsService } from '../org/tenants.service.js';
import { ChangeSegment, CreateSegment, SegmentCount } from './segments.dto.js';
import { Segment, SegmentsRepository } from './segments.repository.js';
import { filterOf } from './student-filter.js';
import { StudentListRepository } from './student-list.repository.js';

declareConstraint('segments__name_key', {
  status: 409,
  code: 'segment_name_taken',
  detail: 'You have a segment of this name.',
  pointer: '/name',
});

@Injectable()
export class SegmentsService {
  constructor(
    private readonly database: Database,
    private readonly segments: SegmentsRepository,
    private readonly lists: StudentListRepository,
    private readonly tenants: TenantsService,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async list(viewer: Viewer, query: PageQuery): Promise<Page<Segment>> {
    const listing = { scope: ['segments', viewer.userId], keys: ['text', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.segments.list(viewer, position),
      position.page === undefined ? undefined : this.segments.count(viewer),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ name, id }) => [name, id], total });
  }

  async get(viewer: Viewer, id: string): Promise<Segment> {
    const segment = await this.segments.find(viewer, id);
    if (!segment) throw Problem.notFound('segment');
    return segment;
  }

  async count(viewer: Viewer, id: string): Promise<SegmentCount> {
    const { filter } = await this.get(viewer, id);
    const count = await this.lists.count(viewer, filter, await this.tenants.moment(viewer.tenantId));
    return { total: count.total, totalIsEstimate: count.isEstimate };
  }

  /** Creating with an id that one has used before answers what was created then. */
  create(viewer: Viewer, { id = uuidv7(), name, filter, isShared }: CreateSegment): Promise<Segment> {
    const create = async (): Promise<Segment> => {
      const wanted = { id, name, filter: filterOf(filter), isShared };
      const created = await this.segments.insert(viewer, wanted, this.clock.now());
      if (created) {
        await this.audit.record(viewer, {
          action: 'segment.created',
          targetType: 'segment',
          targetId: id,
          personId: personOf(viewer),
          after: recordable(wanted),
        });
        return created;
      }
      const existing = await this.segments.find(viewer, id);
      if (existing?.ownerId === viewer.userId) return existing;
      throw Problem.conflict('segment_id_taken', 'This id is in use.', '/id');
    };
    return insertTwice(() => this.database.transaction(create));
  }

  /** @param version that the client has read; undefined where it does not mind */
  change(viewer: Viewer, id: string, change: ChangeSegment, version?: number): Promise<Segment> {
    return this.database.transaction(async () => {
      const before = await this.get(viewer, id);
      if (before.ownerId !== viewer.userId) throw Problem.notFound('segment');
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      const { name = before.name, isShared = before.isShared } = change;
      const filter = change.filter ? filterOf(change.filter) : before.filter;
      const after = await this.segments.update(viewer, { ...before, name, isShared, filter }, this.clock.now());
      if (!after) throw Problem.versionMismatch();
      await this.audit.record(viewer, {
        action: 'segment.changed',
        targetType: 'segment',
        targetId: id,
        personId: personOf(viewer),
        before: recordable(before),
        after: recordable(after),
      });
      return after;
    });
  }

  delete(viewer: Viewer, id: string): Promise<void> {
    return this.database.transaction(async () => {
      const deleted = await this.segments.delete(viewer, id);
      if (deleted === 0) throw Problem.notFound('segment');
      await this.audit.record(viewer, {
        action: 'segment.deleted',
        targetType: 'segment',
        targetId: id,
        personId: personOf(viewer),
      });
    });
  }
}

/** What somebody calls a filter may be the name of somebody else, which the audit could not forget. */
function recordable<T extends { readonly name: string }>({ name: _, ...others }: T): Omit<T, 'name'> {
  return others;
}
