import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Partitioned by month: seven years of entries leave by detaching partitions, not by deleting rows. */
export class CreateAuditEntries1763600200000 implements MigrationInterface {
  readonly name = 'CreateAuditEntries1763600200000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table audit_entries (
        tenant_id uuid not null,
        at timestamptz not null,
        id uuid not null,
        actor_id uuid,
        actor_role text not null,
        action text not null,
        target_type text not null,
        target_id text,
        request_id text,
        address text,
        agent text,
        before jsonb,
        after jsonb,
        result text not null,
        reason text,
        constraint audit_entries__pkey primary key (tenant_id, at, id),
        constraint audit_entries__action_check check (action ~ '^[a-z_]+\\.[a-z_]+$'),
        constraint audit_entries__result_check check (result in ('done', 'refused', 'failed'))
      ) partition by range (at)`);
    await runner.query(`create table audit_entries_default partition of audit_entries default`);
    await runner.query(`
      create index audit_entries__tenant_id_target_id_at_idx on audit_entries (tenant_id, target_id, at)`);
    await runner.query(`
      create index audit_entries__tenant_id_actor_id_at_idx on audit_entries (tenant_id, actor_id, at)`);
    await runner.query(`comment on table audit_entries is 'Who did what to whom; only ever added to'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table audit_entries`);
  }
}
