import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { localDay } from './local-day.js';
import { Problem } from '../http/problem.js';
import { Tenant, TenantsRepository } from './tenants.repository.js';

const lifetimeMilliseconds = 10_000;

/** A point in time, and the tenant's own day that it lies in, `YYYY-MM-DD`. */
export interface Moment {
  readonly today: string;
  readonly now: Date;
}

/** Settings of tenants, remembered for ten seconds, since every request asks for the tenant's own day. */
@Injectable()
export class TenantsService {
  private readonly remembered = new Map<string, { tenant: Tenant; until: number }>();

  constructor(
    private readonly tenants: TenantsRepository,
    private readonly clock: Clock,
  ) {}

  /** @throws Error when there is no such tenant: whoever asks holds a reference to it */
  async get(tenantId: string): Promise<Tenant> {
    const now = this.clock.now().getTime();
    const known = this.remembered.get(tenantId);
    if (known && now < known.until && now > known.until - 2 * lifetimeMilliseconds) return known.tenant;
    const tenant = await this.tenants.find(tenantId);
    if (!tenant) throw new Error(`tenant ${tenantId} does not exist`);
    this.remembered.set(tenantId, { tenant, until: now + lifetimeMilliseconds });
    return tenant;
  }

  /** After a change in this process; others remember what was for ten seconds at most. */
  forget(tenantId: string): void {
    this.remembered.delete(tenantId);
  }

  /** The tenant's own day, `YYYY-MM-DD`. */
  async today(tenantId: string): Promise<string> {
    return (await this.moment(tenantId)).today;
  }

  async moment(tenantId: string): Promise<Moment> {
    const { timeZone } = await this.get(tenantId);
    const now = this.clock.now();
    return { today: localDay(timeZone, now), now };
  }
}

export function purposeMissing(pointer: string): Problem {
  return Problem.unprocessable('purpose_missing', 'This organisation wants to know what its data leave for.', pointer);
}
