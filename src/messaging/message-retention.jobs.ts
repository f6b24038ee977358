import { Injectable } from '@nestjs/common';
import { forEachTenant } from '../assignments/each-tenant.js';
import { Clock } from '../database/clock.js';
import { deleteInBatches } from '../jobs/batches.js';
import { deleteExpiredMessages } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { TenantsRepository } from '../org/tenants.repository.js';
import { expiring, MessageRetentionRepository } from './message-retention.repository.js';

@Injectable()
export class MessageRetentionJobs {
  constructor(
    private readonly retention: MessageRetentionRepository,
    private readonly tenants: TenantsRepository,
    private readonly clock: Clock,
  ) {}

  @Handles(deleteExpiredMessages)
  async deleteExpired({ signal }: Run): Promise<Outcome> {
    const tenants = (await this.tenants.list()).map(({ id }) => id);
    let rowsDeleted = 0;
    await forEachTenant(tenants, signal, async (id) => {
      const since = await this.retention.findFirstKept(id, this.clock.now());
      for (const table of expiring) {
        rowsDeleted += await deleteInBatches(signal, (limit) => this.retention.delete(id, table, since, limit));
      }
    });
    return { rowsDeleted };
  }
}
