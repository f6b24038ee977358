import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a score of risk was made of, the cohorts it was measured against, and what people did about it. */
export class CreateRisk1763900000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table student_progress add column risk_day date, add column risk_announced_band text,
        add constraint student_progress__risk_band_check
          check (risk_announced_band in ('low', 'moderate', 'high', 'critical'));
      comment on column student_progress.risk_day is 'the local day that the score is of, whether or not there was enough to score';
      comment on column student_progress.risk_announced_band is 'the last band that an event told of; trails behind the shown one, so that events do not flap';

      create table risk_cohorts (
        tenant_id uuid not null,
        department_id uuid not null,
        day date not null,
        students integer not null,
        counts jsonb not null,
        created_at timestamptz not null,
        primary key (tenant_id, department_id, day),
        constraint risk_cohorts__department_fkey foreign key (tenant_id, department_id)
          references departments (tenant_id, id),
        constraint risk_cohorts__students_check check (students > 0)
      );
      comment on table risk_cohorts is 'a department''s students at the end of a day: how many of them had which value; only ever added to';

      create table risk_evaluations (
        tenant_id uuid not null,
        student_id uuid not null,
        day date not null,
        number integer not null,
        evaluated_at timestamptz not null,
        department_id uuid not null,
        instructor_id uuid,
        cohort_day date not null,
        model_version text not null,
        inputs jsonb not null,
        insufficient text,
        log_odds numeric(9,6) not null,
        base_log_odds numeric(9,6) not null,
        contributions jsonb not null,
        score numeric(5,2) not null,
        primary key (tenant_id, student_id, day, number),
        constraint risk_evaluations__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id),
        constraint risk_evaluations__cohort_fkey foreign key (tenant_id, department_id, cohort_day)
          references risk_cohorts (tenant_id, department_id, day),
        constraint risk_evaluations__insufficient_check
          check (insufficient in ('newStudent', 'silentCohort', 'noSignals')),
        constraint risk_evaluations__number_check check (number >= 0),
        constraint risk_evaluations__score_check check (score >= 0 and score <= 100)
      ) partition by range (day);
      comment on table risk_evaluations is 'every score with all that it was made of; only ever added to';
      comment on column risk_evaluations.number is '0: at the end of the day; others: during it, in their order';
      comment on column risk_evaluations.score is 'also where there is too little to show one: what the model would say';
      create table risk_evaluations_default partition of risk_evaluations default;
      create function risk_evaluations_final() returns trigger language plpgsql as $$
      begin
        raise exception 'an evaluation never changes'
          using errcode = '23514', constraint = 'risk_evaluations__final_check';
      end $$;
      create trigger risk_evaluations_final before update on risk_evaluations for each row
        execute function risk_evaluations_final();

      create table interventions (
        tenant_id uuid not null,
        id uuid not null,
        student_id uuid not null,
        owner_id uuid not null,
        origin text not null,
        status text not null default 'open',
        action text,
        reason text not null default '',
        due_on date,
        snoozed_until date,
        opened_at timestamptz not null,
        opened_by uuid not null,
        opened_day date not null,
        opened_score numeric(5,2),
        opened_band text,
        contacted_at timestamptz,
        contacted_day date,
        contacted_score numeric(5,2),
        closed_at timestamptz,
        closed_by uuid,
        closed_score numeric(5,2),
        outcome text,
        dismissal text,
        closed_itself boolean not null default false,
        version integer not null default 1,
        updated_at timestamptz not null,
        primary key (tenant_id, id),
        constraint interventions__student_fkey foreign key (tenant_id, student_id) references users (tenant_id, id),
        constraint interventions__owner_fkey foreign key (tenant_id, owner_id) references users (tenant_id, id),
        constraint interventions__opened_by_fkey foreign key (tenant_id, opened_by) references users (tenant_id, id),
        constraint interventions__closed_by_fkey foreign key (tenant_id, closed_by) references users (tenant_id, id),
        constraint interventions__origin_check check (origin in ('flag', 'manual')),
        constraint interventions__status_check check (status in ('open', 'contacted', 'resolved', 'dismissed')),
        constraint interventions__action_check
          check (action in ('message', 'email', 'call', 'meeting', 'extra_support', 'other')),
        constraint interventions__contacted_check check (
          (contacted_at is null) = (contacted_day is null) and (status <> 'contacted' or contacted_at is not null)
          and (contacted_at is null or action is not null)),
        constraint interventions__closed_check
          check ((closed_at is not null) = (status in ('resolved', 'dismissed')) and (not closed_itself or closed_by is null)),
        constraint interventions__dismissal_check check (
          (dismissal is not null) = (status = 'dismissed')
          and dismissal in ('excused_absence', 'data_wrong', 'already_supported', 'not_at_risk', 'other')),
        constraint interventions__band_check check (opened_band in ('low', 'moderate', 'high', 'critical'))
      );
      create unique index interventions__open_key on interventions (tenant_id, student_id) where closed_at is null;
      create index interventions__student_idx on interventions (tenant_id, student_id, opened_at);
      create index interventions__owner_idx on interventions (tenant_id, owner_id, due_on, id) where closed_at is null;
      create index interventions__contacted_idx on interventions (tenant_id, contacted_day) where contacted_day is not null;
      comment on table interventions is 'a case on a student; at most one of a student is open';

      create table intervention_entries (
        tenant_id uuid not null,
        id uuid not null,
        intervention_id uuid not null,
        at timestamptz not null,
        actor_id uuid,
        kind text not null,
        note text not null default '',
        details jsonb,
        primary key (tenant_id, id),
        constraint intervention_entries__intervention_fkey foreign key (tenant_id, intervention_id)
          references interventions (tenant_id, id),
        constraint intervention_entries__actor_fkey foreign key (tenant_id, actor_id) references users (tenant_id, id),
        constraint intervention_entries__kind_check check (kind in
          ('opened', 'contacted', 'note', 'changed', 'snoozed', 'resolved', 'dismissed', 'reopened', 'closed_itself'))
      );
      create index intervention_entries__intervention_idx on intervention_entries (tenant_id, intervention_id, at, id);
      comment on table intervention_entries is 'what happened in a case; only ever added to';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table intervention_entries;
      drop table interventions;
      drop table risk_evaluations;
      drop function risk_evaluations_final;
      drop table risk_cohorts;
      alter table student_progress drop constraint student_progress__risk_band_check,
        drop column risk_announced_band, drop column risk_day;
    `);
  }
}
