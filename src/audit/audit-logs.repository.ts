import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { AuditFilter, AuditResult } from './audit-logs.dto.js';
import type { StoredValues } from './found-values.js';

export interface FoundEntry extends StoredValues {
  readonly id: string;
  readonly at: string;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly actorRole: string;
  readonly action: string;
  readonly targetType: string;
  readonly targetId: string | null;
  readonly personId: string | null;
  readonly keyId: string | null;
  readonly delegationId: string | null;
  readonly result: AuditResult;
  readonly requestId: string | null;
}

/** Selected of an entry `e` with `keyJoins` behind it. */
export const storedColumns = `e.before, e.after, e.reason, e.address, e.agent, e.details, e.origin,
        person_key.key as "personKey", actor_key.key as "actorKey"`;

/** One after another: of a page whose length it does not know the planner expects so much that it would read all keys. */
const eachBy = (name: string, select: string): string => `left join lateral (${select} offset 0) ${name} on true`;

/** Behind an entry `e` of tenant `$1`; operators have their keys in the installation's own tenant. */
export const keyJoins = [
  eachBy(
    'person_key',
    `select key from person_keys k where k.tenant_id = $1 and k.person_id = e.person_id and e.details is not null`,
  ),
  eachBy(
    'actor_key',
    `select key from person_keys k
        where k.tenant_id = case when e.actor_role = 'operator' then '${NIL}'::uuid else $1 end
          and k.person_id = e.actor_id and e.origin is not null`,
  ),
].join('\n      ');

/** Each has an index that ends with the order of the list. */
const columns: Readonly<Record<Exclude<keyof AuditFilter, 'from' | 'to'>, string>> = {
  actorId: 'actor_id',
  personId: 'person_id',
  action: 'action',
  targetType: 'target_type',
  targetId: 'target_id',
  result: 'result',
  requestId: 'request_id',
};

@Injectable()
export class AuditLogsRepository {
  constructor(private readonly database: Database) {}

  /** The newest first. */
  list(tenantId: string, filter: AuditFilter, { limit, offset, after }: Position): Promise<FoundEntry[]> {
    const parameters: unknown[] = [tenantId];
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const conditions = ['e.tenant_id = $1'];
    for (const [name, column] of Object.entries(columns) as [keyof typeof columns, string][]) {
      if (filter[name] !== undefined) conditions.push(`e.${column} = ${parameter(filter[name])}`);
    }
    if (filter.result !== undefined && filter.result !== 'done') conditions.push(`e.result <> 'done'`);
    if (filter.from !== undefined) conditions.push(`e.at >= ${parameter(filter.from)}::timestamptz`);
    if (filter.to !== undefined) conditions.push(`e.at < ${parameter(filter.to)}::timestamptz`);
    if (after) {
      conditions.push(`(e.at, e.id) < (${parameter(after[0])}::timestamptz, ${parameter(after[1])}::uuid)`);
    }
    return this.database.read().many<FoundEntry>(
      `-- audit.list
      select e.id, e.at, e.actor_id as "actorId", coalesce(u.name, s.name) as "actorName", e.actor_role as "actorRole",
        e.action, e.target_type as "targetType", e.target_id as "targetId", e.person_id as "personId", e.result,
        e.key_id as "keyId", e.delegation_id as "delegationId", e.request_id as "requestId",
        ${storedColumns}
      from (
        select * from audit_entries e where ${conditions.join(' and ')}
        order by e.at desc, e.id desc limit ${parameter(limit + 1)} offset ${parameter(offset)}
      ) e
      ${eachBy('u', 'select name from users u where u.tenant_id = $1 and u.id = e.actor_id')}
      ${eachBy('s', 'select name from services s where s.tenant_id = $1 and s.id = e.actor_id')}
      ${keyJoins}
      order by e.at desc, e.id desc`,
      parameters,
    );
  }
}
