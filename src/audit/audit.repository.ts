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
  /** JSON, as the next. */
  readonly before: string | null;
  readonly after: string | null;
  readonly result: string;
  readonly reason: string | null;
  readonly person_id: string | null;
  readonly details: Buffer | null;
  readonly origin: Buffer | null;
  readonly key_id: string | null;
  /** The instructor whose delegation the actor used at that time. */
  readonly stood_in_for: string | null;
}

/** As the columns that are written, in the order of the statement; each becomes an array, which costs least to take apart. */
const columns = [
  'id', 'actor_id', 'actor_role', 'action', 'target_type', 'target_id', 'request_id', 'address', 'agent', 'before',
  'after', 'result', 'reason', 'person_id', 'details', 'origin', 'key_id', 'stood_in_for',
] as const satisfies readonly (keyof AuditRow)[]; // prettier-ignore

/** Entries are only ever added: there is no method that changes or deletes one. */
@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  /** Inside of a transaction as its last statement, once all else is done. */
  async insert(tenantId: string, at: Date, prepare: () => Promise<readonly AuditRow[]>): Promise<void> {
    await this.database.atCommit(async () => {
      const rows = await prepare();
      const sql = `-- audit.insert
      insert into audit_entries
        (tenant_id, at, id, actor_id, actor_role, action, target_type, target_id, request_id, address, agent,
         before, after, result, reason, person_id, details, origin, key_id, delegation_id)
      select $1, $2, id, actor_id, actor_role, action, target_type, target_id, request_id, address, agent,
        before, after, result, reason, person_id, details, origin, key_id,
        case when stood_in_for is not null then (
          select d.id from delegations d
          where d.tenant_id = $1 and d.substitute_id = entry.actor_id and d.instructor_id = entry.stood_in_for
            and d.valid_from <= $2 and d.valid_to > $2 and (d.revoked_at is null or d.revoked_at > $2)
          order by d.id limit 1
        ) end
      from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
        $11::text[], $12::jsonb[], $13::jsonb[], $14::text[], $15::text[], $16::uuid[], $17::bytea[], $18::bytea[],
        $19::uuid[], $20::uuid[]) as entry (id, actor_id, actor_role, action, target_type, target_id, request_id,
        address, agent, before, after, result, reason, person_id, details, origin, key_id, stood_in_for)`;
      return { sql, parameters: [tenantId, at, ...columns.map((name) => rows.map((row) => row[name]))] };
    });
  }
}
