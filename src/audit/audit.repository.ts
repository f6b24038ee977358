import { Injectable } from '@nestjs/common';
import { Database, type Statement } from '../database/database.js';

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

const types = {
  id: 'uuid', actor_id: 'uuid', actor_role: 'text', action: 'text', target_type: 'text', target_id: 'text',
  request_id: 'text', address: 'text', agent: 'text', before: 'jsonb', after: 'jsonb', result: 'text', reason: 'text',
  person_id: 'uuid', details: 'bytea', origin: 'bytea', key_id: 'uuid', stood_in_for: 'uuid',
} as const satisfies Record<keyof AuditRow, string>; // prettier-ignore
const names = Object.keys(types) as (keyof AuditRow)[];
const parameters = (suffix: string): string => names.map((name, n) => `$${n + 3}::${types[name]}${suffix}`).join(', ');

const given = names.filter((name) => name !== 'stood_in_for').join(', ');
const entry = `entry (${names.join(', ')})`;
/**
 * Nearly all come alone and of nobody's substitute: a row is a tenth to a sixth cheaper than lists, and no search for a
 * delegation as much again.
 */
const one = `null::uuid from (values (${parameters('')})) as ${entry}`;
const any = `case when stood_in_for is not null then (
      select d.id from delegations d
      where d.tenant_id = $1 and d.substitute_id = entry.actor_id and d.instructor_id = entry.stood_in_for
        and d.valid_from <= $2 and d.valid_to > $2 and (d.revoked_at is null or d.revoked_at > $2)
      order by d.id limit 1
    ) end
  from unnest(${parameters('[]')}) as ${entry}`;

/** Entries are only ever added: there is no method that changes or deletes one. */
@Injectable()
export class AuditRepository {
  constructor(private readonly database: Database) {}

  /** Inside of a transaction as its last statement, once all else is done. */
  async insert(
    tenantId: string,
    at: Date,
    prepare: () => readonly AuditRow[] | Promise<readonly AuditRow[]>,
  ): Promise<void> {
    await this.database.atCommit(() => {
      const rows = prepare();
      return rows instanceof Promise
        ? rows.then((all) => this.insertion(tenantId, at, all))
        : this.insertion(tenantId, at, rows);
    });
  }

  private insertion(tenantId: string, at: Date, rows: readonly AuditRow[]): Statement {
    const [first, ...others] = rows;
    const alone = first?.stood_in_for === null && others.length === 0 ? first : undefined;
    return {
      sql: `-- audit.insert
        insert into audit_entries (tenant_id, at, ${given}, delegation_id)
        select $1, $2, ${given}, ${alone ? one : any}`,
      parameters: [tenantId, at, ...names.map((name) => (alone ? alone[name] : rows.map((row) => row[name])))],
    };
  }
}
