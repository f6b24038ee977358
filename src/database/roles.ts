import type { DataSource } from 'typeorm';
import { alone } from './migrate.js';

type Log = (line: string) => void;

/** Also kept by a trigger, but triggers are their owner's to take away. */
const appendOnly = ['audit_entries', 'audit_seals'];

/** Of the tables, and of the queues, which make a sequence for each of them when it is first used. */
const schemas = { public: 'usage', bullmq: 'usage, create' };

/**
 * Gives the role of `url` what the application needs, and takes from it what it must not have: it owns nothing, changes no
 * table's shape, and to the audit only adds. Rights on partitions are those on their table. A role that is not there yet is
 * made, with the password of `url`. Does nothing where there is one role for all. Run by the owner after each migration,
 * any number of times.
 * @throws Error when the role is not there and the owner may not make roles
 */
export async function grantRights(
  { url, ownerUrl }: { readonly url: string; readonly ownerUrl: string },
  log: Log,
): Promise<void> {
  const role = userOf(url);
  if (role === userOf(ownerUrl)) return;
  await alone(ownerUrl, log, async (source) => {
    await createRole(source, role, decodeURIComponent(new URL(url).password));
    const rows: { statement: string }[] = await source.query(
      `-- roles.listGrants
      select format('grant %s on schema %I to %I', $2::jsonb ->> nspname, nspname, $1::text) as statement
      from pg_namespace where $2::jsonb ? nspname
      union all
      select format('revoke all on %s from %I', c.oid::regclass, $1::text)
        || coalesce(format('; grant ' || case
            when c.relispartition then null
            when c.relname = any ($3) then 'select, insert'
            when c.relname in ('migrations', 'audit_removals') or c.relkind in ('v', 'm') then 'select'
            when c.relkind = 'S' then 'usage, select'
            else 'select, insert, update, delete' end || ' on %s to %I', c.oid::regclass, $1::text), '')
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where $2::jsonb ? n.nspname and c.relkind in ('r', 'p', 'v', 'm', 'S') and pg_has_role(c.relowner, 'usage')
        and pg_get_userbyid(c.relowner) <> $1::text`,
      [role, JSON.stringify(schemas), appendOnly],
    );
    await source.query(`-- roles.grant\n${rows.map(({ statement }) => statement).join(';\n')}`);
  });
}

/** Whether whoever is connected could change what is only ever added to. */
export async function mayChangeAudit(source: DataSource): Promise<boolean> {
  const [row]: [{ may: boolean }] = await source.query(
    `-- roles.mayChangeAudit
    select bool_or(has_table_privilege(name, 'update, delete, truncate')) as may from unnest($1::text[]) as t (name)`,
    [appendOnly],
  );
  return row.may;
}

/** One server may have several databases, whose owners make the same role at once. */
async function createRole(source: DataSource, role: string, password: string): Promise<void> {
  const [{ statement }]: [{ statement: string }] = await source.query(
    `-- roles.writeRole
    select format('create role %I login password %L', $1::text, nullif($2::text, '')) as statement`,
    [role, password],
  );
  const rows: unknown[] = await source.query('-- roles.find\nselect from pg_roles where rolname = $1', [role]);
  if (rows.length > 0) return;
  try {
    await source.query(`-- roles.create\n${statement}`);
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    if (code === '42710' || code === '23505') return;
    throw new Error(`the role "${role}" of DATABASE_URL is not there and cannot be made: ${message}`, { cause: error });
  }
}

function userOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}
