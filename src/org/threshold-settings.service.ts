import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { withChange } from './changes.js';
import type { ThresholdChangeResponse, ThresholdsReplaced, ThresholdsResponse } from './thresholds.dto.js';
import { kindOf, type ThresholdOwner, type Thresholds, ThresholdsRepository } from './thresholds.repository.js';
import { ThresholdsService } from './thresholds.service.js';

/** The thresholds of a tenant, a department or an instructor by themselves, for those who may not change the rest. */
@Injectable()
export class ThresholdSettings {
  constructor(
    private readonly database: Database,
    private readonly thresholds: ThresholdsRepository,
    private readonly following: ThresholdsService,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
  ) {}

  /** @throws Problem 404 */
  async get(viewer: Viewer, owner: ThresholdOwner): Promise<ThresholdsResponse> {
    const found = await this.thresholds.find(viewer, owner);
    if (!found) throw unknown(owner);
    return found;
  }

  /**
   * @param version that the client has read; undefined where it does not mind
   * @throws Problem 404 also for those whom this viewer may see and not change, 412 for another version
   */
  replace(
    viewer: Viewer,
    owner: ThresholdOwner,
    { note, ...wanted }: Thresholds & { readonly note: string },
    version?: number,
  ): Promise<ThresholdsReplaced> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      await this.admit(viewer, owner);
      await this.following.hold(tenantId, wanted);
      const before = await this.thresholds.get(tenantId, owner);
      const known = await this.thresholds.countChanges(tenantId, owner);
      if (version !== undefined && version !== known) throw Problem.versionMismatch();
      const isNew = withChange(before, wanted) !== before;
      const after = isNew ? await this.thresholds.update(tenantId, owner, wanted) : before;
      const effect = await this.following.follow(viewer, owner, { before, after, note });
      if (isNew) {
        const targetId = owner.departmentId ?? owner.instructorId ?? tenantId;
        const target = { targetType: kindOf(owner), targetId };
        const reason = note === '' ? undefined : note;
        await this.audit.record(viewer, { action: 'thresholds.changed', ...target, before, after, reason });
        await this.database.afterCommit(() => this.cache.bump([`tenant:${tenantId}`]));
      }
      return { ...(await this.get(viewer, owner)), effect };
    });
  }

  /**
   * What `look` sees where the owner has these thresholds, which nobody else ever sees.
   * @throws Problem 404 also for those whom this viewer may see and not change
   */
  rehearse<T>(viewer: Viewer, owner: ThresholdOwner, wanted: Thresholds, look: () => Promise<T>): Promise<T> {
    return this.database.rehearse(async () => {
      await this.admit(viewer, owner);
      await this.thresholds.update(viewer.tenantId, owner, wanted);
      return look();
    });
  }

  /** Latest first. @throws Problem 404 also for those whom this viewer may see and not change */
  async listChanges(viewer: Viewer, owner: ThresholdOwner, query: PageQuery): Promise<Page<ThresholdChangeResponse>> {
    await this.admit(viewer, owner);
    const { tenantId } = viewer;
    const listing = { scope: ['thresholds.changes', tenantId, owner], keys: ['number'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.thresholds.listChanges(tenantId, owner, position),
      position.page === undefined ? undefined : this.thresholds.countChanges(tenantId, owner),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ version }) => [version], total });
  }

  private async admit(viewer: Viewer, owner: ThresholdOwner): Promise<void> {
    if (!(await this.thresholds.mayChange(viewer, owner))) throw unknown(owner);
  }
}

const unknown = (owner: ThresholdOwner): Problem => Problem.notFound(kindOf(owner));
