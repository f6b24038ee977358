import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { closeDays } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { addDays, localDay } from '../org/local-day.js';
import { TenantsRepository } from '../org/tenants.repository.js';
import { DayCloseService } from './day-close.service.js';

@Injectable()
export class ActivityJobs {
  constructor(
    private readonly tenants: TenantsRepository,
    private readonly days: DayCloseService,
    private readonly clock: Clock,
  ) {}

  /** Every tenant whose midnight has passed since its last closed day; one that fails does not hold up the others. */
  @Handles(closeDays)
  async closeDays({ signal }: Run): Promise<Outcome> {
    const failures: unknown[] = [];
    let [tenants, snapshotsClosed, studentsMoved] = [0, 0, 0];
    for (const { id, timeZone, closedDay } of await this.tenants.list()) {
      const today = localDay(timeZone, this.clock.now());
      if (closedDay !== null && closedDay >= addDays(today, -1)) continue;
      try {
        const closed = await this.days.close(id, today, signal);
        tenants += 1;
        snapshotsClosed += closed.snapshotsClosed;
        studentsMoved += closed.studentsMoved;
      } catch (error) {
        signal.throwIfAborted();
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} tenants: ${String(failures[0])}`);
    return { tenants, snapshotsClosed, studentsMoved };
  }
}
