import type { MigrationInterface, QueryRunner } from 'typeorm';

/** While retention deletes, what follows a deletion for another reason does not: sums stay as they were. */
const kept = `when (coalesce(current_setting('app.retention', true), '') = '')`;
const dayTriggers = (condition: string): string => `
  drop trigger progress_snapshots_gone on progress_snapshots;
  create trigger progress_snapshots_gone after delete on progress_snapshots for each row ${condition}
    execute function progress_snapshots_to_stale_days();
  drop trigger progress_snapshots_to_roster_days_delete on progress_snapshots;
  create trigger progress_snapshots_to_roster_days_delete after delete on progress_snapshots
    referencing old table as old_rows for each statement ${condition}
    execute function progress_snapshots_to_roster_days_delete();
`;

export class CreateRetention1764400320000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table tenants add column history_from date;
      comment on column tenants.history_from is 'sessions and snapshots of days before it have been deleted; null: none ever were';

      alter table student_modules add column past_sessions integer not null default 0, add column past_first_on date,
        add column past_first_completed_on date, add column past_last_on date;
      comment on column student_modules.past_sessions is 'of sessions: those that are not kept any more';

      create table retention_runs (
        tenant_id uuid not null,
        id uuid not null,
        started_at timestamptz not null,
        finished_at timestamptz,
        constraint retention_runs__pkey primary key (tenant_id, id),
        constraint retention_runs__tenant_fkey foreign key (tenant_id) references tenants (id)
      );
      create index retention_runs__started_at_idx on retention_runs (tenant_id, started_at, id);
      comment on column retention_runs.finished_at is 'null: it is under way, or was cut off';

      create table retention_figures (
        tenant_id uuid not null,
        run_id uuid not null,
        category text not null,
        kept_from date not null,
        rows bigint not null,
        oldest date,
        newest date,
        partitions text[] not null,
        held_back jsonb not null,
        constraint retention_figures__pkey primary key (tenant_id, run_id, category),
        constraint retention_figures__run_fkey foreign key (tenant_id, run_id) references retention_runs (tenant_id, id)
      );
      comment on table retention_figures is 'what a run has deleted so far, counted in the transactions that deleted it';

      create table audit_removals (
        tenant_id uuid not null,
        seal integer not null,
        entries integer not null,
        constraint audit_removals__pkey primary key (tenant_id, seal),
        constraint audit_removals__entries_check check (entries > 0)
      );
      comment on table audit_removals is 'how many entries of a seal retention has removed; entries audit.trimmed hold the digest of it';

      ${dayTriggers(kept)}
      drop trigger risk_evaluations_kept on risk_evaluations;
      create trigger risk_evaluations_kept before delete or truncate on risk_evaluations for each statement ${kept}
        execute function risk_history_final();
      drop trigger audit_entries_final on audit_entries;
      create trigger audit_entries_final before update or truncate on audit_entries
        for each statement execute function audit_final();
      create trigger audit_entries_kept before delete on audit_entries for each statement ${kept}
        execute function audit_final();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger audit_entries_kept on audit_entries;
      drop trigger audit_entries_final on audit_entries;
      create trigger audit_entries_final before update or delete or truncate on audit_entries
        for each statement execute function audit_final();
      drop trigger risk_evaluations_kept on risk_evaluations;
      create trigger risk_evaluations_kept before delete or truncate on risk_evaluations for each statement
        execute function risk_history_final();
      ${dayTriggers('')}
      drop table audit_removals, retention_figures, retention_runs;
      alter table student_modules drop column past_sessions, drop column past_first_on,
        drop column past_first_completed_on, drop column past_last_on;
      alter table tenants drop column history_from;
    `);
  }
}
