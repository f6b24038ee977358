import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import type { LegalHoldResponse, LegalHoldsQuery, LiftLegalHold, PlaceLegalHold } from './legal-holds.dto.js';
import { LegalHoldsRepository } from './legal-holds.repository.js';

@Injectable()
export class LegalHolds {
  constructor(
    private readonly database: Database,
    private readonly holds: LegalHoldsRepository,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async list({ tenantId }: Viewer, query: LegalHoldsQuery): Promise<Page<LegalHoldResponse>> {
    const { state, personId } = query;
    const listing = { scope: ['legal holds', state, personId], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.holds.list(tenantId, query, position),
      position.page === undefined ? undefined : this.holds.count(tenantId, query),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ placedAt, id }) => [placedAt, id], total });
  }

  /** @throws Problem 422 where there is no such person */
  place(viewer: Viewer, request: PlaceLegalHold): Promise<LegalHoldResponse> {
    const { tenantId, userId } = viewer;
    return this.database.transaction(async () => {
      await this.holds.lockOut();
      const id = uuidv7();
      const hold = await this.holds.insert(tenantId, id, request, { by: userId, at: this.clock.now() });
      const { category, personId, reason } = hold;
      await this.audit.record(viewer, {
        action: 'legal_hold.placed',
        targetType: 'legal_hold',
        targetId: id,
        personId,
        after: { category, personId },
        reason,
      });
      return hold;
    });
  }

  /** One that was lifted before stays as it is. @throws Problem 404 */
  lift(viewer: Viewer, id: string, { reason }: LiftLegalHold): Promise<LegalHoldResponse> {
    const { tenantId, userId } = viewer;
    return this.database.transaction(async () => {
      const before = await this.holds.lock(tenantId, id);
      if (!before) throw Problem.notFound('legal_hold');
      if (before.state === 'lifted') return before;
      const hold = await this.holds.lift(tenantId, id, { by: userId, at: this.clock.now() });
      const { category, personId } = hold;
      await this.audit.record(viewer, {
        action: 'legal_hold.lifted',
        targetType: 'legal_hold',
        targetId: id,
        personId,
        before: { category, personId, liftedAt: null },
        after: { category, personId, liftedAt: hold.liftedAt },
        reason,
      });
      return hold;
    });
  }
}
