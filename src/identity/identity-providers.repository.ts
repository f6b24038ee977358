import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { installationId } from '../org/tenants.repository.js';
import type { ClaimNames, RoleOfValue } from './identity-providers.dto.js';

/** Whose tokens a tenant takes, and how they are read. */
export interface IdentityProvider {
  readonly issuer: string;
  readonly audience: string;
  /** Null: found by discovery. */
  readonly jwksUri: string | null;
  readonly algorithms: readonly string[];
  readonly claims: ClaimNames;
  readonly roles: readonly RoleOfValue[];
  readonly justInTime: boolean;
  readonly isActive: boolean;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export type ProviderSettings = Omit<IdentityProvider, 'version' | 'createdAt' | 'updatedAt'>;

export interface TenantProvider extends IdentityProvider {
  readonly tenantId: string;
  readonly tenantSlug: string;
  /** Whether provider and tenant are active and the tenant lets people in by the word of a provider. */
  readonly isOpen: boolean;
}

const columns = `p.issuer, p.audience, p.jwks_uri as "jwksUri", p.algorithms, p.claims, p.roles,
  p.just_in_time as "justInTime", p.is_active as "isActive", p.version, p.created_at as "createdAt",
  p.updated_at as "updatedAt"`;

@Injectable()
export class IdentityProvidersRepository {
  constructor(private readonly database: Database) {}

  find(tenantId: string): Promise<IdentityProvider | null> {
    return this.database.maybeOne<IdentityProvider>(
      `-- identity.findProvider
      select ${columns} from identity_providers p where p.tenant_id = $1`,
      [tenantId],
    );
  }

  /**
   * How people may sign in, which does not change before the transaction ends, as nobody else changes the provider.
   * Null where there is no such tenant, and for the installation: operators come in by password alone.
   */
  async lockSignInMethods(tenantId: string): Promise<readonly string[] | null> {
    const tenant = await this.database.maybeOne<{ methods: string[] }>(
      `-- identity.lockSignInMethods
      select sign_in_methods as methods from tenants where id = $1 and id <> $2 for no key update`,
      [tenantId, installationId],
    );
    return tenant?.methods ?? null;
  }

  /** Until the transaction ends no other tenant gets a provider: which of them share an issuer is decided one by one. */
  async hold(): Promise<void> {
    await this.database.run(
      `-- identity.holdProviders
      lock table identity_providers in share row exclusive mode`,
    );
  }

  /** All that name an issuer, also those that do not take its tokens at present: theirs are not to be taken by others. */
  listByIssuer(issuer: string): Promise<TenantProvider[]> {
    return this.database.many<TenantProvider>(
      `-- identity.listProvidersByIssuer
      select p.tenant_id as "tenantId", t.slug as "tenantSlug", ${columns},
        p.is_active and t.is_active and 'oidc' = any (t.sign_in_methods) as "isOpen"
      from identity_providers p
      join tenants t on t.id = p.tenant_id
      where p.issuer = $1
      order by p.tenant_id`,
      [issuer],
    );
  }

  /** How many other tenants name this issuer, and how many of them do not say which tokens are theirs. */
  countOthers(tenantId: string, issuer: string): Promise<{ others: number; unnamed: number }> {
    return this.database.one<{ others: number; unnamed: number }>(
      `-- identity.countOtherProviders
      select count(*) as others, count(*) filter (where not p.claims ? 'tenant') as unnamed
      from identity_providers p where p.issuer = $2 and p.tenant_id <> $1`,
      [tenantId, issuer],
    );
  }

  upsert(tenantId: string, provider: ProviderSettings, now: Date): Promise<IdentityProvider> {
    return this.database.one<IdentityProvider>(
      `-- identity.upsertProvider
      insert into identity_providers as p
        (tenant_id, issuer, audience, jwks_uri, algorithms, claims, roles, just_in_time, is_active, created_at, updated_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
      on conflict (tenant_id) do update
      set issuer = excluded.issuer, audience = excluded.audience, jwks_uri = excluded.jwks_uri,
        algorithms = excluded.algorithms, claims = excluded.claims, roles = excluded.roles,
        just_in_time = excluded.just_in_time, is_active = excluded.is_active, version = p.version + 1,
        updated_at = excluded.updated_at
      returning ${columns}`,
      [
        tenantId, provider.issuer, provider.audience, provider.jwksUri, provider.algorithms,
        JSON.stringify(provider.claims), JSON.stringify(provider.roles), provider.justInTime, provider.isActive, now,
      ],
    ); // prettier-ignore
  }

  delete(tenantId: string): Promise<number> {
    return this.database.run(
      `-- identity.deleteProvider
      delete from identity_providers where tenant_id = $1`,
      [tenantId],
    );
  }
}
