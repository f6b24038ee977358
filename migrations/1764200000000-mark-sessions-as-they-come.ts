import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Sessions mark in their own transaction what has to be added up anew, where a job did it afterwards: from the commit on
 * answers know that something is pending. So that they need not wait for whoever adds it up, a mark has a version.
 */
export class MarkSessionsAsTheyCome1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table stale_days add column version integer not null default 1;
      alter table stale_students add column version integer not null default 1;
      comment on column stale_days.version is 'counted up by whoever marks it anew; a mark goes with the version that was added up';
      comment on column stale_students.version is 'as that of stale_days';
      ${markingFunction('version = s.version + 1')}
      -- what no job has marked yet
      insert into stale_students (tenant_id, student_id, since)
      select distinct tenant_id, student_id, now() from progress_snapshots where day >= current_date - 2
      on conflict do nothing;
      insert into stale_days (tenant_id, instructor_id, department_id, day, since)
      select tenant_id, instructor_id, department_id, day, now() from roster_days where day >= current_date - 2
      on conflict do nothing;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${markingFunction('since = s.since')}
      alter table stale_students drop column version;
      alter table stale_days drop column version;
    `);
  }
}

function markingFunction(anew: string): string {
  return `
      create or replace function progress_snapshots_to_stale_days() returns trigger language plpgsql as $$
      begin
        -- an organisation that leaves takes its marks along
        if coalesce(current_setting('app.removed_tenant', true), '') <> '' then
          return null;
        end if;
        if tg_op = 'DELETE' then
          insert into stale_students as s (tenant_id, student_id, since) values (old.tenant_id, old.student_id, now())
          on conflict (tenant_id, student_id) do update set ${anew};
        end if;
        insert into stale_days as s (tenant_id, instructor_id, department_id, day, since)
        select tenant_id, coalesce(instructor_id, '00000000-0000-0000-0000-000000000000'), department_id, day, now()
        from (values
          (old.tenant_id, old.instructor_id, old.department_id, old.day),
          (new.tenant_id, new.instructor_id, new.department_id, new.day)
        ) as cell (tenant_id, instructor_id, department_id, day)
        where tenant_id is not null
        order by 1, 2, 3, 4
        on conflict (tenant_id, instructor_id, department_id, day) do update set ${anew};
        return null;
      end $$;`;
}
