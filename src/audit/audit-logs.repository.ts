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

/** What each filter is compared with; of each there is an index. */
export const filterColumns = {
  actorId: 'actor_id',
  personId: 'person_id',
  action: 'action',
  targetType: 'target_type',
  targetId: 'target_id',
  result: 'result',
  requestId: 'request_id',
} as const satisfies Record<Exclude<keyof AuditFilter, 'from' | 'to'>, string>;
type Given = keyof typeof filterColumns;

/** Of what one condition finds, how many entries the others are looked for among before a page ends where it is. */
const mostLookedAt = 5_000;

export interface FoundEntries {
  readonly rows: readonly FoundEntry[];
  /** Where looking ended before the page was full. */
  readonly cutAt: readonly [at: string, id: string] | undefined;
}

/** The entries that are looked at: by way of a condition, down to a time, or all. */
interface Look {
  readonly way: Given;
  readonly from?: string;
}

@Injectable()
export class AuditLogsRepository {
  constructor(private readonly database: Database) {}

  /** The newest first. */
  async list(tenantId: string, filter: AuditFilter, position: Position): Promise<FoundEntries> {
    const { limit, offset, after } = position;
    const given = (Object.keys(filterColumns) as Given[]).filter((name) => filter[name] !== undefined);
    // all that is found by way of one condition meets it, but for what is not done, which may have been refused or have failed
    const isEnough = given.length < 2 && (filter.result ?? 'done') === 'done';
    const look = isEnough ? undefined : await this.lookOf(tenantId, filter, given, after);
    const { parameters, parameter, equal, way, select } = selection(tenantId, filter, after);
    const entries = look
      ? `select * from (
          ${select([way(look.way), ...(look.from ? [`e.at >= ${parameter(look.from)}::timestamptz`] : [])])} offset 0
        ) e where ${given.map(equal).join(' and ')}
        order by e.at desc, e.id desc`
      : select(given.map(equal));
    const rows = await this.database.read().many<FoundEntry>(
      `-- audit.list
      select e.id, e.at, e.actor_id as "actorId", coalesce(u.name, s.name) as "actorName", e.actor_role as "actorRole",
        e.action, e.target_type as "targetType", e.target_id as "targetId", e.person_id as "personId", e.result,
        e.key_id as "keyId", e.delegation_id as "delegationId", e.request_id as "requestId",
        ${storedColumns}
      from (
        ${entries}
        limit ${parameter(limit + 1)} offset ${parameter(offset)}
      ) e
      ${eachBy('u', 'select name from users u where u.tenant_id = $1 and u.id = e.actor_id')}
      ${eachBy('s', 'select name from services s where s.tenant_id = $1 and s.id = e.actor_id')}
      ${keyJoins}
      order by e.at desc, e.id desc`,
      parameters,
    );
    return { rows, cutAt: look?.from !== undefined && rows.length <= limit ? [look.from, NIL] : undefined };
  }

  /** By way of the condition with which one gets furthest back. */
  private async lookOf(
    tenantId: string,
    filter: AuditFilter,
    given: readonly Given[],
    after: Position['after'],
  ): Promise<Look> {
    // nearly all are done, so that this finds nothing faster than the order of the list does
    const ways = given.filter((name) => name !== 'result' || filter.result !== 'done');
    const { parameters, way, select } = selection(tenantId, filter, after);
    const lasts = ways.map(
      (name) =>
        `select '${name}' as way, at as "from" from (${select([way(name)], 'e.at desc')} offset ${mostLookedAt - 1} limit 1) e`,
    );
    const looks = await this.database
      .read()
      .many<Look>(`-- audit.listLooks\n      ${lasts.join('\n      union all ')}\n      order by "from"`, parameters);
    const whole = ways.find((name) => !looks.some((look) => look.way === name));
    return whole ? { way: whole } : looks[0]!;
  }
}

/** The entries of a period and behind `after`, the newest first, in a statement of its own. */
function selection(tenantId: string, filter: AuditFilter, after: Position['after']) {
  const parameters: unknown[] = [tenantId];
  const parameter = (value: unknown): string => `$${parameters.push(value)}`;
  const period: string[] = [];
  if (filter.from !== undefined) period.push(`e.at >= ${parameter(filter.from)}::timestamptz`);
  if (filter.to !== undefined) period.push(`e.at < ${parameter(filter.to)}::timestamptz`);
  if (after) period.push(`(e.at, e.id) < (${parameter(after[0])}::timestamptz, ${parameter(after[1])}::uuid)`);
  const isNotDone = `e.result <> 'done'`;
  const equal = (name: Given): string =>
    `e.${filterColumns[name]} = ${parameter(filter[name])}${name === 'result' && filter.result !== 'done' ? ` and ${isNotDone}` : ''}`;
  /** What there is an index of. */
  const way = (name: Given): string => (name === 'result' ? isNotDone : equal(name));
  const select = (conditions: readonly string[], order = 'e.at desc, e.id desc'): string =>
    `select * from audit_entries e where ${['e.tenant_id = $1', ...period, ...conditions].join(' and ')} order by ${order}`;
  return { parameters, parameter, equal, way, select };
}
