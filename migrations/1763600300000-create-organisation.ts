import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Tenants, departments and people. Everything of a tenant carries `tenant_id` first in its key. */
export class CreateOrganisation1763600300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create extension if not exists pg_trgm;
      create extension if not exists btree_gin;
      create extension if not exists btree_gist;
      create extension if not exists unaccent;

      -- unaccent() is only stable because its dictionary could be replaced; ours is named, so this may be indexed
      create function fold(value text) returns text language sql immutable parallel safe strict
        return lower(unaccent('unaccent'::regdictionary, value));

      create table tenants (
        id uuid primary key,
        slug text not null,
        name text not null,
        time_zone text not null default 'UTC',
        risk_threshold numeric(5,2) not null default 70,
        top_performer_threshold numeric(5,2) not null default 85,
        pass_mark numeric(5,2) not null default 70,
        session_cap_seconds integer not null default 7200,
        snapshot_retention_days integer not null default 730,
        closed_day date,
        created_at timestamptz not null,
        constraint tenants__slug_key unique (slug),
        constraint tenants__slug_check check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
        constraint tenants__risk_threshold_check check (risk_threshold between 0 and 100),
        constraint tenants__top_performer_threshold_check check (top_performer_threshold between 0 and 100),
        constraint tenants__pass_mark_check check (pass_mark between 0 and 100),
        -- a session then touches two local days at most, also where a day has 23 hours
        constraint tenants__session_cap_check check (session_cap_seconds between 60 and 43200),
        constraint tenants__snapshot_retention_check check (snapshot_retention_days between 60 and 3650)
      );
      comment on column tenants.closed_day is 'the last local day whose figures the nightly job has closed';

      create table departments (
        tenant_id uuid not null references tenants (id),
        id uuid not null,
        parent_id uuid,
        code text not null,
        name text not null,
        path uuid[] not null,
        is_active boolean not null default true,
        risk_threshold numeric(5,2),
        top_performer_threshold numeric(5,2),
        created_at timestamptz not null,
        primary key (tenant_id, id),
        constraint departments__code_key unique (tenant_id, code),
        constraint departments__parent_fkey foreign key (tenant_id, parent_id) references departments (tenant_id, id),
        constraint departments__risk_threshold_check check (risk_threshold between 0 and 100),
        constraint departments__top_performer_threshold_check check (top_performer_threshold between 0 and 100)
      );
      comment on column departments.path is 'ids from the root to this department, both included';

      create function departments_set_path() returns trigger language plpgsql as $$
      begin
        new.path := coalesce((select path from departments where tenant_id = new.tenant_id and id = new.parent_id), '{}')
          || new.id;
        if (select count(*) from unnest(new.path) as step where step = new.id) > 1 then
          raise exception 'a department cannot lie below itself'
            using errcode = '23514', constraint = 'departments__path_check';
        end if;
        return new;
      end $$;
      create trigger departments_set_path before insert or update of parent_id on departments
        for each row execute function departments_set_path();

      create function departments_move_below() returns trigger language plpgsql as $$
      begin
        update departments
        set path = new.path || path[array_position(path, new.id) + 1:]
        where tenant_id = new.tenant_id and path @> array[new.id] and id <> new.id;
        return null;
      end $$;
      create trigger departments_move_below after update of parent_id on departments
        for each row when (old.path is distinct from new.path) execute function departments_move_below();

      create table users (
        tenant_id uuid not null references tenants (id),
        id uuid not null,
        role text not null,
        name text not null,
        email text,
        pid text,
        rank text,
        avatar_url text,
        department_id uuid,
        is_active boolean not null default true,
        password_hash text,
        joined_on date not null,
        last_login_at timestamptz,
        created_at timestamptz not null,
        primary key (tenant_id, id),
        constraint users__email_key unique (tenant_id, email),
        constraint users__pid_key unique (tenant_id, pid),
        constraint users__department_fkey foreign key (tenant_id, department_id) references departments (tenant_id, id),
        constraint users__role_check check (role in ('student', 'instructor', 'admin')),
        constraint users__email_check check (email = lower(email) and email like '%_@_%'),
        constraint users__name_check check (name <> ''),
        constraint users__department_check check (role = 'admin' or department_id is not null)
      );
      create index users__department_idx on users (tenant_id, department_id);

      create table instructor_profiles (
        tenant_id uuid not null,
        user_id uuid not null,
        employee_id text,
        specialisations text[] not null default '{}',
        certifications text[] not null default '{}',
        experience_years integer,
        territory text,
        supervisor_id uuid,
        can_assign boolean not null default true,
        can_view_all boolean not null default false,
        risk_threshold numeric(5,2),
        top_performer_threshold numeric(5,2),
        primary key (tenant_id, user_id),
        constraint instructor_profiles__user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id),
        constraint instructor_profiles__supervisor_fkey foreign key (tenant_id, supervisor_id)
          references instructor_profiles (tenant_id, user_id),
        constraint instructor_profiles__employee_id_key unique (tenant_id, employee_id),
        constraint instructor_profiles__experience_years_check check (experience_years between 0 and 80),
        constraint instructor_profiles__risk_threshold_check check (risk_threshold between 0 and 100),
        constraint instructor_profiles__top_performer_threshold_check check (top_performer_threshold between 0 and 100)
      );
      comment on column instructor_profiles.can_view_all is 'sees the department and everything below it';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table instructor_profiles, users, departments, tenants;
      drop function departments_set_path, departments_move_below, fold;
      drop extension unaccent;
      drop extension btree_gist;
      drop extension btree_gin;
      drop extension pg_trgm;
    `);
  }
}
