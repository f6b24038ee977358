import type { MigrationInterface, QueryRunner } from 'typeorm';

const nobody = '00000000-0000-0000-0000-000000000000';

/**
 * Materialised views, the moment they are of, and what is known of their refreshes. They are filled here, so that none
 * is ever read empty.
 */
export class CreateViews1764000400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table view_moment (
        id boolean not null default true,
        at timestamptz not null,
        constraint view_moment_pkey primary key (id),
        constraint view_moment__one_check check (id)
      );
      comment on table view_moment is 'the moment that all materialised views are of: written first, then they are refreshed';
      insert into view_moment (at) values (now());

      create table view_refreshes (
        id bigint generated always as identity,
        view text not null,
        at timestamptz not null,
        status text not null,
        duration_seconds numeric not null,
        rows bigint,
        error text,
        constraint view_refreshes_pkey primary key (id),
        constraint view_refreshes__status_check check (status in ('refreshed', 'failed', 'skipped'))
      );
      create index view_refreshes__view_idx on view_refreshes (view, status, id);
      comment on column view_refreshes.at is 'the moment it is of, where it was refreshed';
      comment on column view_refreshes.status is 'skipped: a view it is made from could not be refreshed';

      -- REFRESH is for the owner alone: whoever works off jobs need not be
      create function refresh_view(view regclass, out rows bigint, out error_code text, out error text)
      language plpgsql security definer set search_path = public, pg_temp
        -- sums over all students that are put together by hashes, and not in the order of an index row by row; on one core
        set work_mem = '128MB' set max_parallel_workers_per_gather = 0 as $$
      begin
        if (select relispopulated from pg_class where oid = view) then
          execute format('refresh materialized view concurrently %s', view);
        else
          execute format('refresh materialized view %s', view);
        end if;
        execute format('analyze %s', view);
        execute format('select count(*) from %s', view) into rows;
      exception when query_canceled or others then
        get stacked diagnostics error_code = returned_sqlstate, error = message_text;
      end $$;
      comment on function refresh_view is 'the view is as it was where there is an error, and the transaction can go on';

      create view view_days as
      select t.id as tenant_id, (m.at at time zone t.time_zone)::date as day from tenants t cross join view_moment m;
      comment on view view_days is 'the local day of a tenant at the moment that materialised views are of';

      create materialized view instructor_dashboard_summary as
      select c.tenant_id, c.instructor_id, c.department_id, sum(c.students) as students, sum(c.started) as started,
        coalesce(sum(c.students) filter (where c.last_active_on >= d.day), 0) as active_today,
        coalesce(sum(c.students) filter (where c.last_active_on >= d.day - 6), 0) as active_students,
        sum(c.at_risk) as at_risk, sum(c.top_performers) as top_performers,
        sum(c.score_sum) as score_sum, sum(c.score_count) as score_count,
        sum(c.completion_sum) as completion_sum, sum(c.completion_count) as completion_count
      from roster_counts c
      join view_days d on d.tenant_id = c.tenant_id
      where c.instructor_id <> '${nobody}'
      group by c.tenant_id, c.instructor_id, c.department_id
      having sum(c.students) > 0;
      create unique index instructor_dashboard_summary_key
        on instructor_dashboard_summary (tenant_id, instructor_id, department_id);
      comment on materialized view instructor_dashboard_summary is 'roster_counts by instructor and department';

      create materialized view user_learning_summary as
      select p.tenant_id, p.student_id,
        (select coalesce(sum(upper(run) - lower(run)), 0) from unnest(a.days) run) as active_days,
        (select coalesce(sum(upper(run) - lower(run)), 0)
          from unnest(a.days * datemultirange(daterange(d.day - 29, d.day + 1))) run) as recent_active_days,
        lower(a.days) as first_active_on, coalesce(m.started, 0) as modules_started,
        coalesce(m.completed, 0) as modules_completed, coalesce(c.categories, 0) as categories,
        coalesce(c.questions, 0) as questions, coalesce(c.correct, 0) as correct,
        coalesce(s.achievements, 0) as achievements
      from student_progress p
      join view_days d on d.tenant_id = p.tenant_id
      left join active_days a on a.tenant_id = p.tenant_id and a.student_id = p.student_id
      left join (
        select tenant_id, student_id, count(*) as started, count(first_completed_on) as completed
        from student_modules group by tenant_id, student_id
      ) m on m.tenant_id = p.tenant_id and m.student_id = p.student_id
      left join (
        select tenant_id, student_id, count(*) filter (where sessions_completed > 0) as categories,
          sum(questions) as questions, sum(correct) as correct
        from category_progress group by tenant_id, student_id
      ) c on c.tenant_id = p.tenant_id and c.student_id = p.student_id
      left join (
        select tenant_id, student_id, count(*) as achievements from student_achievements group by tenant_id, student_id
      ) s on s.tenant_id = p.tenant_id and s.student_id = p.student_id
      where p.is_active;
      create unique index user_learning_summary_key on user_learning_summary (tenant_id, student_id);
      comment on materialized view user_learning_summary is 'what active students have worked on, one row each';

      create materialized view daily_platform_metrics as
      select f.tenant_id, f.department_id, f.day, sum(f.active_students) as active_students,
        sum(f.new_students) as new_students, sum(f.sessions) as sessions,
        sum(f.sessions_completed) as sessions_completed, sum(f.time_spent_seconds) as time_spent_seconds,
        sum(f.questions) as questions, sum(f.correct) as correct, sum(f.score_sum) as score_sum,
        sum(f.score_count) as score_count, sum(f.students_scored) as students_scored
      from (
        select tenant_id, department_id, day, active_students, 0 as new_students, sessions, sessions_completed,
          time_spent_seconds, questions, correct, score_sum, score_count,
          students_scored
        from roster_days
        union all
        select tenant_id, department_id, joined_on, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 from student_progress where is_active
      ) f
      join view_days d on d.tenant_id = f.tenant_id and f.day <= d.day and f.day > d.day - 1096
      group by f.tenant_id, f.department_id, f.day;
      create unique index daily_platform_metrics_key on daily_platform_metrics (tenant_id, day, department_id);
      comment on materialized view daily_platform_metrics is
        'roster_days by department, of three years and a leap day, and who joined';

      create materialized view instructor_performance as
      select tenant_id, instructor_id, department_id, coalesce(s.students, 0) as students,
        coalesce(s.active_students, 0) as active_students, coalesce(s.at_risk, 0) as at_risk,
        coalesce(s.score_sum, 0) as score_sum, coalesce(s.score_count, 0) as score_count,
        coalesce(s.completion_sum, 0) as completion_sum, coalesce(s.completion_count, 0) as completion_count,
        coalesce(r.sessions_completed, 0) as sessions_completed,
        coalesce(r.time_spent_seconds, 0) as time_spent_seconds,
        coalesce(r.session_score_sum, 0) as session_score_sum,
        coalesce(r.session_score_count, 0) as session_score_count,
        coalesce(r.earlier_sessions_completed, 0) as earlier_sessions_completed,
        coalesce(r.earlier_score_sum, 0) as earlier_score_sum,
        coalesce(r.earlier_score_count, 0) as earlier_score_count,
        coalesce(i.contacts, 0) as contacts, coalesce(i.contact_days, 0) as contact_days
      from instructor_dashboard_summary s
      full join (
        select r.tenant_id, r.instructor_id, r.department_id,
          sum(r.sessions_completed) filter (where r.day > d.day - 30) as sessions_completed,
          sum(r.time_spent_seconds) filter (where r.day > d.day - 30) as time_spent_seconds,
          sum(r.score_sum) filter (where r.day > d.day - 30) as session_score_sum,
          sum(r.score_count) filter (where r.day > d.day - 30) as session_score_count,
          sum(r.sessions_completed) filter (where r.day <= d.day - 30) as earlier_sessions_completed,
          sum(r.score_sum) filter (where r.day <= d.day - 30) as earlier_score_sum,
          sum(r.score_count) filter (where r.day <= d.day - 30) as earlier_score_count
        from roster_days r
        join view_days d on d.tenant_id = r.tenant_id and r.day between d.day - 59 and d.day
        where r.instructor_id <> '${nobody}'
        group by r.tenant_id, r.instructor_id, r.department_id
      ) r using (tenant_id, instructor_id, department_id)
      full join (
        select i.tenant_id, i.owner_id as instructor_id, p.department_id, count(*) as contacts,
          sum(i.contacted_day - i.opened_day) as contact_days
        from interventions i
        join view_days d on d.tenant_id = i.tenant_id and i.contacted_day between d.day - 89 and d.day
        join student_progress p on p.tenant_id = i.tenant_id and p.student_id = i.student_id
        group by i.tenant_id, i.owner_id, p.department_id
      ) i using (tenant_id, instructor_id, department_id);
      create unique index instructor_performance_key on instructor_performance (tenant_id, instructor_id, department_id);
      comment on materialized view instructor_performance is
        'rosters by instructor and department, with their 30 days, the 30 before, and cases contacted in 90 days';

      insert into view_refreshes (view, at, status, duration_seconds)
      select oid::regclass::text, now(), 'refreshed', 0 from pg_class
      where relkind = 'm' and relnamespace = 'public'::regnamespace order by oid;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop materialized view instructor_performance, daily_platform_metrics, user_learning_summary,
        instructor_dashboard_summary;
      drop view view_days;
      drop function refresh_view;
      drop table view_refreshes, view_moment;
    `);
  }
}
