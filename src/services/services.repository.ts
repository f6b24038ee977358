import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** A machine account. */
export interface Service {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly isActive: boolean;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const columns = `id, name, scopes, is_active as "isActive", version, created_at as "createdAt",
  updated_at as "updatedAt"`;

@Injectable()
export class ServicesRepository {
  constructor(private readonly database: Database) {}

  /** By name; `after` is the last name and id of the page before. */
  list(
    tenantId: string,
    { limit, offset, after }: { limit: number; offset: number; after: readonly unknown[] | null },
  ): Promise<Service[]> {
    return this.database.many<Service>(
      `-- services.listServices
      select ${columns} from services
      where tenant_id = $1 and ($2::text is null or (name, id) > ($2, $3::uuid))
      order by name, id limit $4 offset $5`,
      [tenantId, after?.[0] ?? null, after?.[1] ?? null, limit + 1, offset],
    );
  }

  async count(tenantId: string): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- services.countServices
      select count(*) as count from services where tenant_id = $1`,
      [tenantId],
    );
    return count;
  }

  find(tenantId: string, id: string): Promise<Service | null> {
    return this.database.maybeOne<Service>(
      `-- services.findService
      select ${columns} from services where tenant_id = $1 and id = $2`,
      [tenantId, id],
    );
  }

  findByName(tenantId: string, name: string): Promise<Service | null> {
    return this.database.maybeOne<Service>(
      `-- services.findServiceByName
      select ${columns} from services where tenant_id = $1 and name = $2`,
      [tenantId, name],
    );
  }

  /** Until the transaction ends nobody else changes it or its keys. */
  lock(tenantId: string, id: string): Promise<Service | null> {
    return this.database.maybeOne<Service>(
      `-- services.lockService
      select ${columns} from services where tenant_id = $1 and id = $2 for update`,
      [tenantId, id],
    );
  }

  /** @returns null when the id is taken */
  insert(tenantId: string, service: Pick<Service, 'id' | 'name' | 'scopes'>, now: Date): Promise<Service | null> {
    return this.database.maybeOne<Service>(
      `-- services.insertService
      insert into services (tenant_id, id, name, scopes, created_at, updated_at)
      values ($1, $2, $3, $4, $5, $5)
      on conflict (tenant_id, id) do nothing
      returning ${columns}`,
      [tenantId, service.id, service.name, service.scopes, now],
    );
  }

  /** One that the transaction has locked. */
  update(
    tenantId: string,
    { id, name, scopes, isActive }: Pick<Service, 'id' | 'name' | 'scopes' | 'isActive'>,
    now: Date,
  ): Promise<Service> {
    return this.database.one<Service>(
      `-- services.updateService
      update services set name = $3, scopes = $4, is_active = $5, version = version + 1, updated_at = $6
      where tenant_id = $1 and id = $2
      returning ${columns}`,
      [tenantId, id, name, scopes, isActive, now],
    );
  }
}
