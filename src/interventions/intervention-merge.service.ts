import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import type { Viewer } from '../http/viewer.js';
import { InterventionMergeRepository } from './intervention-merge.repository.js';
import { InterventionRecord } from './intervention-record.js';

@Injectable()
export class InterventionMerge {
  constructor(
    private readonly merges: InterventionMergeRepository,
    private readonly record: InterventionRecord,
    private readonly clock: Clock,
  ) {}

  /**
   * Gives one of two students, or instructors, who are one person the cases of the other. Of two that are open one goes
   * on, and the other ends as its duplicate. The caller holds the locks of both people.
   */
  async merge(viewer: Viewer, fromId: string, intoId: string): Promise<void> {
    const { tenantId, userId } = viewer;
    const now = this.clock.now();
    await this.merges.lock(tenantId, [fromId, intoId]);
    const [kept, duplicate] = await this.merges.listOpen(tenantId, [fromId, intoId]);
    if (kept && duplicate) {
      const { id: interventionId, studentId, instructorId } = duplicate;
      await this.merges.closeDuplicate(tenantId, interventionId, userId, now);
      const details = { outcome: 'duplicate', interventionId: kept.id };
      const after = { studentId, instructorId, status: 'resolved', outcome: 'duplicate' } as const;
      const entry = { id: uuidv7(), interventionId, actorId: userId, kind: 'resolved', note: '', details } as const;
      await this.record.happened(viewer, [{ after, entry }], { event: 'closed', now });
    }
    await this.merges.giveAway(tenantId, fromId, intoId, now);
  }
}
