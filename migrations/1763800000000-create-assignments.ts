import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Work that is set, for whom, and what became of it. */
export class CreateAssignments1763800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table assignments (
        tenant_id uuid not null references tenants (id),
        id uuid not null,
        owner_id uuid,
        title text not null,
        description text not null default '',
        instructions text not null default '',
        category text,
        tags text[] not null default '{}',
        priority text not null default 'normal',
        estimated_duration_seconds integer,

        target_score numeric(5,2),
        max_attempts integer default 3,
        retake_policy text not null default 'always',
        attempt_policy text not null default 'best',
        weight numeric(6,2) not null default 1,
        needs_grading boolean not null default false,
        grade_release text not null default 'automatic',
        grades_released_at timestamptz,
        late_penalty numeric(5,2) not null default 0,
        late_penalty_limit numeric(5,2) not null default 100,
        late_grace_seconds integer not null default 0,
        feedback_rules jsonb not null default '[]',

        available_from timestamptz,
        available_until timestamptz,
        due_at timestamptz,

        status text not null default 'draft',
        is_template boolean not null default false,
        is_shared boolean not null default false,
        copied_from_id uuid,
        published_at timestamptz,
        opened_at timestamptz,
        version integer not null default 1,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        primary key (tenant_id, id),
        constraint assignments__owner_fkey foreign key (tenant_id, owner_id) references users (tenant_id, id),
        constraint assignments__copied_from_fkey foreign key (tenant_id, copied_from_id)
          references assignments (tenant_id, id),
        constraint assignments__title_check check (title <> ''),
        constraint assignments__priority_check check (priority in ('low', 'normal', 'high', 'urgent')),
        constraint assignments__status_check
          check (status in ('draft', 'active', 'paused', 'completed', 'archived')),
        constraint assignments__template_check check (not is_template or status in ('draft', 'archived')),
        constraint assignments__shared_check check (not is_shared or is_template),
        constraint assignments__retake_policy_check check (retake_policy in ('never', 'untilPassed', 'always')),
        constraint assignments__attempt_policy_check check (attempt_policy in ('best', 'last', 'mean')),
        constraint assignments__grade_release_check check (grade_release in ('automatic', 'manual')),
        constraint assignments__target_score_check check (target_score between 0 and 100),
        constraint assignments__max_attempts_check check (max_attempts between 1 and 100),
        constraint assignments__weight_check check (weight between 0 and 1000),
        constraint assignments__late_penalty_check
          check (late_penalty between 0 and 100 and late_penalty_limit between 0 and 100),
        constraint assignments__amounts_check
          check (estimated_duration_seconds >= 0 and late_grace_seconds between 0 and 604800),
        constraint assignments__range_check check (available_from < available_until),
        constraint assignments__due_check check (due_at > available_from and due_at <= available_until),
        constraint assignments__published_check check (status in ('draft', 'archived') or published_at is not null)
      );
      create index assignments__owner_idx on assignments (tenant_id, owner_id);
      create index assignments__due_idx on assignments (tenant_id, due_at, id);
      create index assignments__unopened_idx on assignments (available_from)
        where status = 'active' and opened_at is null;
      comment on column assignments.owner_id is 'null: the organisation''s own, as an import or a service brings them';
      comment on column assignments.status is 'of the work and not of the clock: assignment_status() adds scheduled';
      comment on column assignments.target_score is 'null: the tenant''s pass mark';
      comment on column assignments.max_attempts is 'null: any number';
      comment on column assignments.late_penalty is 'per cent of the score for each local day begun after the due date';
      comment on column assignments.opened_at is 'when it was noticed that it had become available';

      create table assignment_modules (
        tenant_id uuid not null,
        assignment_id uuid not null,
        module_id uuid not null,
        position integer not null,
        primary key (tenant_id, assignment_id, module_id),
        constraint assignment_modules__assignment_fkey foreign key (tenant_id, assignment_id)
          references assignments (tenant_id, id) on delete cascade,
        constraint assignment_modules__module_fkey foreign key (tenant_id, module_id) references modules (tenant_id, id)
      );
      create index assignment_modules__module_idx on assignment_modules (tenant_id, module_id);

      create table hand_outs (
        tenant_id uuid not null,
        id uuid not null,
        assignment_id uuid not null,
        filter jsonb,
        is_dynamic boolean not null default false,
        created_by uuid,
        created_at timestamptz not null,
        ended_at timestamptz,
        primary key (tenant_id, id),
        constraint hand_outs__assignment_fkey foreign key (tenant_id, assignment_id)
          references assignments (tenant_id, id) on delete cascade,
        constraint hand_outs__created_by_fkey foreign key (tenant_id, created_by) references users (tenant_id, id),
        constraint hand_outs__dynamic_check check (not is_dynamic or filter is not null)
      );
      create index hand_outs__assignment_idx on hand_outs (tenant_id, assignment_id);
      create index hand_outs__dynamic_idx on hand_outs (tenant_id) where is_dynamic and ended_at is null;
      comment on table hand_outs is 'each time that an assignment was given to students: by name, or to all whom a filter means';
      comment on column hand_outs.is_dynamic is 'students who come to match the filter later get it too, until ended_at';

      create table submissions (
        tenant_id uuid not null,
        assignment_id uuid not null,
        student_id uuid not null,
        hand_out_id uuid,
        assigned_at timestamptz not null,
        withdrawn_at timestamptz,
        exemption text,

        extended_until timestamptz,
        extension_reason text,
        effective_due_at timestamptz,
        due_rule text,

        started_at timestamptz,
        first_submitted_at timestamptz,
        last_submitted_at timestamptz,
        is_completed_by_sessions boolean not null default false,
        attempts_started integer not null default 0,
        attempts_submitted integer not null default 0,
        total_time_seconds integer not null default 0,

        attempt_score numeric(5,2),
        auto_feedback text,
        grade numeric(5,2),
        grade_penalty numeric(5,2) not null default 0,
        feedback text,
        graded_at timestamptz,
        graded_by uuid,
        score numeric(5,2)
          generated always as (coalesce(round(grade * (100 - grade_penalty) / 100, 2), attempt_score)) stored,
        status text not null generated always as (case
          when graded_at is not null then 'graded'
          when is_completed_by_sessions then 'completed'
          when attempts_submitted > 0 then 'submitted'
          when started_at is not null then 'in_progress'
          else 'not_started'
        end) stored,

        due_soon_sent_for timestamptz,
        overdue_sent_for timestamptz,
        version integer not null default 1,
        updated_at timestamptz not null,
        primary key (tenant_id, assignment_id, student_id),
        constraint submissions__assignment_fkey foreign key (tenant_id, assignment_id)
          references assignments (tenant_id, id),
        constraint submissions__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id),
        constraint submissions__hand_out_fkey foreign key (tenant_id, hand_out_id) references hand_outs (tenant_id, id),
        constraint submissions__graded_by_fkey foreign key (tenant_id, graded_by) references users (tenant_id, id),
        constraint submissions__exemption_check check (exemption in ('excused', 'exempt')),
        constraint submissions__due_rule_check check (due_rule in ('assignment', 'accommodation', 'extension')),
        constraint submissions__scores_check
          check (attempt_score between 0 and 100 and grade between 0 and 100 and grade_penalty between 0 and 100),
        constraint submissions__attempts_check
          check (0 <= attempts_submitted and attempts_submitted <= attempts_started and total_time_seconds >= 0),
        constraint submissions__submitted_check check ((attempts_submitted > 0) = (first_submitted_at is not null))
      ) with (fillfactor = 80);
      create index submissions__student_idx on submissions (tenant_id, student_id, assignment_id);
      create index submissions__due_idx on submissions (tenant_id, effective_due_at)
        where attempts_submitted = 0 and withdrawn_at is null and exemption is distinct from 'excused';
      comment on table submissions is 'one student''s work on one assignment; withdrawn ones count as if they were not there';
      comment on column submissions.exemption is
        'excused: need not be done, and counts nowhere; exempt: is to be done, but its score does not count';
      comment on column submissions.effective_due_at is 'kept by triggers; due_rule says what decided it';
      comment on column submissions.attempt_score is
        'what the submitted attempts come to under the policy, each with its penalty taken off';
      comment on column submissions.grade is 'an instructor''s, which stands in place of the attempts'' score';
      comment on column submissions.due_soon_sent_for is 'the due date that people have been told of as near';
      comment on column submissions.overdue_sent_for is 'the due date that people have been told of as missed';

      create table attempts (
        tenant_id uuid not null,
        id uuid not null,
        assignment_id uuid not null,
        student_id uuid not null,
        number integer not null,
        source text not null,
        content jsonb,
        started_at timestamptz not null,
        saved_at timestamptz,
        submitted_at timestamptz,
        score numeric(5,2),
        late_seconds integer not null default 0,
        penalty numeric(5,2) not null default 0,
        time_spent_seconds integer not null default 0,
        session_ids uuid[] not null default '{}',
        primary key (tenant_id, id),
        constraint attempts__number_key unique (tenant_id, assignment_id, student_id, number),
        constraint attempts__submission_fkey foreign key (tenant_id, assignment_id, student_id)
          references submissions (tenant_id, assignment_id, student_id),
        constraint attempts__source_check check (source in ('student', 'service', 'sessions', 'import')),
        constraint attempts__number_check check (number > 0),
        constraint attempts__score_check check (score between 0 and 100 and penalty between 0 and 100),
        constraint attempts__amounts_check check (late_seconds >= 0 and time_spent_seconds >= 0),
        constraint attempts__range_check check (started_at <= submitted_at)
      );
      create unique index attempts__open_key on attempts (tenant_id, assignment_id, student_id)
        where submitted_at is null;

      create function attempts_final() returns trigger language plpgsql as $$
      begin
        raise exception 'a submitted attempt never changes'
          using errcode = '23514', constraint = 'attempts__final_check';
      end $$;
      -- whose it is may turn out otherwise: the student may be the duplicate of another
      create trigger attempts_final before update on attempts for each row
        when (old.submitted_at is not null and (
          new.submitted_at, new.started_at, new.saved_at, new.score, new.content, new.late_seconds, new.penalty,
          new.time_spent_seconds, new.session_ids, new.source, new.assignment_id, new.id
        ) is distinct from (
          old.submitted_at, old.started_at, old.saved_at, old.score, old.content, old.late_seconds, old.penalty,
          old.time_spent_seconds, old.session_ids, old.source, old.assignment_id, old.id
        ))
        execute function attempts_final();

      -- the later of what the assignment says and what was granted to this student alone
      create function submissions_set_due() returns trigger language plpgsql as $$
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
      create trigger submissions_set_due
        before insert or update of extended_until, due_rule, assignment_id, student_id on submissions
        for each row execute function submissions_set_due();

      create function assignments_move_due() returns trigger language plpgsql as $$
      begin
        update submissions set due_rule = due_rule where tenant_id = new.tenant_id and assignment_id = new.id;
        return null;
      end $$;
      create trigger assignments_move_due after update of due_at, available_from on assignments
        for each row when ((old.due_at, old.available_from) is distinct from (new.due_at, new.available_from))
        execute function assignments_move_due();

      create function assignment_status(status text, available_from timestamptz, moment timestamptz) returns text
        language sql immutable parallel safe
        return case when status = 'active' and available_from > moment then 'scheduled' else status end;

      -- Inlined where it is used, so that its conditions reach the indexes: it must stay one plain select.
      create function work_at(tenant uuid, moment timestamptz) returns table (
        tenant_id uuid, assignment_id uuid, student_id uuid, owner_id uuid, effective_due_at timestamptz,
        closes_at timestamptz, is_assigned boolean, is_done boolean, is_due_soon boolean, is_overdue boolean,
        is_missing boolean, is_late boolean, is_awaiting_grade boolean
      ) language sql stable as $$
        select s.tenant_id, s.assignment_id, s.student_id, a.owner_id, s.effective_due_at, work.closes_at,
          work.is_assigned, s.attempts_submitted > 0,
          a.status = 'active' and work.is_pending and s.effective_due_at >= moment
            and s.effective_due_at < moment + interval '72 hours',
          work.is_pending and s.effective_due_at < moment,
          work.is_pending and s.effective_due_at < moment
            and (a.status = 'completed' or coalesce(work.closes_at < moment, false)),
          coalesce(s.first_submitted_at > s.effective_due_at, false),
          a.needs_grading and s.exemption is null and s.attempts_submitted > 0
            and (s.graded_at is null or s.graded_at < s.last_submitted_at)
        from submissions s
        join assignments a on a.tenant_id = tenant and a.id = s.assignment_id
        cross join lateral (
          select (a.available_from is null or a.available_from <= moment)
              and s.exemption is distinct from 'excused' as is_assigned,
            a.status in ('active', 'completed') and (a.available_from is null or a.available_from <= moment)
              and s.exemption is distinct from 'excused' and s.attempts_submitted = 0 as is_pending,
            case when a.available_until is not null then greatest(a.available_until, s.effective_due_at) end
              as closes_at
        ) work
        where s.tenant_id = tenant and s.withdrawn_at is null and a.published_at is not null and a.status <> 'draft'
      $$;
      comment on function work_at is 'every piece of work that is set, and what is true of it at that moment';

      alter table student_progress
        add column assignments_assigned integer not null default 0,
        add column assignments_completed integer not null default 0,
        add constraint student_progress__assignments_check
          check (0 <= assignments_completed and assignments_completed <= assignments_assigned);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table student_progress drop column assignments_assigned, drop column assignments_completed;
      drop function work_at, assignment_status;
      drop table attempts, submissions, hand_outs, assignment_modules, assignments;
      drop function attempts_final, submissions_set_due, assignments_move_due;
    `);
  }
}
