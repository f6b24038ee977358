import type { Database } from '../../src/database/database.js';

/** A digest of rows by the table they stand in. */
export type Digests = Readonly<Record<string, string>>;

/** Written whoever asks for whatever: that it was asked is what they say. */
const journals = new Set(['audit_entries', 'audit_pending', 'audit_seals', 'idempotency_keys']);

interface Table {
  readonly name: string;
  /** Of the primary key, without the tenant. */
  readonly ids: readonly string[];
}

/** Tells whether rows have changed, in all tables of the catalogue. */
export class Digest {
  private constructor(
    private readonly database: Database,
    private readonly tables: readonly Table[],
  ) {}

  static async create(database: Database): Promise<Digest> {
    const tables = await database.many<Table>(
      `-- test.listDigestedTables
      select t.relname::text as name,
        array_agg(a.attname::text) filter (where a.attname <> 'tenant_id' and a.atttypid = 'uuid'::regtype) as ids
      from pg_class t
      join pg_constraint k on k.conrelid = t.oid and k.contype = 'p'
      join pg_attribute a on a.attrelid = t.oid and a.attnum = any (k.conkey)
      where t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p') and not t.relispartition
        and (t.relname = 'tenants' or exists (
          select from pg_attribute c where c.attrelid = t.oid and c.attname = 'tenant_id' and c.attnotnull
        ))
      group by t.relname order by t.relname`,
    );
    return new Digest(database, tables);
  }

  /** Everything of a tenant; without the journals where the tenant itself is asked for something. */
  ofTenant(tenantId: string, options: { readonly journals?: boolean } = {}): Promise<Digests> {
    const tables = this.tables.filter(({ name }) => options.journals || !journals.has(name));
    // not a parameter: the plan for any tenant reads all that is written about the one that is asked for something
    return this.take(tables, ({ name }) => `${name === 'tenants' ? 'id' : 'tenant_id'} = '${tenantId}'`, []);
  }

  /** All rows of a tenant whose primary key holds one of these ids. */
  ofRows(tenantId: string, ids: readonly string[]): Promise<Digests> {
    const tables = this.tables.filter(({ name, ids: columns }) => columns && name !== 'tenants' && !journals.has(name));
    const holds = ({ ids: columns }: Table): string => columns.map((column) => `${column} = any ($2)`).join(' or ');
    return this.take(tables, (table) => `tenant_id = $1 and (${holds(table)})`, [tenantId, ids]);
  }

  private async take(
    tables: readonly Table[],
    condition: (table: Table) => string,
    parameters: readonly unknown[],
  ): Promise<Digests> {
    const parts = tables.map(
      (table) => `select '${table.name}' as name, md5(string_agg(t::text, ' ' order by t::text)) as digest
      from ${table.name} t where ${condition(table)}`,
    );
    const rows = await this.database.many<{ name: string; digest: string }>(
      `-- test.digest\n${parts.join('\nunion all ')}`,
      parameters,
    );
    return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
  }
}

/** The tables in which something is not as it was. */
export function changedTables(before: Digests, after: Digests): string[] {
  return Object.keys(before).filter((name) => before[name] !== after[name]);
}
