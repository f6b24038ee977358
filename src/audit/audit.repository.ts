import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** A row as it is stored; `tenant_id` and `at` are the same for all rows of one call. */
export interface AuditRow {
  readonly id: string;
  readonly actor_id: string | null;
  readonly actor_role: string;
  readonly action: string;
  readonly target_type: string;
  readonly target_id: string | null;
  readonly request_id: string | null;
  readonly address: string | null;
  readonly agent: string | null;
  readonly before: unknown;
  readonly after: unknown;
  readonly result: string;
  readonly reason: string | null;
}

/** Entries are only ever added: there is no method that changes or deletes one. */
@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  async insert(tenantId: string, at: Date, rows: readonly AuditRow[]): Promise<void> {
    await this.database.run(
      `-- audit.insert
      insert into audit_entries
        (tenant_id, at, id, actor_id, actor_role, action, target_type, target_id, request_id, address, agent,
         before, after, result, reason)
      select $1, $2, id, actor_id, actor_role, action, target_type, target_id, request_id, address, agent,
        nullif(before, 'null'), nullif(after, 'null'), result, reason
      from jsonb_to_recordset($3::jsonb) as entry (
        id uuid, actor_id uuid, actor_role text, action text, target_type text, target_id text, request_id text,
        address text, agent text, before jsonb, after jsonb, result text, reason text)`,
      [tenantId, at, JSON.stringify(rows)],
    );
  }
}
