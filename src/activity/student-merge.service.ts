import { Injectable } from '@nestjs/common';
import { Outbox } from '../jobs/outbox.js';
import type { Moment } from '../org/tenants.service.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { SnapshotsRepository } from './snapshots.repository.js';
import { StudentMergeRepository } from './student-merge.repository.js';

/** Two rows of students who are one person. */
@Injectable()
export class StudentMergeService {
  constructor(
    private readonly merges: StudentMergeRepository,
    private readonly snapshots: SnapshotsRepository,
    private readonly progress: ProgressRepository,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Gives one student everything that the other has done, so that every number is as if one had done both, and leaves
   * the other with nothing. In the caller's transaction, which holds the locks of both rows of progress.
   * @param moment with the tenant's local day, asked once the locks are held
   * @returns the number of sessions that moved
   */
  async merge(tenantId: string, fromId: string, intoId: string, moment: Moment): Promise<number> {
    const { today } = moment;
    const sessions = await this.merges.moveSessions(tenantId, fromId, intoId);
    await this.merges.mergeCategories(tenantId, fromId, intoId);
    await this.merges.mergeAchievements(tenantId, fromId, intoId);
    await this.progress.mergeHistory(tenantId, fromId, intoId);
    const days = await this.merges.deleteSnapshots(tenantId, fromId);
    await this.progress.giveAway(tenantId, fromId, intoId);
    if (days.length === 0) return sessions;

    const touched = days.map((day) => ({ studentId: intoId, day }));
    const changes = await this.snapshots.refresh(tenantId, touched, moment);
    const late = touched.filter(({ day }) => day < today);
    if (late.length > 0) await this.snapshots.reopenAfter(tenantId, late);
    await this.progress.refresh(tenantId, changes, moment);
    await this.outbox.append(tenantId, 'activity.sessions-recorded', intoId, { studentIds: [intoId], days });
    return sessions;
  }
}
