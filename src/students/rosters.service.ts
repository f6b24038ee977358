import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { TenantsService } from '../org/tenants.service.js';
import { type Assignment, StudentsRepository } from './students.repository.js';

@Injectable()
export class Rosters {
  constructor(
    private readonly students: StudentsRepository,
    private readonly tenants: TenantsService,
    private readonly clock: Clock,
  ) {}

  /** Puts locked students on rosters from now on, in the department that each has by then; the history says so. */
  async enter(tenantId: string, assignments: readonly Assignment[]): Promise<void> {
    if (assignments.length === 0) return;
    const today = await this.tenants.today(tenantId);
    await this.students.assign(tenantId, assignments, { now: this.clock.now(), today });
  }
}
