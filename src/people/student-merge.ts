import { Injectable } from '@nestjs/common';
import { StudentMergeService } from '../activity/student-merge.service.js';
import { PastSessionsRepository } from '../analytics/past-sessions.repository.js';
import { AssignmentsRepository } from '../assignments/assignments.repository.js';
import { SubmissionMergeService } from '../assignments/submission-merge.service.js';
import { Placement } from './placement.js';

/** All that there is of two rows of students who are one person: their history, activity and work. */
@Injectable()
export class StudentMerge {
  constructor(
    private readonly placement: Placement,
    private readonly activity: StudentMergeService,
    private readonly past: PastSessionsRepository,
    private readonly assignments: AssignmentsRepository,
    private readonly submissions: SubmissionMergeService,
  ) {}

  /** Comes first. Who is no student is passed over. */
  async lock(tenantId: string, userIds: readonly string[]): Promise<void> {
    await this.assignments.lockAllOf(tenantId, userIds);
    await this.placement.lock(tenantId, userIds);
  }

  /** @returns the number of sessions that moved */
  async merge(tenantId: string, fromId: string, intoId: string): Promise<number> {
    const moment = await this.placement.endHistory(tenantId, fromId);
    const sessions = await this.activity.merge(tenantId, fromId, intoId, moment);
    await this.past.giveAway(tenantId, fromId, intoId, moment.now);
    await this.submissions.merge(tenantId, fromId, intoId);
    return sessions;
  }
}
