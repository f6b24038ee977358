import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import type { PasswordOwner } from './password-policy.js';
import type { Role } from './permissions.js';

export type LinkPurpose = 'password_reset' | 'invitation';

/** Whom a link lets in, or would: an invitation those who have no password yet, the other kind those who have one. */
export interface LinkOwner extends PasswordOwner {
  readonly tenantId: string;
  readonly userId: string;
  readonly role: Role;
  readonly passwordHash: string | null;
}

const columns = `u.tenant_id as "tenantId", u.id as "userId", u.name, u.email, u.password_hash as "passwordHash",
  case when p.can_view_all then 'supervisor' else u.role end as role, t.name as "tenantName", t.slug as "tenantSlug"`;
/** Of whom a link of purpose $3 may be. */
const owners = `users u
  join tenants t on t.id = u.tenant_id and t.is_active and 'password' = any (t.sign_in_methods)
  left join instructor_profiles p on p.tenant_id = u.tenant_id and p.user_id = u.id and u.role = 'instructor'
  where u.tenant_id = $1 and u.is_active and (u.password_hash is null) = ($3 = 'invitation')`;

/** The links that were mailed; of each only the hash. */
@Injectable()
export class AccountLinksRepository {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Who a mail with a link may go to; null when there is nobody, or no need. */
  findRecipient(tenantId: string, userId: string, purpose: LinkPurpose): Promise<LinkOwner | null> {
    return this.database.maybeOne<LinkOwner>(
      `-- auth.findLinkRecipient
      select ${columns} from ${owners} and u.id = $2 and u.email is not null`,
      [tenantId, userId, purpose],
    );
  }

  /** In place of the one before. @returns 0 when the person has another address by now */
  replace(
    tenantId: string,
    userId: string,
    purpose: LinkPurpose,
    link: { readonly email: string; readonly hash: Buffer; readonly lifetimeSeconds: number },
  ): Promise<number> {
    return this.database.run(
      `-- auth.replaceLink
      insert into account_links (tenant_id, user_id, purpose, token_hash, expires_at)
      select $1, u.id, $3, $4, $5::timestamptz + make_interval(secs => $6)
      from users u where u.tenant_id = $1 and u.id = $2 and u.email = $7 for share of u
      on conflict (tenant_id, user_id, purpose) do update
      set token_hash = excluded.token_hash, expires_at = excluded.expires_at`,
      [tenantId, userId, purpose, link.hash, this.clock.now(), link.lifetimeSeconds, link.email],
    );
  }

  /** Null: there is no such link, or no longer. */
  findOwner(tenantId: string, hash: Buffer, purpose: LinkPurpose): Promise<LinkOwner | null> {
    return this.database.maybeOne<LinkOwner>(
      `-- auth.findLinkOwner
      select ${columns} from ${owners} and u.id = (
        select l.user_id from account_links l
        where l.tenant_id = $1 and l.token_hash = $2 and l.purpose = $3 and l.expires_at > $4
      )`,
      [tenantId, hash, purpose, this.clock.now()],
    );
  }

  /** Of those who spend a link at the same time one gets 1, and the others 0. */
  spend(tenantId: string, hash: Buffer): Promise<number> {
    return this.database.run(
      `-- auth.spendLink
      delete from account_links where tenant_id = $1 and token_hash = $2`,
      [tenantId, hash],
    );
  }

  async deleteAllOf(tenantId: string, userIds: readonly string[]): Promise<void> {
    await this.database.run(
      `-- auth.deleteLinks
      delete from account_links where tenant_id = $1 and user_id = any ($2)`,
      [tenantId, userIds],
    );
  }

  /** @returns how many were deleted; fewer than `limit` when nothing is left */
  deleteExpired(limit: number): Promise<number> {
    return this.database.run(
      `-- auth.deleteExpiredLinks
      delete from account_links where (tenant_id, user_id, purpose) in (
        select tenant_id, user_id, purpose from account_links where expires_at <= $1 order by expires_at limit $2
      )`,
      [this.clock.now(), limit],
    );
  }
}
