import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Answers to POST requests, so that a repeated one is answered and not executed again. */
export class CreateIdempotencyKeys1763600100000 implements MigrationInterface {
  readonly name = 'CreateIdempotencyKeys1763600100000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table idempotency_keys (
        tenant_id uuid not null,
        user_id uuid not null,
        key text not null,
        route text not null,
        request_hash text not null,
        status smallint,
        headers jsonb,
        body text,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        constraint idempotency_keys__pkey primary key (tenant_id, user_id, key),
        constraint idempotency_keys__key_check check (length(key) between 1 and 255),
        constraint idempotency_keys__status_check check (status between 200 and 299)
      )`);
    await runner.query(`create index idempotency_keys__expires_at_idx on idempotency_keys (expires_at)`);
    await runner.query(`
      comment on table idempotency_keys is
        'Who sent which Idempotency-Key and what was answered; without a status the first request is still running'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table idempotency_keys`);
  }
}
