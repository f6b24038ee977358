import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { AccommodationsRepository } from './accommodations.repository.js';
import { SubmissionMergeRepository } from './submission-merge.repository.js';
import { SubmissionScoresRepository } from './submission-scores.repository.js';

/** Two rows of students who are one person, and whose work becomes that of one. */
@Injectable()
export class SubmissionMergeService {
  constructor(
    private readonly merges: SubmissionMergeRepository,
    private readonly scores: SubmissionScoresRepository,
    private readonly accommodations: AccommodationsRepository,
    private readonly progress: ProgressRepository,
    private readonly clock: Clock,
  ) {}

  /** Gives one student all that the other has to do and has done. The caller holds the locks of both, and of that. */
  async merge(tenantId: string, fromId: string, intoId: string): Promise<void> {
    const now = this.clock.now();
    await this.merges.deleteStaleOpen(tenantId, fromId, intoId);
    await this.merges.move(tenantId, fromId, intoId);
    await this.accommodations.giveAway(tenantId, fromId, intoId, now);
    const both = await this.merges.unite(tenantId, fromId, intoId);
    const united = both.map((assignmentId) => ({ assignmentId, studentId: intoId }));
    if (united.length > 0) await this.scores.refresh(tenantId, united, now);
    await this.progress.refreshAssignments(tenantId, [fromId, intoId], now);
  }
}
