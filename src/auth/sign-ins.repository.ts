import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

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

  /** Ends what is not over yet. @param signInId null: all of the person's; `except` stays */
  revoke(
    tenantId: string,
    userId: string,
    { signInId = null, except = null }: { readonly signInId?: string | null; readonly except?: string | null },
    reason: string,
    now: Date,
  ): Promise<{ id: string }[]> {
    return this.database.many<{ id: string }>(
      `-- auth.revokeSignIns
      update sign_ins set revoked_at = $6, revoked_reason = $5
      where tenant_id = $1 and user_id = $2 and ($3::uuid is null or id = $3) and id is distinct from $4
        and revoked_at is null and expires_at > $6
      returning id`,
      [tenantId, userId, signInId, except, reason, now],
    );
  }
}
