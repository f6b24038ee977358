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
  readonly person_id: string | null;
  /** Base64. */
  readonly details: string | null;
  /** Base64. */
  readonly origin: string | null;
  readonly key_id: string | null;
  /** The instructor whose delegation the actor used at that time. */
  readonly stood_in_for: string | null;
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
         before, after, result, reason, person_id, details, origin, key_id, delegation_id)
      select $1, $2, id, actor_id, actor_role, action, target_type, target_id, request_id, address, agent,
        nullif(before, 'null'), nullif(after, 'null'), result, reason, person_id, decode(details, 'base64'),
        decode(origin, 'base64'), key_id,
        case when stood_in_for is not null then (
          select d.id from delegations d
          where d.tenant_id = $1 and d.substitute_id = entry.actor_id and d.instructor_id = entry.stood_in_for
            and d.valid_from <= $2 and d.valid_to > $2 and (d.revoked_at is null or d.revoked_at > $2)
          order by d.id limit 1
        ) end
      from jsonb_to_recordset($3::jsonb) as entry (
        id uuid, actor_id uuid, actor_role text, action text, target_type text, target_id text, request_id text,
        address text, agent text, before jsonb, after jsonb, result text, reason text, person_id uuid, details text,
        origin text, key_id uuid, stood_in_for uuid)`,
      [tenantId, at, JSON.stringify(rows)],
    );
  }
}
