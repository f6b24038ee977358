import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose tokens a tenant takes beside ours, and whom they mean. */
export class CreateIdentityProviders1763700210000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table identity_providers (
        tenant_id uuid primary key,
        issuer text not null,
        audience text not null,
        jwks_uri text,
        algorithms text[] not null,
        claims jsonb not null,
        roles jsonb not null,
        just_in_time boolean not null,
        is_active boolean not null,
        version integer not null default 1,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        constraint identity_providers__tenant_fkey foreign key (tenant_id) references tenants (id),
        -- operators come in by password alone: whoever could sign for them could sign for everybody
        constraint identity_providers__installation_check check (tenant_id <> '00000000-0000-0000-0000-000000000000'),
        constraint identity_providers__algorithms_check check (
          cardinality(algorithms) > 0
          and algorithms <@ '{RS256,RS384,RS512,PS256,PS384,PS512,ES256,ES384,ES512,EdDSA}'
        )
      );
      create index identity_providers__issuer_idx on identity_providers (issuer);
      comment on column identity_providers.claims is 'names of the claims for role, tenant, department, pid, email, name';
      comment on column identity_providers.roles is 'what values of the role claim mean: [{value, role}]';

      create table user_identities (
        tenant_id uuid not null,
        issuer text not null,
        subject text not null,
        user_id uuid not null,
        created_at timestamptz not null,
        primary key (tenant_id, issuer, subject),
        constraint user_identities__user_key unique (tenant_id, user_id, issuer),
        constraint user_identities__user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id)
      );
      comment on table user_identities is 'who a subject of an issuer is; once linked, an address decides nothing any more';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table user_identities, identity_providers`);
  }
}
