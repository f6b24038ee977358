import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Days of an accommodation go by the tenant's clock. Whoever gives somebody such days while the time zone moves cannot
 * see the new one yet, and is not seen by whoever moves it: so each waits for the other.
 */
export class SettleDueDates1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace function submissions_set_due() returns trigger language plpgsql as $$
      declare
        due timestamptz;
        accommodated timestamptz;
        days integer;
        is_settled boolean := old.student_id is not distinct from new.student_id;
      begin
        loop
          select a.due_at, own.due_at, own.extra_days into due, accommodated, days
          from assignments a
          left join accommodated_due(new.tenant_id, new.student_id, new.assigned_at, a.available_from, a.due_at) own
            on true
          where a.tenant_id = new.tenant_id and a.id = new.assignment_id;
          exit when is_settled or due is null or coalesce(days, 0) = 0;
          perform from tenants where id = new.tenant_id for share;
          is_settled := true;
        end loop;
        new.effective_due_at := case when due is not null then greatest(due, accommodated, new.extended_until) end;
        new.due_rule := case new.effective_due_at
          when due then 'assignment' when accommodated then 'accommodation' when new.extended_until then 'extension'
        end;
        return new;
      end $$;

      create or replace function accommodations_move_due() returns trigger language plpgsql as $$
      begin
        perform from tenants where id = new.tenant_id for share;
        perform from submissions
        where tenant_id = new.tenant_id and student_id in (old.student_id, new.student_id)
          and assigned_at >= least(old.valid_from, new.valid_from)
        order by assignment_id, student_id for no key update;
        update submissions set due_rule = due_rule
        where tenant_id = new.tenant_id and student_id in (old.student_id, new.student_id)
          and assigned_at >= least(old.valid_from, new.valid_from);
        return null;
      end $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create or replace function accommodations_move_due() returns trigger language plpgsql as $$
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
    `);
  }
}
