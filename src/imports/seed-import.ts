import { Injectable } from '@nestjs/common';
import { v5 as uuidv5 } from 'uuid';
import { Clock } from '../database/clock.js';
import { addDays, localDay } from '../org/local-day.js';
import { type Tenant, TenantsRepository } from '../org/tenants.repository.js';
import { ImportsRepository } from './imports.repository.js';
import { SeedPlan, type SeedSize } from './seed-plan.js';
import { type Filled, TenantImport } from './tenant-import.js';

export interface SeedOptions extends SeedSize {
  readonly tenantSlug: string;
}

/** A tenant of any size for load tests. For the same slug, size and first day it has the same rows. */
@Injectable()
export class SeedImport {
  constructor(
    private readonly tenants: TenantsRepository,
    private readonly repository: ImportsRepository,
    private readonly tenantImport: TenantImport,
    private readonly clock: Clock,
  ) {}

  /** Called again it adds what is missing, and with larger numbers of people those; its days stay as they were. */
  async run({ tenantSlug: slug, ...size }: SeedOptions): Promise<Filled & { readonly tenant: Tenant }> {
    const now = this.clock.now();
    if (!(await this.tenants.findBySlug(slug))) {
      const id = uuidv5(slug, uuidv5.URL);
      await this.tenants.insert({ id, slug, name: `Load test ${slug}`, timeZone: 'Europe/London' }, now);
    }
    const tenant = (await this.tenants.findBySlug(slug))!;
    const today = localDay(tenant.timeZone, now);
    const known = await this.repository.findDepartmentStart(tenant.id, 'ROOT');
    const start = known ?? addDays(today, 1 - size.days);
    const plan = new SeedPlan(tenant.id, size, start);
    const loaded = await this.tenantImport.fill(tenant, plan.organisation(), {
      histories: plan.histories(tenant.timeZone, now),
      since: start,
      today,
      share: plan.share,
      work: plan.work(tenant.timeZone, now),
    });
    return { tenant, ...loaded };
  }
}
