import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startApp, type TestApp } from '../../test/app.js';
import { createAssignment, handOut } from '../../test/factories.assignments.js';
import { createEvaluation, setRisk } from '../../test/factories.risk.js';
import { createCategory, createInstructor, createModule, createStudents, createTenant, type Member, type Person, sessionBody, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { RiskJobs } from './risk.jobs.js';
import { checksumOf, factors, type RiskModel } from './risk-model.js';

const day = '2026-03-01';

/** Whoever it is about, the score is this one. */
function flatModel(version: string, score: number): RiskModel {
  const none = { mean: 0, weight: 0, weightByTime: 0 };
  return {
    format: 1,
    version,
    time: { center: 0, scale: 1, first: 0, last: 300 },
    base: { weight: Math.log(score / (100 - score)), weightByTime: 0 },
    factors: Object.fromEntries(factors.map((factor) => [factor, none])) as unknown as RiskModel['factors'],
  };
}

let app: TestApp;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models-'));
  app = await startApp();
});
afterAll(async () => {
  await app.stop();
  await rm(folder, { recursive: true });
});

const run = (
  { tenantId }: { readonly tenantId: string },
  of = day,
  { signal = new AbortController().signal, on = app } = {},
): Promise<unknown> =>
  on.app
    .get(RiskJobs, { strict: false })
    .evaluateNight({ job: '', tenantId, key: of, occasion: of, payload: { day: of }, attempt: 1, signal });
const read = <T extends object>(sql: string, { tenantId }: { readonly tenantId: string }): Promise<T[]> =>
  app.database.many<T>(`-- test.readNight\n${sql}`, [tenantId]);
const ledger = (tenant: Tenant) =>
  read<Record<string, unknown>>(`select * from risk_evaluations where tenant_id = $1 order by student_id, day, number`, tenant); // prettier-ignore
const progress = (tenant: Tenant) =>
  read<Record<string, unknown>>(
    `select student_id as id, risk_score as score, risk_day as day, risk_announced_band as band, is_at_risk as "isAtRisk"
    from student_progress where tenant_id = $1 order by student_id`,
    tenant,
  );
const events = (tenant: Tenant) =>
  read<{ key: string; payload: Record<string, unknown> }>(
    `select key, payload from outbox where tenant_id = $1 and topic = 'risk.band-changed' order by id`,
    tenant,
  );
const everything = async (tenant: Tenant): Promise<unknown> => [
  await ledger(tenant),
  await read('select * from risk_cohorts where tenant_id = $1 order by department_id, day', tenant),
  await progress(tenant),
  await events(tenant),
];

interface School {
  readonly tenant: Tenant;
  readonly instructor: Member;
  readonly students: readonly Person[];
}

/**
 * Six students, the first active on five days up to the last one and done with all work, each further one a day less
 * and a piece of work less; the last has neither.
 */
async function createSchool(timeZone = 'Europe/London'): Promise<School> {
  const tenant = await createTenant(app.database, { timeZone });
  const instructor = await createInstructor(app.database, tenant);
  const students = await createStudents(app.database, instructor, Array(6).fill({}));
  const module = await createModule(app.database, await createCategory(app.database, tenant));
  const sessions = students.flatMap(({ userId: studentId }, index) =>
    Array.from(
      { length: 5 - index },
      (_, ago) =>
      sessionBody(module, { studentId, startedAt: undefined, completedAt: `2026-0${ago === 0 ? '3-01' : `2-${29 - ago}`}T10:00:00Z` }), // prettier-ignore
    ),
  );
  await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  for (let piece = 0; piece < 5; piece++) {
    const assignment = await createAssignment(app.database, tenant, { dueAt: `2026-02-1${piece}T12:00:00Z` });
    await handOut(app.database, assignment, students);
    const done = students.slice(0, 5 - piece).map(({ userId }) => userId);
    await app.database.run(
      `-- test.handIn
      update submissions set started_at = $3, first_submitted_at = $3, last_submitted_at = $3, attempts_started = 1,
        attempts_submitted = 1, attempt_score = 80
      where tenant_id = $1 and assignment_id = $2 and student_id = any ($4)`,
      [tenant.tenantId, assignment.assignmentId, '2026-02-08T10:00:00Z', done],
    );
  }
  return { tenant, instructor, students };
}

it('tells of its end each time, so that nobody waits in vain who counts on it', async () => {
  const { tenant } = await createSchool();
  await run(tenant);
  expect(await run(tenant)).toEqual({ added: 0 });
  const ends = await read<object>(
    `select key, payload from outbox where tenant_id = $1 and topic = 'risk.night-scored' order by id`,
    tenant,
  );
  expect(ends).toEqual([
    { key: day, payload: { day } },
    { key: day, payload: { day } },
  ]);
});

it('counts the department, scores each student, and shows it', async () => {
  const { tenant, students } = await createSchool();
  const [cached] = students;
  await app.as(cached!).get(`/students/${cached!.userId}`).expect(200);
  expect(await run(tenant)).toEqual({ added: 6 });

  const [cohort] = await read<object>(
    `select department_id as "departmentId", day, students, counts from risk_cohorts where tenant_id = $1`,
    tenant,
  );
  expect(cohort).toEqual({
    departmentId: tenant.departmentId,
    day,
    students: 6,
    counts: {
      activeDays: [0, 1, 2, 3, 4, 5].map((days) => [days, 1]),
      // all but the last were active on the day itself; that one joined on 1 September, 181 days ago
      daysSinceActive: [[0, 5], [181, 1]],
      meanScore: [[80, 5]],
      // handed in on the 8th what was due on the 10th, 11th …: on average 4, 3.5, 3, 2.5 and 2 days before
      handInLead: [2, 2.5, 3, 3.5, 4].map((days) => [days, 1]),
    },
  }); // prettier-ignore
  const rows = await ledger(tenant);
  expect(rows.map(({ inputs }) => (inputs as { missedShare: number }).missedShare)).toEqual([0, 20, 40, 60, 80, 100]);
  expect(rows.every((row) => row['number'] === 0 && row['insufficient'] === null && row['cohort_day'] === day)).toBe(true); // prettier-ignore
  // the first instant of the next day
  expect(rows[0]!['evaluated_at']).toBe('2026-03-02T00:00:00Z');
  for (const row of rows) {
    const contributions = row['contributions'] as { logOdds: number }[];
    const sum = contributions.reduce((total, { logOdds }) => total + Math.round(logOdds * 1e6), Math.round(Number(row['base_log_odds']) * 1e6)); // prettier-ignore
    expect(sum).toBe(Math.round(Number(row['log_odds']) * 1e6));
    expect(row['score']).toBe(Math.round(10_000 / (1 + Math.exp(-Number(row['log_odds'])))) / 100);
  }
  const scores = rows.map(({ score }) => score as number);
  expect(scores).toEqual(scores.toSorted((a, b) => a - b));

  const shown = await progress(tenant);
  expect(shown.map(({ score }) => score)).toEqual(scores);
  expect(shown.every((row) => row['day'] === day && row['band'] !== null)).toBe(true);
  const atRisk = students.filter((_, index) => scores[index]! > 70);
  expect(atRisk.length).toBeGreaterThan(0);
  expect((await events(tenant)).map(({ key }) => key)).toEqual(atRisk.map(({ userId }) => userId));
  const { body } = await app.as('admin', tenant).get('/students?status=atRisk').expect(200);
  expect((body as { pagination: { total: number } }).pagination.total).toBe(atRisk.length);
});

it('changes nothing when it is told again, also of what came in late', async () => {
  const { tenant, students } = await createSchool();
  await run(tenant);
  const before = await everything(tenant);
  expect(await run(tenant)).toEqual({ added: 0 });
  await app.database.run(
    `-- test.lateWork
    update submissions set first_submitted_at = null, last_submitted_at = null, attempts_submitted = 0
    where tenant_id = $1 and student_id = $2`,
    [tenant.tenantId, students[0]!.userId],
  );
  expect(await run(tenant)).toEqual({ added: 0 });
  expect(await everything(tenant)).toEqual(before);
});

it('scores everybody once when two do it at once', async () => {
  const { tenant } = await createSchool();
  const added = await Promise.all([run(tenant), run(tenant), run(tenant)]);
  expect(added.reduce<number>((sum, one) => sum + (one as { added: number }).added, 0)).toBe(6);
  const after = await everything(tenant);
  expect(await ledger(tenant)).toHaveLength(6);
  await run(tenant);
  expect(await everything(tenant)).toEqual(after);
});

it('leaves out who has left and who had not joined, and stops when told to', async () => {
  const { tenant, instructor, students } = await createSchool();
  await createStudents(app.database, instructor, [{ isActive: false }, { joinedOn: '2026-03-02' }]);
  await app.database.run('-- test.leave\nupdate users set is_active = false where id = $1', [students[0]!.userId]);
  await expect(run(tenant, day, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped');
  expect(await ledger(tenant)).toEqual([]);
  await run(tenant);
  expect((await ledger(tenant)).map((row) => row['student_id'])).toEqual(students.slice(1).map(({ userId }) => userId));
  expect((await progress(tenant)).filter(({ day: of }) => of === null)).toHaveLength(3);
});

it('measures whoever has moved against those where they are', async () => {
  const { tenant, students } = await createSchool();
  await run(tenant);
  const department = '0198f000-0000-7000-8000-00000000000d';
  await app.database.run(
    `-- test.move
    with made as (
      insert into departments (tenant_id, id, parent_id, code, name, created_at)
      values ($1, $2, $3, 'below', 'Below', '2025-09-01') returning id
    )
    update users set department_id = $2 where tenant_id = $1 and id = $4 and exists (select from made)`,
    [tenant.tenantId, department, tenant.departmentId, students[5]!.userId],
  );
  await run(tenant, '2026-03-02');
  const cohorts = await read<object>(
    `select department_id as id, students from risk_cohorts where tenant_id = $1 and day = '2026-03-02' order by 2`,
    tenant,
  );
  expect(cohorts).toEqual([
    { id: department, students: 1 },
    { id: tenant.departmentId, students: 5 },
  ]);
});

it('leaves what has been scored of a later day as it is shown', async () => {
  const { tenant, students } = await createSchool();
  await setRisk(app.database, { tenantId: tenant.tenantId, userId: students[0]!.userId }, 99, '2026-03-02');
  await run(tenant);
  expect(await ledger(tenant)).toHaveLength(6);
  expect((await progress(tenant))[0]).toMatchObject({ score: 99, day: '2026-03-02', band: 'critical' });
  expect((await events(tenant)).map(({ key }) => key)).not.toContain(students[0]!.userId);
});

it('keeps a score that is not shown where nobody has done anything and there is no work', async () => {
  const tenant = await createTenant(app.database);
  const instructor = await createInstructor(app.database, tenant);
  await createStudents(app.database, instructor, [...Array<object>(5).fill({}), { joinedOn: '2026-02-26' }]);
  await run(tenant);
  const rows = await ledger(tenant);
  expect(rows.map(({ insufficient }) => insufficient)).toEqual([...Array<string>(5).fill('silentCohort'), 'newStudent']); // prettier-ignore
  expect(rows.every(({ score }) => Number.isFinite(score))).toBe(true);
  const shown = await progress(tenant);
  expect(shown.every((row) => row['score'] === null && row['day'] === day && row['band'] === null)).toBe(true);
  expect(await events(tenant)).toEqual([]);
});

it('ends the day at the midnight of the tenant, also when clocks change', async () => {
  // on 29 March London's day has 23 hours and ends at 23:00 UTC
  const { tenant, students } = await createSchool();
  for (const dueAt of ['2026-03-29T22:59:00Z', '2026-03-29T23:00:00Z']) {
    await handOut(app.database, await createAssignment(app.database, tenant, { dueAt }), students);
  }
  await run(tenant, '2026-03-29');
  const rows = await ledger(tenant);
  expect(rows[0]!['evaluated_at']).toBe('2026-03-29T23:00:00Z');
  expect(rows.map(({ inputs }) => (inputs as { due: number }).due)).toEqual(Array(6).fill(6));
});

describe('a band that is crossed', () => {
  const apps: TestApp[] = [];
  afterAll(async () => {
    for (const one of apps) await one.stop();
  });
  const scoring = async (score: number): Promise<TestApp> => {
    const model = flatModel(`flat-${score}`, score);
    const file = join(folder, `${score}.json`);
    await writeFile(file, JSON.stringify({ ...model, checksum: checksumOf(model) }));
    const made = await startApp({ db: app.db, environment: { RISK_MODEL_FILE: file } });
    apps.push(made);
    return made;
  };
  const announcedBefore = async ({ tenant, students }: School, score: number): Promise<void> => {
    const { tenantId } = tenant;
    for (const { userId } of students) await setRisk(app.database, { tenantId, userId }, score, '2026-02-28');
  };

  it('by a hair is told of on the second night, by two points at once, and only once', async () => {
    const school = await createSchool();
    const { tenant, students } = school;
    await announcedBefore(school, 60);
    const [at71, at72] = [await scoring(71), await scoring(72)];
    await run(tenant, '2026-03-01', { on: at71 });
    // the badge follows the score, the announcement waits
    expect((await progress(tenant)).map(({ score, band, isAtRisk }) => [score, band, isAtRisk])).toEqual(
      Array(6).fill([71, 'moderate', true]),
    );
    expect(await events(tenant)).toEqual([]);
    await run(tenant, '2026-03-02', { on: at71 });
    expect(await events(tenant)).toEqual(
      students.map(({ userId: studentId }) => ({
        key: studentId,
        payload: { studentId, from: 'moderate', to: 'high', score: 71, isAtRisk: true },
      })),
    );
    await run(tenant, '2026-03-03', { on: at72 });
    expect(await events(tenant)).toHaveLength(6);

    const other = await createSchool();
    await announcedBefore(other, 60);
    await run(other.tenant, '2026-03-01', { on: at72 });
    expect(await events(other.tenant)).toHaveLength(6);
  });

  it('is not told of by a night that is not the next one, nor by one with too little to show', async () => {
    const school = await createSchool();
    const [first, second, ...others] = school.students as Member[];
    await announcedBefore(school, 60);
    const place = { departmentId: school.tenant.departmentId };
    await createEvaluation(app.database, { ...first!, ...place }, { day: '2026-02-27', score: 75 });
    await createEvaluation(app.database, { ...second!, ...place }, { day: '2026-02-28', score: 75, insufficient: 'noSignals' }); // prettier-ignore
    await createEvaluation(app.database, { ...others[0]!, ...place }, { day: '2026-02-28', score: 75 });
    await run(school.tenant, day, { on: await scoring(71.5) });
    expect((await events(school.tenant)).map(({ key }) => key)).toEqual([others[0]!.userId]);
  });
});
