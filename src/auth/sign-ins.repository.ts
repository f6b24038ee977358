import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';

/** A refresh token that was shown, and its sign-in. Both are locked until the transaction ends. */
export interface ShownToken {
  readonly signInId: string;
  readonly userId: string;
  readonly createdAt: string;
  readonly tokenExpiresAt: string;
  readonly expiresAt: string;
  readonly revokedAt: string | null;
  readonly usedAt: string | null;
  readonly successorSalt: Buffer | null;
}

/** A refresh token is used: once, and its successor takes its place. */
export interface TokenUse {
  readonly hash: Buffer;
  readonly successorSalt: Buffer;
  readonly successorHash: Buffer;
  readonly signInId: string;
  readonly address: string | null;
  readonly agent: string | null;
  readonly expiresAt: Date;
}

export interface SignIn {
  readonly id: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
  readonly address: string | null;
  readonly agent: string | null;
}

export interface NewSignIn {
  readonly id: string;
  readonly userId: string;
  readonly address: string | null;
  readonly agent: string | null;
  readonly expiresAt: Date;
}

@Injectable()
export class SignInsRepository {
  constructor(private readonly database: Database) {}

  insert(tenantId: string, { id, userId, address, agent, expiresAt }: NewSignIn, now: Date): Promise<number> {
    return this.database.run(
      `-- auth.insertSignIn
      insert into sign_ins (tenant_id, id, user_id, address, agent, created_at, last_used_at, expires_at)
      values ($1, $2, $3, $4, $5, $6, $6, $7)`,
      [tenantId, id, userId, address, agent, now, expiresAt],
    );
  }

  insertToken(tenantId: string, signInId: string, hash: Buffer, now: Date, expiresAt: Date): Promise<number> {
    return this.database.run(
      `-- auth.insertRefreshToken
      insert into refresh_tokens (tenant_id, secret_hash, sign_in_id, created_at, expires_at)
      values ($1, $3, $2, $4, $5)`,
      [tenantId, signInId, hash, now, expiresAt],
    );
  }

  /** Parallel uses of one lineage wait here for each other. */
  lockToken(tenantId: string, hash: Buffer): Promise<ShownToken | null> {
    return this.database.maybeOne<ShownToken>(
      `-- auth.lockRefreshToken
      select s.id as "signInId", s.user_id as "userId", s.created_at as "createdAt", r.expires_at as "tokenExpiresAt",
        s.expires_at as "expiresAt", s.revoked_at as "revokedAt", r.used_at as "usedAt",
        r.successor_salt as "successorSalt"
      from refresh_tokens r join sign_ins s on s.tenant_id = $1 and s.id = r.sign_in_id
      where r.tenant_id = $1 and r.secret_hash = $2
      for update`,
      [tenantId, hash],
    );
  }

  useToken(tenantId: string, use: TokenUse, now: Date): Promise<number> {
    return this.database.run(
      `-- auth.useRefreshToken
      with used as (
        update refresh_tokens set used_at = $3, successor_salt = $4 where tenant_id = $1 and secret_hash = $2
      ), moved as (
        update sign_ins set last_used_at = $3, expires_at = $7, address = $8, agent = $9 where tenant_id = $1 and id = $6
      )
      insert into refresh_tokens (tenant_id, secret_hash, sign_in_id, created_at, expires_at)
      values ($1, $5, $6, $3, $7)`,
      [
        tenantId, use.hash, now, use.successorSalt, use.successorHash, use.signInId, use.expiresAt, use.address,
        use.agent,
      ],
    ); // prettier-ignore
  }

  /** Those that go on, the latest first; `after` is the last id of the page before. */
  list(
    viewer: Viewer,
    { limit, offset, after }: Pick<Position, 'limit' | 'offset' | 'after'>,
    now: Date,
  ): Promise<SignIn[]> {
    return this.database.many<SignIn>(
      `-- auth.listSignIns
      select id, created_at as "createdAt", last_used_at as "lastUsedAt", expires_at as "expiresAt", address, agent
      from sign_ins
      where tenant_id = $1 and user_id = $2 and revoked_at is null and expires_at > $3 and ($4::uuid is null or id < $4)
      order by id desc limit $5 offset $6`,
      [viewer.tenantId, viewer.userId, now, after?.[0] ?? null, limit + 1, offset],
    );
  }

  async count(viewer: Viewer, now: Date): Promise<number> {
    const { count } = await this.database.one<{ count: number }>(
      `-- auth.countSignIns
      select count(*) as count from sign_ins
      where tenant_id = $1 and user_id = $2 and revoked_at is null and expires_at > $3`,
      [viewer.tenantId, viewer.userId, now],
    );
    return count;
  }

  /** What has expired, of all tenants. @returns how many there were, at most `limit` */
  deleteExpiredTokens(now: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- auth.deleteExpiredTokens
      delete from refresh_tokens where (tenant_id, secret_hash) in (
        select tenant_id, secret_hash from refresh_tokens where expires_at <= $1
        order by expires_at limit $2 for update skip locked
      )`,
      [now, limit],
    );
  }

  /** Those whose tokens are gone already. @returns how many there were, at most `limit` */
  deleteExpired(now: Date, limit: number): Promise<number> {
    return this.database.run(
      `-- auth.deleteExpiredSignIns
      delete from sign_ins where (tenant_id, id) in (
        select tenant_id, id from sign_ins where expires_at <= $1
        order by expires_at limit $2 for update skip locked
      )`,
      [now, limit],
    );
  }

  /** Ends what is not over yet of people's sign-ins: one of them, or all but the exception. @returns what was ended */
  revoke(
    tenantId: string,
    userIds: readonly string[],
    { signInId = null, except = null }: { readonly signInId?: string | null; readonly except?: string | null },
    reason: string,
    now: Date,
  ): Promise<{ id: string; userId: string }[]> {
    return this.database.many<{ id: string; userId: string }>(
      `-- auth.revokeSignIns
      update sign_ins set revoked_at = $6, revoked_reason = $5
      where tenant_id = $1 and user_id = any ($2) and ($3::uuid is null or id = $3) and id is distinct from $4
        and revoked_at is null and expires_at > $6
      returning id, user_id as "userId"`,
      [tenantId, userIds, signInId, except, reason, now],
    );
  }
}
