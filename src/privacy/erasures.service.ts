import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { ErasureRecord } from './erasure-record.js';
import type { ErasureResponse, ErasuresQuery, RequestErasure } from './erasures.dto.js';
import { ErasuresRepository } from './erasures.repository.js';
import { Obstacles } from './obstacles.js';
import { PrivatePeople } from './private-people.js';

@Injectable()
export class Erasures {
  constructor(
    private readonly database: Database,
    private readonly erasures: ErasuresRepository,
    private readonly people: PrivatePeople,
    private readonly obstacles: Obstacles,
    private readonly record: ErasureRecord,
    private readonly clock: Clock,
  ) {}

  /**
   * What was asked for before, and not cancelled, is answered once more.
   * @throws Problem 404, 409 for who was merged into somebody else, and for what must be done or lifted first
   */
  request(viewer: Viewer, request: RequestErasure): Promise<ErasureResponse> {
    const { tenantId, userId } = viewer;
    const personId = request.personId.toLowerCase();
    return this.database.transaction(async () => {
      const known = await this.erasures.findOf(tenantId, personId);
      if (known) return known;
      await this.people.demand(viewer, personId);
      const ids = await this.erasures.listIds(tenantId, personId);
      const obstacle = await this.obstacles.lock(tenantId, personId, ids);
      if (obstacle) throw Problem.conflict(obstacle.code, obstacle.detail);
      // whoever asked while we waited for the lock has been answered
      const asked = await this.erasures.findOf(tenantId, personId);
      if (asked) return asked;
      const now = this.clock.now();
      const days = await this.erasures.waitingDays(tenantId);
      const dueAt = new Date(now.getTime() + days * 86_400_000);
      const id = uuidv7();
      await this.erasures.insert(tenantId, { id, personId, requestedBy: userId, reason: request.reason }, now, dueAt);
      const erasure = (await this.erasures.find(tenantId, id))!;
      await this.record.requested(viewer, erasure, days === 0);
      return erasure;
    });
  }

  async list({ tenantId }: Viewer, { personId, status, ...query }: ErasuresQuery): Promise<Page<ErasureResponse>> {
    const filter = { personId: personId?.toLowerCase(), status };
    const listing = { scope: ['erasures', filter], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.erasures.list(tenantId, filter, position),
      position.page === undefined ? undefined : this.erasures.count(tenantId, filter),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ createdAt, id }) => [createdAt, id], total });
  }

  /** @throws Problem 404 */
  async get({ tenantId }: Viewer, id: string): Promise<ErasureResponse> {
    const erasure = await this.erasures.find(tenantId, id);
    if (!erasure) throw Problem.notFound('erasure');
    return erasure;
  }

  /** Cancelling twice is no error. @throws Problem 404, 409 once it has begun */
  cancel(viewer: Viewer, id: string): Promise<ErasureResponse> {
    return this.database.transaction(async () => {
      const { personId, status } = await this.get(viewer, id);
      if (await this.erasures.cancel(viewer.tenantId, id, viewer.userId, this.clock.now())) {
        await this.record.cancelled(viewer, personId, id);
      } else if (status !== 'cancelled') {
        throw Problem.conflict('erasure_begun', 'It has begun, and nothing of it can be brought back.');
      }
      return this.get(viewer, id);
    });
  }
}
