import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** A key, without what would let anybody in. */
export interface ApiKey {
  readonly id: string;
  readonly name: string | null;
  readonly prefix: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly lastUsedAt: string | null;
  readonly replacedBy: string | null;
  readonly revokedAt: string | null;
}

export interface NewKey extends Pick<ApiKey, 'id' | 'name' | 'prefix'> {
  readonly serviceId: string;
  readonly hash: Buffer;
  readonly expiresAt: Date;
}

/** The service that holds a key which is good. */
export interface KeyHolder {
  readonly tenantId: string;
  readonly serviceId: string;
  readonly keyId: string;
  readonly scopes: readonly string[];
  /** Of the key. */
  readonly expiresAt: string;
}

const columns = `id, name, prefix, created_at as "createdAt", expires_at as "expiresAt",
  last_used_at as "lastUsedAt", replaced_by as "replacedBy", revoked_at as "revokedAt"`;

const holder = `k.tenant_id as "tenantId", k.service_id as "serviceId", k.id as "keyId", s.scopes,
  k.expires_at as "expiresAt"`;

@Injectable()
export class ApiKeysRepository {
  constructor(private readonly database: Database) {}

  listLatest(tenantId: string, serviceId: string): Promise<ApiKey[]> {
    return this.database.many<ApiKey>(
      `-- services.listApiKeys
      select ${columns} from api_keys where tenant_id = $1 and service_id = $2
      order by created_at desc, id desc limit 50`,
      [tenantId, serviceId],
    );
  }

  async countGood(tenantId: string, serviceId: string, now: Date): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- services.countApiKeys
      select count(*) as count from api_keys
      where tenant_id = $1 and service_id = $2 and revoked_at is null and expires_at > $3`,
      [tenantId, serviceId, now],
    );
    return count;
  }

  find(tenantId: string, serviceId: string, id: string): Promise<ApiKey | null> {
    return this.database.maybeOne<ApiKey>(
      `-- services.findApiKey
      select ${columns} from api_keys where tenant_id = $1 and service_id = $2 and id = $3`,
      [tenantId, serviceId, id],
    );
  }

  insert(tenantId: string, key: NewKey, now: Date): Promise<ApiKey> {
    return this.database.one<ApiKey>(
      `-- services.insertApiKey
      insert into api_keys (tenant_id, service_id, id, name, prefix, hash, expires_at, created_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8)
      returning ${columns}`,
      [tenantId, key.serviceId, key.id, key.name, key.prefix, key.hash, key.expiresAt, now],
    );
  }

  /** Ends a key of which a successor takes the place; never later than it would have ended anyway. */
  updateReplaced(tenantId: string, id: string, successorId: string, endsAt: Date): Promise<number> {
    return this.database.run(
      `-- services.replaceApiKey
      update api_keys set replaced_by = $3, expires_at = least(expires_at, $4)
      where tenant_id = $1 and id = $2`,
      [tenantId, id, successorId, endsAt],
    );
  }

  /** @returns 0 for one that was revoked before */
  updateRevoked(tenantId: string, serviceId: string, id: string, now: Date): Promise<number> {
    return this.database.run(
      `-- services.revokeApiKey
      update api_keys set revoked_at = $4 where tenant_id = $1 and service_id = $2 and id = $3 and revoked_at is null`,
      [tenantId, serviceId, id, now],
    );
  }

  /** Who comes in with this key, in any tenant; notes once a minute that it is used. */
  use(hash: Buffer, now: Date): Promise<KeyHolder | null> {
    return this.database.maybeOne<KeyHolder>(
      `-- services.useApiKey
      with holder as (
        select ${holder}, k.last_used_at
        from api_keys k
        join services s on s.tenant_id = k.tenant_id and s.id = k.service_id and s.is_active
        join tenants t on t.id = k.tenant_id and t.is_active
        where k.hash = $1 and k.revoked_at is null and k.expires_at > $2
      ), used as (
        update api_keys k set last_used_at = $2
        from holder
        where k.tenant_id = holder."tenantId" and k.id = holder."keyId"
          and (holder.last_used_at is null or holder.last_used_at <= $2 - interval '1 minute')
      )
      select "tenantId", "serviceId", "keyId", scopes, "expiresAt" from holder`,
      [hash, now],
    );
  }

  /** Of those keys that are good at this moment. */
  listHolders(tenantId: string, ids: readonly string[], now: Date): Promise<KeyHolder[]> {
    return this.database.many<KeyHolder>(
      `-- services.listKeyHolders
      select ${holder}
      from api_keys k
      join services s on s.tenant_id = k.tenant_id and s.id = k.service_id and s.is_active
      join tenants t on t.id = k.tenant_id and t.is_active
      where k.tenant_id = $1 and k.id = any ($2::uuid[]) and k.revoked_at is null and k.expires_at > $3`,
      [tenantId, ids, now],
    );
  }
}
