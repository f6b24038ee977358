import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateJobs1763600000000 implements MigrationInterface {
  readonly name = 'CreateJobs1763600000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table outbox (
        id bigint generated always as identity primary key,
        tenant_id uuid,
        topic text not null,
        key text not null,
        payload jsonb not null,
        created_at timestamptz not null,
        claimed_until timestamptz,
        relayed_at timestamptz
      );
      comment on table outbox is 'What happened, written in the transaction in which it happened';
      comment on column outbox.tenant_id is 'null: an event of the installation';
      comment on column outbox.claimed_until is 'a relay that died gives its rows back at this time';

      -- not a cursor over ids: a transaction that commits late would be behind it
      create index outbox__unrelayed_idx on outbox (id) where relayed_at is null;
      create index outbox__relayed_at_idx on outbox (relayed_at) where relayed_at is not null;

      create table job_runs (
        id bigint generated always as identity primary key,
        tenant_id uuid,
        job text not null,
        occasion text not null,
        key text not null,
        exclusive boolean not null,
        status text not null,
        attempt integer not null,
        claim uuid,
        queued_at timestamptz not null,
        started_at timestamptz,
        heartbeat_at timestamptz,
        finished_at timestamptz,
        duration_seconds numeric(12, 3),
        outcome jsonb,
        error text,
        constraint job_runs__job_occasion_key unique (job, occasion),
        constraint job_runs__status_check check (status in ('queued', 'running', 'completed', 'failed', 'skipped'))
      );
      comment on table job_runs is 'One row for each time a job was due, whatever the number of attempts';
      comment on column job_runs.tenant_id is 'null: a run for the whole installation';
      comment on column job_runs.occasion is 'what made it due: tick-<instant> or outbox-<id>';
      comment on column job_runs.key is 'what the run is about; empty for ticks';
      comment on column job_runs.exclusive is 'no second run of the same job, tenant and key while this one is running';
      comment on column job_runs.claim is 'who runs it; a worker that lost the run may no longer write here';

      create unique index job_runs__exclusive_idx on job_runs (job, tenant_id, key) nulls not distinct
        where status = 'running' and exclusive;
      create index job_runs__queued_at_idx on job_runs (queued_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table job_runs; drop table outbox;');
  }
}
