import { Injectable } from '@nestjs/common';
import { AssignmentsRepository } from '../assignments/assignments.repository.js';
import { Clock } from '../database/clock.js';
import type { Viewer } from '../http/viewer.js';
import { PeopleRepository } from '../org/people.repository.js';
import { ReportSchedulesRepository } from '../reports/report-schedules.repository.js';
import { SegmentsRepository } from '../students/segments.repository.js';
import { PeopleRecord } from './people-record.js';
import { Placement } from './placement.js';

/** Two rows of instructors who are one person. Days that are over stay with the row that was responsible then. */
@Injectable()
export class InstructorMergeService {
  constructor(
    private readonly placement: Placement,
    private readonly people: PeopleRepository,
    private readonly segments: SegmentsRepository,
    private readonly assignments: AssignmentsRepository,
    private readonly schedules: ReportSchedulesRepository,
    private readonly record: PeopleRecord,
    private readonly clock: Clock,
  ) {}

  /** @returns how many students were reassigned @throws ConstraintViolation for one outside the other's departments */
  async moveRoster(viewer: Viewer, fromId: string, intoId: string): Promise<number> {
    await this.assignments.lockOwned(viewer.tenantId, fromId);
    const studentIds = await this.placement.lockRoster(viewer.tenantId, fromId);
    await this.placement.assign(
      viewer.tenantId,
      studentIds.map((studentId) => ({ studentId, instructorId: intoId })),
    );
    await this.record.reassignments(viewer, studentIds, fromId, intoId);
    return studentIds.length;
  }

  /** The rest of what belongs to an instructor. */
  async moveBelongings(tenantId: string, fromId: string, intoId: string): Promise<void> {
    const now = this.clock.now();
    await this.people.mergeProfiles(tenantId, fromId, intoId);
    await this.people.moveDelegations(tenantId, fromId, intoId, now);
    await this.segments.giveAway(tenantId, fromId, intoId);
    await this.assignments.giveAway(tenantId, fromId, intoId, now);
    await this.schedules.giveAway(tenantId, fromId, intoId);
  }
}
