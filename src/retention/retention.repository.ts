import type { Database } from '../database/database.js';
import type { PartitionedTable } from '../operations/partitions.repository.js';
import type { Category } from './categories.js';
import { heldBy, type Part } from './parts.js';

export interface Extent {
  readonly rows: number;
  /** Days; null where there are no rows. */
  readonly oldest: string | null;
  readonly newest: string | null;
}

export interface HeldBack {
  readonly holdId: string;
  readonly reason: string;
  readonly rows: number;
}

export interface Retention {
  readonly tenantId: string;
  readonly timeZone: string;
  /** Days. */
  readonly audit: number;
  readonly snapshots: number;
  readonly analytics: number;
  readonly messages: number;
  readonly riskEvaluations: number;
}

const dayOf = ({ type }: Part, value: string): string =>
  type === 'date' ? value : `(${value} at time zone 'UTC')::date`;
const isPast = (part: Part, where: string | undefined): string =>
  `x.tenant_id = $1 and ${part.time} < $2::${part.type}${where ? ` and ${where}` : ''}`;
const isFree = (part: Part): string =>
  `not exists (select from legal_holds h where h.tenant_id = $1 and ${heldBy(part)})`;

/** What `retention.delete…` do beside: what a session was counted for is kept, and its id is free again. */
const carried = `, keys as (
        delete from session_keys k using gone g where k.tenant_id = $1 and k.session_id = g.id
      ), carried as (
        insert into student_modules as m (tenant_id, student_id, module_id, first_on, first_completed_on, last_on, sessions,
          past_sessions, past_first_on, past_first_completed_on, past_last_on)
        select $1, student_id, module_id, min(day), min(day) filter (where status = 'completed'), max(day), count(*),
          count(*), min(day), min(day) filter (where status = 'completed'), max(day)
        from gone group by student_id, module_id
        on conflict (tenant_id, student_id, module_id) do update
        set past_sessions = m.past_sessions + excluded.past_sessions,
          past_first_on = least(m.past_first_on, excluded.past_first_on),
          past_first_completed_on = least(m.past_first_completed_on, excluded.past_first_completed_on),
          past_last_on = greatest(m.past_last_on, excluded.past_last_on)
      ), known as (
        update tenants set history_from = greatest(history_from, $2::date) where id = $1 and exists (select from gone)
      )`;

/** As the owner of the tables where it deletes, as the application where it only looks. */
export class RetentionRepository {
  constructor(private readonly database: Database) {}

  /** Of one tenant, or all of them. */
  list(tenantId: string | null): Promise<Retention[]> {
    return this.database.many<Retention>(
      `-- retention.list
      select id as "tenantId", time_zone as "timeZone", audit_retention_days as audit, snapshot_retention_days as snapshots,
        -- what snapshots still write is a difference to what there is
        greatest(analytics_retention_days, snapshot_retention_days) as analytics, message_retention_days as messages,
        risk_evaluation_retention_days as "riskEvaluations"
      from tenants where $1::uuid is null or id = $1 order by id`,
      [tenantId],
    );
  }

  /** What of a part would go. */
  preview(tenantId: string, part: Part, first: Date | string): Promise<Extent> {
    return this.database.one<Extent>(
      `-- retention.preview
      select count(*)::integer as rows, min(${dayOf(part, part.time)}) as oldest, max(${dayOf(part, part.time)}) as newest
      from ${part.table} x where ${isPast(part, part.foreseen)} and ${isFree(part)}`,
      [tenantId, first],
    );
  }

  /** What of a part is past its time and kept, by the hold that keeps it. */
  listHeld(tenantId: string, part: Part, first: Date | string): Promise<HeldBack[]> {
    return this.database.many<HeldBack>(
      `-- retention.listHeld
      select h.id as "holdId", h.reason, count(*)::integer as rows
      from legal_holds h join ${part.table} x on ${isPast(part, undefined)}
      where h.tenant_id = $1 and ${heldBy(part)} group by h.tenant_id, h.id order by h.id`,
      [tenantId, first],
    );
  }

  /** For what follows in the transaction: sums stay as they are. */
  async allow(runId: string): Promise<void> {
    await this.database.run(
      `-- retention.allow
      select set_config('app.retention', $1, true)`,
      [runId],
    );
  }

  /** @returns what was deleted; fewer rows than `limit` when none are left */
  delete(tenantId: string, part: Part, first: Date | string, limit: number): Promise<Extent> {
    const key = (alias: string): string => part.key.map((column) => `${alias}.${column}`).join(', ');
    return this.database.one<Extent>(
      `-- retention.deleteRows
      with chosen as materialized (
        select ${key('x')}, ${dayOf(part, part.time)} as retained_day from ${part.table} x
        where ${isPast(part, part.where)} and ${isFree(part)} limit $3
      ), gone as (
        delete from ${part.table} x using chosen c where x.tenant_id = $1 and (${key('x')}) = (${key('c')})
        returning x.*, c.retained_day
      )${part.table === 'sessions' ? carried : ''}
      select count(*)::integer as rows, min(retained_day) as oldest, max(retained_day) as newest from gone`,
      [tenantId, first, limit],
    );
  }

  /** The same of what goes with its partition: whose days `[from, to)` are. */
  carry(tenantId: string, from: string, first: string): Promise<Extent> {
    return this.database.one<Extent>(
      `-- retention.carrySessions
      with gone as materialized (
        select * from sessions where tenant_id = $1 and day >= $3 and day < $2
      )${carried}
      select count(*)::integer as rows, min(day) as oldest, max(day) as newest from gone`,
      [tenantId, first, from],
    );
  }

  extentOf(tenantId: string, { table, time, type }: Part, from: Date | string, to: Date | string): Promise<Extent> {
    const day = type === 'date' ? time : `(${time} at time zone 'UTC')::date`;
    return this.database.one<Extent>(
      `-- retention.extentOf
      select count(*)::integer as rows, min(${day}) as oldest, max(${day}) as newest
      from ${table} x where x.tenant_id = $1 and ${time} >= $2 and ${time} < $3`,
      [tenantId, from, to],
    );
  }

  /** Whose rows a partition of `[from, to)` has. */
  async listTenantsWithin({ table, time }: Part, from: Date | string, to: Date | string): Promise<string[]> {
    const rows = await this.database.many<{ id: string }>(
      `-- retention.listTenantsWithin
      select t.id from tenants t
      where exists (select from ${table} x where x.tenant_id = t.id and ${time} >= $1 and ${time} < $2)
      order by t.id`,
      [from, to],
    );
    return rows.map(({ id }) => id);
  }

  /** Nobody places a hold until the transaction ends. */
  async lockHolds(): Promise<void> {
    await this.database.run(`-- retention.lockHolds
      select pg_advisory_xact_lock(hashtext('legal holds'))`);
  }

  async hasHold(tenantIds: readonly string[], category: Category): Promise<boolean> {
    const { found } = await this.database.one<{ found: boolean }>(
      `-- retention.hasHold
      select exists (
        select from legal_holds
        where tenant_id = any ($1) and lifted_at is null and (category is null or category = $2)
      ) as found`,
      [tenantIds, category],
    );
    return found;
  }

  /** Months, `YYYY-MM`, that have partitions, the oldest first. */
  async listMonths(table: PartitionedTable): Promise<string[]> {
    const rows = await this.database.many<{ month: string }>(
      `-- retention.listMonths
      select replace(right(inhrelid::regclass::text, 7), '_', '-') as month from pg_inherits
      where inhparent = to_regclass($1) and inhrelid::regclass::text ~ '_\\d{4}_\\d{2}$' order by 1`,
      [table],
    );
    return rows.map(({ month }) => month);
  }
}
