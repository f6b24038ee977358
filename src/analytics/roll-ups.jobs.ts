import { Injectable } from '@nestjs/common';
import { followPassMark, rollUpClosedDay, rollUpDays } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { type Tenant, TenantsRepository } from '../org/tenants.repository.js';
import { RollUps } from './roll-ups.service.js';

/** Of a tenant at one go: 20 s where each cell has 1,000 students. What is left waits for the others. */
const mostChunks = 100;

@Injectable()
export class RollUpJobs {
  constructor(
    private readonly rollUps: RollUps,
    private readonly tenants: TenantsRepository,
  ) {}

  @Handles(rollUpDays)
  async rollUpDays({ signal }: Run): Promise<Outcome> {
    let [students, cells] = [0, 0];
    await this.eachTenant(signal, async ({ id }) => {
      const added = await this.rollUps.rollUp(id, signal, mostChunks);
      students += added.students;
      cells += added.cells;
    });
    return { students, cells };
  }

  @Handles(rollUpClosedDay)
  async rollUpClosedDay({ tenantId, payload, signal }: Run): Promise<Outcome> {
    const { day } = payload as { day: string };
    const marked = await this.rollUps.markDays(tenantId!, { from: day, to: day }, signal);
    return { marked, ...(await this.rollUps.rollUp(tenantId!, signal)) };
  }

  @Handles(followPassMark)
  async followPassMark({ tenantId, signal }: Run): Promise<Outcome> {
    const tenant = await this.tenants.find(tenantId!);
    if (!tenant) return;
    return { marked: await this.rollUps.markDays(tenant.id, this.rollUps.recountable(tenant), signal) };
  }

  /** One that fails does not hold up the others. */
  private async eachTenant(signal: AbortSignal, work: (tenant: Tenant) => Promise<void>): Promise<void> {
    const failures: unknown[] = [];
    for (const tenant of await this.tenants.list()) {
      try {
        signal.throwIfAborted();
        await work(tenant);
      } catch (error) {
        signal.throwIfAborted();
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} tenants: ${String(failures[0])}`);
  }
}
