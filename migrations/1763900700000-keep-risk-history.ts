import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What replays rest on cannot change, and nobody who is not there has a score. */
export class KeepRiskHistory1763900700000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function risk_history_final() returns trigger language plpgsql as $$
      begin
        -- an organisation that leaves takes its history along
        if tg_op = 'DELETE' and coalesce(current_setting('app.removed_tenant', true), '') <> '' then
          return null;
        end if;
        raise exception 'the history of risk is only ever added to'
          using errcode = '23514', constraint = tg_table_name || '__final_check';
      end $$;
      -- of statements that name the table: partitions are filled and dropped by their own names
      create trigger risk_evaluations_kept before delete or truncate on risk_evaluations
        for each statement execute function risk_history_final();
      -- a cohort that no evaluation refers to may go with those that did
      create trigger risk_cohorts_final before update on risk_cohorts
        for each row execute function risk_history_final();
      create trigger intervention_entries_final before update on intervention_entries
        for each row execute function risk_history_final();
      create trigger intervention_entries_kept before delete or truncate on intervention_entries
        for each statement execute function risk_history_final();

      -- whoever comes back is scored anew; a score of months ago would stand in lists until then
      create function student_progress_absent() returns trigger language plpgsql as $$
      begin
        new.risk_score := null;
        new.risk_day := null;
        new.risk_announced_band := null;
        return new;
      end $$;
      create trigger student_progress_absent
        before update of is_active, risk_score, risk_day, risk_announced_band on student_progress
        for each row when (not new.is_active) execute function student_progress_absent();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger student_progress_absent on student_progress;
      drop function student_progress_absent;
      drop trigger intervention_entries_kept on intervention_entries;
      drop trigger intervention_entries_final on intervention_entries;
      drop trigger risk_cohorts_final on risk_cohorts;
      drop trigger risk_evaluations_kept on risk_evaluations;
      drop function risk_history_final;
    `);
  }
}
