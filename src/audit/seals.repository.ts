import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** What does not fit; the first of a chain is found first. */
export type FaultKind =
  | 'entry_changed'
  | 'entry_missing'
  | 'entry_unsealed'
  | 'entry_backdated'
  | 'seal_changed'
  | 'seal_missing'
  | 'chain_cut'
  | 'removal_unfounded';

export interface Fault {
  readonly kind: FaultKind;
  /** Of the seal; null for an entry that is in none. */
  readonly seal: number | null;
  /** Null where it is the seal that does not fit. */
  readonly entryId: string | null;
  readonly at: string | null;
}

export interface Seal {
  readonly number: number;
  /** Hexadecimal. */
  readonly hash: string;
  readonly sealedAt: string;
  readonly lastAt: string;
}

const instant = (at: string): string => `to_json(to_char(${at} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))`;
const text = (value: string): string => `coalesce(to_json(${value}::text)::text, 'null')`;
const hex = (bytes: string): string => text(`encode(${bytes}, 'hex')`);
const sha256 = (...json: readonly string[]): string => `sha256(convert_to(concat(${json.join(', ')}), 'UTF8'))`;

/**
 * Of an entry `e`, SHA-256 of its canonical JSON (RFC 8785): the names in order, and all values strings or null. What JSON
 * an entry holds is the string that PostgreSQL makes of it, in which numbers keep their digits; what is encrypted is
 * hexadecimal, and stays as it was when the key is gone.
 */
const digest = sha256(
  ...(
    [
      ['action', text('e.action')], ['actorId', text('e.actor_id')], ['actorRole', text('e.actor_role')],
      ['address', text('e.address')], ['after', text('e.after')], ['agent', text('e.agent')], ['at', instant('e.at')],
      ['before', text('e.before')], ['delegationId', text('e.delegation_id')], ['details', hex('e.details')],
      ['id', text('e.id')], ['keyId', text('e.key_id')], ['origin', hex('e.origin')], ['personId', text('e.person_id')],
      ['reason', text('e.reason')], ['requestId', text('e.request_id')], ['result', text('e.result')],
      ['targetId', text('e.target_id')], ['targetType', text('e.target_type')], ['tenantId', text('e.tenant_id')],
    ] as const
  ).flatMap(([name, value], index) => [`'${index === 0 ? '{' : ','}"${name}":'`, value]),
  `'}'`,
); // prettier-ignore

/** The same of a seal `s`, with the digests of its entries and the hash of the seal before. */
const hash = sha256(
  `'{"entries":['`,
  `(
      select string_agg(concat('{"at":', ${instant('h.at')}, ',"digest":"', encode(h.digest, 'hex'), '","id":"', h.id, '"}'),
        ',' order by h.position)
      from unnest(s.ats, s.ids, s.digests) with ordinality as h (at, id, digest, position)
    )`,
  `'],"number":'`, 's.number', `',"previousHash":"'`, `encode(s.previous_hash, 'hex')`, `'","sealedAt":'`,
  instant('s.sealed_at'), `',"tenantId":"'`, 's.tenant_id', `'"}'`,
); // prettier-ignore

const columns = `number, encode(hash, 'hex') as hash, sealed_at as "sealedAt", last_at as "lastAt"`;

@Injectable()
export class SealsRepository {
  constructor(private readonly database: Database) {}

  /** Whose entries wait for a seal. */
  async listPending(limit: number): Promise<string[]> {
    const rows = await this.database.many<{ tenantId: string }>(
      `-- audit.listPending
      select t.id as "tenantId" from tenants t
      where exists (select from audit_pending p where p.tenant_id = t.id)
      order by t.id limit $1`,
      [limit],
    );
    return rows.map(({ tenantId }) => tenantId);
  }

  /** Nobody else seals entries of this tenant until the transaction ends. */
  async lock(tenantId: string): Promise<void> {
    await this.database.run(
      `-- audit.lockSeals
      select pg_advisory_xact_lock(hashtextextended('audit seals ' || $1, 0))`,
      [tenantId],
    );
  }

  /** Seals up to `limit` entries that wait for it, the earliest first. @returns how many */
  async seal(tenantId: string, limit: number, now: Date): Promise<number> {
    const { sealed } = await this.database.one<{ sealed: number }>(
      `-- audit.seal
      with taken as (
        delete from audit_pending where tenant_id = $1 and ctid = any (array(
          select ctid from audit_pending where tenant_id = $1 order by at, id limit $2
        ))
        returning at, id
      ), entry as materialized (
        select t.at, t.id, coalesce(e.digest, '') as digest
        from taken t
        left join lateral (
          select ${digest} as digest from audit_entries e
          where e.tenant_id = $1 and e.at = t.at and e.id = t.id offset 0
        ) e on true
      ), batch as materialized (
        select $1::uuid as tenant_id, coalesce(last.number, 0) + 1 as number, $3::timestamptz as sealed_at, min(at) as first_at,
          max(at) as last_at, array_agg(at order by at, id) as ats, array_agg(id order by at, id) as ids,
          array_agg(digest order by at, id) as digests,
          coalesce(last.hash, decode(repeat('00', 32), 'hex')) as previous_hash
        from entry
        left join lateral (
          select number, hash from audit_seals where tenant_id = $1 order by number desc limit 1
        ) last on true
        group by last.number, last.hash
      ), sealed as (
        insert into audit_seals (tenant_id, number, sealed_at, first_at, last_at, ats, ids, digests, previous_hash, hash)
        select tenant_id, number, sealed_at, first_at, last_at, ats, ids, digests, previous_hash,
          ${hash}
        from batch s
        returning cardinality(ids) as entries
      )
      select coalesce(sum(entries), 0)::integer as sealed from sealed`,
      [tenantId, limit, now],
    );
    return sealed;
  }

  last(tenantId: string): Promise<Seal | null> {
    return this.database.maybeOne<Seal>(
      `-- audit.lastSeal
      select ${columns} from audit_seals where tenant_id = $1 order by number desc limit 1`,
      [tenantId],
    );
  }

  find(tenantId: string, number: number): Promise<Seal | null> {
    return this.database.maybeOne<Seal>(
      `-- audit.findSeal
      select ${columns} from audit_seals where tenant_id = $1 and number = $2`,
      [tenantId, number],
    );
  }

  /**
   * The first seal after `after`, up to `limit` of them, that is not what it says, does not follow the one before, or holds
   * an entry that is not what it was, or that bears a time an hour before all that was sealed already. Entries may wait for a
   * seal for days, but are sealed in order; where the clock went back, it did so for the seal, too.
   * @param removedBefore entries before it may be missing, if retention has removed as many of their seal
   */
  findFault(tenantId: string, after: number, limit: number, removedBefore: string | null): Promise<Fault | null> {
    return this.database.maybeOne<Fault>(
      `-- audit.findFault
      with looked as materialized (
        select s.*, p.hash as hash_before, least(s.sealed_at, greatest(
            (select max(b.last_at) from audit_seals b where b.tenant_id = $1 and b.number <= $2),
            max(s.last_at) over (order by s.number rows between unbounded preceding and 1 preceding)
          )) - interval '1 hour' as earliest
        from generate_series($2::integer + 1, $2::integer + $3::integer) as n (number)
        join audit_seals s on s.tenant_id = $1 and s.number = n.number
        left join audit_seals p on p.tenant_id = $1 and p.number = n.number - 1
      ), compared as (
        select s.number, s.earliest, held.id, held.at, held.position, held.digest as sealed_digest, now.digest,
          r.entries as removed,
          count(*) filter (where now.digest is null) over (partition by s.number) as missing
        from looked s
        cross join lateral unnest(s.ats, s.ids, s.digests) with ordinality as held (at, id, digest, position)
        left join lateral (
          select ${digest} as digest from audit_entries e
          where e.tenant_id = $1 and e.at = held.at and e.id = held.id offset 0
        ) now on true
        left join audit_removals r on r.tenant_id = $1 and r.seal = s.number
      ), fault as (
        select case when s.number > 1 and s.hash_before is null then 'seal_missing' else 'seal_changed' end as kind,
          case when s.number > 1 and s.hash_before is null then s.number - 1 else s.number end as seal, null::uuid as id,
          null::timestamptz as at, 0::bigint as position
        from looked s
        where s.previous_hash is distinct from coalesce(s.hash_before,
            case when s.number = 1 then decode(repeat('00', 32), 'hex') end)
          or s.hash is distinct from ${hash} or (s.first_at, s.last_at) <> (s.ats[1], s.ats[cardinality(s.ats)])
        union all
        select case when digest is null then 'entry_missing' else 'entry_changed' end, number, id, at, position
        from compared
        where digest is distinct from sealed_digest
          and (digest is null and at < $4 and missing = removed) is not true
        union all
        select 'entry_backdated', number, id, at, position from compared where number > 1 and at < earliest
      )
      select kind, seal, id as "entryId", at from fault order by seal, position, kind desc limit 1`,
      [tenantId, after, limit, removedBefore],
    );
  }

  /** The first entry of `[from, to)` that is neither sealed nor waits for it. */
  findUnsealed(tenantId: string, from: Date, to: Date): Promise<Fault | null> {
    return this.database.maybeOne<Fault>(
      `-- audit.findUnsealed
      select 'entry_unsealed' as kind, null::integer as seal, a.id as "entryId", a.at
      from audit_entries a
      where a.tenant_id = $1 and a.at >= $2 and a.at < $3
        -- hashed whatever the planner expects: of a table that grew this minute it expects too little, and would compare each with each
        and a.id not in (
          select e.id from audit_seals s cross join lateral unnest(s.ids) as e (id)
          where s.tenant_id = $1 and s.last_at >= $2 and s.first_at < $3 and e.id is not null
        )
        and a.id not in (select p.id from audit_pending p where p.tenant_id = $1 and p.at >= $2 and p.at < $3)
      order by a.at, a.id limit 1`,
      [tenantId, from, to],
    );
  }
}
