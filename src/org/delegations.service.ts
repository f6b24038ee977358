import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { Viewer } from '../http/viewer.js';
import { CreateDelegation, DelegationResponse, DelegationsQuery } from './delegations.dto.js';
import { DelegationsRepository } from './delegations.repository.js';

/**
 * A substitute's access to a roster begins and ends by the clock: the viewer of each request is told whose rosters
 * count as theirs. What was given does not pass on, because only one's own roster can be given.
 */
@Injectable()
export class DelegationsService {
  constructor(
    private readonly database: Database,
    private readonly delegations: DelegationsRepository,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  async list(viewer: Viewer, query: DelegationsQuery): Promise<Page<DelegationResponse>> {
    const { state } = query;
    const { userId, role, departmentId } = viewer;
    const listing = { scope: ['delegations', userId, role, departmentId, state], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const now = this.clock.now();
    const [rows, total] = await Promise.all([
      this.delegations.list(viewer, state, now, position),
      position.page === undefined ? undefined : this.delegations.count(viewer, state, now),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ validFrom, id }) => [validFrom, id], total });
  }

  /** @throws Problem 400 for a time that cannot be, 409 where the substitute has the roster then already, 422 */
  create(viewer: Viewer, request: CreateDelegation): Promise<DelegationResponse> {
    const now = this.clock.now();
    const { instructorId = viewer.userId, substituteId, reason } = request;
    const validFrom = new Date(Math.max(now.getTime(), Date.parse(request.validFrom ?? now.toISOString())));
    const wanted = { id: uuidv7(), instructorId, substituteId, validFrom, validTo: new Date(request.validTo), reason };
    return this.database.transaction(async () => {
      if (!(await this.delegations.lockGivable(viewer, instructorId))) throw instructorUnknown('/instructorId');
      const inserted = await this.delegations.insert(viewer, wanted, now);
      if (inserted === 0) throw instructorUnknown('/substituteId');
      await this.audit.record(viewer, {
        action: 'delegation.created',
        targetType: 'delegation',
        targetId: wanted.id,
        personId: instructorId,
        after: wanted,
      });
      return (await this.delegations.find(viewer, wanted.id, now))!;
    });
  }

  /** Ends it now; one that is over stays as it is. @throws Problem 404 */
  revoke(viewer: Viewer, id: string): Promise<void> {
    const now = this.clock.now();
    return this.database.transaction(async () => {
      const before = await this.delegations.find(viewer, id, now);
      if (!before) throw Problem.notFound('delegation');
      if ((await this.delegations.revoke(viewer.tenantId, id, now)) === 0) return;
      const { instructorId, substituteId, validTo } = before;
      await this.audit.record(viewer, {
        action: 'delegation.revoked',
        targetType: 'delegation',
        targetId: id,
        personId: instructorId,
        before: { instructorId, substituteId, validTo },
        after: { instructorId, substituteId, revokedAt: now },
      });
    });
  }
}

function instructorUnknown(pointer: string): Problem {
  return Problem.unprocessable('instructor_not_found', 'There is no such instructor.', pointer);
}
