import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { closeCleared } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { addDays } from '../org/local-day.js';
import { InterventionRecord } from './intervention-record.js';
import { InterventionsRepository } from './interventions.repository.js';

/** Of one transaction: whoever writes to one of these cases waits for it. */
const chunkCases = 1_000;

@Injectable()
export class InterventionsJobs {
  constructor(
    private readonly database: Database,
    private readonly interventions: InterventionsRepository,
    private readonly record: InterventionRecord,
    private readonly clock: Clock,
  ) {}

  /** What was closed once is not found again. */
  @Handles(closeCleared)
  async closeCleared({ tenantId, payload, signal }: Run): Promise<Outcome> {
    const { day } = payload as { day: string };
    let closed = 0;
    for (let count = chunkCases; count === chunkCases; closed += count) {
      signal.throwIfAborted();
      count = await this.closeChunk(tenantId!, day);
    }
    return { closed };
  }

  private closeChunk(tenantId: string, day: string): Promise<number> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const cleared = await this.interventions.closeCleared(tenantId, day, chunkCases, now);
      const happenings = cleared.map(({ id, studentId, instructorId, score, scoreBefore }) => ({
        after: { studentId, instructorId, status: 'resolved' as const },
        entry: {
          id: uuidv7(),
          interventionId: id,
          actorId: null,
          kind: 'closed_itself' as const,
          note: '',
          details: {
            evenings: [
              { day: addDays(day, -1), score: scoreBefore },
              { day, score },
            ],
          },
        },
      }));
      await this.record.happened({ tenantId, userId: null, role: 'service' }, happenings, { event: 'closed', now });
      return cleared.length;
    });
  }
}
