import { Injectable, Logger } from '@nestjs/common';
import { Timeout } from '@nestjs/schedule';
import { IdempotencyRepository } from '../http/idempotency.repository.js';
import { deleteInBatches } from '../jobs/batches.js';
import { deleteExpiredKeys, preparePartitions } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { Outbox } from '../jobs/outbox.js';
import { Partitions } from './partitions.js';

@Injectable()
export class OperationsJobs {
  private readonly logger = new Logger('Operations');

  constructor(
    private readonly partitions: Partitions,
    private readonly keys: IdempotencyRepository,
    private readonly outbox: Outbox,
  ) {}

  /** Timers run where jobs do. A new installation has missed no tick, and would have no partitions for a day. */
  @Timeout('operations.worker-started', 0)
  async announceStart(): Promise<void> {
    try {
      await this.outbox.append(null, 'operations.worker-started', '', {});
    } catch (error) {
      this.logger.warn({ message: 'partitions are prepared at the next tick only', error: String(error) });
    }
  }

  @Handles(preparePartitions)
  async preparePartitions({ signal }: Run): Promise<Outcome> {
    return { made: await this.partitions.prepare(signal) };
  }

  @Handles(deleteExpiredKeys)
  async deleteExpiredKeys({ signal }: Run): Promise<Outcome> {
    return { keysDeleted: await deleteInBatches(signal, (limit) => this.keys.deleteExpired(limit)) };
  }
}
