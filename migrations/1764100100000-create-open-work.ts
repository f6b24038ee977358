import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The student is waited for, if the assignment is open. */
const isPending = (s: string): string =>
  `(${s}.withdrawn_at is null and ${s}.exemption is distinct from 'excused' and ${s}.attempts_submitted = 0)`;
/** A grade is waited for, if the assignment wants one. */
const isUngraded = (s: string): string =>
  `(${s}.withdrawn_at is null and ${s}.exemption is null and ${s}.attempts_submitted > 0
    and (${s}.graded_at is null or ${s}.graded_at < ${s}.last_submitted_at))`;

/** Of rows of `left` and `right`: the same piece of work. */
const same = (left: string, right: string): string =>
  `(${left}.tenant_id, ${left}.assignment_id, ${left}.student_id) = (${right}.tenant_id, ${right}.assignment_id, ${right}.student_id)`;

/** Enters work for which somebody is waited for, where its student is. */
const enter = (condition = 'true'): string => `
  with placed as materialized (
    select n.tenant_id, n.assignment_id, n.student_id, p.instructor_id, p.department_id, p.is_active,
      ${isUngraded('n')} as is_submitted, n.effective_due_at
    from new_rows n
    join assignments a on a.tenant_id = n.tenant_id and a.id = n.assignment_id
    join student_progress p on p.tenant_id = n.tenant_id and p.student_id = n.student_id
    where (${isPending('n')} or ${isUngraded('n')} and a.needs_grading) and ${condition}
    order by p.tenant_id, p.student_id for share of p
  )
  insert into open_work (tenant_id, assignment_id, student_id, instructor_id, department_id, is_active, is_submitted,
    effective_due_at)
  select * from placed;`;

/**
 * Of all work only that for which somebody is waited for, with the roster that it is on: what dashboards ask for lies
 * together, and not once for each student (ADR 13).
 */
export class CreateOpenWork1764100100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table open_work (
        tenant_id uuid not null,
        assignment_id uuid not null,
        student_id uuid not null,
        instructor_id uuid,
        department_id uuid not null,
        is_active boolean not null,
        is_submitted boolean not null,
        effective_due_at timestamptz,
        primary key (tenant_id, student_id, assignment_id),
        constraint open_work__submission_fkey foreign key (tenant_id, assignment_id, student_id)
          references submissions (tenant_id, assignment_id, student_id) on update cascade on delete cascade
      );
      create index open_work__instructor_idx on open_work (tenant_id, instructor_id)
        include (department_id, student_id, assignment_id, is_submitted, effective_due_at) where is_active;
      create index open_work__department_idx on open_work (tenant_id, department_id) where is_active;
      comment on table open_work is 'work that a student has not submitted, or an instructor not graded; kept by triggers, read by open_work_at';
      comment on column open_work.instructor_id is 'as department_id and is_active: of the student, now';
      comment on column open_work.is_submitted is 'whether a grade is waited for, and no longer the student';

      -- Who enters work locks its student, as whoever moves the student does: the later of two sees the other. Work that
      -- is there already is changed without: those who move due dates hold it, and would be waited for in turn.
      create function submissions_enter_open_work() returns trigger language plpgsql as $$
      begin
        ${enter()}
        return null;
      end $$;
      create trigger submissions_enter_open_work after insert on submissions
        referencing new table as new_rows for each statement execute function submissions_enter_open_work();

      create function submissions_change_open_work() returns trigger language plpgsql as $$
      begin
        delete from open_work w using new_rows n
        where ${same('w', 'n')} and not ${isPending('n')}
          and not (${isUngraded('n')} and exists (
            select from assignments a where a.tenant_id = n.tenant_id and a.id = n.assignment_id and a.needs_grading
          ));
        update open_work w set is_submitted = ${isUngraded('n')}, effective_due_at = n.effective_due_at
        from new_rows n
        where ${same('w', 'n')}
          and (w.is_submitted, w.effective_due_at) is distinct from (${isUngraded('n')}, n.effective_due_at);
        ${enter(`not exists (select from open_work w where ${same('w', 'n')})`)}
        return null;
      end $$;
      create trigger submissions_change_open_work after update on submissions
        referencing new table as new_rows for each statement execute function submissions_change_open_work();

      create function open_work_follow_student() returns trigger language plpgsql as $$
      begin
        select p.instructor_id, p.department_id, p.is_active
        into new.instructor_id, new.department_id, new.is_active
        from student_progress p where p.tenant_id = new.tenant_id and p.student_id = new.student_id for share;
        return new;
      end $$;
      create trigger open_work_follow_student before update of student_id on open_work
        for each row execute function open_work_follow_student();

      create function student_progress_move_open_work() returns trigger language plpgsql as $$
      begin
        update open_work w
        set instructor_id = new.instructor_id, department_id = new.department_id, is_active = new.is_active
        where w.tenant_id = new.tenant_id and w.student_id = new.student_id;
        return null;
      end $$;
      create trigger student_progress_move_open_work
        after update of instructor_id, department_id, is_active on student_progress for each row
        when ((old.instructor_id, old.department_id, old.is_active)
          is distinct from (new.instructor_id, new.department_id, new.is_active))
        execute function student_progress_move_open_work();

      -- Locked first, so that what is being submitted has been, or will ask whether a grade is wanted.
      create function assignments_change_open_work() returns trigger language plpgsql as $$
      begin
        perform from submissions where tenant_id = new.tenant_id and assignment_id = new.id
        order by student_id for no key update;
        delete from open_work w using submissions s
        where s.tenant_id = new.tenant_id and s.assignment_id = new.id and ${same('w', 's')} and w.is_submitted;
        with placed as materialized (
          select s.tenant_id, s.assignment_id, s.student_id, p.instructor_id, p.department_id, p.is_active,
            true as is_submitted, s.effective_due_at
          from submissions s
          join student_progress p on p.tenant_id = s.tenant_id and p.student_id = s.student_id
          where new.needs_grading and s.tenant_id = new.tenant_id and s.assignment_id = new.id and ${isUngraded('s')}
          order by p.student_id for share of p
        )
        insert into open_work (tenant_id, assignment_id, student_id, instructor_id, department_id, is_active,
          is_submitted, effective_due_at)
        select * from placed;
        return null;
      end $$;
      create trigger assignments_change_open_work after update of needs_grading on assignments for each row
        when (old.needs_grading <> new.needs_grading) execute function assignments_change_open_work();

      insert into open_work (tenant_id, assignment_id, student_id, instructor_id, department_id, is_active,
        is_submitted, effective_due_at)
      select s.tenant_id, s.assignment_id, s.student_id, p.instructor_id, p.department_id, p.is_active,
        ${isUngraded('s')}, s.effective_due_at
      from submissions s
      join student_progress p on p.tenant_id = s.tenant_id and p.student_id = s.student_id
      join assignments a on a.tenant_id = s.tenant_id and a.id = s.assignment_id
      where ${isPending('s')} or ${isUngraded('s')} and a.needs_grading;

      -- What work_at says of the same moment, of work that is due soon, overdue or awaits a grade. One plain select, too.
      create function open_work_at(tenant uuid, moment timestamptz) returns table (
        tenant_id uuid, assignment_id uuid, student_id uuid, instructor_id uuid, department_id uuid, is_active boolean,
        effective_due_at timestamptz, is_due_soon boolean, is_overdue boolean, is_awaiting_grade boolean
      ) language sql stable as $$
        select w.tenant_id, w.assignment_id, w.student_id, w.instructor_id, w.department_id, w.is_active,
          w.effective_due_at,
          not w.is_submitted and a.status = 'active' and w.effective_due_at >= moment
            and w.effective_due_at < moment + interval '72 hours',
          not w.is_submitted and w.effective_due_at < moment,
          w.is_submitted
        from open_work w
        join assignments a on a.tenant_id = tenant and a.id = w.assignment_id
        where w.tenant_id = tenant and a.published_at is not null and a.status <> 'draft'
          and (w.is_submitted
            or a.status in ('active', 'completed') and (a.available_from is null or a.available_from <= moment)
              and w.effective_due_at < moment + interval '72 hours')
      $$;
      comment on function open_work_at is 'work that is due soon or overdue or awaits a grade at that moment, and whose it is';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger submissions_enter_open_work on submissions;
      drop trigger submissions_change_open_work on submissions;
      drop trigger student_progress_move_open_work on student_progress;
      drop trigger assignments_change_open_work on assignments;
      drop table open_work;
      drop function open_work_at, open_work_follow_student, submissions_enter_open_work, submissions_change_open_work,
        student_progress_move_open_work, assignments_change_open_work;
    `);
  }
}
