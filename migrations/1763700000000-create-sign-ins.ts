import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who has signed in where, and the refresh tokens with which each of these sign-ins goes on. */
export class CreateSignIns1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table sign_ins (
        tenant_id uuid not null,
        id uuid not null,
        user_id uuid not null,
        address text,
        agent text,
        created_at timestamptz not null,
        last_used_at timestamptz not null,
        expires_at timestamptz not null,
        revoked_at timestamptz,
        revoked_reason text,
        primary key (tenant_id, id),
        constraint sign_ins__user_fkey foreign key (tenant_id, user_id) references users (tenant_id, id),
        constraint sign_ins__revoked_check check ((revoked_at is null) = (revoked_reason is null))
      );
      comment on table sign_ins is 'One for each time that somebody signed in; its refresh tokens are one lineage';
      comment on column sign_ins.expires_at is 'when it ends unless it is used before; each refresh moves it';
      create index sign_ins__user_id_idx on sign_ins (tenant_id, user_id, id);
      create index sign_ins__expires_at_idx on sign_ins (expires_at);

      create table refresh_tokens (
        tenant_id uuid not null,
        secret_hash bytea not null,
        sign_in_id uuid not null,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        used_at timestamptz,
        successor_salt bytea,
        primary key (tenant_id, secret_hash),
        constraint refresh_tokens__sign_in_fkey foreign key (tenant_id, sign_in_id)
          references sign_ins (tenant_id, id) on delete cascade,
        constraint refresh_tokens__secret_hash_check check (length(secret_hash) = 32),
        constraint refresh_tokens__used_check check ((used_at is null) = (successor_salt is null))
      );
      comment on column refresh_tokens.successor_salt is 'with the secret itself, which is not stored, it makes the next one';
      create index refresh_tokens__sign_in_id_idx on refresh_tokens (tenant_id, sign_in_id);
      create index refresh_tokens__expires_at_idx on refresh_tokens (expires_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table refresh_tokens, sign_ins`);
  }
}
