import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { NewUser, User } from './users.repository.js';

/** A person of a tenant, as its administrators see one. */
export interface PersonRow extends User {
  readonly role: Exclude<User['role'], 'operator'>;
  readonly avatarUrl: string | null;
  /** Of a student; null for everybody else. */
  readonly instructorId: string | null;
  readonly hasPassword: boolean;
  readonly lastLoginAt: string | null;
  /** Whose duplicate this was. */
  readonly mergedIntoId: string | null;
  readonly createdAt: string;
  readonly version: number;
}

export interface PeopleFilter {
  readonly search?: string;
  readonly role?: PersonRow['role'];
  /** This department or one below it. */
  readonly departmentId?: string;
  readonly isActive?: boolean;
}

/** What is given replaces what is there; what is undefined or null stays. */
export type PersonPatch = Pick<User, 'id'> &
  Partial<Pick<User, 'name' | 'email' | 'pid' | 'rank' | 'phone' | 'departmentId' | 'joinedOn' | 'isActive'>>;

const columns = `u.id, u.role, u.name, u.email, u.pid, u.rank, u.phone, u.avatar_url as "avatarUrl",
  u.department_id as "departmentId", p.instructor_id as "instructorId", u.joined_on as "joinedOn",
  u.is_active as "isActive", u.password_hash is not null as "hasPassword", u.last_login_at as "lastLoginAt",
  u.merged_into_id as "mergedIntoId", u.created_at as "createdAt", u.version`;
const source = `users u left join student_progress p on p.tenant_id = u.tenant_id and p.student_id = u.id`;

@Injectable()
export class PeopleRepository {
  constructor(private readonly database: Database) {}

  /** By name; `after` is the last folded name and id of the page before. */
  list(
    tenantId: string,
    filter: PeopleFilter,
    { limit, offset, after }: Position,
  ): Promise<(PersonRow & { readonly nameSort: string })[]> {
    const { sql, parameters } = predicate(tenantId, filter);
    const next = (value: unknown): string => `$${parameters.push(value)}`;
    const behind = after ? `and (fold(u.name), u.id) > (${next(after[0])}, ${next(after[1])}::uuid)` : '';
    return this.database.many<PersonRow & { readonly nameSort: string }>(
      `-- org.listPeople
      select ${columns}, fold(u.name) as "nameSort" from ${source}
      where u.tenant_id = $1 ${sql} ${behind}
      order by fold(u.name), u.id limit ${next(limit + 1)} offset ${next(offset)}`,
      parameters,
    );
  }

  async count(tenantId: string, filter: PeopleFilter): Promise<number> {
    const { sql, parameters } = predicate(tenantId, filter);
    const { count } = await this.database.one<{ count: number }>(
      `-- org.countPeople
      select count(*) as count from users u where u.tenant_id = $1 ${sql}`,
      parameters,
    );
    return count;
  }

  find(tenantId: string, userId: string): Promise<PersonRow | null> {
    return this.database.maybeOne<PersonRow>(
      `-- org.findPerson
      select ${columns} from ${source} where u.tenant_id = $1 and u.id = $2`,
      [tenantId, userId],
    );
  }

  /**
   * These people, and with `admins` all active administrators, locked in the order of their ids. Where students may be
   * among them, their rows of progress are locked before.
   */
  lock(tenantId: string, userIds: readonly string[], admins = false): Promise<PersonRow[]> {
    return this.database.many<PersonRow>(
      `-- org.lockPeople
      select ${columns} from ${source}
      where u.tenant_id = $1 and ${admins ? `(u.id = any ($2) or (u.role = 'admin' and u.is_active))` : 'u.id = any ($2)'}
      order by u.id
      for no key update of u`,
      [tenantId, userIds],
    );
  }

  /** Whether this is somebody who sees more than the own roster. */
  async isSupervisor(tenantId: string, userId: string): Promise<boolean> {
    const { found } = await this.database.one<{ found: boolean }>(
      `-- org.isSupervisor
      select exists (
        select from instructor_profiles p join users u on u.tenant_id = $1 and u.id = p.user_id and u.role = 'instructor'
        where p.tenant_id = $1 and p.user_id = $2 and p.can_view_all
      ) as found`,
      [tenantId, userId],
    );
    return found;
  }

  /** @returns false when the id is taken */
  async insert(tenantId: string, user: NewUser, now: Date): Promise<boolean> {
    const inserted = await this.database.run(
      `-- org.insertPerson
      insert into users (tenant_id, id, role, name, email, pid, rank, phone, avatar_url, department_id, joined_on,
        created_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
      on conflict (tenant_id, id) do nothing`,
      [
        tenantId, user.id, user.role, user.name, user.email, user.pid, user.rank, user.phone, user.avatarUrl,
        user.departmentId, user.joinedOn, now,
      ],
    ); // prettier-ignore
    return inserted === 1;
  }

  /**
   * The whole row, which the caller has locked.
   * @param moves whether the department or the state may have changed: who stays is not asked whether either is allowed
   */
  update(tenantId: string, person: PersonRow, moves: boolean): Promise<number> {
    const { id, role, name, email, pid, rank, phone, avatarUrl, joinedOn, departmentId, isActive } = person;
    const place = moves ? ', department_id = $11, is_active = $12' : '';
    return this.database.run(
      `-- org.updatePerson
      update users
      set role = $3, name = $4, email = $5, pid = $6, rank = $7, phone = $8, avatar_url = $9,
        joined_on = $10, version = version + 1 ${place}
      where tenant_id = $1 and id = $2`,
      [
        tenantId,
        id,
        role,
        name,
        email,
        pid,
        rank,
        phone,
        avatarUrl,
        joinedOn,
        ...(moves ? [departmentId, isActive] : []),
      ],
    );
  }

  /** Any number in one statement. @param moves as in `update` */
  patch(tenantId: string, patches: readonly PersonPatch[], moves: boolean): Promise<number> {
    const place = moves
      ? `, department_id = coalesce(new."departmentId", u.department_id),
        is_active = coalesce(new."isActive", u.is_active)`
      : '';
    return this.database.run(
      `-- org.patchPeople
      update users u
      set name = coalesce(new.name, u.name), email = coalesce(new.email, u.email), pid = coalesce(new.pid, u.pid),
        rank = coalesce(new.rank, u.rank), phone = coalesce(new.phone, u.phone), joined_on = coalesce(new."joinedOn", u.joined_on),
        version = u.version + 1 ${place}
      from jsonb_to_recordset($2::jsonb) as new (id uuid, name text, email text, pid text, rank text,
        phone text, "departmentId" uuid, "joinedOn" date, "isActive" boolean)
      where u.tenant_id = $1 and u.id = new.id`,
      [tenantId, JSON.stringify(patches)],
    );
  }

  /** For who has become an instructor, perhaps once more. */
  ensureProfiles(tenantId: string, userIds: readonly string[]): Promise<number> {
    return this.database.run(
      `-- org.ensureInstructorProfiles
      insert into instructor_profiles (tenant_id, user_id) select $1, id from unnest($2::uuid[]) as new (id)
      on conflict (tenant_id, user_id) do nothing`,
      [tenantId, userIds],
    );
  }

  /**
   * Ends a duplicate: it signs in no more, and has no address and numbers of its own. What was merged into it before is
   * the other's as well, so that nobody has to be followed twice.
   */
  async markMerged(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- org.markMerged
      update users
      set merged_into_id = $3, is_active = case when id = $2 then false else is_active end,
        email = case when id <> $2 then email end, pid = case when id <> $2 then pid end,
        phone = case when id <> $2 then phone end,
        password_hash = case when id <> $2 then password_hash end, version = version + 1
      where tenant_id = $1 and (id = $2 or merged_into_id = $2)`,
      [tenantId, fromId, intoId],
    );
  }

  /** What is missing comes from the duplicate as it was; who joined twice joined with the first. */
  takeOver(tenantId: string, intoId: string, from: PersonRow): Promise<number> {
    return this.database.run(
      `-- org.takeOver
      update users
      set email = coalesce(email, $3), pid = coalesce(pid, $4), rank = coalesce(rank, $5),
        avatar_url = coalesce(avatar_url, $6), joined_on = least(joined_on, $7), phone = coalesce(phone, $8), version = version + 1
      where tenant_id = $1 and id = $2`,
      [tenantId, intoId, from.email, from.pid, from.rank, from.avatarUrl, from.joinedOn, from.phone],
    );
  }

  /** What is missing comes from the duplicate, except for what lets see more. */
  async mergeProfiles(tenantId: string, fromId: string, intoId: string): Promise<void> {
    await this.database.run(
      `-- org.mergeInstructorProfiles
      with giver as (
        select * from instructor_profiles where tenant_id = $1 and user_id = $2
      )
      update instructor_profiles p
      set specialisations = array(select distinct unnest(p.specialisations || giver.specialisations) order by 1),
        certifications = array(select distinct unnest(p.certifications || giver.certifications) order by 1),
        experience_years = coalesce(p.experience_years, giver.experience_years),
        territory = coalesce(p.territory, giver.territory), version = p.version + 1
      from giver
      where p.tenant_id = $1 and p.user_id = $3`,
      [tenantId, fromId, intoId],
    );
    await this.database.run(
      `-- org.redirectSupervisors
      update instructor_profiles set supervisor_id = case when user_id <> $3 then $3::uuid end, version = version + 1
      where tenant_id = $1 and supervisor_id = $2`,
      [tenantId, fromId, intoId],
    );
  }

  /**
   * Delegations that are not over become the other's, on either side. Those end that would be of somebody for
   * themselves, or for a time that another covers.
   */
  async moveDelegations(tenantId: string, fromId: string, intoId: string, now: Date): Promise<void> {
    const after = (column: string): string => `case d.${column} when $2 then $3 else d.${column} end`;
    const current = `d.tenant_id = $1 and d.revoked_at is null and d.valid_to > $4
        and $2 in (d.instructor_id, d.substitute_id)`;
    await this.database.run(
      `-- org.endDelegations
      update delegations d set revoked_at = $4
      where ${current} and ($3 in (d.instructor_id, d.substitute_id) or exists (
        select from delegations o
        where o.tenant_id = $1 and o.id <> d.id and o.revoked_at is null
          and o.instructor_id = ${after('instructor_id')} and o.substitute_id = ${after('substitute_id')}
          and tstzrange(o.valid_from, o.valid_to) && tstzrange(d.valid_from, d.valid_to)
      ))`,
      [tenantId, fromId, intoId, now],
    );
    await this.database.run(
      `-- org.moveDelegations
      update delegations d set instructor_id = ${after('instructor_id')}, substitute_id = ${after('substitute_id')}
      where ${current}`,
      [tenantId, fromId, intoId, now],
    );
  }

  /** Active students whose instructor this is. */
  async countRoster(tenantId: string, userId: string): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- org.countRoster
      select count(*) as count from student_progress where tenant_id = $1 and instructor_id = $2 and is_active`,
      [tenantId, userId],
    );
    return count;
  }
}

function predicate(
  tenantId: string,
  { search, role, departmentId, isActive }: PeopleFilter,
): { readonly sql: string; readonly parameters: unknown[] } {
  const parameters: unknown[] = [tenantId];
  let sql = '';
  const add = (value: unknown, condition: (n: string) => string): void => {
    if (value !== undefined) sql += ` and ${condition(`$${parameters.push(value)}`)}`;
  };
  add(role, (n) => `u.role = ${n}`);
  add(isActive, (n) => `u.is_active = ${n}`);
  add(
    departmentId,
    (n) => `u.department_id in (select d.id from departments d where d.tenant_id = $1 and d.path @> array[${n}::uuid])`,
  );
  for (const word of search?.trim().split(/\s+/).slice(0, 5) ?? []) {
    // with fewer than three letters only the beginning of a word makes a trigram
    const pattern = `${word.length < 3 ? '% ' : '%'}${word.replace(/[\\%_]/g, '\\$&')}%`;
    add(pattern, (n) => `user_search_text(u.name, u.email, u.pid) like fold(${n})`);
  }
  return { sql, parameters };
}
