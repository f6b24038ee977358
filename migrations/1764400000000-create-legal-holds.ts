import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What must be kept whatever retention and erasure say, until somebody lifts it. */
export class CreateLegalHolds1764400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table legal_holds (
        tenant_id uuid not null,
        id uuid not null,
        category text,
        person_id uuid,
        reason text not null,
        placed_by uuid not null,
        placed_at timestamptz not null,
        lifted_by uuid,
        lifted_at timestamptz,
        constraint legal_holds__pkey primary key (tenant_id, id),
        constraint legal_holds__tenant_fkey foreign key (tenant_id) references tenants (id),
        constraint legal_holds__person_fkey foreign key (tenant_id, person_id) references users (tenant_id, id),
        constraint legal_holds__placed_by_fkey foreign key (tenant_id, placed_by) references users (tenant_id, id),
        constraint legal_holds__lifted_by_fkey foreign key (tenant_id, lifted_by) references users (tenant_id, id),
        constraint legal_holds__category_check
          check (category in ('audit', 'snapshots', 'analytics', 'messages', 'riskEvaluations')),
        constraint legal_holds__reason_check check (reason <> ''),
        constraint legal_holds__lifted_check check ((lifted_at is null) = (lifted_by is null))
      );
      create index legal_holds__placed_at_idx on legal_holds (tenant_id, placed_at, id);
      create index legal_holds__person_idx on legal_holds (tenant_id, person_id);
      comment on table legal_holds is 'what is kept longer than retention and erasure say, until the hold is lifted';
      comment on column legal_holds.category is 'null: of all categories';
      comment on column legal_holds.person_id is 'null: of everybody';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table legal_holds');
  }
}
