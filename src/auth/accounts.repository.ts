import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { installationId } from '../org/tenants.repository.js';
import type { PasswordOwner } from './password-policy.js';
import type { Role } from './permissions.js';

/** Somebody who may be known by an address in a tenant. */
export interface Account {
  /** Of the installation where there is no such tenant. */
  readonly tenantId: string;
  /** As the database compares it. */
  readonly email: string;
  /** Null: nobody has this address; then so is everything below. */
  readonly userId: string | null;
  readonly role: Role | null;
  readonly passwordHash: string | null;
  /** Whether person and tenant are active and the tenant lets people in by password. */
  readonly isOpen: boolean;
  /** Whether the person has signed in with this device's token. */
  readonly isKnownDevice: boolean;
}

export interface Profile {
  /** Null for a service, which is no person. */
  readonly name: string | null;
  readonly email: string | null;
  readonly tenant: { readonly id: string; readonly slug: string; readonly name: string; readonly timeZone: string };
}

/** Somebody's own account, with what a new password must not be made of. */
export type OwnAccount = PasswordOwner & { readonly passwordHash: string | null };

/** People as those who sign in. */
@Injectable()
export class AccountsRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** One row in any case, so that nobody is looked for as long as somebody. @param device hash of a device's token */
  find(tenantSlug: string, email: string, device: Buffer | null): Promise<Account> {
    return this.database.one<Account>(
      `-- auth.findAccount
      select coalesce(t.id, $5) as "tenantId", lower($2::text) as email, u.id as "userId",
        u.password_hash as "passwordHash", case when p.can_view_all then 'supervisor' else u.role end as role,
        coalesce(u.is_active and t.is_active and 'password' = any (t.sign_in_methods), false) as "isOpen",
        exists (
          select from known_devices d
          where d.tenant_id = t.id and d.user_id = u.id and d.token_hash = $3 and d.expires_at > $4
        ) as "isKnownDevice"
      from (select) as asked
      left join tenants t on t.slug = $1
      left join users u on u.tenant_id = t.id and u.email = lower($2)
      left join instructor_profiles p on p.tenant_id = u.tenant_id and p.user_id = u.id and u.role = 'instructor'`,
      [tenantSlug, email, device, this.clock.now(), installationId],
    );
  }

  getProfile(tenantId: string, userId: string): Promise<Profile> {
    return this.database.one<Profile>(
      `-- auth.getProfile
      select u.name, u.email,
        jsonb_build_object('id', t.id, 'slug', t.slug, 'name', t.name, 'timeZone', t.time_zone) as tenant
      from tenants t
      left join users u on u.tenant_id = t.id and u.id = $2
      where t.id = $1`,
      [tenantId, userId],
    );
  }

  /** Null for a service. */
  findOwn(tenantId: string, userId: string): Promise<OwnAccount | null> {
    return this.database.maybeOne<OwnAccount>(
      `-- auth.findOwnAccount
      select u.name, u.email, u.password_hash as "passwordHash", t.name as "tenantName", t.slug as "tenantSlug"
      from users u join tenants t on t.id = u.tenant_id
      where u.tenant_id = $1 and u.id = $2`,
      [tenantId, userId],
    );
  }

  /** @param before what it must still be @returns 0 when somebody else has changed it since */
  updatePassword(tenantId: string, userId: string, before: string | null, hash: string): Promise<number> {
    return this.database.run(
      `-- auth.updatePassword
      update users set password_hash = $4
      where tenant_id = $1 and id = $2 and password_hash is not distinct from $3`,
      [tenantId, userId, before, hash],
    );
  }
}
