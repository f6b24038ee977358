import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { Viewer } from '../http/viewer.js';
import { withChange } from './changes.js';
import {
  ChangeInstructor,
  InstructorChange,
  InstructorDetail,
  InstructorRow,
  InstructorsQuery,
} from './instructors.dto.js';
import { InstructorsRepository } from './instructors.repository.js';
import { ThresholdsService } from './thresholds.service.js';
import { organisationTags } from './organisation-tags.js';

@Injectable()
export class InstructorsService {
  constructor(
    private readonly database: Database,
    private readonly instructors: InstructorsRepository,
    private readonly thresholds: ThresholdsService,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
  ) {}

  async list(viewer: Viewer, query: InstructorsQuery): Promise<Page<InstructorRow>> {
    const { search, departmentId, isActive } = query;
    const filter = { search, departmentId, isActive };
    const { userId, role, departmentId: own } = viewer;
    const listing = { scope: ['instructors', userId, role, own, filter], keys: ['text', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.instructors.list(viewer, filter, position),
      position.page === undefined ? undefined : this.instructors.count(viewer, filter),
    ]);
    const page = toPage(rows, position, { listing, keysOf: ({ nameSort, id }) => [nameSort, id], total });
    return { ...page, data: page.data.map(({ nameSort: _, ...row }) => row) };
  }

  /** Is on record, unless it is oneself. @throws Problem 404 */
  async get(viewer: Viewer, id: string): Promise<InstructorDetail> {
    const instructor = await this.find(viewer, id);
    if (instructor.id !== viewer.userId) {
      const entry = { action: 'instructor.viewed', targetType: 'instructor', targetId: instructor.id };
      await this.audit.recordRead(viewer, entry);
    }
    return instructor;
  }

  private async find(viewer: Viewer, id: string): Promise<InstructorDetail> {
    const instructor = await this.instructors.find(viewer, id);
    if (!instructor) throw Problem.notFound('instructor');
    return instructor;
  }

  /**
   * @param version that the client has read; undefined where it does not mind
   * @throws Problem 404, 409 for an employee id that is taken, 412 for another version, 422 for an unknown supervisor
   */
  change(
    viewer: Viewer,
    id: string,
    change: ChangeInstructor,
    dryRun: boolean,
    version?: number,
  ): Promise<InstructorChange> {
    const { tenantId } = viewer;
    const work = async (): Promise<InstructorChange> => {
      await this.thresholds.hold(tenantId, change);
      const before = await this.instructors.lock(tenantId, id);
      if (!before) throw Problem.notFound('instructor');
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      const wanted = withChange(before, change);
      const after = wanted === before ? before : await this.instructors.update(tenantId, wanted);
      const effect = await this.thresholds.follow(viewer, { instructorId: id }, { before, after });
      if (after !== before) {
        const entry = { action: 'instructor.changed', targetType: 'instructor', targetId: id, before, after };
        await this.audit.record(viewer, entry);
        await this.database.afterCommit(() => this.cache.bump(organisationTags(tenantId)));
      }
      return { ...(await this.find(viewer, id)), dryRun, effect };
    };
    return dryRun ? this.database.rehearse(work) : this.database.transaction(work);
  }
}
