import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is practised, the sessions that come in, and the daily rows that everything else is read from. */
export class CreateActivity1763600500000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table categories (
        tenant_id uuid not null references tenants (id),
        id uuid not null,
        code text not null,
        title text not null,
        position integer not null default 0,
        is_active boolean not null default true,
        version integer not null default 1,
        primary key (tenant_id, id),
        constraint categories__code_key unique (tenant_id, code)
      );

      create table modules (
        tenant_id uuid not null references tenants (id),
        id uuid not null,
        category_id uuid not null,
        code text not null,
        title text not null,
        kind text not null,
        difficulty text not null default 'easy',
        is_active boolean not null default true,
        version integer not null default 1,
        primary key (tenant_id, id),
        constraint modules__code_key unique (tenant_id, code),
        constraint modules__category_fkey foreign key (tenant_id, category_id) references categories (tenant_id, id),
        constraint modules__kind_check check (kind in ('quiz', 'voice', 'lesson', 'story', 'exercise', 'forum')),
        constraint modules__difficulty_check check (difficulty in ('easy', 'medium', 'hard'))
      );
      create index modules__category_idx on modules (tenant_id, category_id);

      -- a partitioned table cannot enforce ids that do not contain the day: this one does
      create table session_keys (
        tenant_id uuid not null,
        session_id uuid not null,
        student_id uuid not null,
        day date not null,
        updated_at timestamptz not null,
        primary key (tenant_id, session_id)
      ) with (fillfactor = 90);

      create table sessions (
        tenant_id uuid not null,
        student_id uuid not null,
        day date not null,
        id uuid not null,
        module_id uuid not null,
        category_id uuid not null,
        kind text not null,
        status text not null,
        score numeric(5,2),
        questions integer,
        correct integer,
        duration_seconds integer,
        interactions integer,
        started_at timestamptz,
        completed_at timestamptz,
        busy tstzrange,
        answers jsonb,
        updated_at timestamptz not null,
        recorded_at timestamptz not null,
        primary key (tenant_id, student_id, day, id),
        constraint sessions__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id),
        constraint sessions__module_fkey foreign key (tenant_id, module_id) references modules (tenant_id, id),
        constraint sessions__kind_check check (kind in ('quiz', 'voice', 'lesson', 'story', 'exercise', 'forum')),
        constraint sessions__status_check check (status in ('completed', 'in_progress', 'abandoned')),
        constraint sessions__score_check check (score between 0 and 100),
        constraint sessions__correct_check check (0 <= correct and correct <= questions),
        constraint sessions__amounts_check check (duration_seconds >= 0 and interactions >= 0 and questions >= 0),
        constraint sessions__range_check check (started_at <= completed_at)
      ) partition by range (day);
      create table sessions_default partition of sessions default;
      comment on column sessions.busy is 'the interval that counts as time spent: the session, idle time cut off';
      comment on column sessions.category_id is 'the module''s category when the session came in: it does not move later';

      create table category_progress (
        tenant_id uuid not null,
        student_id uuid not null,
        category_id uuid not null,
        sessions_completed integer not null,
        questions integer not null,
        correct integer not null,
        score_sum numeric not null,
        score_count integer not null,
        primary key (tenant_id, student_id, category_id),
        constraint category_progress__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id),
        constraint category_progress__category_fkey foreign key (tenant_id, category_id)
          references categories (tenant_id, id)
      ) with (fillfactor = 80);

      create function category_accuracy(questions numeric, correct numeric, score_sum numeric, score_count numeric)
        returns numeric language sql immutable parallel safe return
        case when questions > 0 then correct * 100 / questions when score_count > 0 then score_sum / score_count end;
      comment on function category_accuracy is 'metric categoryAccuracy; NULL without data';

      create function busy_seconds(busy tstzmultirange) returns integer language sql immutable parallel safe return
        (select coalesce(sum(extract(epoch from upper(part) - lower(part))), 0)::integer from unnest(busy) as part);

      create table progress_snapshots (
        tenant_id uuid not null,
        student_id uuid not null,
        day date not null,
        instructor_id uuid,
        department_id uuid not null,
        sessions integer not null,
        sessions_completed integer not null,
        time_spent_seconds integer not null,
        questions integer not null,
        correct integer not null,
        interactions integer not null,
        score_sum numeric not null,
        score_count integer not null,
        quiz_score_sum numeric not null,
        quiz_score_count integer not null,
        voice_score_sum numeric not null,
        voice_score_count integer not null,
        last_session_at timestamptz,
        is_closed boolean not null default false,
        overall_score numeric(5,2),
        improvement_delta numeric(5,2),
        peak_hour smallint,
        mean_session_seconds integer,
        primary key (tenant_id, student_id, day),
        constraint progress_snapshots__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id),
        constraint progress_snapshots__instructor_fkey foreign key (tenant_id, instructor_id)
          references instructor_profiles (tenant_id, user_id),
        constraint progress_snapshots__department_fkey foreign key (tenant_id, department_id)
          references departments (tenant_id, id),
        constraint progress_snapshots__counts_check check (
          0 <= sessions_completed and sessions_completed <= sessions and 0 <= time_spent_seconds
          and 0 <= correct and correct <= questions and interactions >= 0
        ),
        constraint progress_snapshots__percentages_check
          check (overall_score between 0 and 100 and improvement_delta between -100 and 100),
        constraint progress_snapshots__peak_hour_check check (peak_hour between 0 and 23)
      ) partition by range (day);
      create table progress_snapshots_default partition of progress_snapshots default;
      -- the close of the day asks for the open days of some students; by day alone it would read everybody's each time
      create index progress_snapshots__open_idx on progress_snapshots (tenant_id, student_id, day) where not is_closed;
      comment on table progress_snapshots is
        'one student''s day; overall score, delta, peak hour and mean length are added when the day is closed';

      create table roster_days (
        tenant_id uuid not null,
        instructor_id uuid not null,
        department_id uuid not null,
        day date not null,
        active_students integer not null,
        sessions integer not null,
        sessions_completed integer not null,
        time_spent_seconds bigint not null,
        questions integer not null,
        correct integer not null,
        score_sum numeric not null,
        score_count integer not null,
        primary key (tenant_id, instructor_id, department_id, day)
      ) with (fillfactor = 50);
      create index roster_days__day_idx on roster_days (tenant_id, day);
      comment on table roster_days is 'snapshots added up by that day''s instructor and department; nil: nobody''s';

      create table achievements (
        tenant_id uuid not null references tenants (id),
        id uuid not null,
        code text not null,
        title text not null,
        description text not null,
        icon text,
        badge_color text,
        primary key (tenant_id, id),
        constraint achievements__code_key unique (tenant_id, code)
      );

      create table student_achievements (
        tenant_id uuid not null,
        student_id uuid not null,
        achievement_id uuid not null,
        unlocked_at timestamptz not null,
        primary key (tenant_id, student_id, achievement_id),
        constraint student_achievements__student_fkey foreign key (tenant_id, student_id)
          references users (tenant_id, id),
        constraint student_achievements__achievement_fkey foreign key (tenant_id, achievement_id)
          references achievements (tenant_id, id)
      );

      create table segments (
        tenant_id uuid not null,
        id uuid not null,
        owner_id uuid not null,
        name text not null,
        filter jsonb not null,
        is_shared boolean not null default false,
        version integer not null default 1,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        primary key (tenant_id, id),
        constraint segments__name_key unique (tenant_id, owner_id, name),
        constraint segments__owner_fkey foreign key (tenant_id, owner_id) references users (tenant_id, id)
      );
    `);
    await runner.query(
      dayTrigger('insert', 'select 1 as sign, n.* from new_rows n') +
        dayTrigger('delete', 'select -1 as sign, o.* from old_rows o') +
        dayTrigger('update', 'select 1 as sign, n.* from new_rows n union all select -1, o.* from old_rows o'),
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table segments, student_achievements, achievements, roster_days, progress_snapshots, category_progress,
        sessions, session_keys, modules, categories;
      drop function busy_seconds, category_accuracy, progress_snapshots_to_roster_days_insert,
        progress_snapshots_to_roster_days_update, progress_snapshots_to_roster_days_delete;
    `);
  }
}

/** Keeps `roster_days` equal to a sum over `progress_snapshots`, whatever statement changes them. */
function dayTrigger(event: 'insert' | 'update' | 'delete', changes: string): string {
  const name = `progress_snapshots_to_roster_days_${event}`;
  const old = event === 'insert' ? '' : 'old table as old_rows';
  const fresh = event === 'delete' ? '' : 'new table as new_rows';
  const sums = [
    'sessions',
    'sessions_completed',
    'time_spent_seconds',
    'questions',
    'correct',
    'score_sum',
    'score_count',
  ];
  const active = 'coalesce(sum(sign) filter (where sessions_completed > 0), 0)';
  return `
    create function ${name}() returns trigger language plpgsql as $$
    begin
      insert into roster_days as d (tenant_id, instructor_id, department_id, day, active_students, ${sums.join(', ')})
      select tenant_id, coalesce(instructor_id, '00000000-0000-0000-0000-000000000000'), department_id, day, ${active},
        ${sums.map((column) => `sum(sign * ${column})`).join(', ')}
      from (${changes}) as change
      group by 1, 2, 3, 4
      having ${active} <> 0 or ${sums.map((column) => `sum(sign * ${column}) <> 0`).join(' or ')}
      order by 1, 2, 3, 4
      on conflict (tenant_id, instructor_id, department_id, day) do update
      set active_students = d.active_students + excluded.active_students,
        ${sums.map((column) => `${column} = d.${column} + excluded.${column}`).join(', ')};
      return null;
    end $$;
    create trigger ${name} after ${event} on progress_snapshots referencing ${old} ${fresh}
      for each statement execute function ${name}();
  `;
}
