import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What became of thresholds and by whom, and what they would make of students. */
export class CreateThresholdChanges1763900400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table threshold_changes (
        tenant_id uuid not null,
        id uuid not null,
        department_id uuid,
        instructor_id uuid,
        version integer not null,
        from_risk_threshold numeric(5,2),
        to_risk_threshold numeric(5,2),
        from_top_performer_threshold numeric(5,2),
        to_top_performer_threshold numeric(5,2),
        note text not null,
        actor_id uuid not null,
        actor_role text not null,
        created_at timestamptz not null,
        primary key (tenant_id, id),
        constraint threshold_changes__version_key
          unique nulls not distinct (tenant_id, department_id, instructor_id, version),
        constraint threshold_changes__department_fkey foreign key (tenant_id, department_id)
          references departments (tenant_id, id),
        constraint threshold_changes__instructor_fkey foreign key (tenant_id, instructor_id)
          references instructor_profiles (tenant_id, user_id),
        constraint threshold_changes__owner_check check (department_id is null or instructor_id is null),
        constraint threshold_changes__version_check check (version > 0)
      );
      comment on table threshold_changes is
        'what thresholds a department, an instructor or (neither) the tenant was given; only ever added to';

      create function threshold_changes_final() returns trigger language plpgsql as $$
      begin
        -- an organisation that leaves takes its history along
        if tg_op = 'DELETE' and current_setting('app.removed_tenant', true) = old.tenant_id::text then
          return old;
        end if;
        raise exception 'the history of thresholds is only ever added to'
          using errcode = '23514', constraint = 'threshold_changes__final_check';
      end $$;
      create trigger threshold_changes_final before delete or update on threshold_changes
        for each row execute function threshold_changes_final();

      create function threshold_effects(tenant uuid, department uuid, instructor uuid)
        returns table (student_id uuid, was_at_risk boolean, at_risk boolean, was_top_performer boolean, top_performer boolean)
        language sql stable as $$
        with place as materialized (
          -- a threshold is that of an instructor and a department: there are hundreds, and students by the ten thousand
          select r.instructor_id, r.department_id, t.risk_threshold, t.top_performer_threshold
          from (select distinct c.instructor_id, c.department_id from roster_counts c where c.tenant_id = tenant) r
          cross join lateral student_thresholds(
            tenant, nullif(r.instructor_id, '00000000-0000-0000-0000-000000000000'), r.department_id) t
          where (instructor is null or r.instructor_id = instructor) and (department is null or r.department_id in (
            select d.id from departments d where d.tenant_id = tenant and d.path @> array[department]))
        ), standing as (
          select p.student_id, p.is_at_risk as was_at_risk, p.is_top_performer as was_top_performer,
            coalesce(p.risk_score > place.risk_threshold, false) as at_risk,
            coalesce(p.overall_score >= place.top_performer_threshold, false) as top_performer
          from student_progress p
          join place on place.department_id = p.department_id
            and place.instructor_id = coalesce(p.instructor_id, '00000000-0000-0000-0000-000000000000')
          where p.tenant_id = tenant and p.is_active
        )
        select s.student_id, s.was_at_risk, s.at_risk, s.was_top_performer, s.top_performer
        from standing s where s.at_risk <> s.was_at_risk or s.top_performer <> s.was_top_performer
      $$;
      comment on function threshold_effects is
        'active students of a tenant, department and below, or instructor who stand otherwise by present thresholds than on their row';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function threshold_effects;
      drop table threshold_changes;
      drop function threshold_changes_final;
    `);
  }
}
