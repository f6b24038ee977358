import { startApp, type TestApp } from '../../test/app.js';
import { createAdmin, createDepartment, createInstructor, createStudents, createTenant, type Member, type Person, type Place, type Tenant } from '../../test/factories.js'; // prettier-ignore
import type { ReportResponse } from './reports.dto.js';
import type { ReportScheduleResponse } from './report-schedules.dto.js';
import { ReportSchedulesJobs } from './report-schedules.jobs.js';

type Body = Readonly<Record<string, unknown>>;

let app: TestApp;
let tenant: Tenant;
let department: Place;
let head: Member;
let instructor: Member;
let admin: Person;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

// Monday, 08:00 in London and UTC
beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  department = await createDepartment(app.database, tenant);
  head = await createInstructor(app.database, department, { canViewAll: true, name: 'Ada Okafor' });
  instructor = await createInstructor(app.database, department, { name: 'Ben Berg' });
  admin = await createAdmin(app.database, tenant, { name: 'Cora Admin' });
  await createStudents(app.database, instructor, [{}, {}, {}]);
});

const weekly = { name: 'Activity of the week', kind: 'activity', format: 'csv', every: 'week', at: '07:00' };
const create = async (viewer: Person, body: Body = {}): Promise<ReportScheduleResponse> =>
  (await app.as(viewer).post('/report-schedules').send({ ...weekly, period: 'lastWeek', ...body }).expect(201)).body as ReportScheduleResponse; // prettier-ignore
const patch = (viewer: Person, { id, version }: ReportScheduleResponse, body: Body, status = 200) =>
  app.as(viewer).patch(`/report-schedules/${id}`).set('if-match', `"${version}"`).send(body).expect(status);
const reportsOf = async (viewer: Person): Promise<ReportResponse[]> =>
  ((await app.as(viewer).get('/reports').expect(200)).body as { data: ReportResponse[] }).data;

const tick = (): Promise<unknown> =>
  app.app.get(ReportSchedulesJobs, { strict: false }).runDue({
    job: '', tenantId: null, key: '', occasion: 'test', payload: {}, attempt: 1, signal: new AbortController().signal,
  }); // prettier-ignore
const auditOf = (id: string): Promise<{ action: string; actorId: string | null }[]> =>
  app.database.many(
    `-- test.scheduleAudit
    select action, actor_id as "actorId" from audit_entries where tenant_id = $1 and target_id = $2 order by at, id`,
    [tenant.tenantId, id],
  );

describe('whose', () => {
  it('is one’s own; administrators see all of theirs and may stop them, and that is all', async () => {
    const schedule = await create(head);
    const stranger = await createAdmin(app.database, await createTenant(app.database));
    for (const [viewer, status] of [
      [instructor, 404],
      [stranger, 404],
    ] as const) {
      await app.as(viewer).get(`/report-schedules/${schedule.id}`).expect(status);
      await patch(viewer, schedule, { isActive: false }, status);
      await app.as(viewer).delete(`/report-schedules/${schedule.id}`).expect(status);
      expect((await app.as(viewer).get('/report-schedules').expect(200)).body.data).toEqual([]);
    }
    expect((await app.as(admin).get('/report-schedules').expect(200)).body.data).toEqual([schedule]);
    for (const body of [{ name: 'Mine' }, { isActive: true }, { isActive: false, name: 'Mine' }]) {
      await patch(admin, schedule, body, 403);
    }
    await app.as(admin).delete(`/report-schedules/${schedule.id}`).expect(403);
    const { body } = await patch(admin, schedule, { isActive: false });
    expect(body).toMatchObject({ isActive: false, nextAt: null, version: 2 });
    app.clock.set('2026-03-09T07:00:00Z');
    await tick();
    expect(await reportsOf(head)).toEqual([]);
    expect(await auditOf(schedule.id)).toEqual([
      { action: 'report_schedule.created', actorId: head.userId },
      { action: 'report_schedule.changed', actorId: admin.userId },
    ]);
    await app.as(head).delete(`/report-schedules/${schedule.id}`).set('if-match', '"1"').expect(412);
    await app.as(head).delete(`/report-schedules/${schedule.id}`).expect(204);
    await app.as(head).get(`/report-schedules/${schedule.id}`).expect(404);
  });

  it('is a person’s: neither a student’s nor a service’s', async () => {
    const [student] = await createStudents(app.database, instructor, [{}]);
    await app
      .as(student!)
      .post('/report-schedules')
      .send({ ...weekly })
      .expect(403);
    await app
      .as('service', tenant)
      .post('/report-schedules')
      .send({ ...weekly })
      .expect(403);
  });

  it('recipients are: staff who see all that the owner sees', async () => {
    const [student] = await createStudents(app.database, instructor, [{}]);
    const elsewhere = await createInstructor(app.database, await createDepartment(app.database, tenant), { canViewAll: true }); // prettier-ignore
    const stranger = await createAdmin(app.database, await createTenant(app.database));
    const left = await createAdmin(app.database, tenant, { isActive: false });
    const nobody = '0198f000-0000-7000-8000-00000000dead';
    for (const id of [instructor.userId, student!.userId, elsewhere.userId, stranger.userId, left.userId, nobody]) {
      const { body } = await app.as(head).post('/report-schedules').send({ ...weekly, recipients: [head.userId, id] }).expect(422); // prettier-ignore
      expect(body).toMatchObject({
        code: 'recipient_unsuitable',
        errors: [
          {
            pointer: '/recipients/1',
            detail: 'A recipient must be active staff who may see all that the report shows.',
          },
        ],
      });
    }
    // another roster is not theirs, in the same department either
    const sibling = await createInstructor(app.database, department);
    for (const kind of ['roster', 'activity']) {
      const body = { ...weekly, kind, recipients: [sibling.userId] };
      await app.as(instructor).post('/report-schedules').send(body).expect(422);
    }
    // who sees more may have it
    await create(instructor, { recipients: [head.userId, admin.userId] });
  });
});

it('is changed by one at a time', async () => {
  const schedule = await create(head);
  const answers = await Promise.all(
    Array.from({ length: 5 }, (_, index) =>
      app
        .as(head)
        .patch(`/report-schedules/${schedule.id}`)
        .set('if-match', '"1"')
        .send({ name: `Name ${index}` }),
    ),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
  await app.as(head).patch(`/report-schedules/${schedule.id}`).send({ name: 'x' }).expect(428);
});

it('is created once for an id, and by one', async () => {
  const id = '0198f000-0000-7000-8000-0000000000aa';
  const first = await create(head, { id });
  expect(await create(head, { id, name: 'Another' })).toEqual(first);
  await app
    .as(instructor)
    .post('/report-schedules')
    .send({ ...weekly, id })
    .expect(409);
});

it('is one of twenty at most, however many are made at once', async () => {
  const make = () => app.as(head).post('/report-schedules').send(weekly);
  const answers = await Promise.all(Array.from({ length: 25 }, make));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(20);
  expect(answers.find(({ status }) => status === 409)!.body.code).toBe('report_schedules_too_many');
});

it('becomes daily or monthly, and forgets the day of the week', async () => {
  const schedule = await create(head, { weekday: 3 });
  expect(schedule.nextAt).toBe('2026-03-04T07:00:00Z');
  const { body } = await patch(head, schedule, { every: 'month', monthDay: 28, at: '23:59' });
  expect(body).toMatchObject({
    every: 'month',
    weekday: null,
    monthDay: 28,
    at: '23:59',
    nextAt: '2026-03-28T23:59:00Z',
  });
  const daily = (await patch(head, body as ReportScheduleResponse, { every: 'day' })).body as ReportScheduleResponse;
  expect(daily).toMatchObject({ weekday: null, monthDay: null, nextAt: '2026-03-02T23:59:00Z' });
});

it.each([
  [{ at: '24:00' }, '/at'],
  [{ every: 'hour' }, '/every'],
  [{ every: 'day', weekday: 1 }, '/weekday'],
  [{ monthDay: 3 }, '/monthDay'],
  [{ every: 'month', monthDay: 29 }, '/monthDay'],
  [{ recipients: ['x'] }, '/recipients'],
  [{ recipients: Array(21).fill('0198f000-0000-7000-8000-0000000000aa') }, '/recipients'],
  [{ kind: 'roster', period: 'lastWeek' }, '/period'],
  [{ period: 'lastWeek', filter: { from: '2026-01-01' } }, '/filter/from'],
  [{ filter: { status: 'asleep' } }, '/filter/status'],
  [{ name: ' ' }, '/name'],
])('refuses %j', async (body, pointer) => {
  const answer = await app
    .as(head)
    .post('/report-schedules')
    .send({ ...weekly, ...body })
    .expect(400);
  expect(answer.body.errors[0].pointer).toBe(pointer);
});
