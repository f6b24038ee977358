import { Injectable } from '@nestjs/common';
import { followClock } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { TenantsRepository } from '../org/tenants.repository.js';
import { AssignmentClockService } from './assignment-clock.service.js';
import { forEachTenant } from './each-tenant.js';

@Injectable()
export class AssignmentClockJobs {
  constructor(
    private readonly tenants: TenantsRepository,
    private readonly clock: AssignmentClockService,
  ) {}

  /** Opens first: what has just become available may be due soon. */
  @Handles(followClock)
  async followClock({ signal }: Run): Promise<Outcome> {
    let [opened, dueSoon, overdue] = [0, 0, 0];
    const tenants = (await this.tenants.list()).map(({ id }) => id);
    await forEachTenant(tenants, signal, async (id) => {
      opened += await this.clock.open(id, signal);
      dueSoon += await this.clock.tellDueSoon(id, signal);
      overdue += await this.clock.tellOverdue(id, signal);
    });
    return { opened, dueSoon, overdue };
  }
}
