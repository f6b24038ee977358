import { startApp, type TestApp } from '../../test/app.js';
import { createCategory, createDepartment, createInstructor, createModule, createStudents, createTenant, type Member, sessionBody, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { createEvaluation, createIntervention, setRisk } from '../../test/factories.risk.js';
import { TenantRemovalRepository } from '../imports/tenant-removal.repository.js';
import { Partitions } from '../operations/partitions.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;

beforeAll(async () => {
  // a thousand people move in one request, on whatever machine this runs
  app = await startApp({ environment: { REQUEST_TIMEOUT_SECONDS: '60' } });
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
});

type Row = Readonly<Record<string, unknown>>;
const rows = (sql: string, ...parameters: unknown[]): Promise<Row[]> =>
  app.database.many<Row>(sql, [tenant.tenantId, ...parameters]);
const admin = () => app.as('admin', tenant);
const ledgerOf = ({ userId }: Member): Promise<Row[]> =>
  rows(
    `-- test.ledger
    select * from risk_evaluations where tenant_id = $1 and student_id = $2 order by day, number`,
    userId,
  );
const riskOf = async ({ userId }: Member): Promise<Row | undefined> =>
  (
    await rows(
      `-- test.risk
      select risk_score as score, risk_day as day, risk_announced_band as announced from student_progress
      where tenant_id = $1 and student_id = $2`,
      userId,
    )
  )[0];
const events = (topic: string): Promise<Row[]> =>
  rows(
    `-- test.events
    select payload from outbox where tenant_id = $1 and topic = $2 order by id`,
    topic,
  );
const noRisk = { score: null, day: null, announced: null };

it('lets nobody change or take away what scores were made of, before and after a month is closed off', async () => {
  const [student] = (await createStudents(app.database, instructor, [{}])) as [Member];
  await createEvaluation(app.database, student, { day: '2026-02-27', score: 64 });
  await createEvaluation(app.database, student, { day: '2026-01-31', score: 60 });
  await createIntervention(app.database, student, instructor);
  await rows(`-- test.insertEntry
    insert into intervention_entries (tenant_id, id, intervention_id, at, kind)
    select tenant_id, id, id, opened_at, 'opened' from interventions where tenant_id = $1`);
  const before = await ledgerOf(student);
  const refusals = async (): Promise<unknown[]> => {
    const statements = [
      `-- test.changeEvaluation
      update risk_evaluations set score = 1 where tenant_id = $1`,
      `-- test.deleteEvaluation
      delete from risk_evaluations where tenant_id = $1`,
      `-- test.changeCohort
      update risk_cohorts set students = students + 1 where tenant_id = $1`,
      `-- test.deleteCohort
      delete from risk_cohorts where tenant_id = $1`,
      `-- test.changeEntry
      update intervention_entries set note = 'else' where tenant_id = $1`,
      `-- test.deleteEntry
      delete from intervention_entries where tenant_id = $1`,
    ];
    const results = await Promise.allSettled(statements.map((sql) => rows(sql)));
    return results.map((one) => (one.status === 'fulfilled' ? 'done' : (one.reason as { constraint: string }).constraint));
  };
  const refused = [
    'risk_evaluations__final_check', 'risk_evaluations__final_check', 'risk_cohorts__final_check',
    'risk_evaluations__cohort_fkey', 'intervention_entries__final_check', 'intervention_entries__final_check',
  ]; // prettier-ignore
  expect(await refusals()).toEqual(refused);
  const made = await app.app.get(Partitions, { strict: false }).prepare();
  expect(made).toEqual(expect.arrayContaining(['risk_evaluations 2026-01', 'risk_evaluations 2026-02']));
  expect(await refusals()).toEqual(refused);
  expect(await ledgerOf(student)).toEqual(before);
}); // prettier-ignore

describe('a student', () => {
  let student: Member;
  let other: Member;
  beforeEach(async () => {
    [student, other] = (await createStudents(app.database, instructor, [{}, {}])) as [Member, Member];
    for (const one of [student, other]) {
      await createEvaluation(app.database, one, { day: '2026-02-28', score: 90, instructorId: instructor.userId });
      await setRisk(app.database, one, 90);
    }
  });
  const atRisk = async (): Promise<number> => {
    const { body } = await app.as(instructor).get('/students?status=atRisk').expect(200);
    return body.pagination.total as number;
  };

  it('who is deactivated has no score, whoever writes one; who comes back is scored anew', async () => {
    const ledger = await ledgerOf(student);
    expect(await atRisk()).toBe(2);
    await admin().post(`/users/${student.userId}/deactivate`).expect(200);
    expect(await riskOf(student)).toEqual(noRisk);
    // a scoring that had begun before
    await setRisk(app.database, student, 95);
    expect(await riskOf(student)).toEqual(noRisk);
    expect(await atRisk()).toBe(1);

    await admin().post(`/users/${student.userId}/activate`).expect(200);
    expect(await riskOf(student)).toEqual(noRisk);
    expect(await atRisk()).toBe(1);
    expect(await events('users.students-activated')).toEqual([{ payload: { studentIds: [student.userId] } }]);
    expect(await ledgerOf(student)).toEqual(ledger);
    await setRisk(app.database, student, 95);
    expect(await riskOf(student)).toMatchObject({ score: 95 });
  });

  it('who turns out to be the duplicate of another keeps the past scores, and has none any more', async () => {
    const [from, into] = [await ledgerOf(student), await ledgerOf(other)];
    const module = await createModule(app.database, await createCategory(app.database, tenant));
    const sessions = [sessionBody(module, { studentId: student.userId })];
    await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
    await admin().post(`/users/${student.userId}/merge`).send({ intoId: other.userId }).expect(200);
    expect([await ledgerOf(student), await ledgerOf(other)]).toEqual([from, into]);
    expect(await riskOf(student)).toEqual(noRisk);
    expect(await riskOf(other)).toMatchObject({ score: 90 });
    expect(await atRisk()).toBe(1);
    // of what the other has now, they are scored anew
    expect(await events('activity.sessions-recorded')).toContainEqual({
      payload: { studentIds: [other.userId], days: ['2026-03-02'] },
    });
    expect(await events('users.merged')).toEqual([{ payload: { userId: student.userId, intoId: other.userId } }]);
  });

  it('who goes to another instructor leaves past scores with the one who was responsible', async () => {
    const next = await createInstructor(app.database, tenant);
    const body = { studentIds: [student.userId], instructorId: next.userId };
    await admin().post('/students/assign').send(body).expect(200);
    expect(await ledgerOf(student)).toMatchObject([{ instructor_id: instructor.userId }]);
    expect(await riskOf(student)).toMatchObject({ score: 90 });
    expect(await atRisk()).toBe(1);
    expect((await app.as(next).get('/students?status=atRisk').expect(200)).body.pagination.total).toBe(1);
  });
});

it('stays where it was made when a department of a thousand is merged, moved and closed', async () => {
  const [day, evening, faculty] = [
    await createDepartment(app.database, tenant),
    await createDepartment(app.database, tenant),
    await createDepartment(app.database, tenant),
  ];
  const students: Member[] = [];
  for (let part = 0; part < 4; part++) {
    students.push(...(await createStudents(app.database, day, Array.from({ length: 250 }, () => ({})))));
  }
  await createEvaluation(app.database, students[0]!, { day: '2026-02-28', score: 90 });
  await rows(`-- test.evaluateAll
    insert into risk_evaluations
    select p.tenant_id, p.student_id, e.day, e.number, e.evaluated_at, p.department_id, p.instructor_id, e.cohort_day,
      e.model_version, e.inputs, e.insufficient, e.log_odds, e.base_log_odds, e.contributions, e.score
    from student_progress p join risk_evaluations e on e.tenant_id = $1
    where p.tenant_id = $1
    on conflict do nothing`);
  await rows(`-- test.riskOfAll
    update student_progress set risk_score = 90, risk_day = '2026-02-28' where tenant_id = $1`);
  const ledger = (): Promise<Row[]> =>
    rows(`-- test.ledgerByDepartment
      select department_id as "departmentId", count(*) as evaluations from risk_evaluations where tenant_id = $1 group by 1`);
  const kept = [{ departmentId: day.departmentId, evaluations: 1_000 }];
  expect(await ledger()).toEqual(kept);

  await admin().patch(`/departments/${day.departmentId}`).send({ parentId: faculty.departmentId }).expect(200);
  await admin().post(`/departments/${day.departmentId}/merge`).send({ intoId: evening.departmentId }).expect(200);
  expect(await ledger()).toEqual(kept);
  expect(await rows(`-- test.atRiskNow
    select department_id as "departmentId", sum(at_risk)::integer as "atRisk" from roster_counts
    where tenant_id = $1 and students > 0 group by 1`)).toEqual([{ departmentId: evening.departmentId, atRisk: 1_000 }]);
  expect((await admin().get(`/departments/${day.departmentId}`).expect(200)).body.isActive).toBe(false);
  expect(await rows(`-- test.cohorts
    select department_id as "departmentId" from risk_cohorts where tenant_id = $1`)).toEqual([{ departmentId: day.departmentId }]);
}, 60_000); // prettier-ignore

it('goes with its organisation, and stays with others', async () => {
  const neighbour = await createTenant(app.database);
  const [own, theirs] = [
    (await createStudents(app.database, instructor, [{}]))[0]!,
    (await createStudents(app.database, await createInstructor(app.database, neighbour), [{}]))[0]!,
  ];
  for (const one of [own, theirs]) await createEvaluation(app.database, one, { day: '2026-02-28', score: 90 });
  await createIntervention(app.database, own, instructor);
  await rows(`-- test.insertEntries
    insert into intervention_entries (tenant_id, id, intervention_id, at, kind)
    select tenant_id, id, id, opened_at, 'opened' from interventions where tenant_id = $1`);
  const left = (tenantId: string): Promise<Row[]> =>
    app.database.many<Row>(
      `-- test.leftOfRisk
      select (select count(*) from risk_evaluations where tenant_id = $1) as evaluations,
        (select count(*) from risk_cohorts where tenant_id = $1) as cohorts,
        (select count(*) from interventions where tenant_id = $1) as cases,
        (select count(*) from intervention_entries where tenant_id = $1) as entries`,
      [tenantId],
    );
  expect(await left(tenant.tenantId)).toEqual([{ evaluations: 1, cohorts: 1, cases: 1, entries: 1 }]);
  await app.app.get(TenantRemovalRepository, { strict: false }).remove(tenant.tenantId);
  expect(await left(tenant.tenantId)).toEqual([{ evaluations: 0, cohorts: 0, cases: 0, entries: 0 }]);
  expect(await left(neighbour.tenantId)).toEqual([{ evaluations: 1, cohorts: 1, cases: 0, entries: 0 }]);
});
