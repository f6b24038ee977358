import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from './database.js';
import { tenantTables } from './tenancy.js';

interface ForeignKey {
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly parent: string;
  readonly parentColumns: readonly string[];
  /** The unique constraint of the parent that it rests on. */
  readonly parentKey: string;
}

interface Column {
  readonly table: string;
  readonly name: string;
  readonly type: string;
  readonly isReference: boolean;
  /** Must be given a value when a row is inserted. */
  readonly isRequired: boolean;
}

type Values = Readonly<Record<string, unknown>>;

const maintained = 'written by triggers alone, from rows whose own keys hold; nil where nobody is responsible';
const addedUp = 'written by the roll-up alone, from rows whose own keys hold; nil where nobody is responsible';
const marked = 'says what has to be added up, is gone a minute later, and costs no lock of theirs';
const recorded = 'says what was done: it outlives whom it names, and costs no lock of theirs';
const told = 'says what was told to whom, is gone a day later, and costs no lock of theirs';

/** Ids in a tenant's tables that no foreign key watches, each with its reason. */
const unwatched: Readonly<Record<string, string>> = {
  'audit_entries.tenant_id': recorded,
  'audit_entries.actor_id': recorded,
  'audit_entries.person_id': recorded,
  'audit_entries.key_id': recorded,
  'audit_entries.delegation_id': recorded,
  'audit_pending.tenant_id': recorded,
  'audit_removals.tenant_id': recorded,
  'audit_seals.tenant_id': recorded,
  'grade_batches.actor_id': 'also of services, which are no users',
  'grade_changes.actor_id': 'also of services, which are no users',
  'hour_days.tenant_id': addedUp,
  'hour_days.instructor_id': addedUp,
  'hour_days.department_id': addedUp,
  'idempotency_keys.tenant_id': recorded,
  'idempotency_keys.user_id': 'also of services, which are no users; gone after a day',
  'live_events.tenant_id': told,
  'live_events.subject_id': told,
  'live_events.user_id': told,
  'live_events.instructor_id': told,
  'module_days.instructor_id': addedUp,
  'module_days.department_id': addedUp,
  'question_days.instructor_id': addedUp,
  'question_days.department_id': addedUp,
  'outgoing_deliveries.notification_id': 'of a line that may be gone, which is not sent any more then',
  'reports.owner_id': 'also of services, which are no users',
  'risk_evaluations.instructor_id': recorded,
  'roster_counts.tenant_id': maintained,
  'open_work.instructor_id': 'copied by trigger from student_progress, whose own key holds',
  'open_work.department_id': 'copied by trigger from student_progress, whose own key holds',
  'roster_counts.instructor_id': maintained,
  'roster_counts.department_id': maintained,
  'roster_days.tenant_id': maintained,
  'roster_days.instructor_id': maintained,
  'roster_days.department_id': maintained,
  'session_keys.tenant_id': 'written in the statement that writes the session, whose own keys hold',
  'session_keys.session_id': 'the key that a partitioned table cannot have; the session is what is written with it',
  'session_keys.student_id': 'written in the statement that writes the session, whose own keys hold',
  'sessions.category_id': "copied from the module's row when the session comes in, and the module's own key holds",
  'stale_days.tenant_id': marked,
  'stale_days.instructor_id': marked,
  'stale_days.department_id': marked,
  'stale_students.tenant_id': marked,
  'stale_students.student_id': marked,
  'student_search.instructor_id': 'copied by trigger from student_progress, whose own key holds',
  'threshold_changes.actor_id': recorded,
};

let db: TestDatabase;
let client: pg.Client;
let keys: ForeignKey[];
let columns: Column[];

beforeAll(async () => {
  db = await createTestDatabase();
  client = new pg.Client({ connectionString: db.url });
  await client.connect();
  keys = await db.database.many<ForeignKey>(
    `-- test.listForeignKeys
    select c.conname as name, c.conrelid::regclass::text as "table", c.confrelid::regclass::text as parent,
      names.own as columns, names.others as "parentColumns",
      (select conname from pg_constraint k where k.conindid = c.conindid and k.contype in ('p', 'u')) as "parentKey"
    from pg_constraint c
    cross join lateral (
      select array_agg(own.attname::text order by n) as own, array_agg(other.attname::text order by n) as others
      from unnest(c.conkey, c.confkey) with ordinality as pair (own, other, n)
      join pg_attribute own on own.attrelid = c.conrelid and own.attnum = pair.own
      join pg_attribute other on other.attrelid = c.confrelid and other.attnum = pair.other
    ) names
    where c.contype = 'f' and c.conparentid = 0 and c.conrelid::regclass::text = any ($1)
    order by 2, 1`,
    [tenantTables],
  );
  columns = await db.database.many<Column>(
    `-- test.listColumns
    select a.attrelid::regclass::text as "table", a.attname::text as name, format_type(a.atttypid, null) as type,
      exists (
        select from pg_constraint c where c.conrelid = a.attrelid and c.contype = 'f' and a.attnum = any (c.conkey)
      ) as "isReference",
      a.attnotnull and not a.atthasdef and a.attidentity = '' as "isRequired"
    from pg_attribute a join pg_class t on t.oid = a.attrelid
    where t.relkind in ('r', 'p') and t.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped
    order by 1, 2`,
  );
});

afterAll(async () => {
  await client.end();
  await db.drop();
});

describe('the database refuses references across tenants', () => {
  it('has the tenant on both sides of every foreign key between the tables of tenants', () => {
    const open = keys.filter(({ columns: own, parent, parentColumns: other }) =>
      tenantTables.includes(parent)
        ? !own.some((name, index) => name === 'tenant_id' && other[index] === 'tenant_id')
        : parent !== 'tenants',
    );
    expect(open.map(({ table, name }) => `${table}: ${name}`)).toEqual([]);
    expect(keys.length).toBeGreaterThan(20);
  });

  it('has a foreign key for every id in the table of a tenant', () => {
    const ids = columns.filter(
      ({ table, name, type }) => tenantTables.includes(table) && /_id$/.test(name) && type === 'uuid',
    );
    const open = ids.filter(({ isReference }) => !isReference).map(({ table, name }) => `${table}.${name}`);
    expect(open.sort()).toEqual(Object.keys(unwatched).sort());
  });

  // one test for all: which keys there are is known only to the catalogue
  it('refuses, by each of them, a row of one tenant that refers to a row of another', async () => {
    const verdicts: string[] = [];
    for (const key of keys) verdicts.push(`${key.table}: ${await refusal(key)}`);
    expect(verdicts).toEqual(keys.map(({ table, name }) => `${table}: ${name}`));
  }, 60_000);
});

/**
 * Inserts the same row twice, first referring to a parent of its own tenant, then to one of another tenant.
 * @returns the constraint that refused the second
 */
async function refusal(key: ForeignKey): Promise<string> {
  const [tenant, other] = [randomUUID(), randomUUID()];
  const typeOf = new Map(columns.filter(({ table }) => table === key.table).map(({ name, type }) => [name, type]));
  const reference = (): Values =>
    Object.fromEntries(key.columns.map((name) => [name, name === 'tenant_id' ? tenant : sampleOf(typeOf.get(name)!)]));
  const asParent = (own: Values, tenantId: string): Values =>
    Object.fromEntries(
      key.parentColumns.map((name, index) => [name, name === 'tenant_id' ? tenantId : own[key.columns[index]!]]),
    );
  const near = reference();
  const far = key.parent === 'tenants' ? { tenant_id: other } : reference();
  await client.query('begin');
  try {
    // all other constraints are out of the way, so that whatever refuses is this key
    await relax(key.table, [key.name, key.parentKey]);
    if (key.parent !== key.table) await relax(key.parent, [key.parentKey]);
    await insert(key.parent, asParent(near, tenant));
    if (key.parent !== 'tenants') await insert(key.parent, asParent(far, other));
    await insert(key.table, { tenant_id: tenant, ...near });
    return await insert(key.table, { tenant_id: tenant, ...far }).then(
      () => 'nothing refused it',
      ({ constraint, message }: pg.DatabaseError) => constraint ?? message,
    );
  } finally {
    await client.query('rollback');
  }
}

async function relax(table: string, kept: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `-- test.listConstraints
    select conname as name from pg_constraint
    where conrelid = $1::regclass and contype in ('p', 'u', 'x', 'c', 'f') and conname <> all ($2)
    order by contype = 'p'`,
    [table, kept],
  );
  const drops = rows.map(({ name }) => `drop constraint if exists ${client.escapeIdentifier(name)} cascade`);
  await client.query(`-- test.relax\nalter table ${table} ${[...drops, 'disable trigger user'].join(', ')}`);
}

async function insert(table: string, values: Values): Promise<void> {
  const required = columns.filter((column) => column.table === table && column.isRequired && !(column.name in values));
  const row: Values = { ...Object.fromEntries(required.map(({ name, type }) => [name, sampleOf(type)])), ...values };
  const names = Object.keys(row).map((name) => client.escapeIdentifier(name));
  const places = names.map((_, index) => `$${index + 1}`);
  const sql = `-- test.insertSample\ninsert into ${table} (${names.join(', ')}) values (${places.join(', ')})`;
  await client.query(sql, Object.values(row));
}

/** Anything of this type. */
function sampleOf(type: string): unknown {
  if (type === 'uuid') return randomUUID();
  if (/^(text|character varying)$/.test(type)) return randomUUID();
  if (/\[\]$|multirange$/.test(type)) return '{}';
  if (/range$/.test(type)) return 'empty';
  if (/^timestamp|^date$/.test(type)) return '2026-03-02';
  if (/^(smallint|integer|bigint|numeric|double precision)$/.test(type)) return 1;
  if (type === 'boolean') return false;
  if (/^jsonb?$/.test(type)) return '{}';
  if (type === 'bytea') return Buffer.from('sample');
  throw new Error(`there is no sample of the type ${type}`);
}
