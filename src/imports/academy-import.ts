import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { addDays, localDay } from '../org/local-day.js';
import type { Tenant } from '../org/tenants.repository.js';
import { academyDay, planAcademy } from './academy-plan.js';
import { type Filled, TenantImport } from './tenant-import.js';

/** The generated tenant of the demo: quizzes, voice and achievements, which the real data beside it has not. */
@Injectable()
export class AcademyImport {
  constructor(
    private readonly tenantImport: TenantImport,
    private readonly clock: Clock,
  ) {}

  async run(tenant: Tenant): Promise<Filled> {
    const now = this.clock.now();
    const today = localDay(tenant.timeZone, now);
    const plan = planAcademy(tenant.id, tenant.timeZone, today, now);
    let read = 0;
    function* histories(): Generator<(typeof plan.histories)[number]> {
      for (const history of plan.histories) {
        read += 1;
        yield history;
      }
    }
    return this.tenantImport.fill(tenant, plan, {
      histories: histories(),
      since: addDays(today, -academyDay),
      today,
      share: () => read / plan.histories.length,
      work: plan.work,
    });
  }
}
