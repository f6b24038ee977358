import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What sessions add up to per day, by that day's instructor and department as in `roster_days`, and where that has to be
 * added up anew.
 */
export class CreateRollups1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table module_days (
        tenant_id uuid not null,
        instructor_id uuid not null,
        department_id uuid not null,
        day date not null,
        module_id uuid not null,
        students integer not null,
        students_scored integer not null,
        sessions integer not null,
        sessions_completed integer not null,
        sessions_abandoned integer not null,
        sessions_bounced integer not null,
        sessions_passed integer not null,
        sessions_repeated integer not null,
        students_started integer not null,
        students_completed integer not null,
        score_sum numeric not null,
        score_count integer not null,
        score_square_sum numeric not null,
        questions integer not null,
        correct integer not null,
        duration_sum bigint not null,
        duration_count integer not null,
        abandoned_duration_sum bigint not null,
        abandoned_duration_count integer not null,
        abandoned_answered integer[] not null,
        constraint module_days_pkey primary key (tenant_id, instructor_id, department_id, day, module_id),
        constraint module_days__module_fkey foreign key (tenant_id, module_id) references modules (tenant_id, id)
      );
      create index module_days__day_idx on module_days (tenant_id, day);
      comment on table module_days is 'sessions added up by module and by that day''s instructor and department; nil: nobody''s';
      comment on column module_days.students is 'with a session of the module on that day';
      comment on column module_days.students_scored is 'of these, with a score';
      comment on column module_days.sessions_bounced is 'abandoned in the first minute';
      comment on column module_days.sessions_passed is 'completed, with a score of at least the tenant''s pass mark';
      comment on column module_days.sessions_repeated is 'of students who had an earlier session of the module';
      comment on column module_days.students_started is 'whose first session of the module was on that day';
      comment on column module_days.students_completed is 'who completed a session of the module for the first time on that day';
      comment on column module_days.abandoned_answered is
        'abandoned sessions by the tenth of the questions they got to: [0 %, 10 %), [10 %, 20 %) …; empty where none says';

      create table hour_days (
        tenant_id uuid not null,
        instructor_id uuid not null,
        department_id uuid not null,
        day date not null,
        hour smallint not null,
        students integer not null,
        sessions integer not null,
        sessions_completed integer not null,
        constraint hour_days_pkey primary key (tenant_id, instructor_id, department_id, day, hour),
        constraint hour_days__hour_check check (hour between 0 and 23)
      );
      create index hour_days__day_idx on hour_days (tenant_id, day);
      comment on table hour_days is 'sessions added up by the local hour they began in; those without a time of day are in none';

      create table question_days (
        tenant_id uuid not null,
        instructor_id uuid not null,
        department_id uuid not null,
        day date not null,
        module_id uuid not null,
        question_id text not null,
        students integer not null,
        answers integer not null,
        correct integer not null,
        judged integer not null,
        seconds_sum numeric not null,
        seconds_count integer not null,
        constraint question_days_pkey primary key (tenant_id, module_id, day, instructor_id, department_id, question_id),
        constraint question_days__module_fkey foreign key (tenant_id, module_id) references modules (tenant_id, id)
      );
      comment on table question_days is 'answers of completed and abandoned sessions that name their question';
      comment on column question_days.judged is 'answers that say whether they are correct';

      create table student_modules (
        tenant_id uuid not null,
        student_id uuid not null,
        module_id uuid not null,
        first_on date not null,
        first_completed_on date,
        last_on date not null,
        sessions integer not null,
        constraint student_modules_pkey primary key (tenant_id, student_id, module_id),
        constraint student_modules__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id),
        constraint student_modules__module_fkey foreign key (tenant_id, module_id) references modules (tenant_id, id)
      );
      comment on table student_modules is 'which modules a student has worked on, and since when';

      create table stale_days (
        tenant_id uuid not null,
        instructor_id uuid not null,
        department_id uuid not null,
        day date not null,
        since timestamptz not null,
        constraint stale_days_pkey primary key (tenant_id, instructor_id, department_id, day)
      );
      comment on table stale_days is 'days whose sessions are to be added up anew, and since when';

      -- whose student somebody was on a day in the past
      create index roster_entries__instructor_idx on roster_entries (tenant_id, instructor_id, valid_from);
      create index roster_entries__department_idx on roster_entries (tenant_id, department_id, valid_from);

      alter table tenants add column smallest_group integer not null default 5
        constraint tenants__smallest_group_check check (smallest_group between 2 and 100);
      comment on column tenants.smallest_group is 'of fewer people nothing is told to who may not see the people';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table tenants drop column smallest_group;
      drop index roster_entries__department_idx;
      drop index roster_entries__instructor_idx;
      drop table stale_days, student_modules, question_days, hour_days, module_days;
    `);
  }
}
