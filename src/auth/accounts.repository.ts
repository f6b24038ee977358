import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Role } from './permissions.js';

/** A tenant, and whoever has the address in it. */
export interface Account {
  readonly tenantId: string;
  /** Null: nobody has this address; then so is everything below. */
  readonly userId: string | null;
  readonly role: Role | null;
  readonly departmentId: string | null;
  readonly passwordHash: string | null;
}

export interface Profile {
  /** Null for a service, which is no person. */
  readonly name: string | null;
  readonly email: string | null;
  readonly tenant: { readonly id: string; readonly slug: string; readonly name: string; readonly timeZone: string };
}

/** People as those who sign in. */
@Injectable()
export class AccountsRepository {
  constructor(private readonly database: Database) {}

  /** Null: there is no such tenant. */
  find(tenantSlug: string, email: string): Promise<Account | null> {
    return this.database.maybeOne<Account>(
      `-- auth.findAccount
      select t.id as "tenantId", u.id as "userId", u.department_id as "departmentId", u.password_hash as "passwordHash",
        case when p.can_view_all then 'supervisor' else u.role end as role
      from tenants t
      left join users u on u.tenant_id = t.id and u.email = lower($2)
      left join instructor_profiles p on p.tenant_id = u.tenant_id and p.user_id = u.id and u.role = 'instructor'
      where t.slug = $1`,
      [tenantSlug, email],
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
}
