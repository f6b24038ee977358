import { createTestDatabase, type TestDatabase } from '../../test/database.js';
import { Clock } from '../database/clock.js';
import { Partitions } from './partitions.js';
import { PartitionsRepository, partitionedTables } from './partitions.repository.js';

class FixedClock extends Clock {
  override now(): Date {
    return new Date('2026-11-20T23:30:00Z');
  }
}

const tenant = '0198f000-0000-7000-8000-000000000001';
const [department, student, category, moduleId] = [2, 3, 4, 5].map((n) => tenant.replace(/1$/, String(n)));
let db: TestDatabase;
let partitions: Partitions;

beforeEach(async () => {
  db = await createTestDatabase();
  partitions = new Partitions(new PartitionsRepository(db.database), db.database, new FixedClock());
  await db.source.query(`
    insert into tenants (id, slug, name, created_at) values ('${tenant}', 'a', 'A', now());
    insert into departments (tenant_id, id, code, name, created_at)
    values ('${tenant}', '${department}', 'd', 'D', now());
    insert into users (tenant_id, id, role, name, department_id, joined_on, created_at)
    values ('${tenant}', '${student}', 'student', 'S', '${department}', '2026-01-01', now());
    insert into categories (tenant_id, id, code, title) values ('${tenant}', '${category}', 'c', 'C');
    insert into modules (tenant_id, id, category_id, code, title, kind)
    values ('${tenant}', '${moduleId}', '${category}', 'm', 'M', 'quiz')`);
});
afterEach(() => db.drop());

const query = <T>(sql: string): Promise<T[]> => db.source.query(sql);
const insertSessions = (days: string): Promise<unknown> =>
  query(`insert into sessions (tenant_id, student_id, day, id, module_id, category_id, kind, status, updated_at,
      recorded_at)
    select '${tenant}', '${student}', day, gen_random_uuid(), '${moduleId}', '${category}', 'quiz', 'completed', now(),
      now()
    from ${days}`);
const insertSnapshots = (days: string): Promise<unknown> =>
  query(`insert into progress_snapshots (tenant_id, student_id, day, department_id, sessions, sessions_completed,
      time_spent_seconds, questions, correct, interactions, score_sum, score_count, quiz_score_sum, quiz_score_count,
      voice_score_sum, voice_score_count)
    select '${tenant}', '${student}', day, '${department}', 1, 1, 60, 5, 3, 0, 70, 1, 70, 1, 0, 0 from ${days}`);
const insertEntry = (at: string): Promise<unknown> =>
  query(`insert into audit_entries (tenant_id, at, id, actor_role, action, target_type, result)
    values ('${tenant}', '${at}', gen_random_uuid(), 'admin', 'probe.created', 'probe', 'done')`);
/** Rows by partition. */
const spread = async (table: string): Promise<Record<string, number>> => {
  const rows = await query<{ name: string; count: number }>(
    `select tableoid::regclass::text as name, count(*) from ${table} group by 1 order by 1`,
  );
  return Object.fromEntries(rows.map(({ name, count }) => [name, Number(count)]));
};
const names = async (table: string): Promise<string[]> =>
  (
    await query<{ name: string }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = '${table}'::regclass order by 1`,
    )
  ).map(({ name }) => name);
const series = (from: string, to: string): string =>
  `(select day::date from generate_series(date '${from}', date '${to}', '1 day') day) days`;

it('makes this month and the two after it, once', async () => {
  const made = await partitions.prepare();
  expect(made).toEqual(
    partitionedTables.flatMap((table) => ['2026-11', '2026-12', '2027-01'].map((month) => `${table} ${month}`)),
  );
  expect(await names('audit_entries')).toEqual([
    'audit_entries_2026_11',
    'audit_entries_2026_12',
    'audit_entries_2027_01',
    'audit_entries_default',
  ]);
  expect(await partitions.prepare()).toEqual([]);
});

it('takes rows for months that have no partition, and gives them theirs later', async () => {
  await insertSessions(series('2026-02-27', '2026-03-02'));
  await insertSnapshots(series('2026-02-27', '2026-03-02'));
  await insertEntry('2026-02-28T23:59:59.999999Z');
  await insertEntry('2026-03-01T00:00:00Z');
  expect(await spread('sessions')).toEqual({ sessions_default: 4 });
  const everything = async (): Promise<unknown[]> => [
    await query('select * from sessions order by day'),
    await query('select * from progress_snapshots order by day'),
    await query('select * from audit_entries order by at'),
    await query('select * from roster_days order by day'),
  ];
  const before = await everything();

  expect(await partitions.prepare()).toEqual(expect.arrayContaining(['sessions 2026-02', 'audit_entries 2026-03']));
  expect(await everything()).toEqual(before);
  expect(await spread('sessions')).toEqual({ sessions_2026_02: 2, sessions_2026_03: 2 });
  expect(await spread('progress_snapshots')).toEqual({ progress_snapshots_2026_02: 2, progress_snapshots_2026_03: 2 });
  expect(await spread('audit_entries')).toEqual({ audit_entries_2026_02: 1, audit_entries_2026_03: 1 });
});

it('makes partitions that refuse, count and move like the table they belong to', async () => {
  await partitions.ensureMonths('2026-02-27', '2026-03-02');
  expect(await names('sessions')).toEqual(['sessions_2026_02', 'sessions_2026_03', 'sessions_default']);
  await insertSnapshots(series('2026-02-27', '2026-03-02'));
  expect(await query('select sum(active_students)::int as days from roster_days')).toEqual([{ days: 4 }]);
  await expect(insertSnapshots(series('2026-03-01', '2026-03-01'))).rejects.toThrow('duplicate key');
  await expect(query(`update progress_snapshots set peak_hour = 25`)).rejects.toThrow('peak_hour_check');
  await expect(query(`update progress_snapshots set student_id = '${tenant}'`)).rejects.toThrow('student_fkey');
  await query(`update progress_snapshots set day = '2026-03-05' where day = '2026-02-28'`);
  expect(await spread('progress_snapshots')).toEqual({ progress_snapshots_2026_02: 1, progress_snapshots_2026_03: 3 });
  const shape = (name: string): Promise<unknown> =>
    query(`select 'constraint' as what, contype::text || ' ' || pg_get_constraintdef(oid) as definition
      from pg_constraint where conrelid = '${name}'::regclass and contype <> 'n'
      union all
      select 'index', replace(split_part(pg_get_indexdef(indexrelid), ' USING ', 2), '${name}', '')
      from pg_index where indrelid = '${name}'::regclass order by 1, 2`);
  expect(await shape('progress_snapshots_2026_03')).toEqual(await shape('progress_snapshots_default'));
});

it('loses nothing that is written meanwhile, and is safe when several do it at once', async () => {
  await insertSessions(series('2026-01-01', '2026-10-31'));
  let stop = false;
  let written = 304;
  const writer = async (): Promise<void> => {
    for (let day = 0; !stop && day < 2_000; day++) {
      await insertSessions(`(select date '2026-01-01' + ${day % 300} as day) days`);
      written += 1;
    }
  };
  const writers = [writer(), writer(), writer()];
  await Promise.all([partitions.prepare(), partitions.prepare(), partitions.ensureMonths('2026-01-01', '2027-02-01')]);
  stop = true;
  await Promise.all(writers);
  await partitions.prepare();
  const counts = await spread('sessions');
  expect(counts['sessions_default']).toBeUndefined();
  expect(Object.keys(counts)).toHaveLength(10);
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(written);
});

it('hides no row from whoever reads while rows move', async () => {
  await insertSessions(series('2026-02-01', '2026-02-10'));
  const repository = new PartitionsRepository(db.database);
  let reading: Promise<{ count: number }[]> = Promise.resolve([]);
  await db.database.transaction(async () => {
    await repository.lock('sessions');
    await repository.create('sessions', '2026-02');
    await repository.moveStrays('sessions', '2026-02', 100);
    await repository.attach('sessions', '2026-02');
    reading = query('select count(*)::int as count from sessions');
    const waiting = 'select from pg_locks where not granted and relation is not null';
    while ((await query(waiting)).length === 0);
  });
  expect(await reading).toEqual([{ count: 10 }]);
});

it('refuses what is no month', async () => {
  await expect(partitions.ensureMonths("2026-1'", '2026-1(')).rejects.toThrow('are not months');
});
