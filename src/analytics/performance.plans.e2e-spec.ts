import { v7 as uuidv7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '../../test/database.js';
import type { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { ActivityHeatmapRepository } from './activity-heatmap.repository.js';
import type { AnalyticsScope, Period } from './analytics-scope.js';
import { bucketsOf } from './calendar-buckets.js';
import { ComparisonRepository } from './comparison.repository.js';
import { DepartmentFiguresRepository } from './department-figures.repository.js';
import { PerformanceRepository } from './performance.repository.js';

const big = /^(roster_days|module_days|hour_days|progress_snapshots|roster_entries|active_days)/;
const tenants = Array.from({ length: 6 }, () => uuidv7());
const [tenantId] = tenants as [string];
/** As `test.fill` makes them. */
const nameOf = (kind: string, number: number): string => `md5($1 || '${kind}${number}')::uuid`;

let db: TestDatabase;
let plans: string[];
let explained: Database;
let studentIds: string[];

interface Node {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Plans?: readonly Node[];
}
const scansOf = (node: Node): string[] => [
  ...(node['Relation Name'] ? [`${node['Node Type']} on ${node['Relation Name']}`] : []),
  ...(node.Plans ?? []).flatMap(scansOf),
];

/** Runs what it is given, and keeps the plans. */
function explaining(database: Database): Database {
  const explain = async (sql: string, parameters: readonly unknown[]): Promise<void> => {
    const { 'QUERY PLAN': plan } = await database.one<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `-- test.explain\nexplain (format json) ${sql}`,
      parameters,
    );
    plans.push(...scansOf(plan[0].Plan));
  };
  const proxy = {
    read: () => proxy,
    many: async (sql: string, parameters: unknown[]) => {
      await explain(sql, parameters);
      return database.many(sql, parameters);
    },
    one: async (sql: string, parameters: unknown[]) => {
      await explain(sql, parameters);
      return database.one(sql, parameters);
    },
  };
  return proxy as unknown as Database;
}

/** Six tenants of a school with twelve classes; each of an instructor and a hundred students. */
async function fill(database: Database): Promise<void> {
  await database.run('-- test.withoutTriggers\nset local session_replication_role = replica');
  const placed = `n / 100 as class`;
  for (const tenant of tenants) {
    const statements = [
      `insert into tenants (id, slug, name, time_zone, created_at) values ($1::text::uuid, $1, $1, 'Europe/London', '2025-01-01')`,
      `insert into departments (tenant_id, id, code, name, created_at, path)
      select $1::uuid, ${nameOf('root', 0)}, 'root', 'root', '2025-01-01', array[${nameOf('root', 0)}]`,
      `insert into departments (tenant_id, id, parent_id, code, name, created_at, path)
      select $1::uuid, md5($1 || 'class' || n)::uuid, ${nameOf('root', 0)}, 'c' || n, 'c' || n, '2025-01-01',
        array[${nameOf('root', 0)}, md5($1 || 'class' || n)::uuid]
      from generate_series(0, 11) n`,
      `insert into student_progress (tenant_id, student_id, instructor_id, department_id, name, is_active, joined_on,
        has_started, last_active_on, risk_threshold, top_performer_threshold)
      select $1::uuid, md5($1 || 'student' || n)::uuid, md5($1 || 'teacher' || class)::uuid,
        md5($1 || 'class' || class)::uuid, 'Student ' || n, true, '2025-09-01', true, '2026-03-01', 70, 85
      from (select n, ${placed} from generate_series(0, 1199) n) s`,
      `insert into roster_entries (tenant_id, student_id, valid_from, instructor_id, department_id)
      select tenant_id, student_id, joined_on, instructor_id, department_id from student_progress
      where tenant_id = $1::text::uuid`,
      `insert into progress_snapshots (tenant_id, student_id, day, instructor_id, department_id, sessions,
        sessions_completed, time_spent_seconds, questions, correct, interactions, score_sum, score_count,
        quiz_score_sum, quiz_score_count, voice_score_sum, voice_score_count)
      select tenant_id, student_id, date '2026-03-01' - d, instructor_id, department_id, 1, 1, 600, 4, 3, 0, 80, 1, 0, 0,
        0, 0
      from student_progress, generate_series(0, 45, 3) d where tenant_id = $1::text::uuid`,
      `insert into active_days (tenant_id, student_id, days)
      select tenant_id, student_id, range_agg(daterange(day, day, '[]')) from progress_snapshots
      where tenant_id = $1::text::uuid group by 1, 2`,
      `insert into roster_days
      select $1::uuid, md5($1 || 'teacher' || c)::uuid, md5($1 || 'class' || c)::uuid, date '2026-03-01' - d, 30, 40, 30,
        20000, 100, 80, 2000, 30, 30
      from generate_series(0, 11) c, generate_series(0, 400) d`,
      `insert into module_days
      select tenant_id, instructor_id, department_id, day, md5($1 || 'module' || m)::uuid, 5, 5, 6, 5, 0, 0, 5, 0, 0, 0, 400,
        5, 32000, 20, 15, 3000, 5, 0, 0, '{}'
      from roster_days, generate_series(0, 4) m where tenant_id = $1::text::uuid`,
      `insert into hour_days
      select tenant_id, instructor_id, department_id, day, h, 5, 6, 5 from roster_days, generate_series(8, 15) h
      where tenant_id = $1::text::uuid`,
    ];
    for (const statement of statements) await database.run(`-- test.fill\n${statement}`, [tenant]);
  }
}

const viewer = async (role: 'instructor' | 'supervisor', number: number): Promise<Viewer> => {
  const { userId, departmentId } = await db.database.one<{ userId: string; departmentId: string }>(
    `-- test.viewer
    select ${nameOf('teacher', number)} as "userId", ${nameOf('class', number)} as "departmentId"`,
    [tenantId],
  );
  return { tenantId, userId, departmentId, role };
};

beforeAll(async () => {
  db = await createTestDatabase();
  await db.database.transaction(() => fill(db.database));
  await db.database.run('-- test.analyze\nanalyze');
  const rows = await db.database.many<{ id: string }>(
    '-- test.students\nselect student_id as id from student_progress where tenant_id = $1 order by 1 limit 20',
    [tenantId],
  );
  studentIds = rows.map(({ id }) => id);
  explained = explaining(db.database);
}, 120_000);
afterAll(() => db.drop());

it.each(['instructor', 'supervisor'] as const)('reads by index whatever a %s asks', async (role) => {
  plans = [];
  const who = await viewer(role, 3);
  const scope: AnalyticsScope = {
    from: '2026-01-31',
    to: '2026-03-01',
    asOf: '2026-03-01',
    departmentId: undefined,
    instructorId: undefined,
  };
  const weeks = bucketsOf(scope, 'week');
  const performance = new PerformanceRepository(explained);
  const departments = new DepartmentFiguresRepository(explained);
  const heatmaps = new ActivityHeatmapRepository(explained);
  const comparisons = new ComparisonRepository(explained);
  const moduleId = (
    await db.database.one<{ id: string }>(`-- test.module\nselect ${nameOf('module', 0)} as id`, [tenantId])
  ).id;
  const [totals] = await performance.ofRosters(who, scope, weeks, 5);
  expect(totals).toMatchObject({ sessions: 30 * 40 });
  // on every third day back from 1 March: none of them lies in the first week, which begins on a Saturday
  expect((await performance.countActive(who, scope, [scope, ...weeks])).slice(0, 3)).toEqual([100, 0, 100]);
  await performance.ofModule(who, scope, weeks, { moduleId, smallestGroup: 5 });
  await performance.ofStudents(who, scope, weeks, studentIds);
  await departments.sumSessions(who, scope, 5);
  await departments.countStudentsAsOf(who, scope, new Date('2026-02-20T00:00:00Z'));
  const active = await departments.countActive(who, scope, new Date('2026-02-01T00:00:00Z'));
  expect(active.map(({ total }) => total)).toEqual([{ activeStudents: 100 }, { activeStudents: 100 }]);
  await heatmaps.listCells(who, scope);
  await heatmaps.countWithoutTime(who, scope);
  const before: Period = { from: '2026-01-01', to: '2026-01-30' };
  expect(await comparisons.summarise(who, scope)).toMatchObject({ students: 100, averageScore: { n: 100, mean: 80 } });
  expect(await comparisons.pair(who, scope, before)).toMatchObject({ students: 100, otherStudents: 100 });
  await comparisons.countStudentDays(who, scope);
  const seen = new Set(plans);
  expect([...seen].filter((scan) => big.test(scan.split(' on ')[1]!) && scan.startsWith('Seq Scan'))).toEqual([]);
  for (const table of [
    'roster_days',
    'module_days',
    'hour_days',
    'progress_snapshots',
    'roster_entries',
    'active_days',
  ]) {
    expect([table, [...seen].some((scan) => scan.includes(` on ${table}`))]).toEqual([table, true]);
  }
});
