import { Injectable } from '@nestjs/common';
import { ViewersService } from '../auth/viewers.service.js';
import type { Viewer } from '../http/viewer.js';
import { followFilters } from '../jobs/catalogue.js';
import { Handles, type Outcome, type Run } from '../jobs/job.js';
import { TenantsRepository } from '../org/tenants.repository.js';
import { FollowedHandOuts } from './followed-hand-outs.service.js';
import { forEachTenant } from './each-tenant.js';
import { type FollowedHandOut, HandOutsRepository } from './hand-outs.repository.js';

@Injectable()
export class HandOutJobs {
  constructor(
    private readonly tenants: TenantsRepository,
    private readonly viewers: ViewersService,
    private readonly handOuts: HandOutsRepository,
    private readonly followed: FollowedHandOuts,
  ) {}

  /** Of one tenant, where something has happened in it, or of all. */
  @Handles(followFilters)
  async followFilters({ tenantId, signal }: Run): Promise<Outcome> {
    const tenants = tenantId === null ? (await this.tenants.list()).map(({ id }) => id) : [tenantId];
    let [handOuts, given] = [0, 0];
    await forEachTenant(tenants, signal, async (id) => {
      for (const handOut of await this.handOuts.listFollowed(id)) {
        given += await this.follow(id, handOut, signal);
        handOuts += 1;
      }
    });
    return { handOuts, given };
  }

  private async follow(tenantId: string, handOut: FollowedHandOut, signal: AbortSignal): Promise<number> {
    let total = 0;
    for (let after: string | null | undefined; after !== null;) {
      signal.throwIfAborted();
      const viewer = await this.viewerOf(tenantId, handOut);
      const { given, last } = await this.followed.followNext(tenantId, viewer, handOut, after);
      total += given;
      after = last;
    }
    return total;
  }

  private async viewerOf(tenantId: string, { createdById, id }: FollowedHandOut): Promise<Viewer | null> {
    // a service is nobody in particular: it reaches the tenant
    if (createdById === null) return { tenantId, userId: id, role: 'service', departmentId: null };
    return (await this.viewers.find(tenantId, createdById))?.viewer ?? null;
  }
}
