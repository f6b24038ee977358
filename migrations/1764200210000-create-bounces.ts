import type { MigrationInterface, QueryRunner } from 'typeorm';

export class CreateBounces1764200210000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table bounces (
        tenant_id uuid not null references tenants,
        address text not null,
        kind text not null,
        reason text not null,
        at timestamptz not null,
        primary key (tenant_id, address),
        constraint bounces__kind_check check (kind in ('hard', 'soft'))
      );
      create index bounces__at_idx on bounces (at);
      comment on table bounces is 'addresses that mails came back from, whoever has them; nothing more goes to the hard ones';
      comment on column bounces.reason is 'codes and classes, nothing that a server said in words';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table bounces');
  }
}
