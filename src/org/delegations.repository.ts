import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import type { DelegationResponse, DelegationState } from './delegations.dto.js';

export interface NewDelegation {
  readonly id: string;
  readonly instructorId: string;
  readonly substituteId: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly reason: string;
}

/** Whose rosters this viewer may give away: on an instructor `u` beside `u.tenant_id = $1`. */
function givable({ tenantId, userId, departmentId, role }: Viewer): { sql: string; parameters: unknown[] } {
  if (role === 'admin') return { sql: 'true', parameters: [tenantId] };
  if (role !== 'supervisor') return { sql: 'u.id = $2', parameters: [tenantId, userId] };
  return {
    sql: `(u.id = $2 or u.department_id in (
      select b.id from departments b where b.tenant_id = $1 and b.path @> array[$3::uuid]))`,
    parameters: [tenantId, userId, departmentId],
  };
}

/** Those that one may give, and those one was given. */
function visible(viewer: Viewer): { sql: string; parameters: unknown[] } {
  const { sql, parameters } = givable(viewer);
  return { sql: viewer.role === 'admin' ? sql : `(${sql} or d.substitute_id = $2)`, parameters };
}

const stateOf = (now: string): string => `case
  when d.revoked_at is not null or d.valid_to <= ${now} then 'past'
  when d.valid_from > ${now} then 'upcoming' else 'active' end`;
const columns = (now: string): string => `d.id, d.instructor_id as "instructorId", u.name as "instructorName",
  d.substitute_id as "substituteId", s.name as "substituteName", ${stateOf(now)} as state,
  d.valid_from as "validFrom", d.valid_to as "validTo", d.revoked_at as "revokedAt", d.created_by as "createdBy",
  d.reason, d.created_at as "createdAt"`;
const tables = `delegations d
  join users u on u.tenant_id = $1 and u.id = d.instructor_id
  join users s on s.tenant_id = $1 and s.id = d.substitute_id`;

@Injectable()
export class DelegationsRepository {
  constructor(private readonly database: Database) {}

  /** The latest beginning first. */
  list(
    viewer: Viewer,
    state: DelegationState | undefined,
    now: Date,
    { limit, offset, after }: Position,
  ): Promise<DelegationResponse[]> {
    const { sql, parameters } = visible(viewer);
    const [at, wanted] = [`$${parameters.push(now)}::timestamptz`, `$${parameters.push(state ?? null)}::text`];
    const [from, id] = [`$${parameters.push(after?.[0] ?? null)}`, `$${parameters.push(after?.[1] ?? null)}`];
    return this.database.many<DelegationResponse>(
      `-- org.listDelegations
      select ${columns(at)} from ${tables}
      where d.tenant_id = $1 and ${sql} and (${wanted} is null or ${stateOf(at)} = ${wanted})
        and (${from}::timestamptz is null or (d.valid_from, d.id) < (${from}::timestamptz, ${id}::uuid))
      order by d.valid_from desc, d.id desc
      limit $${parameters.push(limit + 1)} offset $${parameters.push(offset)}`,
      parameters,
    );
  }

  async count(viewer: Viewer, state: DelegationState | undefined, now: Date): Promise<number> {
    const { sql, parameters } = visible(viewer);
    const [at, wanted] = [`$${parameters.push(now)}::timestamptz`, `$${parameters.push(state ?? null)}::text`];
    const { count } = await this.database.one<{ count: number }>(
      `-- org.countDelegations
      select count(*) as count from ${tables}
      where d.tenant_id = $1 and ${sql} and (${wanted} is null or ${stateOf(at)} = ${wanted})`,
      parameters,
    );
    return count;
  }

  find(viewer: Viewer, id: string, now: Date): Promise<DelegationResponse | null> {
    const { sql, parameters } = visible(viewer);
    const at = `$${parameters.push(now)}::timestamptz`;
    return this.database.maybeOne<DelegationResponse>(
      `-- org.findDelegation
      select ${columns(at)} from ${tables} where d.tenant_id = $1 and ${sql} and d.id = $${parameters.push(id)}`,
      parameters,
    );
  }

  /**
   * Whether this instructor's roster, whoever they are by now, is this viewer's to give. Then nobody else gives it
   * meanwhile: two inserts that overlap would wait for each other.
   */
  async lockGivable(viewer: Viewer, instructorId: string): Promise<boolean> {
    const { sql, parameters } = givable(viewer);
    const found = await this.database.maybeOne(
      `-- org.lockGivableRoster
      select i.user_id from instructor_profiles i join users u on u.tenant_id = $1 and u.id = i.user_id
      where i.tenant_id = $1 and ${sql} and u.id = $${parameters.push(instructorId)}
      for no key update of i`,
      parameters,
    );
    return found !== null;
  }

  /** Inserts it where the substitute is an active instructor. @returns how many: 0 or 1 */
  insert(viewer: Viewer, delegation: NewDelegation, now: Date): Promise<number> {
    const { id, instructorId, substituteId, validFrom, validTo, reason } = delegation;
    return this.database.run(
      `-- org.insertDelegation
      insert into delegations
        (tenant_id, id, instructor_id, substitute_id, valid_from, valid_to, created_by, reason, created_at)
      select i.tenant_id, $2, $3, i.user_id, $5, $6, $7, $8, $9
      from instructor_profiles i join users u on u.tenant_id = $1 and u.id = i.user_id and u.is_active
      where i.tenant_id = $1 and i.user_id = $4`,
      [viewer.tenantId, id, instructorId, substituteId, validFrom, validTo, viewer.userId, reason, now],
    );
  }

  /** @returns 0 where it was over before */
  revoke(tenantId: string, id: string, now: Date): Promise<number> {
    return this.database.run(
      `-- org.revokeDelegation
      update delegations set revoked_at = $3
      where tenant_id = $1 and id = $2 and revoked_at is null and valid_to > $3`,
      [tenantId, id, now],
    );
  }
}
