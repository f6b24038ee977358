import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { DatabaseUnavailable } from '../database/errors.js';
import { erasePeople, expireAccessFiles, writeAccessFiles } from '../jobs/catalogue.privacy.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { AccessRequestsRepository } from './access-requests.repository.js';
import { AccessLost, AccessWriter, PersonGone } from './access-writer.js';
import { Eraser } from './eraser.js';
import { ErasuresRepository } from './erasures.repository.js';

/** Longer than all attempts of a job take. */
const lostDays = 1;
const mostParts = 100;
const mostErasures = 100;

@Injectable()
export class PrivacyJobs {
  private readonly logger = new Logger('Privacy');

  constructor(
    private readonly requests: AccessRequestsRepository,
    private readonly writer: AccessWriter,
    private readonly erasures: ErasuresRepository,
    private readonly eraser: Eraser,
    private readonly clock: Clock,
  ) {}

  @Handles(writeAccessFiles)
  async writeFiles({ tenantId, key, attempt, signal }: Run): Promise<Outcome> {
    const request = await this.requests.begin(tenantId!, key, this.clock.now());
    if (!request) return { result: 'over' };
    try {
      return { rows: await this.writer.write(request, signal) };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AccessLost) return { result: 'lost' };
      if (error instanceof DatabaseUnavailable && attempt < writeAccessFiles.attempts) throw error;
      const reason =
        error instanceof PersonGone ? 'This person has been erased.' : 'It could not be written. Ask again.';
      if (!(error instanceof PersonGone)) {
        this.logger.error({ message: 'access files cannot be written', error: (error as Error).stack });
      }
      await this.requests.fail(request.tenantId, request, reason, this.clock.now());
      return { result: 'failed' };
    }
  }

  @Handles(expireAccessFiles)
  async expireFiles({ signal }: Run): Promise<Outcome> {
    const now = this.clock.now();
    const over = await this.requests.expire(now, new Date(now.getTime() - lostDays * 86_400_000));
    let deleted = 0;
    for (let count = mostParts; count === mostParts; deleted += count) {
      signal.throwIfAborted();
      count = await this.requests.deleteParts(mostParts);
    }
    await this.requests.recordEmptied();
    return { over, deleted };
  }

  @Handles(erasePeople)
  async erase({ signal }: Run): Promise<Outcome> {
    const counts = { held: 0, over: 0, begun: 0, done: 0, failed: 0 };
    for (const due of await this.erasures.listDue(this.clock.now(), mostErasures)) {
      signal.throwIfAborted();
      try {
        counts[await this.eraser.erase(due, signal)] += 1;
      } catch (error) {
        signal.throwIfAborted();
        // the next tick goes on with it; others need not wait
        counts.failed += 1;
        this.logger.error({ message: 'an erasure is interrupted', erasureId: due.id, error: (error as Error).stack });
      }
    }
    return counts;
  }
}
