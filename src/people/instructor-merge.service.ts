import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { PeopleRepository } from '../org/people.repository.js';
import { SegmentsRepository } from '../students/segments.repository.js';
import { Placement } from './placement.js';

/** Two rows of instructors who are one person. Days that are over stay with the row that was responsible then. */
@Injectable()
export class InstructorMergeService {
  constructor(
    private readonly placement: Placement,
    private readonly people: PeopleRepository,
    private readonly segments: SegmentsRepository,
    private readonly audit: AuditRecorder,
    private readonly database: Database,
    private readonly cache: Cache,
  ) {}

  /** @returns how many students were reassigned @throws ConstraintViolation for one outside the other's departments */
  async moveRoster(viewer: Viewer, fromId: string, intoId: string): Promise<number> {
    const studentIds = await this.placement.lockRoster(viewer.tenantId, fromId);
    await this.placement.assign(
      viewer.tenantId,
      studentIds.map((studentId) => ({ studentId, instructorId: intoId })),
    );
    await this.audit.record(
      viewer,
      studentIds.map((studentId) => ({
        action: 'student.reassigned',
        targetType: 'student',
        targetId: studentId,
        before: { instructorId: fromId },
        after: { instructorId: intoId },
      })),
    );
    const tags = [`roster:${fromId}`, `roster:${intoId}`, ...studentIds.map((id) => `student:${id}`)];
    await this.database.afterCommit(() => this.cache.bump([`tenant:${viewer.tenantId}`, ...tags]));
    return studentIds.length;
  }

  /** The rest of what belongs to an instructor. */
  async moveBelongings(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.people.mergeProfiles(tenantId, fromId, intoId);
    await this.segments.giveAway(tenantId, fromId, intoId);
  }
}
