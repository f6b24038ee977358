import { Injectable } from '@nestjs/common';
import { midnight } from '../../assignments/due-dates.js';
import type { AuditFilter as ListFilter } from '../../audit/audit-logs.dto.js';
import { filterColumns, keyJoins, storedColumns } from '../../audit/audit-logs.repository.js';
import type { StoredValues } from '../../audit/found-values.js';
import type { Period } from '../../analytics/analytics-scope.js';
import { Database } from '../../database/database.js';
import type { Viewer } from '../../http/viewer.js';
import type { Predicate } from '../../students/student-filter.js';
import type { Asked } from '../report-kind.js';

/** That of the list, of whole days. */
export interface AuditFilter extends Period, Omit<ListFilter, keyof Period> {}

export interface AuditExtractRow extends StoredValues {
  readonly at: string;
  readonly id: string;
  readonly actorId: string | null;
  readonly actorName: string | null;
  readonly actorRole: string;
  readonly action: string;
  readonly result: string;
  readonly targetType: string;
  readonly targetId: string | null;
  readonly personId: string | null;
  readonly requestId: string | null;
  readonly keyId: string | null;
  readonly delegationId: string | null;
}

export interface AuditSums {
  readonly entries: number;
  readonly actors: number;
  readonly notDone: number;
}

/** On entries `e`: those of the period up to the moment it was asked, so that the extract does not run after itself. */
function entriesOf(viewer: Viewer, { filter, moment }: Asked<AuditFilter>): Predicate {
  const parameters: unknown[] = [viewer.tenantId];
  const parameter = (value: unknown): string => `$${parameters.push(value)}`;
  const conditions = [
    `e.at >= ${midnight(`${parameter(filter.from)}::date`)}`,
    `e.at < ${midnight(`${parameter(filter.to)}::date + 1`)}`,
    `e.at < ${parameter(moment.now)}`,
  ];
  for (const [name, column] of Object.entries(filterColumns) as [keyof typeof filterColumns, string][]) {
    if (filter[name] !== undefined) conditions.push(`e.${column} = ${parameter(filter[name])}`);
  }
  return { sql: conditions.join(' and '), parameters };
}

@Injectable()
export class AuditReportRepository {
  constructor(private readonly database: Database) {}

  /** In the order in which they were made, after these. */
  list(
    viewer: Viewer,
    asked: Asked<AuditFilter>,
    after: readonly [at: string, id: string] | null,
    limit: number,
  ): Promise<AuditExtractRow[]> {
    const { sql, parameters } = entriesOf(viewer, asked);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const further = after
      ? `and (e.at, e.id) > (${parameter(after[0])}::timestamptz, ${parameter(after[1])}::uuid)`
      : '';
    return this.database.read().many<AuditExtractRow>(
      `-- reports.listAudit
      select e.at, e.id, e.actor_id as "actorId", coalesce(u.name, s.name) as "actorName", e.actor_role as "actorRole",
        e.action, e.result, e.target_type as "targetType", e.target_id as "targetId", e.person_id as "personId",
        e.request_id as "requestId", e.key_id as "keyId", e.delegation_id as "delegationId",
        ${storedColumns}
      from audit_entries e
      left join users u on u.tenant_id = $1 and u.id = e.actor_id
      left join services s on s.tenant_id = $1 and s.id = e.actor_id
      ${keyJoins}
      where e.tenant_id = $1 and ${sql} ${further}
      order by e.at, e.id
      limit ${parameter(limit)}`,
      parameters,
    );
  }

  sumUp(viewer: Viewer, asked: Asked<AuditFilter>): Promise<AuditSums> {
    const { sql, parameters } = entriesOf(viewer, asked);
    return this.database.read().one<AuditSums>(
      `-- reports.sumUpAudit
      select count(*) as entries, count(distinct e.actor_id) as actors,
        count(*) filter (where e.result <> 'done') as "notDone"
      from audit_entries e where e.tenant_id = $1 and ${sql}`,
      parameters,
    );
  }

  /** Every day or week of the period. */
  listSteps(
    viewer: Viewer,
    asked: Asked<AuditFilter>,
    step: 'day' | 'week',
  ): Promise<{ day: string; entries: number }[]> {
    const { sql, parameters } = entriesOf(viewer, asked);
    const begin = (day: string): string => (step === 'day' ? day : `date_trunc('week', ${day})::date`);
    return this.database.read().many<{ day: string; entries: number }>(
      `-- reports.listAuditSteps
      with entry as (
        select ${begin('(e.at at time zone t.time_zone)::date')} as day, count(*) as entries
        from audit_entries e join tenants t on t.id = $1
        where e.tenant_id = $1 and ${sql}
        group by 1
      )
      select t.day::date as day, coalesce(e.entries, 0) as entries
      from generate_series(${begin('$2::date')}, $3::date, interval '1 ${step}') t (day)
      left join entry e on e.day = t.day::date
      order by t.day`,
      parameters,
    );
  }

  /** The most frequent first. */
  listActions(
    viewer: Viewer,
    asked: Asked<AuditFilter>,
    limit: number,
  ): Promise<{ action: string; entries: number }[]> {
    const { sql, parameters } = entriesOf(viewer, asked);
    return this.database.read().many<{ action: string; entries: number }>(
      `-- reports.listAuditActions
      select e.action, count(*) as entries from audit_entries e
      where e.tenant_id = $1 and ${sql}
      group by e.action order by 2 desc, 1
      limit $${parameters.push(limit)}`,
      parameters,
    );
  }
}
