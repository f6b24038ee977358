import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Machine accounts and the keys they come in with. */
export class CreateServices1763700200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table services (
        tenant_id uuid not null references tenants (id),
        id uuid not null,
        name text not null,
        scopes text[] not null,
        is_active boolean not null default true,
        version integer not null default 1,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        primary key (tenant_id, id),
        constraint services__name_key unique (tenant_id, name),
        constraint services__name_check check (name <> ''),
        constraint services__scopes_check check (cardinality(scopes) > 0)
      );
      comment on column services.scopes is 'permissions, a part of those that services may hold';

      create table api_keys (
        tenant_id uuid not null,
        id uuid not null,
        service_id uuid not null,
        name text,
        prefix text not null,
        hash bytea not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        last_used_at timestamptz,
        replaced_by uuid,
        revoked_at timestamptz,
        primary key (tenant_id, id),
        constraint api_keys__hash_key unique (hash),
        constraint api_keys__service_fkey foreign key (tenant_id, service_id) references services (tenant_id, id),
        constraint api_keys__replaced_by_fkey foreign key (tenant_id, replaced_by) references api_keys (tenant_id, id),
        constraint api_keys__hash_check check (length(hash) = 32)
      );
      create index api_keys__service_id_idx on api_keys (tenant_id, service_id);
      comment on column api_keys.prefix is 'how the key begins, so that people can tell theirs apart';
      comment on column api_keys.hash is 'SHA-256 of the whole key: 256 random bits need no salt and no slow hash';
      comment on column api_keys.last_used_at is 'true to the minute';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table api_keys, services`);
  }
}
