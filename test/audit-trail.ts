import { readValues, type StoredValues } from '../src/audit/found-values.js';
import { keyJoins, storedColumns } from '../src/audit/audit-logs.repository.js';
import type { Database } from '../src/database/database.js';

/** An entry as whoever may read the audit sees it: what is encrypted has been opened. */
export interface TrailEntry {
  readonly id: string;
  readonly at: string;
  readonly actorId: string | null;
  readonly actorRole: string;
  readonly action: string;
  readonly targetType: string;
  readonly targetId: string | null;
  readonly personId: string | null;
  readonly result: string;
  readonly requestId: string | null;
  readonly keyId: string | null;
  readonly delegationId: string | null;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
  readonly reason: string | null;
  readonly address: string | null;
  readonly agent: string | null;
  readonly erased: boolean;
}

/** @param tenantId null: of all @param action as `like` takes it; all in the order in which they were written */
export async function auditTrail(database: Database, tenantId: string | null, action = '%'): Promise<TrailEntry[]> {
  const rows = await database.many<StoredValues & Omit<TrailEntry, 'before' | 'after'> & { tenantId: string }>(
    `-- test.auditTrail
    select e.tenant_id as "tenantId", e.id, e.at, e.actor_id as "actorId", e.actor_role as "actorRole", e.action, e.target_type as "targetType",
      e.target_id as "targetId", e.person_id as "personId", e.result, e.request_id as "requestId", e.key_id as "keyId",
      e.delegation_id as "delegationId", ${storedColumns}
    from audit_entries e
    ${keyJoins.replaceAll('$1', 'e.tenant_id')}
    where ($1::uuid is null or e.tenant_id = $1) and e.action like $2
    order by e.at, e.id`,
    [tenantId, action],
  );
  return rows.map(({ tenantId: of, details: _d, origin: _o, personKey: _p, actorKey: _a, ...row }, index) => ({
    ...row,
    ...(readValues(of, row.id, rows[index]!) as Pick<
      TrailEntry,
      'before' | 'after' | 'reason' | 'address' | 'agent' | 'erased'
    >),
  }));
}
