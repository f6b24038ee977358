import { analyticsQuestions, type AnalyticsQuestion } from './analytics-questions.js';
import { startApp, type TestApp } from './app.js';
import { insertNights, type Night } from './effects.js';
import { createOperator, type Person } from './factories.js';
import { bigTables, planOf, readWhole } from './plans.js';
import { findPopulated, type Population, populate, type Size, slugOf } from './population.js';
import { type Sent, sentDuring } from './sent.js';
import type { Viewer } from '../src/http/viewer.js';
import { Database } from '../src/database/database.js';
import { connect } from '../src/database/open.js';
import { RollUps } from '../src/analytics/roll-ups.service.js';

const today = '2026-03-02';
/** Of different sizes, so that each is another tenant; the first is asked. */
const sizes = Array.from({ length: 8 }, (_, index): Size => ({ instructors: 3, students: 60 + index, days: 40 }));

let app: TestApp;
let population: Population;
let operator: Person;
let statements: Sent[];
const answered = new Map<string, Set<number>>();
const rolledUp: Sent[] = [];

beforeAll(async () => {
  app = await startApp({ environment: { CACHE: 'off' } });
  operator = await createOperator(app.database);
  const rollUps = app.app.get(RollUps, { strict: false });
  const patient = { poolSize: 2, pooler: false, applicationName: 'test', statementTimeoutSeconds: 0 };
  const source = await connect({ ...patient, url: app.db.url }, () => undefined);
  for (const one of sizes) {
    await populate(new Database(source, { prepared: false }), one, today);
    const { tenantId } = (await findPopulated(app.database, slugOf(one, today)))!;
    await app.database.run(
      `-- test.markStudents
      insert into stale_students (tenant_id, student_id, since)
      select tenant_id, student_id, now() from student_progress where tenant_id = $1`,
      [tenantId],
    );
    await insertNights(app.database, tenantId, await nightsOf(tenantId));
    await rollUps.markDays(tenantId, { from: '2025-01-01', to: today }, new AbortController().signal);
    const work = (): Promise<unknown> => rollUps.rollUp(tenantId, new AbortController().signal);
    rolledUp.push(...(await sentDuring(work)));
  }
  await source.query('analyze');
  await source.destroy();
  population = (await findPopulated(app.database, slugOf(sizes[0]!, today)))!;
  const sent = await sentDuring(askEverything);
  statements = sent.filter(({ name }) => name.startsWith('analytics.'));
}, 300_000);
afterAll(() => app.stop());

/** Five each. */
function nightsOf(tenantId: string): Promise<Night[]> {
  return app.database.many<Night>(
    `-- test.listNights
    select student_id as "studentId", department_id as "departmentId", ($2::date - ago)::text as day, 50 as score
    from student_progress, generate_series(1, 5) ago where tenant_id = $1`,
    [tenantId, today],
  );
}

async function askEverything(): Promise<void> {
  const { tenantId, rootId, instructors, moduleIds } = population;
  const [teacher] = instructors;
  const own = { tenantId, userId: teacher!.userId };
  const viewers: Viewer[] = [
    { ...own, role: 'instructor', departmentId: teacher!.departmentId },
    { ...own, role: 'supervisor', departmentId: teacher!.departmentId },
    { tenantId, userId: tenantId, role: 'admin', departmentId: null },
    { tenantId, userId: tenantId, role: 'service', departmentId: null, scopes: ['analytics:read', 'leaderboard:read'] },
    operator,
  ];
  const questions: AnalyticsQuestion[] = analyticsQuestions({
    from: ['2026-01-05'],
    to: ['2026-02-20'],
    asOf: ['2026-02-10'],
    departmentId: [rootId, teacher!.departmentId],
    otherDepartmentId: [instructors[1]!.departmentId],
    instructorId: [teacher!.userId],
    moduleId: [moduleIds[0]!],
    otherFrom: ['2025-12-01'],
    otherTo: ['2025-12-31'],
    status: ['active', 'atRisk'],
    limit: ['20'],
  });
  for (const viewer of viewers) {
    for (const { route, path } of questions) {
      const { status } = await app.as(viewer).get(path);
      answered.set(route, (answered.get(route) ?? new Set()).add(status));
    }
  }
}

const plansOf = async (list: readonly Sent[]): Promise<string[]> => {
  const texts = new Map(list.map((one) => [one.text, one]));
  const whole: string[] = [];
  for (const one of texts.values()) {
    for (const table of readWhole(await planOf(app.db.source, one))) whole.push(`${one.name} reads ${table} whole`);
  }
  return [...new Set(whole)];
};

it('asks every route of analytics something that it answers, and nothing that breaks it', () => {
  const statuses = [...answered].map(([route, codes]) => [route, [...codes]] as const);
  expect(statuses.filter(([, codes]) => !codes.includes(200))).toEqual([]);
  expect(statuses.filter(([, codes]) => codes.some((code) => code >= 500))).toEqual([]);
  expect(statements.length).toBeGreaterThan(20);
});

it('has big tables to look at', async () => {
  const tables = await app.database.many<{ name: string; rows: number }>(
    `-- test.countRows
    select t.name, sum(c.reltuples)::integer as rows
    from unnest($1::text[]) as t (name), pg_class c
    where c.relkind = 'r' and c.relname ~ ('^' || t.name || '(_default|_\\d{4}_\\d{2})?$')
    group by t.name`,
    [bigTables],
  );
  const filled = tables.filter(({ rows }) => rows > 1_000).map(({ name }) => name);
  expect(filled).toEqual(
    expect.arrayContaining([
      'sessions', 'progress_snapshots', 'student_progress', 'roster_entries', 'active_days', 'submissions',
      'module_days', 'hour_days', 'question_days', 'student_modules', 'risk_evaluations',
    ]), // prettier-ignore
  );
});

it('reads no big table whole for an answer', async () => {
  expect(await plansOf(statements)).toEqual([]);
});

it('reads no big table whole to add up a day', async () => {
  expect(await plansOf(rolledUp.filter(({ name }) => name.startsWith('analytics.')))).toEqual([]);
});

it('would say so', async () => {
  const text =
    '-- test.readAll\nselect count(*) from sessions s join users u on u.tenant_id = s.tenant_id where $1 = 1';
  expect(readWhole(await planOf(app.db.source, { name: 'test.readAll', text, values: [1] }))).toContain(
    'sessions_default',
  );
});
