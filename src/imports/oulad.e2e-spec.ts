import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { IngestionService } from '../activity/ingestion.service.js';
import { addDays } from '../org/local-day.js';
import { type Tenant, TenantsRepository } from '../org/tenants.repository.js';
import { PastDays } from './past-days.js';
import { startApp, type TestApp } from '../../test/app.js';
import { OrganisationImport } from './organisation-import.js';
import { OuladFiles } from './oulad-files.js';
import { OuladImport, type OuladOptions } from './oulad-import.js';
import { planOulad } from './oulad-plan.js';
import { planOuladWork } from './oulad-work.js';
import { WorkLoader } from './work-loader.js';

const tiny = 'data/demo/oulad/tiny';
const tenantId = '0198f000-0000-7000-8000-000000000001';
/** That of `startApp`; London has the same. */
const today = '2026-03-02';

const apps: TestApp[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function start(): Promise<TestApp> {
  const app = await startApp();
  apps.push(app);
  const tenant = { id: tenantId, slug: 'tiny', name: 'Tiny', timeZone: 'Europe/London' };
  await app.app.get(TenantsRepository, { strict: false }).insert(tenant, app.clock.now());
  return app;
}

const run = ({ app }: TestApp, options: Partial<OuladOptions> = {}) =>
  app.get(OuladImport, { strict: false }).run({ folder: tiny, asOfDay: 90, tenantSlug: 'tiny', ...options });

/** Everything that an import leaves, except when it did so. */
async function everything({ db }: TestApp): Promise<Record<string, unknown[]>> {
  const tables = {
    users: 'id',
    student_progress: 'student_id',
    roster_entries: 'student_id',
    modules: 'id',
    sessions: 'id',
    session_keys: 'session_id',
    category_progress: 'student_id, category_id',
    active_days: 'student_id',
    progress_snapshots: 'student_id, day',
    roster_days: 'instructor_id, department_id, day',
    roster_counts: 'instructor_id, department_id, last_active_on',
    assignments: 'id',
    submissions: 'assignment_id, student_id',
    attempts: 'id',
  };
  const content: Record<string, unknown[]> = {};
  for (const [table, order] of Object.entries(tables)) {
    // rows that add up to nothing come and go with the way there
    const counted =
      table === 'roster_counts' ? 'where students <> 0' : table === 'roster_days' ? 'where sessions <> 0' : '';
    const rows: { row: Record<string, unknown> }[] = await db.source.query(
      `select to_jsonb(t) - 'recorded_at' - 'created_at' as row from ${table} t ${counted} order by ${order}`,
    );
    content[table] = rows.map(({ row }) => row);
  }
  return content;
}

const count = async ({ db }: TestApp, from: string): Promise<number> => {
  const [row]: [{ count: number }] = await db.source.query(`select count(*)::integer as count from ${from}`);
  return row.count;
};

it('brings in who there is and what they did up to the day, and nothing else', async () => {
  const app = await start();
  const [result] = await run(app);
  // awk over the file: lines up to day 90, and of these the columns content, home, forum and quiz that are not 0
  expect(result).toMatchObject({ students: 48, accepted: 4_456, known: 0, refused: 0 });
  expect(await count(app, 'sessions')).toBe(4_456);
  expect(await count(app, 'sessions where day > $$2026-03-02$$')).toBe(0);
  expect(
    await count(app, 'sessions where num_nonnulls(score, duration_seconds, started_at, completed_at, busy) > 0'),
  ).toBe(0);
  expect(await count(app, `users where role = 'instructor'`)).toBe(1);
  expect(await count(app, `users where role = 'student' and is_active`)).toBe(48 - (await leftBy(90)));
  expect(await count(app, `users where role = 'student' and (email is not null or name <> 'Student ' || pid)`)).toBe(0);
  expect(await count(app, 'progress_snapshots where not is_closed and day < $$2026-03-02$$')).toBe(0);
  expect(await count(app, 'sessions_default')).toBe(0);
  // awk again: 85 lines up to day 90, 20 of them after the due day
  expect(result!.work).toMatchObject({ assignments: 5, attempts: 85 });
  expect(await count(app, 'attempts where late_seconds > 0')).toBe(20);
  expect(await count(app, `audit_entries where action in ('assignments.imported', 'submissions.imported')`)).toBe(2);

  // student 11391: 98 clicks on day -5, 89 of them on content, 7 on the home page, 2 in the forum
  const first = addDays(today, -95);
  const sessions: unknown[] = await app.db.source.query(
    `select m.code, s.kind, s.status, s.interactions from sessions s join modules m on m.id = s.module_id
    join users u on u.id = s.student_id where u.pid = '11391' and s.day = '${first}' order by 1`,
  );
  expect(sessions).toEqual([
    { code: 'AAA_2013J-content', kind: 'lesson', status: 'completed', interactions: 89 },
    { code: 'AAA_2013J-forum', kind: 'forum', status: 'completed', interactions: 2 },
    { code: 'AAA_2013J-home', kind: 'lesson', status: 'completed', interactions: 7 },
  ]);
});

it('changes nothing when it is run again, on the same day or later', async () => {
  const app = await start();
  await run(app);
  const before = await everything(app);
  expect((await run(app))[0]).toMatchObject({ accepted: 0, known: 4_456 });
  expect(await everything(app)).toEqual(before);
  await expect(run(app, { asOfDay: 91 })).rejects.toThrow('day 91 of AAA_2013J has not come yet');

  app.clock.advance(86_400);
  expect((await run(app))[0]).toMatchObject({ accepted: 0, known: 4_456 });
  const { sessions, users } = await everything(app);
  expect({ sessions, users }).toEqual({ sessions: before['sessions'], users: before['users'] });
  // a day later there is a day more to be had
  expect((await run(app, { asOfDay: 91 }))[0]!.accepted).toBeGreaterThan(0);
});

it('ends in the numbers that the API comes to when it is sent the same sessions in any order', async () => {
  const imported = await start();
  await run(imported);
  const posted = await start();
  await organise(posted);
  const rows: { id: string; student_id: string; module_id: string; interactions: number; day: string }[] =
    await imported.db.source.query(
      `select id, student_id, module_id, interactions, day::text from sessions order by md5(id::text)`,
    );
  const { app } = posted;
  const viewer = { tenantId, userId: tenantId, role: 'service', departmentId: null } as const;
  for (let i = 0; i < rows.length; i += 700) {
    const results = await app.get(IngestionService, { strict: false }).ingest(
      viewer,
      rows
        .slice(i, i + 700)
        .map(({ student_id: studentId, module_id: moduleId, ...rest }) => ({ ...rest, studentId, moduleId })),
    );
    expect(results.filter(({ status }) => status !== 'accepted')).toEqual([]);
  }
  await app.get(WorkLoader, { strict: false }).load(tenantId, await work(), () => undefined);
  await app.get(OrganisationImport, { strict: false }).settle(tenantId, (await plan()).left);
  await app.get(PastDays, { strict: false }).end(tenantId, today);
  const [expected, actual] = [await everything(posted), await everything(imported)];
  for (const table of Object.keys(expected)) expect({ [table]: actual[table] }).toEqual({ [table]: expected[table] });
}, 60_000);

it('goes on where it was killed', async () => {
  const whole = await start();
  await run(whole);
  const app = await start();
  await organise(app);
  const last = [...(await plan()).students.values()].at(-1)!;
  // the transaction with the last student waits for this lock; the one before it does not
  const blocker = app.db.source.createQueryRunner();
  await blocker.startTransaction();
  // a process may take long to start
  await blocker.query('set local idle_in_transaction_session_timeout = 0');
  await blocker.query(`select from student_progress where student_id = '${last.id}' for update`);
  const command = importInProcess(app.db.url);
  while (command.exitCode === null && (await count(app, 'session_keys')) === 0) await sleep(20);
  command.kill('SIGKILL');
  await blocker.rollbackTransaction();
  await blocker.release();
  const killedAt = await count(app, 'session_keys');
  expect(killedAt).toBeGreaterThan(0);
  expect(killedAt).toBeLessThan(4_456);

  expect((await run(app))[0]).toMatchObject({ accepted: 4_456 - killedAt, known: killedAt });
  expect(await everything(app)).toEqual(await everything(whole));
}, 60_000);

it('makes a tenant for each presentation where that is asked for', async () => {
  const app = await start();
  const results = await run(app, { tenantSlug: 'ou', perPresentation: true, asOfDay: 0 });
  expect(results.map(({ tenant }) => tenant.slug)).toEqual(['ou-aaa-2013j']);
});

it('says which line of which file is wrong, and keeps what was in before it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'oulad-'));
  folders.push(folder);
  const app = await start();
  await expect(run(app, { folder })).rejects.toThrow(`${folder} has no presentations.csv`);
  await cp(tiny, folder, { recursive: true });
  const text = gunzipSync(await readFile(join(folder, 'activity.csv.gz'))).toString();
  await rm(join(folder, 'activity.csv.gz'));
  const lines = text.split('\n');
  lines[3_000] = lines[3_000]!.replace(/^(\w+,\d+,-?\d+,\d+,\d+,)\d+/, '$1many');
  await writeFile(join(folder, 'activity.csv'), lines.join('\n'));
  await expect(run(app, { folder })).rejects.toThrow(
    `${join(folder, 'activity.csv')}, line 3001: content_clicks is "many" and not a whole number`,
  );
  expect((await run(app))[0]!.accepted).toBeGreaterThan(0);
  expect(await count(app, 'sessions')).toBe(4_456);
  const assessments = await readFile(join(folder, 'assessments.csv'), 'utf8');
  await writeFile(join(folder, 'assessments.csv'), assessments.replace(',117,20', ',117,heavy'));
  await expect(run(app, { folder })).rejects.toThrow('line 4: weight is "heavy" and not a number of per cent');
});

async function plan() {
  const files = new OuladFiles(tiny);
  const dayZero = new Map([['AAA_2013J', addDays(today, -90)]]);
  return planOulad(tenantId, await files.presentations(), await files.enrolments(), { dayZero, asOfDay: 90 });
}

async function work() {
  const files = new OuladFiles(tiny);
  const tenant = { id: tenantId, timeZone: 'Europe/London' } as Tenant;
  const dayZero = new Map([['AAA_2013J', addDays(today, -90)]]);
  const now = new Date(`${today}T08:00:00Z`);
  return planOuladWork(tenant, files, await plan(), await files.enrolments(), { dayZero, asOfDay: 90, now });
}

async function organise({ app }: TestApp): Promise<void> {
  await app.get(OrganisationImport, { strict: false }).fill(tenantId, await plan());
}

async function leftBy(day: number): Promise<number> {
  const enrolments = await new OuladFiles(tiny).enrolments();
  return enrolments.filter(({ unregisteredDay }) => unregisteredDay !== null && unregisteredDay <= day).length;
}

/** The command as a process of its own, on the day of the tests. */
function importInProcess(url: string): ChildProcess {
  return spawn(process.execPath, ['--import', './test/typescript.js', 'test/import-oulad.ts', tiny], {
    env: { ...process.env, NODE_OPTIONS: '', DATABASE_URL: url, LOG_LEVEL: 'silent', DATA_DIR: '.data/test' },
    stdio: 'ignore',
  });
}
