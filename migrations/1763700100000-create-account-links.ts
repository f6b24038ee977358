import type { MigrationInterface, QueryRunner } from 'typeorm';

const installation = '00000000-0000-0000-0000-000000000000';

/** What local accounts need beside the password, tenants that can be closed, and operators, who belong to none. */
export class CreateAccountLinks1763700100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table tenants
        add column is_active boolean not null default true,
        add column sign_in_methods text[] not null default '{password,oidc}';
      comment on column tenants.is_active is 'false: nobody of it can sign in, and nothing of it is written';

      insert into tenants (id, slug, name, created_at) values ('${installation}', 'installation', 'Installation', now());

      alter table tenants
        add constraint tenants__sign_in_methods_check
          check (sign_in_methods <@ '{password,oidc}' and cardinality(sign_in_methods) > 0),
        add constraint tenants__installation_check
          check ((id = '${installation}') = (slug = 'installation') and (id <> '${installation}' or is_active));

      alter table users
        drop constraint users__role_check,
        drop constraint users__department_check,
        add constraint users__role_check check (role in ('student', 'instructor', 'admin', 'operator')),
        add constraint users__operator_check check ((role = 'operator') = (tenant_id = '${installation}')),
        add constraint users__department_check check (role in ('admin', 'operator') or department_id is not null);

      create table account_links (
        tenant_id uuid not null,
        user_id uuid not null,
        purpose text not null,
        token_hash bytea not null,
        expires_at timestamptz not null,
        primary key (tenant_id, user_id, purpose),
        constraint account_links__token_hash_key unique (tenant_id, token_hash),
        constraint account_links__user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id),
        constraint account_links__purpose_check check (purpose in ('password_reset', 'invitation')),
        constraint account_links__token_hash_check check (length(token_hash) = 32)
      );
      create index account_links__expires_at_idx on account_links (expires_at);
      comment on table account_links is 'the last link mailed to a person for each purpose; a spent one is deleted';

      create table known_devices (
        tenant_id uuid not null,
        user_id uuid not null,
        token_hash bytea not null,
        expires_at timestamptz not null,
        primary key (tenant_id, user_id, token_hash),
        constraint known_devices__user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id),
        constraint known_devices__token_hash_check check (length(token_hash) = 32)
      );
      create index known_devices__expires_at_idx on known_devices (expires_at);
      comment on table known_devices is 'where somebody has signed in: attempts from there are counted by themselves';

      create table throttles (
        key bytea primary key,
        level double precision not null,
        counted_at timestamptz not null
      );
      create index throttles__counted_at_idx on throttles (counted_at);
      comment on table throttles is 'attempts, by the hash of what they are counted for';
      comment on column throttles.level is 'attempts that were not forgotten at the time of the last one, that one included';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table throttles, known_devices, account_links;
      delete from sign_ins where tenant_id = '${installation}';
      delete from users where tenant_id = '${installation}';
      alter table users
        drop constraint users__role_check,
        drop constraint users__operator_check,
        drop constraint users__department_check,
        add constraint users__role_check check (role in ('student', 'instructor', 'admin')),
        add constraint users__department_check check (role = 'admin' or department_id is not null);
      delete from tenants where id = '${installation}';
      alter table tenants
        drop constraint tenants__installation_check,
        drop constraint tenants__sign_in_methods_check,
        drop column sign_in_methods,
        drop column is_active;
    `);
  }
}
