import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How roll-ups learn of what no event tells them: whose day it was has changed, or there is no such day any more. */
export class FollowRollups1764000100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table stale_students (
        tenant_id uuid not null,
        student_id uuid not null,
        since timestamptz not null,
        constraint stale_students_pkey primary key (tenant_id, student_id)
      );
      comment on table stale_students is 'whose modules are to be looked at anew, and since when';

      -- the newest days are added up first
      create index stale_days__day_idx on stale_days (tenant_id, day desc, instructor_id, department_id);
      create index question_days__cell_idx on question_days (tenant_id, instructor_id, department_id, day);

      comment on column module_days.sessions_repeated is 'all but the first one of each student';
      comment on column module_days.duration_sum is 'of completed sessions whose length is known, in seconds';
      comment on column module_days.questions is 'of completed sessions, as in roster_days';
      comment on column hour_days.hour is 'a session from before midnight counts in the first hour of its day';
      comment on column question_days.correct is
        'said to be correct; where an answer has a score instead, with at least the tenant''s pass mark';

      create function progress_snapshots_to_stale_days() returns trigger language plpgsql as $$
      begin
        -- an organisation that leaves takes its marks along
        if coalesce(current_setting('app.removed_tenant', true), '') <> '' then
          return null;
        end if;
        -- writes also where there is a mark: whoever adds it up must wait for what this transaction changes
        if tg_op = 'DELETE' then
          insert into stale_students as s (tenant_id, student_id, since) values (old.tenant_id, old.student_id, now())
          on conflict (tenant_id, student_id) do update set since = s.since;
        end if;
        insert into stale_days as s (tenant_id, instructor_id, department_id, day, since)
        select tenant_id, coalesce(instructor_id, '00000000-0000-0000-0000-000000000000'), department_id, day, now()
        from (values
          (old.tenant_id, old.instructor_id, old.department_id, old.day),
          (new.tenant_id, new.instructor_id, new.department_id, new.day)
        ) as cell (tenant_id, instructor_id, department_id, day)
        where tenant_id is not null
        order by 1, 2, 3, 4
        on conflict (tenant_id, instructor_id, department_id, day) do update set since = s.since;
        return null;
      end $$;
      -- by row, because rows that move or go are rare: sessions that come in pay nothing for it
      create trigger progress_snapshots_moved after update of instructor_id, department_id on progress_snapshots
        for each row when (
          (old.instructor_id, old.department_id) is distinct from (new.instructor_id, new.department_id)
        ) execute function progress_snapshots_to_stale_days();
      create trigger progress_snapshots_gone after delete on progress_snapshots
        for each row execute function progress_snapshots_to_stale_days();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger progress_snapshots_gone on progress_snapshots;
      drop trigger progress_snapshots_moved on progress_snapshots;
      drop function progress_snapshots_to_stale_days;
      comment on column question_days.correct is null;
      comment on column hour_days.hour is null;
      comment on column module_days.questions is null;
      comment on column module_days.duration_sum is null;
      comment on column module_days.sessions_repeated is 'of students who had an earlier session of the module';
      drop index question_days__cell_idx;
      drop index stale_days__day_idx;
      drop table stale_students;
    `);
  }
}
