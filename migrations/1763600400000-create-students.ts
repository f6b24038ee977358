import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The list row of every student, its history of responsibility, and what lists count. */
export class CreateStudents1763600400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table student_progress (
        tenant_id uuid not null,
        student_id uuid not null,
        instructor_id uuid,
        department_id uuid not null,
        name text not null,
        email text,
        pid text,
        is_active boolean not null,
        joined_on date not null,
        name_sort text not null generated always as (fold(name)) stored,

        has_started boolean not null default false,
        sessions_completed integer not null default 0,
        overall_score numeric(5,2),
        completion_rate numeric(5,2),
        quiz_accuracy numeric(5,2),
        voice_accuracy numeric(5,2),
        improvement_rate numeric(5,2),
        consistency_score numeric(5,2) not null default 0,
        current_streak integer not null default 0,
        longest_streak integer not null default 0,
        total_time_spent_seconds bigint not null default 0,
        last_active_on date,
        last_active_at timestamptz,

        risk_score numeric(5,2),
        risk_threshold numeric(5,2) not null,
        top_performer_threshold numeric(5,2) not null,
        is_at_risk boolean not null generated always as (coalesce(risk_score > risk_threshold, false)) stored,
        is_top_performer boolean not null
          generated always as (coalesce(overall_score >= top_performer_threshold, false)) stored,
        -- indexed in place of the score, which changes with every session and would cost every heap-only update
        score_bucket smallint not null generated always as (coalesce(floor(overall_score), -1)::smallint) stored,

        target_score numeric(5,2),
        target_on date,
        goals_version integer not null default 1,
        primary key (tenant_id, student_id),
        constraint student_progress__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id),
        constraint student_progress__instructor_fkey foreign key (tenant_id, instructor_id)
          references instructor_profiles (tenant_id, user_id),
        constraint student_progress__department_fkey foreign key (tenant_id, department_id)
          references departments (tenant_id, id),
        constraint student_progress__percentages_check check (
          overall_score between 0 and 100 and completion_rate between 0 and 100 and quiz_accuracy between 0 and 100
          and voice_accuracy between 0 and 100 and consistency_score between 0 and 100
          and risk_score between 0 and 100 and target_score between 0 and 100
          and improvement_rate between -100 and 100
        ),
        constraint student_progress__streaks_check check (0 <= current_streak and current_streak <= longest_streak)
      ) with (fillfactor = 70);
      create index student_progress__instructor_name_idx
        on student_progress (tenant_id, instructor_id, name_sort, student_id) where is_active;
      create index student_progress__instructor_joined_idx
        on student_progress (tenant_id, instructor_id, joined_on) where is_active;
      create index student_progress__department_idx on student_progress (tenant_id, department_id) where is_active;
      create index student_progress__name_idx on student_progress (tenant_id, name_sort, student_id) where is_active;
      create index student_progress__joined_idx on student_progress (tenant_id, joined_on, student_id) where is_active;
      create index student_progress__score_idx on student_progress (tenant_id, score_bucket) where is_active;
      create index student_progress__last_active_idx on student_progress (tenant_id, coalesce(last_active_on, '-infinity'), student_id) where is_active;
      create index student_progress__risk_idx on student_progress (tenant_id, coalesce(risk_score, -1), student_id) where is_active;
      create index student_progress__completion_idx
        on student_progress (tenant_id, coalesce(completion_rate, -1), student_id) where is_active;

      -- apart from the list row, because a trigram index on a row that changes with every session costs more than all else
      create table student_search (
        tenant_id uuid not null,
        student_id uuid not null,
        instructor_id uuid,
        search_text text not null,
        primary key (tenant_id, student_id),
        constraint student_search__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id)
      );
      create index student_search__text_idx
        on student_search using gin (tenant_id, instructor_id, search_text gin_trgm_ops) with (fastupdate = off);
      comment on column student_search.search_text is 'every word begins with a blank, so that ''% kath%'' is a prefix';

      create function student_progress_to_search() returns trigger language plpgsql as $$
      begin
        insert into student_search as s (tenant_id, student_id, instructor_id, search_text)
        values (new.tenant_id, new.student_id, new.instructor_id, ' ' || fold(new.name)
          || coalesce(' ' || replace(new.email, '@', ' @'), '') || coalesce(' ' || fold(new.pid), ''))
        on conflict (tenant_id, student_id) do update
        set instructor_id = excluded.instructor_id, search_text = excluded.search_text
        where (s.instructor_id, s.search_text) is distinct from (excluded.instructor_id, excluded.search_text);
        return null;
      end $$;
      create trigger student_progress_to_search
        after insert or update of name, email, pid, instructor_id on student_progress
        for each row execute function student_progress_to_search();

      create function student_thresholds(tenant uuid, instructor uuid, department uuid,
        out risk_threshold numeric, out top_performer_threshold numeric) language sql stable as $$
        select
          coalesce(i.risk_threshold, d.risk_threshold, t.risk_threshold),
          coalesce(i.top_performer_threshold, d.top_performer_threshold, t.top_performer_threshold)
        from tenants t
        left join instructor_profiles i on i.tenant_id = t.id and i.user_id = instructor
        left join users u on u.tenant_id = t.id and u.id = instructor
        left join lateral (
          -- the nearest department of the instructor that sets one
          select
            (array_agg(a.risk_threshold order by cardinality(a.path) desc)
              filter (where a.risk_threshold is not null))[1] as risk_threshold,
            (array_agg(a.top_performer_threshold order by cardinality(a.path) desc)
              filter (where a.top_performer_threshold is not null))[1] as top_performer_threshold
          from departments own
          join departments a on a.tenant_id = own.tenant_id and a.id = any (own.path)
          where own.tenant_id = t.id and own.id = coalesce(u.department_id, department)
        ) d on true
        where t.id = tenant
      $$;

      create function student_progress_place() returns trigger language plpgsql as $$
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

      create table roster_entries (
        tenant_id uuid not null,
        student_id uuid not null,
        valid_from timestamptz not null,
        valid_to timestamptz,
        instructor_id uuid,
        department_id uuid not null,
        primary key (tenant_id, student_id, valid_from),
        constraint roster_entries__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id),
        constraint roster_entries__instructor_fkey foreign key (tenant_id, instructor_id)
          references instructor_profiles (tenant_id, user_id),
        constraint roster_entries__department_fkey foreign key (tenant_id, department_id)
          references departments (tenant_id, id),
        constraint roster_entries__range_check check (valid_from < valid_to),
        constraint roster_entries__overlap_excl exclude using gist
          (tenant_id with =, student_id with =, tstzrange(valid_from, valid_to) with &&)
      );
      comment on table roster_entries is 'who was responsible for a student, and in which department, from when to when';

      create table active_days (
        tenant_id uuid not null,
        student_id uuid not null,
        days datemultirange not null default '{}',
        primary key (tenant_id, student_id),
        constraint active_days__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id)
      );
      comment on table active_days is 'local days with a completed session; a run of them is a streak';

      -- what lies below arrives by trigger: a person's name, address, number, department and state
      create function users_add_students() returns trigger language plpgsql as $$
      begin
        insert into student_progress (tenant_id, student_id, department_id, name, email, pid, is_active, joined_on)
        select tenant_id, id, department_id, name, email, pid, is_active, joined_on
        from new_rows where role = 'student';
        insert into active_days (tenant_id, student_id) select tenant_id, id from new_rows where role = 'student';
        return null;
      end $$;
      create trigger users_add_students after insert on users
        referencing new table as new_rows for each statement execute function users_add_students();

      create function users_change_students() returns trigger language plpgsql as $$
      begin
        update student_progress p
        set name = n.name, email = n.email, pid = n.pid, is_active = n.is_active, joined_on = n.joined_on
        from new_rows n join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
        where p.tenant_id = n.tenant_id and p.student_id = n.id
          and (n.name, n.email, n.pid, n.is_active, n.joined_on)
            is distinct from (o.name, o.email, o.pid, o.is_active, o.joined_on);
        -- apart, because this one looks whether the instructor still fits
        update student_progress p set department_id = n.department_id
        from new_rows n join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
        where p.tenant_id = n.tenant_id and p.student_id = n.id and n.department_id <> o.department_id;
        update student_progress p set instructor_id = p.instructor_id
        from new_rows n join old_rows o on o.tenant_id = n.tenant_id and o.id = n.id
        where p.tenant_id = n.tenant_id and p.instructor_id = n.id and n.department_id is distinct from o.department_id;
        return null;
      end $$;
      create trigger users_change_students after update on users
        referencing old table as old_rows new table as new_rows
        for each statement execute function users_change_students();

      create table roster_counts (
        tenant_id uuid not null,
        instructor_id uuid not null,
        department_id uuid not null,
        last_active_on date not null,
        students integer not null,
        started integer not null,
        at_risk integer not null,
        top_performers integer not null,
        score_sum numeric not null,
        score_count integer not null,
        completion_sum numeric not null,
        completion_count integer not null,
        primary key (tenant_id, instructor_id, department_id, last_active_on)
      ) with (fillfactor = 50);
      comment on table roster_counts is
        'active students counted by the day they were last active on (-infinity: never); nil instructor: nobody''s';
    `);
    await runner.query(
      countTrigger('insert', 'select 1 as sign, n.* from new_rows n') +
        countTrigger('delete', 'select -1 as sign, o.* from old_rows o') +
        countTrigger('update', 'select 1 as sign, n.* from new_rows n union all select -1, o.* from old_rows o'),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger users_change_students on users;
      drop trigger users_add_students on users;
      drop table roster_counts, active_days, roster_entries, student_search, student_progress;
      drop function users_add_students, users_change_students, student_progress_place, student_progress_to_search, student_thresholds,
        student_progress_to_roster_counts_insert, student_progress_to_roster_counts_update,
        student_progress_to_roster_counts_delete;
    `);
  }
}

/** Keeps `roster_counts` equal to a count over `student_progress`, whatever statement changes it. */
function countTrigger(event: 'insert' | 'update' | 'delete', changes: string): string {
  const name = `student_progress_to_roster_counts_${event}`;
  const old = event === 'insert' ? '' : 'old table as old_rows';
  const fresh = event === 'delete' ? '' : 'new table as new_rows';
  return `
    create function ${name}() returns trigger language plpgsql as $$
    begin
      insert into roster_counts as c
      select tenant_id, coalesce(instructor_id, '00000000-0000-0000-0000-000000000000'), department_id,
        coalesce(last_active_on, '-infinity'), sum(sign),
        coalesce(sum(sign) filter (where has_started), 0), coalesce(sum(sign) filter (where is_at_risk), 0),
        coalesce(sum(sign) filter (where is_top_performer), 0), coalesce(sum(sign * overall_score), 0),
        coalesce(sum(sign) filter (where overall_score is not null), 0), coalesce(sum(sign * completion_rate), 0),
        coalesce(sum(sign) filter (where completion_rate is not null), 0)
      from (${changes}) as change
      where is_active
      group by 1, 2, 3, 4
      having sum(sign) <> 0 or sum(sign) filter (where has_started) <> 0 or sum(sign) filter (where is_at_risk) <> 0
        or sum(sign) filter (where is_top_performer) <> 0 or sum(sign * overall_score) <> 0
        or sum(sign) filter (where overall_score is not null) <> 0 or sum(sign * completion_rate) <> 0
        or sum(sign) filter (where completion_rate is not null) <> 0
      order by 1, 2, 3, 4
      on conflict (tenant_id, instructor_id, department_id, last_active_on) do update
      set students = c.students + excluded.students, started = c.started + excluded.started,
        at_risk = c.at_risk + excluded.at_risk, top_performers = c.top_performers + excluded.top_performers,
        score_sum = c.score_sum + excluded.score_sum, score_count = c.score_count + excluded.score_count,
        completion_sum = c.completion_sum + excluded.completion_sum,
        completion_count = c.completion_count + excluded.completion_count;
      return null;
    end $$;
    create trigger ${name} after ${event} on student_progress referencing ${old} ${fresh}
      for each statement execute function ${name}();
  `;
}
