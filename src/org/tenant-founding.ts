import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import { DepartmentsRepository } from './departments.repository.js';
import { localDay } from './local-day.js';
import { TenantsRepository } from './tenants.repository.js';
import { UsersRepository } from './users.repository.js';

export interface NewTenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  /** One that there is. */
  readonly timeZone: string;
  readonly administrator: {
    readonly id: string;
    readonly name: string;
    readonly email: string;
    readonly passwordHash?: string;
  };
}

/** How a tenant begins: with a root department and an administrator. */
@Injectable()
export class TenantFounding {
  constructor(
    private readonly tenants: TenantsRepository,
    private readonly departments: DepartmentsRepository,
    private readonly users: UsersRepository,
    private readonly clock: Clock,
  ) {}

  /** In the running transaction. @returns false when there is a tenant with this id */
  async found({ administrator, ...tenant }: NewTenant): Promise<boolean> {
    const { id, name, timeZone } = tenant;
    const now = this.clock.now();
    if ((await this.tenants.insert(tenant, now)) === 0) return false;
    await this.departments.insert(id, [{ id: uuidv7(), parentId: null, code: 'root', name }], now);
    const joinedOn = localDay(timeZone, now);
    await this.users.insert(id, [{ ...administrator, role: 'admin', departmentId: null, joinedOn }], now);
    return true;
  }
}
