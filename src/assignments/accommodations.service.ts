import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Page, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { Viewer } from '../http/viewer.js';
import { withChange } from '../org/changes.js';
import { delegationOf } from '../students/student-filter.js';
import { scopeKey } from '../students/student-reads.js';
import {
  AccommodationResponse,
  AccommodationsQuery,
  ChangeAccommodation,
  CreateAccommodation,
} from './accommodations.dto.js';
import { AccommodationsRepository, type LockedAccommodation } from './accommodations.repository.js';
import { tagsOf } from './affected-students.js';

/** More time for all work of a student. Why may be of the student's health, and stays in the row: no audit repeats it. */
@Injectable()
export class AccommodationsService {
  constructor(
    private readonly database: Database,
    private readonly accommodations: AccommodationsRepository,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  async list(viewer: Viewer, query: AccommodationsQuery): Promise<Page<AccommodationResponse>> {
    const { studentId = null } = query;
    const listing = { scope: ['accommodations', scopeKey(viewer), studentId], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.accommodations.list(viewer, studentId, position),
      position.page === undefined ? undefined : this.accommodations.count(viewer, studentId),
    ]);
    const target = studentId === null ? {} : { targetId: studentId };
    await this.audit.recordRead(viewer, { action: 'accommodations.viewed', targetType: 'student', ...target });
    return toPage(rows, position, { listing, keysOf: ({ validFrom, id }) => [validFrom, id], total });
  }

  /** @throws Problem 400 for one without effect or end before its beginning, 404, 409 where there is one at that time */
  create(viewer: Viewer, request: CreateAccommodation): Promise<AccommodationResponse> {
    const now = this.clock.now();
    const { studentId, validFrom = now.toISOString() } = request;
    return this.database.transaction(async () => {
      const student = await this.accommodations.lockStudent(viewer, studentId);
      if (!student) throw Problem.notFound('student');
      const created = await this.accommodations.insert(viewer, { ...request, id: uuidv7(), validFrom }, now);
      await this.record(viewer, 'created', { ...created, ...student });
      return created;
    });
  }

  /**
   * Due dates of work that has been handed out follow.
   * @param version that the client has read; undefined where it does not mind
   */
  change(viewer: Viewer, id: string, change: ChangeAccommodation, version?: number): Promise<AccommodationResponse> {
    return this.database.transaction(async () => {
      const { instructorId, ...before } = await this.lock(viewer, id);
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      if (before.endedAt !== null) {
        throw Problem.conflict('accommodation_ended', 'This has been ended; make a new one.');
      }
      const wanted = withChange(before, change);
      if (wanted === before) return before;
      const after = await this.accommodations.update(viewer.tenantId, wanted, this.clock.now());
      await this.record(viewer, 'changed', { ...after, instructorId }, before);
      return after;
    });
  }

  /** Work that is handed out from now on is due as for everybody; one that is over stays as it is. */
  end(viewer: Viewer, id: string): Promise<void> {
    return this.database.transaction(async () => {
      const before = await this.lock(viewer, id);
      const ended = await this.accommodations.end(viewer.tenantId, id, this.clock.now());
      if (ended) await this.record(viewer, 'ended', { ...before, ...ended }, before);
    });
  }

  private async lock(viewer: Viewer, id: string): Promise<LockedAccommodation> {
    const found = await this.accommodations.lock(viewer, id);
    if (!found) throw Problem.notFound('accommodation');
    return found;
  }

  private async record(
    viewer: Viewer,
    what: 'created' | 'changed' | 'ended',
    after: LockedAccommodation,
    before?: AccommodationResponse,
  ): Promise<void> {
    const { id, studentId, instructorId } = after;
    await this.audit.record(viewer, {
      action: `accommodation.${what}`,
      targetType: 'student',
      targetId: studentId,
      before: before && termsOf(before),
      after: { id, ...termsOf(after), ...delegationOf(viewer, instructorId) },
    });
    await this.database.afterCommit(() => this.cache.bump(tagsOf(viewer.tenantId, [after])));
  }
}

function termsOf({ timeFactor, extraDays, validFrom, validTo }: AccommodationResponse): object {
  return { timeFactor, extraDays, validFrom, validTo };
}
