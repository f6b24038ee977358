import type { MigrationInterface, QueryRunner } from 'typeorm';

/** More time that students have for all work, and due dates that follow it. */
export class CreateAccommodations1763800500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table accommodations (
        tenant_id uuid not null,
        id uuid not null,
        student_id uuid not null,
        time_factor numeric(4,2) not null,
        extra_days integer not null,
        reason text not null,
        valid_from timestamptz not null,
        valid_to timestamptz,
        ended_at timestamptz,
        created_by uuid not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        version integer not null default 1,
        primary key (tenant_id, id),
        constraint accommodations__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id),
        constraint accommodations__created_by_fkey foreign key (tenant_id, created_by) references users (tenant_id, id),
        constraint accommodations__amounts_check check (time_factor between 1 and 10 and extra_days between 0 and 365),
        constraint accommodations__effect_check check (time_factor > 1 or extra_days > 0),
        constraint accommodations__range_check
          check (valid_from < valid_to or valid_from = valid_to and ended_at is not null),
        constraint accommodations__overlap_excl exclude using gist
          (tenant_id with =, student_id with =, tstzrange(valid_from, valid_to) with &&)
      );
      create index accommodations__student_idx on accommodations (tenant_id, student_id, valid_from);
      comment on table accommodations is 'holds for work that is handed out from valid_from on and before valid_to';
      comment on column accommodations.reason is 'may be of somebody''s health: for staff who have the student, nobody else';
      comment on column accommodations.ended_at is 'when it was ended by hand; its valid_to is then no later';

      -- Factors are of elapsed time and days of the wall clock: a time that the clocks skip is taken an hour later, one
      -- that comes twice as the second. Without days nothing goes by the wall clock, which cannot tell the two apart.
      create function accommodated_due(
        tenant uuid, student uuid, assigned timestamptz, available timestamptz, due timestamptz
      ) returns table (due_at timestamptz, time_factor numeric, extra_days integer) language sql stable as $$
        select case when c.extra_days = 0 then lengthened.due_at
            else ((lengthened.due_at at time zone t.time_zone) + c.extra_days * interval '1 day') at time zone t.time_zone
          end,
          c.time_factor, c.extra_days
        from accommodations c
        join tenants t on t.id = tenant
        cross join greatest(available, assigned) as begins
        cross join greatest(due, begins
          + (c.time_factor * extract(epoch from due - begins))::double precision * interval '1 second') as lengthened (due_at)
        where c.tenant_id = tenant and c.student_id = student
          and c.valid_from <= assigned and (c.valid_to is null or c.valid_to > assigned)
      $$;
      comment on function accommodated_due is 'when work is due by the accommodation of its student, if there is one';

      create or replace function submissions_set_due() returns trigger language plpgsql as $$
      declare
        due timestamptz;
        accommodated timestamptz;
      begin
        select a.due_at, own.due_at into due, accommodated
        from assignments a
        left join accommodated_due(new.tenant_id, new.student_id, new.assigned_at, a.available_from, a.due_at) own on true
        where a.tenant_id = new.tenant_id and a.id = new.assignment_id;
        new.effective_due_at := case when due is not null then greatest(due, accommodated, new.extended_until) end;
        new.due_rule := case new.effective_due_at
          when due then 'assignment' when accommodated then 'accommodation' when new.extended_until then 'extension'
        end;
        return new;
      end $$;
      drop trigger submissions_set_due on submissions;
      create trigger submissions_set_due
        before insert or update of extended_until, due_rule, assignment_id, student_id, assigned_at on submissions
        for each row execute function submissions_set_due();

      -- Whoever changes what due dates follow from computes them anew, row by row and each with what has been committed by
      -- the time the row is locked: of two at once the second sees what the first has done. Rows are locked in one order.
      create or replace function assignments_move_due() returns trigger language plpgsql as $$
      begin
        perform from submissions where tenant_id = new.tenant_id and assignment_id = new.id
        order by student_id for no key update;
        update submissions set due_rule = due_rule where tenant_id = new.tenant_id and assignment_id = new.id;
        return null;
      end $$;

      create function accommodations_move_due() returns trigger language plpgsql as $$
      begin
        perform from submissions
        where tenant_id = new.tenant_id and student_id in (old.student_id, new.student_id)
          and assigned_at >= least(old.valid_from, new.valid_from)
        order by assignment_id, student_id for no key update;
        update submissions set due_rule = due_rule
        where tenant_id = new.tenant_id and student_id in (old.student_id, new.student_id)
          and assigned_at >= least(old.valid_from, new.valid_from);
        return null;
      end $$;
      create trigger accommodations_move_due
        after insert or update of student_id, time_factor, extra_days, valid_from, valid_to on accommodations
        for each row execute function accommodations_move_due();

      create function tenants_move_due() returns trigger language plpgsql as $$
      begin
        perform from submissions where tenant_id = new.id and student_id in (
          select student_id from accommodations where tenant_id = new.id
        )
        order by assignment_id, student_id for no key update;
        update submissions set due_rule = due_rule where tenant_id = new.id and student_id in (
          select student_id from accommodations where tenant_id = new.id
        );
        return null;
      end $$;
      create trigger tenants_move_due after update of time_zone on tenants
        for each row when (old.time_zone <> new.time_zone) execute function tenants_move_due();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger tenants_move_due on tenants;
      drop function tenants_move_due;

      create or replace function assignments_move_due() returns trigger language plpgsql as $$
      begin
        update submissions set due_rule = due_rule where tenant_id = new.tenant_id and assignment_id = new.id;
        return null;
      end $$;

      create or replace function submissions_set_due() returns trigger language plpgsql as $$
      declare
        due timestamptz;
      begin
        select due_at into due from assignments where tenant_id = new.tenant_id and id = new.assignment_id;
        new.effective_due_at := greatest(due, case when due is not null then new.extended_until end);
        new.due_rule := case
          when due is null then null
          when new.extended_until > due then 'extension'
          else 'assignment'
        end;
        return new;
      end $$;
      drop trigger submissions_set_due on submissions;
      create trigger submissions_set_due
        before insert or update of extended_until, due_rule, assignment_id, student_id on submissions
        for each row execute function submissions_set_due();
      drop table accommodations;
      drop function accommodated_due, accommodations_move_due;
    `);
  }
}
