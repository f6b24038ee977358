import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

export const endpointChannels = ['webhook', 'sms'] as const;
export type EndpointChannel = (typeof endpointChannels)[number];

/** A system of a tenant that takes what goes by a channel. */
export interface Endpoint {
  readonly channel: EndpointChannel;
  readonly url: string;
  readonly isActive: boolean;
  /** When it said that it takes no more; null: it did not. */
  readonly goneAt: string | null;
  /** Until when calls are signed with the secret before, too. */
  readonly oldSecretUntil: string | null;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What a call needs to know. */
export interface CallableEndpoint {
  readonly url: string;
  readonly isActive: boolean;
  readonly version: number;
  /** The present one first. */
  readonly secrets: readonly Buffer[];
}

const columns = `channel, url, is_active as "isActive", gone_at as "goneAt", old_secret_until as "oldSecretUntil",
  version, created_at as "createdAt", updated_at as "updatedAt"`;

@Injectable()
export class EndpointsRepository {
  constructor(private readonly database: Database) {}

  find(tenantId: string, channel: EndpointChannel): Promise<Endpoint | null> {
    return this.database.maybeOne<Endpoint>(
      `-- channels.findEndpoint
      select ${columns} from channel_endpoints where tenant_id = $1 and channel = $2`,
      [tenantId, channel],
    );
  }

  lock(tenantId: string, channel: EndpointChannel): Promise<Endpoint | null> {
    return this.database.maybeOne<Endpoint>(
      `-- channels.lockEndpoint
      select ${columns} from channel_endpoints where tenant_id = $1 and channel = $2 for no key update`,
      [tenantId, channel],
    );
  }

  findCallable(tenantId: string, channel: EndpointChannel, now: Date): Promise<CallableEndpoint | null> {
    return this.database.maybeOne<CallableEndpoint>(
      `-- channels.findCallableEndpoint
      select url, is_active as "isActive", version,
        case when old_secret_until > $3 then array[secret, old_secret] else array[secret] end as secrets
      from channel_endpoints where tenant_id = $1 and channel = $2`,
      [tenantId, channel, now],
    );
  }

  /** @returns null when there is one already */
  insert(
    tenantId: string,
    channel: EndpointChannel,
    endpoint: { readonly url: string; readonly isActive: boolean; readonly secret: Buffer },
    now: Date,
  ): Promise<Endpoint | null> {
    return this.database.maybeOne<Endpoint>(
      `-- channels.insertEndpoint
      insert into channel_endpoints (tenant_id, channel, url, is_active, secret, created_at, updated_at)
      values ($1, $2, $3, $4, $5, $6, $6)
      on conflict (tenant_id, channel) do nothing
      returning ${columns}`,
      [tenantId, channel, endpoint.url, endpoint.isActive, endpoint.secret, now],
    );
  }

  /** One that has said that it takes no more is asked again. */
  update(
    tenantId: string,
    channel: EndpointChannel,
    endpoint: { readonly url: string; readonly isActive: boolean },
    now: Date,
  ): Promise<Endpoint> {
    return this.database.one<Endpoint>(
      `-- channels.updateEndpoint
      update channel_endpoints
      set url = $3, is_active = $4, gone_at = null, version = version + 1, updated_at = $5
      where tenant_id = $1 and channel = $2
      returning ${columns}`,
      [tenantId, channel, endpoint.url, endpoint.isActive, now],
    );
  }

  updateSecret(
    tenantId: string,
    channel: EndpointChannel,
    { secret, oldUntil }: { readonly secret: Buffer; readonly oldUntil: Date },
    now: Date,
  ): Promise<Endpoint> {
    return this.database.one<Endpoint>(
      `-- channels.updateEndpointSecret
      update channel_endpoints
      set old_secret = secret, old_secret_until = $4, secret = $3, version = version + 1, updated_at = $5
      where tenant_id = $1 and channel = $2
      returning ${columns}`,
      [tenantId, channel, secret, oldUntil, now],
    );
  }

  /** @returns 0 where it has been changed since that version */
  updateGone(tenantId: string, channel: EndpointChannel, version: number, now: Date): Promise<number> {
    return this.database.run(
      `-- channels.updateEndpointGone
      update channel_endpoints set is_active = false, gone_at = $4, version = version + 1, updated_at = $4
      where tenant_id = $1 and channel = $2 and version = $3 and is_active`,
      [tenantId, channel, version, now],
    );
  }

  async delete(tenantId: string, channel: EndpointChannel): Promise<void> {
    await this.database.run(
      `-- channels.deleteEndpoint
      delete from channel_endpoints where tenant_id = $1 and channel = $2`,
      [tenantId, channel],
    );
  }
}
