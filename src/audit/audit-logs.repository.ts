import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { AuditFilter, AuditResult } from './audit-logs.dto.js';

export interface FoundEntry {
  readonly id: string;
  readonly at: string;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly actorRole: string;
  readonly action: string;
  readonly targetType: string;
  readonly targetId: string | null;
  readonly result: AuditResult;
  readonly reason: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string | null;
  readonly address: string | null;
  readonly agent: string | null;
}

/** Each has an index that ends with the order of the list, but for the kind of a target. */
const columns: Readonly<Record<Exclude<keyof AuditFilter, 'from' | 'to'>, string>> = {
  actorId: 'actor_id',
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
        e.action, e.target_type as "targetType", e.target_id as "targetId", e.result, e.reason, e.before, e.after,
        e.request_id as "requestId", e.address, e.agent
      from (
        select * from audit_entries e where ${conditions.join(' and ')}
        order by e.at desc, e.id desc limit ${parameter(limit + 1)} offset ${parameter(offset)}
      ) e
      left join users u on u.tenant_id = $1 and u.id = e.actor_id
      left join services s on s.tenant_id = $1 and s.id = e.actor_id
      order by e.at desc, e.id desc`,
      parameters,
    );
  }
}
