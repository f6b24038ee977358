import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Fault } from './seals.repository.js';

/** Where a removal goes on. */
export interface Place {
  readonly at: string;
  readonly id: string;
}

export interface Removed {
  /** The last entry that was looked at; null: there are no more. */
  readonly last: Place | null;
  readonly entries: number;
  readonly oldest: string | null;
  readonly newest: string | null;
}

/** All that retention has ever removed of a trail. */
export interface RemovalState {
  readonly digest: string;
  readonly entries: number;
  readonly lastSeal: number;
  readonly lastSealHash: string | null;
}

/** What a run says of it, as the last entry of its kind holds it. */
export interface Claim {
  readonly runId: string;
  readonly before: string;
  readonly entries: number;
}

const held = `exists (
          select from legal_holds h where h.tenant_id = $1 and h.lifted_at is null
            and (h.category is null or h.category = 'audit')
            and (h.person_id is null or h.person_id in (x.actor_id, x.person_id) or h.person_id::text = x.target_id)
        )`;
/** Of `gone`, by the seals that hold them. */
const counted = `select s.number as seal, count(*)::integer as entries
        from audit_seals s cross join lateral unnest(s.ids) as h (id) join gone g on g.id = h.id
        where s.tenant_id = $1 and s.last_at >= (select min(at) from gone) and s.first_at <= (select max(at) from gone)
        group by s.number`;
const digest = `encode(sha256(convert_to(coalesce(string_agg(concat(seal, ':', entries), ',' order by seal), ''), 'UTF8')), 'hex')`;

/** Takes entries out of a trail whose seals stay: how many of each is kept, so that no other can be missing unnoticed. */
@Injectable()
export class RemovalsRepository {
  constructor(private readonly database: Database) {}

  /** For what follows in the transaction. */
  async allow(runId: string): Promise<void> {
    await this.database.run(
      `-- audit.allowRemoval
      select set_config('app.retention', $1, true)`,
      [runId],
    );
  }

  /** Looks at the next `limit` entries before an instant, and removes those that are sealed and not held. */
  remove(tenantId: string, before: Date, after: Place | null, limit: number): Promise<Removed> {
    return this.database.one<Removed>(
      `-- audit.removeEntries
      with looked as materialized (
        select x.at, x.id, ${held} as is_held from audit_entries x
        where x.tenant_id = $1 and x.at < $2 and ($3::timestamptz is null or (x.at, x.id) > ($3, $4::uuid))
        order by x.at, x.id limit $5
      ), sealed as materialized (
        select distinct l.at, l.id
        from audit_seals s cross join lateral unnest(s.ids, s.ats) as h (id, at)
        join looked l on l.id = h.id and l.at = h.at and not l.is_held
        where s.tenant_id = $1 and s.last_at >= (select min(at) from looked) and s.first_at <= (select max(at) from looked)
      ), gone as (
        delete from audit_entries e using sealed c where e.tenant_id = $1 and e.at = c.at and e.id = c.id and e.at < $2
        returning e.at, e.id
      ), counted as (
        insert into audit_removals as r (tenant_id, seal, entries)
        select $1, c.seal, c.entries from (${counted}) c
        on conflict (tenant_id, seal) do update set entries = r.entries + excluded.entries
      )
      select (select count(*)::integer from gone) as entries,
        (select min(at) from gone) as oldest, (select max(at) from gone) as newest,
        case when (select count(*) from looked) = $5
          then (select jsonb_build_object('at', at, 'id', id) from looked order by at desc, id desc limit 1) end as last`,
      [tenantId, before, after?.at ?? null, after?.id ?? null, limit],
    );
  }

  /** Counts all entries of `[from, to)` as removed, before they go with their partition. @returns null where one is not sealed */
  async countOut(tenantId: string, from: Date, to: Date): Promise<Removed | null> {
    const row = await this.database.one<Removed & { readonly isSealed: boolean }>(
      `-- audit.countOut
      with gone as materialized (
        select at, id from audit_entries where tenant_id = $1 and at >= $2 and at < $3
      ), sealed as materialized (
        ${counted}
      ), counted as (
        insert into audit_removals as r (tenant_id, seal, entries) select $1, s.seal, s.entries from sealed s
        where (select sum(entries) from sealed) = (select count(*) from gone)
        on conflict (tenant_id, seal) do update set entries = r.entries + excluded.entries
      )
      select count(*)::integer as entries, min(at) as oldest, max(at) as newest, null as last,
        count(*) = (select coalesce(sum(entries), 0) from sealed) as "isSealed"
      from gone`,
      [tenantId, from, to],
    );
    return row.isSealed ? row : null;
  }

  state(tenantId: string): Promise<RemovalState> {
    return this.database.one<RemovalState>(
      `-- audit.removalState
      with r as materialized (select seal, entries from audit_removals where tenant_id = $1)
      select ${digest} as digest, coalesce(sum(entries), 0)::integer as entries, coalesce(max(seal), 0) as "lastSeal",
        (select encode(s.hash, 'hex') from audit_seals s where s.tenant_id = $1 and s.number = (select max(seal) from r))
          as "lastSealHash"
      from r`,
      [tenantId],
    );
  }

  /** What the last run said it had removed; null: none ever did. */
  lastClaim(tenantId: string): Promise<Claim | null> {
    return this.database.maybeOne<Claim>(
      `-- audit.lastClaim
      select target_id as "runId", after ->> 'before' as before, (after ->> 'removedInAll')::integer as entries
      from audit_entries where tenant_id = $1 and action = 'audit.trimmed' order by at desc, id desc limit 1`,
      [tenantId],
    );
  }

  /**
   * A claim that retention does not bear out: it went further than the tenant's setting let it go then, names a seal that is
   * another, or is not about what is recorded as removed. What the setting was follows from the changes after it.
   */
  findUnfounded(tenantId: string): Promise<Fault | null> {
    return this.database.maybeOne<Fault>(
      `-- audit.findUnfounded
      with r as materialized (
        select seal, entries from audit_removals where tenant_id = $1
      ), claim as materialized (
        select e.id, e.at, e.after, row_number() over (order by e.at desc, e.id desc) as place,
          (e.after ->> 'cutOff')::timestamptz as cut_off, (e.after ->> 'before')::timestamptz as before,
          coalesce((
            select (c.before ->> 'auditRetentionDays')::integer from audit_entries c
            where c.tenant_id = $1 and c.action = 'settings.changed' and c.at > e.at
              and c.before ->> 'auditRetentionDays' is distinct from c.after ->> 'auditRetentionDays'
            order by c.at, c.id limit 1
          ), (select audit_retention_days from tenants where id = $1)) as days
        from audit_entries e where e.tenant_id = $1 and e.action = 'audit.trimmed'
      ), fault as (
        select id, at, place from claim
        where cut_off is null or before is null or cut_off > at - make_interval(days => days)
          or before < cut_off or before > at - interval '365 days'
          or not exists (
            select from audit_seals s where s.tenant_id = $1 and s.number = (claim.after ->> 'lastSeal')::integer
              and encode(s.hash, 'hex') = claim.after ->> 'lastSealHash'
          )
          or place = 1 and claim.after ->> 'removals' is distinct from (select ${digest} from r)
        union all
        select null, null, 0 where exists (select from r) and not exists (select from claim)
      )
      select 'removal_unfounded' as kind, null::integer as seal, id as "entryId", at from fault order by place limit 1`,
      [tenantId],
    );
  }
}
