import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Substitutes; departments that move, merge and rest; settings of a tenant; versions of what several people change. */
export class CreateDelegations1763700300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table delegations (
        tenant_id uuid not null,
        id uuid not null,
        instructor_id uuid not null,
        substitute_id uuid not null,
        valid_from timestamptz not null,
        valid_to timestamptz not null,
        revoked_at timestamptz,
        created_by uuid not null,
        reason text not null,
        created_at timestamptz not null,
        primary key (tenant_id, id),
        constraint delegations__instructor_fkey foreign key (tenant_id, instructor_id)
          references instructor_profiles (tenant_id, user_id),
        constraint delegations__substitute_fkey foreign key (tenant_id, substitute_id)
          references instructor_profiles (tenant_id, user_id),
        constraint delegations__created_by_fkey foreign key (tenant_id, created_by) references users (tenant_id, id),
        constraint delegations__substitute_check check (substitute_id <> instructor_id),
        constraint delegations__range_check
          check (valid_from < valid_to and valid_to - valid_from <= interval '366 days'),
        constraint delegations__overlap_excl exclude using gist
          (tenant_id with =, instructor_id with =, substitute_id with =, tstzrange(valid_from, valid_to) with &&)
          where (revoked_at is null)
      );
      create index delegations__substitute_id_idx on delegations (tenant_id, substitute_id, valid_to);
      comment on table delegations is 'substitute_id has the roster of instructor_id from valid_from until valid_to or revoked_at';

      alter table departments
        add column version integer not null default 1,
        add column merged_into_id uuid,
        add constraint departments__merged_into_fkey foreign key (tenant_id, merged_into_id)
          references departments (tenant_id, id),
        add constraint departments__merged_check check (merged_into_id is null or not is_active and merged_into_id <> id);

      alter table instructor_profiles
        add column version integer not null default 1,
        add constraint instructor_profiles__supervisor_check check (supervisor_id <> user_id);

      alter table tenants
        add column version integer not null default 1,
        add column audit_retention_days integer not null default 2557,
        add column analytics_retention_days integer not null default 1095,
        add column message_retention_days integer not null default 365,
        add column system_log_retention_days integer not null default 90,
        add column risk_evaluation_retention_days integer not null default 730,
        add constraint tenants__name_check check (name <> ''),
        add constraint tenants__audit_retention_check check (audit_retention_days between 365 and 3650),
        add constraint tenants__analytics_retention_check check (analytics_retention_days between 60 and 3650),
        add constraint tenants__message_retention_check check (message_retention_days between 30 and 3650),
        add constraint tenants__system_log_retention_check check (system_log_retention_days between 7 and 365),
        add constraint tenants__risk_evaluation_retention_check
          check (risk_evaluation_retention_days between 60 and 3650);

      -- One lock per tenant for its tree, taken before rows: whoever changes the tree takes it alone, and whoever checks
      -- something against the tree shares it. In read committed each statement after it sees the tree that is locked.
      create function departments_lock_key(tenant uuid) returns bigint language sql immutable
        return hashtextextended('departments ' || tenant::text, 0);

      create or replace function departments_set_path() returns trigger language plpgsql as $$
      declare
        parent departments;
      begin
        perform pg_advisory_xact_lock(departments_lock_key(new.tenant_id));
        select * into parent from departments where tenant_id = new.tenant_id and id = new.parent_id;
        if new.is_active and not parent.is_active then
          raise exception 'an active department cannot lie below an inactive one'
            using errcode = '23514', constraint = 'departments__parent_active_check';
        end if;
        new.path := coalesce(parent.path, '{}') || new.id;
        if (select count(*) from unnest(new.path) as step where step = new.id) > 1 then
          raise exception 'a department cannot lie below itself'
            using errcode = '23514', constraint = 'departments__path_check';
        end if;
        return new;
      end $$;
      drop trigger departments_set_path on departments;
      create trigger departments_set_path before insert or update of parent_id, is_active on departments
        for each row execute function departments_set_path();

      create function users_department_active() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock_shared(departments_lock_key(new.tenant_id));
        if exists (
          select from departments where tenant_id = new.tenant_id and id = new.department_id and not is_active
        ) then
          raise exception 'the department is not active'
            using errcode = '23514', constraint = 'users__department_active_check';
        end if;
        return new;
      end $$;
      create trigger users_department_active before insert or update of department_id, is_active on users
        for each row when (new.is_active and new.department_id is not null) execute function users_department_active();

      -- who is not active keeps an instructor who does not fit until a job takes them off the roster
      create or replace function student_progress_place() returns trigger language plpgsql as $$
      begin
        perform pg_advisory_xact_lock_shared(departments_lock_key(new.tenant_id));
        if new.is_active and new.instructor_id is not null and not exists (
          select from users i
          join departments d on d.tenant_id = i.tenant_id and d.id = new.department_id
          where i.tenant_id = new.tenant_id and i.id = new.instructor_id and i.department_id = any (d.path)
        ) then
          raise exception 'the instructor belongs neither to the student''s department nor to one above it'
            using errcode = '23514', constraint = 'student_progress__instructor_department_check';
        end if;
        select * into new.risk_threshold, new.top_performer_threshold
        from student_thresholds(new.tenant_id, new.instructor_id, new.department_id);
        return new;
      end $$;
      drop trigger student_progress_place on student_progress;
      create trigger student_progress_place
        before insert or update of instructor_id, department_id, is_active on student_progress
        for each row execute function student_progress_place();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger student_progress_place on student_progress;
      create or replace function student_progress_place() returns trigger language plpgsql as $$
      begin
        if new.instructor_id is not null and not exists (
          select from users i
          join departments d on d.tenant_id = i.tenant_id and d.id = new.department_id
          where i.tenant_id = new.tenant_id and i.id = new.instructor_id and i.department_id = any (d.path)
        ) then
          raise exception 'the instructor belongs neither to the student''s department nor to one above it'
            using errcode = '23514', constraint = 'student_progress__instructor_department_check';
        end if;
        select * into new.risk_threshold, new.top_performer_threshold
        from student_thresholds(new.tenant_id, new.instructor_id, new.department_id);
        return new;
      end $$;
      create trigger student_progress_place before insert or update of instructor_id, department_id on student_progress
        for each row execute function student_progress_place();

      drop trigger users_department_active on users;
      drop trigger departments_set_path on departments;
      create or replace function departments_set_path() returns trigger language plpgsql as $$
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
      drop function users_department_active, departments_lock_key;

      alter table tenants
        drop constraint tenants__name_check,
        drop column version,
        drop column audit_retention_days,
        drop column analytics_retention_days,
        drop column message_retention_days,
        drop column system_log_retention_days,
        drop column risk_evaluation_retention_days;
      alter table instructor_profiles drop constraint instructor_profiles__supervisor_check, drop column version;
      alter table departments drop column version, drop column merged_into_id;
      drop table delegations;
    `);
  }
}
