import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Entries in one statement. */
const chunk = 5_000;
const uuid = "'^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'";

const nobody = '00000000-0000-0000-0000-000000000000';

/** Whom an entry was about, as far as it says; what a person listed, asked for or chose is about themselves. */
const personOf = `case
  when e.target_type in ('student', 'user', 'instructor') then e.target_id
  when e.target_type = 'attempt' then e.after ->> 'studentId'
  when e.target_type = 'delegation' then coalesce(e.after, e.before) ->> 'instructorId'
  when e.target_type in ('segment', 'report', 'report_schedule', 'gradebook', 'audit', 'message', 'thread', 'notification',
    'sign_in') and e.actor_role not in ('service', 'operator') then e.actor_id::text
end`;

interface Plain {
  readonly tenantId: string;
  readonly at: string;
  readonly id: string;
  readonly personId: string | null;
  readonly values: object;
  readonly hasValues: boolean;
  readonly origin: object;
  readonly hasOrigin: boolean;
  readonly personKey: Buffer | null;
  readonly actorKey: Buffer | null;
  readonly isPerson: boolean;
}

interface Sealed {
  readonly tenantId: string;
  readonly at: string;
  readonly id: string;
  readonly details: Buffer | null;
  readonly origin: Buffer | null;
  readonly personKey: Buffer | null;
  readonly actorKey: Buffer | null;
}

/**
 * What entries say of people stands under a key of each person's own, so that throwing it away takes what they say, and
 * leaves the entries. What was sealed before was another content: the chain begins anew.
 */
export class EncryptAuditEntries1764400100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table person_keys (
        tenant_id uuid not null,
        person_id uuid not null,
        key bytea not null,
        created_at timestamptz not null,
        constraint person_keys_pkey primary key (tenant_id, person_id),
        constraint person_keys__person_fkey foreign key (tenant_id, person_id) references users (tenant_id, id)
          on delete cascade,
        constraint person_keys__key_check check (octet_length(key) = 32)
      );
      comment on table person_keys is
        'what the audit says of a person is encrypted under this; a person without one has been erased';

      -- each half has 122 random bits of the system's own source; those of pgcrypto would want an extension
      create function random_key() returns bytea language sql volatile as $$
        select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
      $$;
      create function users_add_keys() returns trigger language plpgsql as $$
      begin
        insert into person_keys (tenant_id, person_id, key, created_at)
        select tenant_id, id, random_key(), created_at from new_rows;
        return null;
      end $$;
      create trigger users_add_keys after insert on users
        referencing new table as new_rows for each statement execute function users_add_keys();
      insert into person_keys (tenant_id, person_id, key, created_at)
      select tenant_id, id, random_key(), created_at from users;

      alter table audit_entries add person_id uuid, add details bytea, add origin bytea, add key_id uuid,
        add delegation_id uuid;
      comment on column audit_entries.person_id is 'whom it is about';
      comment on column audit_entries.details is
        'before, after and reason as JSON, encrypted under the key of person_id: nonce, tag, AES-256-GCM';
      comment on column audit_entries.origin is 'address and agent, under the key of the person who did it';
      comment on column audit_entries.key_id is 'the API key that was shown';
      comment on column audit_entries.delegation_id is 'by which the actor stood in for somebody';
      create index audit_entries__person_idx on audit_entries (tenant_id, person_id, at, id)
        where person_id is not null;

      alter table audit_entries disable trigger audit_entries_final;
    `);
    let after: readonly unknown[] = [nobody, '-infinity', nobody];
    for (;;) {
      const found = (await runner.query(
        `select e.tenant_id as "tenantId", e.at::text as at, e.id, e.about as "personId",
          jsonb_build_object('before', e.before, 'after', e.after, 'reason', e.reason) as values,
          num_nonnulls(e.before, e.after, e.reason) > 0 as "hasValues",
          jsonb_build_object('address', e.address, 'agent', e.agent) as origin,
          num_nonnulls(e.address, e.agent) > 0 as "hasOrigin", p.key as "personKey", a.key as "actorKey",
          e.actor_id is not null and e.actor_role <> 'service' as "isPerson"
        from (
          select m.*, case when m.person ~ ${uuid} then m.person::uuid end as about
          from (
            select e.*, ${personOf} as person from audit_entries e
            where (e.tenant_id, e.at, e.id) > ($1::uuid, $2::timestamptz, $3::uuid)
            order by e.tenant_id, e.at, e.id limit ${chunk}
          ) m
        ) e
        left join person_keys p on p.tenant_id = e.tenant_id and p.person_id = e.about
        left join person_keys a on a.person_id = e.actor_id and a.tenant_id = case when e.actor_role = 'operator'
          then '${nobody}' else e.tenant_id end
        order by e.tenant_id, e.at, e.id`,
        [...after],
      )) as Plain[];
      const last = found.at(-1);
      if (!last) break;
      after = [last.tenantId, last.at, last.id];
      const rows = found
        .filter(({ personId, hasOrigin, isPerson }) => personId !== null || (hasOrigin && isPerson))
        .map((entry) => ({
          tenant_id: entry.tenantId,
          at: entry.at,
          id: entry.id,
          person_id: entry.personId,
          // whoever is no longer there takes along what was said of them
          details:
            entry.personId && entry.hasValues && encrypted(entry.personKey, entry.values, bound(entry, 'details')),
          is_person: entry.isPerson,
          origin:
            entry.isPerson && entry.hasOrigin ? encrypted(entry.actorKey, entry.origin, bound(entry, 'origin')) : null,
        }));
      await runner.query(
        `update audit_entries e set person_id = r.person_id, details = decode(r.details, 'base64'),
          before = case when r.person_id is null then e.before end,
          after = case when r.person_id is null then e.after end,
          reason = case when r.person_id is null then e.reason end,
          origin = decode(r.origin, 'base64'),
          address = case when not r.is_person then e.address end, agent = case when not r.is_person then e.agent end
        from jsonb_to_recordset($1::jsonb) as r (tenant_id uuid, at timestamptz, id uuid, person_id uuid, details text,
          is_person boolean, origin text)
        where e.tenant_id = r.tenant_id and e.at = r.at and e.id = r.id`,
        [JSON.stringify(rows)],
      );
    }
    await runner.query('alter table audit_entries enable trigger audit_entries_final');
    await beginAnew(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table audit_entries disable trigger audit_entries_final');
    let after: readonly unknown[] = [nobody, '-infinity', nobody];
    for (;;) {
      const found = (await runner.query(
        `select e.tenant_id as "tenantId", e.at::text as at, e.id, e.details, e.origin, p.key as "personKey",
          a.key as "actorKey"
        from (
          select * from audit_entries e where (e.tenant_id, e.at, e.id) > ($1::uuid, $2::timestamptz, $3::uuid)
            and num_nonnulls(e.details, e.origin) > 0
          order by e.tenant_id, e.at, e.id limit ${chunk}
        ) e
        left join person_keys p on p.tenant_id = e.tenant_id and p.person_id = e.person_id
        left join person_keys a on a.person_id = e.actor_id and a.tenant_id = case when e.actor_role = 'operator'
          then '${nobody}' else e.tenant_id end
        order by e.tenant_id, e.at, e.id`,
        [...after],
      )) as Sealed[];
      const last = found.at(-1);
      if (!last) break;
      after = [last.tenantId, last.at, last.id];
      const rows = found.map((entry) => ({
        tenant_id: entry.tenantId,
        at: entry.at,
        id: entry.id,
        ...decrypted(entry.personKey, entry.details, bound(entry, 'details')),
        ...decrypted(entry.actorKey, entry.origin, bound(entry, 'origin')),
      }));
      await runner.query(
        `update audit_entries e set before = coalesce(nullif(r.before, 'null'), e.before),
          after = coalesce(nullif(r.after, 'null'), e.after), reason = coalesce(r.reason, e.reason),
          address = coalesce(r.address, e.address), agent = coalesce(r.agent, e.agent)
        from jsonb_to_recordset($1::jsonb) as r (tenant_id uuid, at timestamptz, id uuid, before jsonb, after jsonb,
          reason text, address text, agent text)
        where e.tenant_id = r.tenant_id and e.at = r.at and e.id = r.id`,
        [JSON.stringify(rows)],
      );
    }
    await runner.query(`
      alter table audit_entries enable trigger audit_entries_final;
      drop index audit_entries__person_idx;
      alter table audit_entries drop person_id, drop details, drop origin, drop key_id, drop delegation_id;
      drop trigger users_add_keys on users;
      drop function users_add_keys;
      drop table person_keys;
      drop function random_key;
    `);
    await beginAnew(runner);
  }
}

async function beginAnew(runner: QueryRunner): Promise<void> {
  await runner.query(`
    alter table audit_seals disable trigger audit_seals_final;
    delete from audit_seals;
    alter table audit_seals enable trigger audit_seals_final;
    delete from audit_pending;
    insert into audit_pending (tenant_id, at, id) select tenant_id, at, id from audit_entries;
  `);
}

function bound({ tenantId, id }: { readonly tenantId: string; readonly id: string }, column: string): Buffer {
  return Buffer.from(`${tenantId}/${id}/${column}`);
}

function encrypted(key: Buffer | null, value: object, entry: Buffer): string | null {
  if (key === null) return null;
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(entry);
  const text = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
}

function decrypted(key: Buffer | null, bytes: Buffer | null, entry: Buffer): object {
  if (key === null || bytes === null) return {};
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(entry);
  decipher.setAuthTag(bytes.subarray(12, 28));
  return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString()) as object;
}
