import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What became of grades and exemptions, by whom and why. */
export class CreateGradeChanges1763800400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table grade_batches (
        tenant_id uuid not null,
        id uuid not null,
        assignment_id uuid not null,
        changes integer not null,
        actor_id uuid not null,
        actor_role text not null,
        created_at timestamptz not null,
        undone_at timestamptz,
        primary key (tenant_id, id),
        constraint grade_batches__assignment_fkey foreign key (tenant_id, assignment_id)
          references assignments (tenant_id, id),
        constraint grade_batches__changes_check check (changes > 0)
      );
      create index grade_batches__actor_idx on grade_batches (tenant_id, actor_id, created_at, id);
      comment on table grade_batches is 'grades that were given together, and can be taken back together';

      create table grade_changes (
        tenant_id uuid not null,
        id uuid not null,
        position bigint generated always as identity,
        assignment_id uuid not null,
        student_id uuid not null,
        from_grade numeric(5,2),
        to_grade numeric(5,2),
        from_penalty numeric(5,2) not null,
        to_penalty numeric(5,2) not null,
        from_feedback text,
        to_feedback text,
        from_exemption text,
        to_exemption text,
        from_graded_at timestamptz,
        to_graded_at timestamptz,
        from_graded_by uuid,
        to_graded_by uuid,
        reason text,
        batch_id uuid,
        undoes_id uuid,
        actor_id uuid not null,
        actor_role text not null,
        created_at timestamptz not null,
        primary key (tenant_id, id),
        constraint grade_changes__submission_fkey foreign key (tenant_id, assignment_id, student_id)
          references submissions (tenant_id, assignment_id, student_id),
        constraint grade_changes__batch_fkey foreign key (tenant_id, batch_id) references grade_batches (tenant_id, id),
        constraint grade_changes__undoes_fkey foreign key (tenant_id, undoes_id) references grade_changes (tenant_id, id)
      );
      create index grade_changes__submission_idx on grade_changes (tenant_id, assignment_id, student_id, position);
      create index grade_changes__batch_idx on grade_changes (tenant_id, batch_id) where batch_id is not null;
      create unique index grade_changes__undoes_key on grade_changes (tenant_id, undoes_id)
        where undoes_id is not null;
      comment on table grade_changes is 'every change of a grade, its feedback or an exemption; only ever added to';
      comment on column grade_changes.position is 'in the order in which the submission was locked, whatever clocks say';
      comment on column grade_changes.actor_id is 'a person or a service';

      create function grade_changes_final() returns trigger language plpgsql as $$
      begin
        -- an organisation that leaves takes its history along
        if tg_op = 'DELETE' and current_setting('app.removed_tenant', true) = old.tenant_id::text then
          return old;
        end if;
        raise exception 'the history of grades is only ever added to'
          using errcode = '23514', constraint = 'grade_changes__final_check';
      end $$;
      -- whose it is may turn out otherwise: the student may be the duplicate of another
      create trigger grade_changes_final
        before delete or update of tenant_id, id, position, assignment_id, from_grade, to_grade, from_penalty,
          to_penalty, from_feedback, to_feedback, from_exemption, to_exemption, from_graded_at, to_graded_at,
          from_graded_by, to_graded_by, reason, batch_id, undoes_id, actor_id, actor_role, created_at
        on grade_changes for each row execute function grade_changes_final();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table grade_changes, grade_batches;
      drop function grade_changes_final;
    `);
  }
}
