import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { createEvaluation, createIntervention, type EvaluationOptions, setRisk } from '../../test/factories.risk.js';
import { until } from '../../test/jobs.js';
import type { Body } from '../../test/workroom.js';
import { Outbox } from '../jobs/outbox.js';

const evening = '2026-02-28';
const lastEvening = '2026-03-01';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let students: Member[];

beforeAll(async () => {
  app = await startApp({ worker: true });
});
afterAll(() => app.stop());

beforeEach(async () => {
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  students = await createStudents(app.database, instructor, Array(9).fill({}));
});

/** As the night says it, once a tenant has been scored. */
async function tell(day: string): Promise<Body> {
  const runs = (): Promise<Body[]> =>
    app.database.many<Body>(
      `-- test.closingRuns
      select occasion, outcome from job_runs
      where tenant_id = $1 and job = 'interventions.close-cleared' and status = 'completed' order by id`,
      [tenant.tenantId],
    );
  const before = await runs();
  await app.app.get(Outbox, { strict: false }).append(tenant.tenantId, 'risk.night-scored', day, { day });
  return (await until(runs, before.length + 1)).at(-1)!['outcome'] as Body;
}

type Evening = number | Pick<EvaluationOptions, 'score' | 'insufficient' | 'number'>;

/** What the evenings of a student said; the score of the last one is the present one. */
async function scored(student: Member, evenings: Readonly<Record<string, Evening>>, present?: number): Promise<void> {
  for (const [day, said] of Object.entries(evenings)) {
    await createEvaluation(app.database, student, { day, ...(typeof said === 'number' ? { score: said } : said) });
  }
  const last = evenings[lastEvening];
  await setRisk(app.database, student, present ?? (typeof last === 'number' ? last : 50));
}

const open = (student: Member, options: Parameters<typeof createIntervention>[3] = {}): Promise<string> =>
  createIntervention(app.database, student, instructor, options);
const detail = async (id: string): Promise<Body & { entries: Body[] }> =>
  (await app.as(instructor).get(`/interventions/${id}`).expect(200)).body;
const closed = async (): Promise<string[]> => {
  const { body } = await app.as(instructor).get('/interventions?status=resolved').expect(200);
  return (body.data as { id: string; closedItself: boolean }[]).filter((one) => one.closedItself).map(({ id }) => id);
};

it('closes what has cleared for two evenings, says so, and does it once', async () => {
  const [one, contacted, sleeping] = students as [Member, Member, Member];
  for (const student of [one, contacted, sleeping]) await scored(student, { [evening]: 65, [lastEvening]: 38.5 });
  const id = await open(one, { dueOn: '2026-03-01' });
  const others = [await open(contacted, { status: 'contacted' }), await open(sleeping, { snoozedUntil: '2026-04-01' })];
  expect((await app.as(instructor).get('/dashboard')).body.statistics.overdueInterventions).toBe(1);
  expect(await tell(lastEvening)).toEqual({ closed: 3 });
  expect((await app.as(instructor).get('/dashboard')).body.statistics.overdueInterventions).toBe(0);
  expect((await closed()).sort()).toEqual([id, ...others].sort());
  expect(await detail(id)).toMatchObject({
    status: 'resolved',
    outcome: null,
    closedItself: true,
    closedAt: '2026-03-02T08:00:00Z',
    closedBy: null,
    closedScore: 38.5,
    version: 2,
    entries: [
      {
        kind: 'closed_itself',
        actorId: null,
        actorName: null,
        details: {
          evenings: [
            { day: evening, score: 65 },
            { day: lastEvening, score: 38.5 },
          ],
        },
      },
    ],
  });
  expect(await tell(lastEvening)).toEqual({ closed: 0 });
  const [written] = await app.database.many<Body>(
    `-- test.countClosed
    select (select count(*) from outbox where tenant_id = $1 and topic = 'interventions.closed') as events,
      (select count(*) from audit_entries
        where tenant_id = $1 and action = 'intervention.closed_itself' and actor_id is null) as audited`,
    [tenant.tenantId],
  );
  expect(written).toEqual({ events: 3, audited: 3 });
});

it('leaves alone what has not', async () => {
  const [still, before, short, missing, again, tight, manual, young, live] = students as [
    Member, Member, Member, Member, Member, Member, Member, Member, Member,
  ]; // prettier-ignore
  await scored(still, { [evening]: 60, [lastEvening]: 71 });
  await scored(before, { [evening]: 70.01, [lastEvening]: 40 });
  await scored(short, { [evening]: { score: 40, insufficient: 'noSignals' }, [lastEvening]: 40 });
  await scored(missing, { [lastEvening]: 40 });
  await scored(again, { [evening]: 60, [lastEvening]: 60 }, 80);
  await scored(tight, { [evening]: 55, [lastEvening]: 49 });
  await app.database.run(
    `-- test.setThreshold
    update student_progress set risk_threshold = 50 where tenant_id = $1 and student_id = $2`,
    [tenant.tenantId, tight.userId],
  );
  for (const student of [manual, young]) await scored(student, { [evening]: 30, [lastEvening]: 30 });
  await scored(live, { [evening]: { score: 30, number: 1 }, [lastEvening]: 30 });
  for (const student of [still, before, short, missing, again, tight, live]) await open(student);
  await open(young, { openedDay: lastEvening });
  await app.as(instructor).post('/interventions').send({ studentId: manual.userId, origin: 'manual' }).expect(201);
  await app.database.run(
    `-- test.openedEarlier
    update interventions set opened_day = '2026-02-20' where tenant_id = $1 and origin = 'manual'`,
    [tenant.tenantId],
  );
  expect(await tell(lastEvening)).toEqual({ closed: 0 });
  // the evening after it was opened, and one more
  await createEvaluation(app.database, young, { day: '2026-03-02', score: 30 });
  expect(await tell('2026-03-02')).toEqual({ closed: 1 });
});

it('does not close again what somebody has reopened', async () => {
  const [student] = students as [Member];
  await scored(student, { [evening]: 30, [lastEvening]: 30, '2026-03-02': 30 });
  const id = await open(student);
  expect(await tell(lastEvening)).toEqual({ closed: 1 });
  const reopened = await app.as(instructor).post(`/interventions/${id}/reopen`).set('if-match', '"2"').send({});
  expect(reopened.body).toMatchObject({ status: 'open', closedItself: false, version: 3 });
  expect(await tell('2026-03-02')).toEqual({ closed: 0 });
});

it('closes either by itself or by hand when both happen at once', async () => {
  const ids = await Promise.all(
    students.map(async (student) => {
      await scored(student, { [evening]: 30, [lastEvening]: 30 });
      return open(student);
    }),
  );
  const [outcome, ...answers] = await Promise.all([
    tell(lastEvening),
    ...ids.map((id) =>
      app.as(instructor).post(`/interventions/${id}/resolve`).set('if-match', '"1"').send({ outcome: 'better' }),
    ),
  ]);
  const byHand = answers.filter(({ status }) => status === 200).length;
  expect(answers.filter(({ status }) => status === 412)).toHaveLength(students.length - byHand);
  expect(outcome).toEqual({ closed: students.length - byHand });
  expect(await closed()).toHaveLength(students.length - byHand);
});
