import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Database } from '../database/database.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import type { BounceResponse } from './bounces.dto.js';
import { BouncesRepository } from './bounces.repository.js';

/** Addresses that mails came back from. */
@Injectable()
export class BouncesService {
  constructor(
    private readonly database: Database,
    private readonly bounces: BouncesRepository,
    private readonly audit: AuditRecorder,
  ) {}

  async list({ tenantId }: Viewer, query: PageQuery): Promise<Page<BounceResponse>> {
    const listing = { scope: ['bounces', tenantId], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.bounces.list(tenantId, position),
      position.page === undefined ? undefined : this.bounces.count(tenantId),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ at, userId }) => [at, userId], total });
  }

  /** @throws Problem 404 */
  clear(viewer: Viewer, userId: string): Promise<void> {
    return this.database.transaction(async () => {
      const before = await this.bounces.deleteOf(viewer.tenantId, userId);
      if (!before) throw Problem.notFound('bounce');
      const entry = { action: 'bounce.cleared', targetType: 'user', targetId: userId, before };
      await this.audit.record(viewer, entry);
    });
  }
}
