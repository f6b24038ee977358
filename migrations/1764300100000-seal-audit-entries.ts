import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Entries become links of a chain: each batch holds the digests of its entries and the hash of the batch before. */
export class SealAuditEntries1764300100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table audit_pending (
        tenant_id uuid not null,
        at timestamptz not null,
        id uuid not null,
        constraint audit_pending_pkey primary key (tenant_id, at, id)
      );
      comment on table audit_pending is 'entries that no seal holds yet';

      create table audit_seals (
        tenant_id uuid not null,
        number integer not null,
        sealed_at timestamptz not null,
        first_at timestamptz not null,
        last_at timestamptz not null,
        ats timestamptz[] not null,
        ids uuid[] not null,
        digests bytea[] not null,
        previous_hash bytea not null,
        hash bytea not null,
        constraint audit_seals_pkey primary key (tenant_id, number),
        constraint audit_seals__number_check check (number > 0),
        constraint audit_seals__entries_check
          check (cardinality(ids) > 0 and cardinality(ats) = cardinality(ids) and cardinality(digests) = cardinality(ids))
      );
      create index audit_seals__last_at_idx on audit_seals (tenant_id, last_at, first_at);
      comment on table audit_seals is 'batches of entries, each sealed with the hash of the one before; only ever added to';
      comment on column audit_seals.digests is 'SHA-256 of the canonical JSON of each entry; empty: it was gone before it was sealed';
      comment on column audit_seals.previous_hash is 'of the seal before; 32 zeros in the first';

      create function audit_entries_to_pending() returns trigger language plpgsql as $$
      begin
        insert into audit_pending (tenant_id, at, id) select tenant_id, at, id from new_rows;
        return null;
      end $$;
      create trigger audit_entries_to_pending after insert on audit_entries
        referencing new table as new_rows for each statement execute function audit_entries_to_pending();

      create function audit_final() returns trigger language plpgsql as $$
      begin
        -- an organisation that leaves takes its trail along
        if coalesce(current_setting('app.removed_tenant', true), '') <> '' then
          return null;
        end if;
        raise exception 'the audit is only ever added to' using errcode = '23514', constraint = 'audit_final_check';
      end $$;
      create trigger audit_entries_final before update or delete or truncate on audit_entries
        for each statement execute function audit_final();
      create trigger audit_seals_final before update or delete or truncate on audit_seals
        for each statement execute function audit_final();

      insert into audit_pending (tenant_id, at, id) select tenant_id, at, id from audit_entries;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger audit_entries_final on audit_entries;
      drop trigger audit_entries_to_pending on audit_entries;
      drop function audit_entries_to_pending;
      drop table audit_seals, audit_pending;
      drop function audit_final;
    `);
  }
}
