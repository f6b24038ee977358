import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Role } from './permissions.js';

/** A person as a viewer at one moment. */
export interface ViewerRow {
  readonly userId: string;
  readonly role: Role;
  readonly departmentId: string | null;
  /** Instructors stood in for at this moment; null: for none. */
  readonly rosters: readonly string[] | null;
  /** When the next of them comes or goes. */
  readonly rostersUntil: string | null;
}

export interface Wanted {
  readonly userId: string;
  /** With which the person comes; null: with none of ours. */
  readonly signInId: string | null;
}

@Injectable()
export class ViewersRepository {
  constructor(private readonly database: Database) {}

  /** One for each that is wanted, in order; null where person or tenant are not active or the sign-in has ended. */
  async listCurrent(tenantId: string, wanted: readonly Wanted[], now: Date): Promise<(ViewerRow | null)[]> {
    const rows = await this.database.many<ViewerRow & { readonly position: number }>(
      `-- auth.listCurrentViewers
      select w.position, u.id as "userId", u.department_id as "departmentId",
        case when p.can_view_all then 'supervisor' else u.role end as role, d.rosters, d.until as "rostersUntil"
      from unnest($2::uuid[], $3::uuid[]) with ordinality as w (user_id, sign_in_id, position)
      join users u on u.tenant_id = $1 and u.id = w.user_id and u.is_active
      join tenants t on t.id = u.tenant_id and t.is_active
      left join instructor_profiles p on p.tenant_id = $1 and p.user_id = u.id and u.role = 'instructor'
      cross join lateral (
        select array_agg(distinct d.instructor_id) filter (where d.valid_from <= $4) as rosters,
          min(case when d.valid_from <= $4 then d.valid_to else d.valid_from end) as until
        from delegations d
        where d.tenant_id = $1 and d.substitute_id = u.id and d.revoked_at is null and d.valid_to > $4
      ) d
      where w.sign_in_id is null or exists (
        select from sign_ins s
        where s.tenant_id = $1 and s.id = w.sign_in_id and s.user_id = u.id and s.revoked_at is null and s.expires_at > $4
      )`,
      [tenantId, wanted.map(({ userId }) => userId), wanted.map(({ signInId }) => signInId), now],
    );
    const found = new Array<ViewerRow | null>(wanted.length).fill(null);
    for (const { position, ...row } of rows) found[position - 1] = row;
    return found;
  }
}
