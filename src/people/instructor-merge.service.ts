import { Injectable } from '@nestjs/common';
import { AssignmentsRepository } from '../assignments/assignments.repository.js';
import { Clock } from '../database/clock.js';
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
    private readonly assignments: AssignmentsRepository,
    private readonly clock: Clock,
  ) {}

  /** @returns which students were reassigned @throws ConstraintViolation for one outside the other's departments */
  async moveRoster(tenantId: string, fromId: string, intoId: string): Promise<string[]> {
    await this.assignments.lockOwned(tenantId, fromId);
    const studentIds = await this.placement.lockRoster(tenantId, fromId);
    await this.placement.assign(
      tenantId,
      studentIds.map((studentId) => ({ studentId, instructorId: intoId })),
    );
    return studentIds;
  }

  /** The rest of what only instructors have. */
  async moveBelongings(tenantId: string, fromId: string, intoId: string): Promise<void> {
    const now = this.clock.now();
    await this.people.mergeProfiles(tenantId, fromId, intoId);
    await this.people.moveDelegations(tenantId, fromId, intoId, now);
    await this.segments.giveAway(tenantId, fromId, intoId);
    await this.assignments.giveAway(tenantId, fromId, intoId, now);
  }
}
