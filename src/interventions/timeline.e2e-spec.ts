import { startApp, type TestApp } from '../../test/app.js';
import {
  createInstructor,
  createStudent,
  createTenant,
  type Member,
  type Person,
  type Tenant,
} from '../../test/factories.js';
import { createEvaluation, setRisk } from '../../test/factories.risk.js';
import type { Body } from '../../test/workroom.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let student: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant, { name: 'Ada' });
  student = await createStudent(app.database, instructor);
  await setRisk(app.database, student, 80);
});

const read = async (query = '', viewer: Person = instructor): Promise<{ data: Body[]; pagination: Body }> =>
  (await app.as(viewer).get(`/students/${student.userId}/timeline?${query}`).expect(200)).body;
const titles = async (client: ReturnType<TestApp['as']>): Promise<unknown[]> =>
  (await client.get(`/students/${student.userId}/timeline`).expect(200)).body.data.map(({ title }: Body) => title);
const evening = (day: string, score: number, more: object = {}): Promise<void> =>
  createEvaluation(app.database, student, { day, score, ...more });

it('tells of changes of the band from evening to evening, and of cases, in sentences', async () => {
  await evening('2026-02-20', 30);
  await evening('2026-02-21', 39);
  await evening('2026-02-22', 71.5);
  // neither what was scored during a day nor what was not shown
  await evening('2026-02-22', 95, { number: 1 });
  await evening('2026-02-23', 20, { insufficient: 'silentCohort' });
  await evening('2026-02-24', 80);
  await evening('2026-02-25', 55);
  const service = app.as(instructor);
  const { body } = await service.post('/interventions').send({ studentId: student.userId }).expect(201);
  const steps = [
    ['notes', { note: 'Asked the tutor' }],
    ['contact', { action: 'extra_support', note: 'Agreed' }],
    ['snooze', { until: '2026-03-09' }],
    ['snooze', { until: null }],
    ['resolve', { outcome: 'better' }],
    ['reopen', {}],
    ['dismiss', { reason: 'data_wrong' }],
  ] as const;
  for (const [index, [step, sent]] of steps.entries()) {
    app.clock.advance(60);
    await service
      .post(`/interventions/${body.id}/${step}`)
      .set('if-match', `"${index + 1}"`)
      .send(sent)
      .expect(200);
  }
  const bands = [
    'The risk fell from high to moderate (55)',
    'The risk rose from low to high (71.5)',
    'The risk was low at the first score (30)',
  ];
  expect(await titles(service)).toEqual([
    'The case was dismissed: data wrong',
    'The case was reopened',
    'The case was resolved: better',
    'The case was woken up',
    'The case sleeps until 2026-03-09',
    'The student was contacted: extra support',
    'A note was written',
    'A case was opened from a flag',
    ...bands,
  ]);
  const { data } = await read();
  expect(data[5]).toEqual({
    id: data[5]!['id'],
    at: '2026-03-02T08:02:00Z',
    kind: 'intervention_contacted',
    title: 'The student was contacted: extra support',
    band: null,
    interventionId: body.id,
    actorId: instructor.userId,
    actorName: 'Ada',
    note: 'Agreed',
  });
  expect(data.at(-2)).toEqual({
    id: '2026-02-22',
    at: '2026-02-22T23:00:00Z',
    kind: 'band_changed',
    title: bands[1],
    band: { day: '2026-02-22', from: 'low', to: 'high', score: 71.5 },
    interventionId: null,
    actorId: null,
    actorName: null,
    note: null,
  });
  // services may read risk, and no cases
  expect(await titles(app.as('service', tenant))).toEqual(bands);
});

it('shows every entry once while others are written', async () => {
  const { body } = await app.as(instructor).post('/interventions').send({ studentId: student.userId }).expect(201);
  let version = 1;
  const write = async (count: number, advance: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      app.clock.advance(advance);
      await app
        .as(instructor)
        .post(`/interventions/${body.id}/notes`)
        .set('if-match', `"${version++}"`)
        .send({ note: `note ${version}` })
        .expect(200);
    }
  };
  await evening('2026-02-20', 30);
  await write(6, 0); // all of one instant
  await write(4, 1);
  const before = (await read('limit=100')).data.map(({ id }) => id);
  expect(before).toHaveLength(12);
  const seen: unknown[] = [];
  for (let cursor = ''; ;) {
    const { data, pagination } = await read(`limit=3${cursor}`);
    seen.push(...data.map(({ id }) => id));
    await write(1, 1);
    if (pagination['nextCursor'] === undefined) break;
    cursor = `&cursor=${String(pagination['nextCursor'])}`;
  }
  expect(seen).toEqual(before);
  const other = await createStudent(app.database, instructor);
  const { pagination } = await read('limit=3');
  await app
    .as(instructor)
    .get(`/students/${other.userId}/timeline?cursor=${String(pagination['nextCursor'])}`)
    .expect(400);
});

it('is for whoever may see the student, and is audited', async () => {
  await evening('2026-02-20', 30);
  const stranger = await createTenant(app.database);
  const colleague = await createInstructor(app.database, tenant);
  for (const client of [app.as(colleague), app.as('admin', stranger), app.as('service', stranger)]) {
    await client.get(`/students/${student.userId}/timeline`).expect(404);
  }
  await app.as(student).get(`/students/${student.userId}/timeline`).expect(403);
  await app.as(instructor).get('/students/x/timeline').expect(400);
  await read();
  const entries = await app.database.many<Body>(
    `-- test.timelineAudit
    select actor_id as "actorId", target_id as "targetId" from audit_entries
    where tenant_id = $1 and action = 'timeline.viewed'`,
    [tenant.tenantId],
  );
  expect(entries).toEqual([{ actorId: instructor.userId, targetId: student.userId }]);
});
