import { startApp, type TestApp } from '../../test/app.js';
import { createAdmin, createDepartment, createInstructor, createStudents, createTenant, type Member, type Person, type Place, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { clock, closeJobs, db, openJobs, runsOf, start, stopAll, until } from '../../test/jobs.js';
import { parseMail } from '../../test/mails.js';
import { linkOf } from '../../test/reports.js';
import { type MailServer, type Received, startMailServer } from '../../test/smtp.js';
import { mailReady, writeReport } from '../jobs/catalogue.js';
import type { Run } from '../jobs/job.js';
import type { ReportResponse } from './reports.dto.js';
import { ReportMailsJobs } from './report-mails.jobs.js';
import type { ReportScheduleResponse } from './report-schedules.dto.js';
import { ReportSchedulesRepository } from './report-schedules.repository.js';
import { ReportSchedulesJobs } from './report-schedules.jobs.js';
import { ReportsJobs } from './reports.jobs.js';

type Body = Readonly<Record<string, unknown>>;

let app: TestApp;
let server: MailServer;
let tenant: Tenant;
let department: Place;
let head: Member;
let instructor: Member;
let admin: Person;

beforeAll(async () => {
  await openJobs();
  server = await startMailServer();
  const environment = { SMTP_URL: server.url, MAIL_FROM: 'no-reply@example.org', APP_URL: 'https://app.example.org' };
  app = await startApp({ db, environment });
});
afterAll(async () => {
  await app.stop();
  await server.stop();
  await closeJobs();
});
afterEach(stopAll);

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
const get = async (viewer: Person, id: string): Promise<ReportScheduleResponse> =>
  (await app.as(viewer).get(`/report-schedules/${id}`).expect(200)).body as ReportScheduleResponse;
const patch = (viewer: Person, { id, version }: ReportScheduleResponse, body: Body, status = 200) =>
  app.as(viewer).patch(`/report-schedules/${id}`).set('if-match', `"${version}"`).send(body).expect(status);
const reportsOf = async (viewer: Person): Promise<ReportResponse[]> =>
  ((await app.as(viewer).get('/reports').expect(200)).body as { data: ReportResponse[] }).data;

const run = (key: string, payload: Run['payload'] = {}): Run => ({
  job: '', tenantId: tenant.tenantId, key, occasion: `test-${key}`, payload, attempt: 1, signal: new AbortController().signal,
}); // prettier-ignore
const tick = async (): Promise<unknown> => app.app.get(ReportSchedulesJobs, { strict: false }).runDue(run('tick'));
const mailTo = ({ email }: Person): Received[] => server.received.filter(({ to }) => to.includes(email));
/** Writes what is queued for this tenant, and tells of it: what the queue does, one by one. */
async function workOff(): Promise<void> {
  const events = await app.database.many<{ payload: { fileId: string } }>(
    `-- test.listRequested
    select payload from outbox where tenant_id = $1 and topic = 'reports.requested' order by id`,
    [tenant.tenantId],
  );
  for (const { payload } of events) {
    await app.app.get(ReportsJobs, { strict: false }).writeFile(run(payload.fileId, payload));
  }
}
async function mailAll(): Promise<void> {
  const events = await app.database.many<{ payload: Run['payload'] }>(
    `-- test.listReady
    select payload from outbox where tenant_id = $1 and topic = 'reports.ready' order by id`,
    [tenant.tenantId],
  );
  for (const { payload } of events)
    await app.app.get(ReportMailsJobs, { strict: false }).mailReady(run('mail', payload));
}
const auditOf = (id: string): Promise<{ action: string; actorId: string | null }[]> =>
  app.database.many(
    `-- test.scheduleAudit
    select action, actor_id as "actorId" from audit_entries where tenant_id = $1 and target_id = $2 order by at, id`,
    [tenant.tenantId, id],
  );
const setUser = (person: Person, isActive: boolean): Promise<number> =>
  app.database.run(
    `-- test.setActive
    update users set is_active = $3 where tenant_id = $1 and id = $2`,
    [person.tenantId, person.userId, isActive],
  );

it('asks at its time for the period that is over, and mails a link that wants a sign-in', async () => {
  const schedule = await create(head, { recipients: [head.userId, admin.userId], filter: { search: 'student' } });
  expect(schedule).toMatchObject({
    ...weekly, ownerId: head.userId, ownerName: 'Ada Okafor', period: 'lastWeek', weekday: 1, monthDay: null,
    isActive: true, nextAt: '2026-03-09T07:00:00Z', lastAt: null, lastError: null, version: 1,
  }); // prettier-ignore
  await tick();
  expect(await reportsOf(head)).toEqual([]);
  app.clock.set('2026-03-09T07:00:00Z');
  await tick();
  const [report] = await reportsOf(head);
  expect(report).toMatchObject({
    kind: 'activity', scheduleId: schedule.id, filter: { search: 'student', from: '2026-03-02', to: '2026-03-08' },
  }); // prettier-ignore
  expect(await get(head, schedule.id)).toMatchObject({
    nextAt: '2026-03-16T07:00:00Z',
    lastAt: '2026-03-09T07:00:00Z',
  });
  await mailAll();
  expect(mailTo(head)).toEqual([]);
  await workOff();
  await mailAll();
  await mailAll();
  for (const person of [head, admin]) {
    const mails = mailTo(person);
    expect(mails).toHaveLength(1);
    const [own] = await reportsOf(person);
    const mail = parseMail(mails[0]!.message);
    expect(mail.subject).toBe('Activity of the week: the report is ready');
    expect(mail.text).toContain(`https://app.example.org/reports/${own!.id}\r\n`);
    expect(mail.text).not.toContain('token');
    expect(mails[0]!.message).not.toContain('attachment');
    await app.anonymous.get(`/reports/${own!.id}`).expect(401);
    await app.as(person).get(`/reports/${own!.id}/download-link`).expect(200);
  }
  const [[ofHead], [ofAdmin]] = [await reportsOf(head), await reportsOf(admin)];
  expect(ofHead!.id).not.toBe(ofAdmin!.id);
  await app.as(admin).get(`/reports/${ofHead!.id}`).expect(404);
  expect(await linkOf(app.as(admin), ofAdmin!.id)).toContain(ofAdmin!.id);
});

it('works through the queue, with two workers: each run is asked for once, each recipient mailed once', async () => {
  const schedules = await Promise.all([0, 1, 2].map((index) => create(head, { name: `Report ${index}`, every: 'day', at: `09:0${index}`, recipients: [head.userId, admin.userId] }))); // prettier-ignore
  app.clock.set('2026-03-02T10:00:00Z');
  const [runs, reports, mails] = [ReportSchedulesJobs, ReportsJobs, ReportMailsJobs].map((type) => app.app.get(type as never, { strict: false })) as unknown as [ReportSchedulesJobs, ReportsJobs, ReportMailsJobs]; // prettier-ignore
  await Promise.all([tick(), tick(), runs.runDue(run('third'))]);
  const handled = [
    [writeReport, (given: Run) => reports.writeFile(given)],
    [mailReady, (given: Run) => mails.mailReady(given)],
  ] as const;
  clock.set('2026-03-02T10:00:00Z');
  await start('postgres', handled);
  await start('postgres', handled);
  await until(async () => mailTo(admin), 3);
  // equal questions are one file
  await until(() => runsOf(mailReady, 'completed'));
  for (const person of [head, admin]) {
    expect(mailTo(person)).toHaveLength(3);
    const asked = await reportsOf(person);
    expect(asked.map(({ scheduleId }) => scheduleId).sort()).toEqual(schedules.map(({ id }) => id).sort());
  }
});

it('claims a schedule once, however many look at the same time', async () => {
  const { id } = await create(head, { every: 'day', at: '09:00' });
  app.clock.set('2026-03-02T09:00:00Z');
  const results = await Promise.all(Array.from({ length: 8 }, () => tick()));
  expect(results.filter((result) => (result as { requested: number }).requested === 1)).toHaveLength(1);
  expect(await reportsOf(head)).toHaveLength(1);
  expect((await get(head, id)).nextAt).toBe('2026-03-03T09:00:00Z');
});

it('makes up once for runs that were missed', async () => {
  const { id } = await create(head, { every: 'day', at: '09:00', period: 'lastDay' });
  app.clock.set('2026-03-12T11:30:00Z');
  await tick();
  await tick();
  const asked = await reportsOf(head);
  expect(asked.map(({ filter }) => filter)).toEqual([{ from: '2026-03-11', to: '2026-03-11' }]);
  expect((await get(head, id)).nextAt).toBe('2026-03-13T09:00:00Z');
});

it('reports the day before it was due, when it runs after midnight only', async () => {
  const { id } = await create(head, { every: 'day', at: '23:59', period: 'lastDay' });
  app.clock.set('2026-03-03T00:00:30Z');
  await tick();
  app.clock.set('2026-03-03T23:59:00Z');
  await tick();
  const asked = await reportsOf(head);
  expect(asked.map(({ filter }) => filter)).toMatchObject([{ from: '2026-03-02' }, { from: '2026-03-01' }]);
  expect((await get(head, id)).nextAt).toBe('2026-03-04T23:59:00Z');
  // the latest of those that were missed: 6 March, at 23:59
  app.clock.set('2026-03-07T00:01:00Z');
  await tick();
  expect((await reportsOf(head))[0]!.filter).toMatchObject({ from: '2026-03-05', to: '2026-03-05' });
  expect((await get(head, id)).nextAt).toBe('2026-03-07T23:59:00Z');
});

it('keeps its local time when clocks change, and runs once where it is skipped', async () => {
  // in London clocks go from 01:00 to 02:00 on 29 March
  app.clock.set('2026-03-27T12:00:00Z');
  const { id } = await create(head, { every: 'day', at: '01:30' });
  const times: (string | null)[] = [];
  for (let day = 0; day < 3; day++) {
    const { nextAt } = await get(head, id);
    times.push(nextAt);
    app.clock.set(nextAt!);
    await tick();
  }
  expect(times).toEqual(['2026-03-28T01:30:00Z', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z']);
  expect(await reportsOf(head)).toHaveLength(3);
});

it('tries a mail again that was not taken over, and does not repeat the others', async () => {
  await create(head, { every: 'day', at: '09:00', recipients: [head.userId, admin.userId] });
  app.clock.set('2026-03-02T09:00:00Z');
  await tick();
  await workOff();
  server.refuse(1);
  await expect(mailAll()).rejects.toThrow('1 mails: MailFailure: the mail was not taken over: EENVELOPE, RCPT TO, 451');
  expect(mailTo(head).length + mailTo(admin).length).toBe(1);
  await mailAll();
  expect([mailTo(head).length, mailTo(admin).length]).toEqual([1, 1]);
});

describe('stops, and says why,', () => {
  const due = async (body: Body = {}): Promise<ReportScheduleResponse> => {
    const schedule = await create(head, { every: 'day', at: '09:00', ...body });
    app.clock.set('2026-03-02T09:00:00Z');
    return schedule;
  };

  it('when its owner is no longer active', async () => {
    const { id } = await due();
    await setUser(head, false);
    await tick();
    expect(await get(admin, id)).toMatchObject({
      isActive: false, nextAt: null, version: 2,
      lastError: 'Its owner is no longer active, or may no longer ask for reports.',
    }); // prettier-ignore
    expect((await auditOf(id)).at(-1)).toEqual({ action: 'report_schedule.stopped', actorId: null });
  });

  it('when its owner may no longer see that kind', async () => {
    const schedule = (await app.as(admin).post('/report-schedules').send({ ...weekly, kind: 'audit', every: 'day', at: '09:00' }).expect(201)).body as ReportScheduleResponse; // prettier-ignore
    await app.database.run(
      `-- test.demote
      with profile as (
        insert into instructor_profiles (tenant_id, user_id) values ($1, $2)
      )
      update users set role = 'instructor', department_id = $3 where tenant_id = $1 and id = $2`,
      [tenant.tenantId, admin.userId, department.departmentId],
    );
    app.clock.set('2026-03-02T09:00:00Z');
    await tick();
    expect(await reportsOf(admin)).toEqual([]);
    const other = await createAdmin(app.database, tenant);
    expect(await get(other, schedule.id)).toMatchObject({
      isActive: false,
      lastError: 'This needs the permission audit:read.',
    });
  });

  it('when the segment of its filter is gone', async () => {
    const segment = (await app.as(head).post('/segments').send({ name: 'Mine', filter: {} }).expect(201)).body
      .id as string;
    const { id } = await due({ filter: { segmentId: segment } });
    await app.as(head).delete(`/segments/${segment}`).expect(204);
    await tick();
    expect(await get(head, id)).toMatchObject({ isActive: false, lastError: 'There is no such segment.' });
  });

  it('when its organisation wants to know what for, until it says so', async () => {
    const { id } = await due({ recipients: [admin.userId] });
    await app.as(admin).patch('/settings').send({ isPurposeRequired: true }).expect(200);
    const refused = await app.as(head).post('/report-schedules').send(weekly).expect(422);
    expect(refused.body).toMatchObject({ code: 'purpose_missing' });
    await tick();
    const stopped = await get(head, id);
    expect(stopped).toMatchObject({
      isActive: false,
      lastError: 'This organisation wants to know what its data leave for.',
    });
    await patch(head, stopped, { isActive: true }, 422);
    const { body } = await patch(head, stopped, { isActive: true, purpose: 'for the board' });
    expect(body).toMatchObject({ isActive: true, purpose: 'for the board' });
    app.clock.set('2026-03-03T09:00:00Z');
    await tick();
    for (const person of [head, admin]) expect(await reportsOf(person)).toMatchObject([{ purpose: 'for the board' }]);
    const logs = await app.as(admin).get('/audit-logs?action=report.requested').expect(200);
    expect(logs.body).toMatchObject({ data: [{ reason: 'for the board' }] });
  });

  it('and can be started again by its owner', async () => {
    const schedule = await due();
    await setUser(head, false);
    await tick();
    await setUser(head, true);
    const stopped = await get(head, schedule.id);
    const { body } = await patch(head, stopped, { isActive: true });
    expect(body).toMatchObject({ isActive: true, nextAt: '2026-03-03T09:00:00Z', lastError: null });
  });
});

it('leaves out a recipient who sees less by now, and mails nobody who may not open it', async () => {
  const { id } = await create(head, { every: 'day', at: '09:00', recipients: [admin.userId, head.userId] });
  await setUser(admin, false);
  app.clock.set('2026-03-02T09:00:00Z');
  await tick();
  expect((await get(head, id)).lastError).toBe(
    '1 of the recipients may no longer see what it shows, and did not get it.',
  );
  await workOff();
  // between the file and the mail
  await app.database.run(
    `-- test.narrow
    update instructor_profiles set can_view_all = false where tenant_id = $1 and user_id = $2`,
    [tenant.tenantId, head.userId],
  );
  await mailAll();
  expect([mailTo(head), mailTo(admin)]).toEqual([[], []]);
});

it('leaves its recipients what they may ask for themselves', async () => {
  for (let index = 0; index < 10; index++) {
    await create(head, { every: 'day', at: '09:00', filter: { search: `x${index}` }, recipients: [admin.userId] });
  }
  app.clock.set('2026-03-02T09:00:00Z');
  expect(await tick()).toMatchObject({ requested: 10 });
  expect(await reportsOf(admin)).toHaveLength(10);
  await app.as(admin).post('/reports').send({ kind: 'roster', format: 'csv' }).expect(202);
  // those of one's own schedules count
  await app.as(head).post('/reports').send({ kind: 'roster', format: 'csv' }).expect(429);
});

it('keeps out no other tenant where many are due, and tells the owner of one that fails', async () => {
  const others = await createTenant(app.database);
  const other = await createInstructor(app.database, others);
  const broken = await create(head, { every: 'day', at: '09:00' });
  await create(head, { every: 'day', at: '09:01' });
  await create(other, { every: 'day', at: '10:00' });
  const due = await app.app.get(ReportSchedulesRepository, { strict: false }).listDue(new Date('2026-03-02T10:00:00Z'), 500); // prettier-ignore
  const both = due.filter(({ tenantId }) => [tenant.tenantId, others.tenantId].includes(tenantId));
  expect(both.map(({ ownerId }) => ownerId)).toEqual([head.userId, other.userId, head.userId]);
  await app.database.run(`-- test.refuseReports\nalter table reports add constraint nothing check (false) not valid`);
  app.clock.set('2026-03-02T09:00:30Z');
  try {
    await expect(tick()).rejects.toThrow('1 schedules: ');
  } finally {
    await app.database.run('-- test.acceptReports\nalter table reports drop constraint nothing');
  }
  expect((await get(head, broken.id)).lastError).toBe('A fault of ours, which is on record.');
  await tick();
});

it('waits where too many reports are unfinished', async () => {
  for (let index = 0; index < 10; index++) {
    await app.as(head).post('/reports').send({ kind: 'roster', format: 'csv', filter: { search: `x${index}` } }).expect(202); // prettier-ignore
  }
  const { id } = await create(head, { every: 'day', at: '09:00' });
  await create(head, { every: 'day', at: '09:00', filter: { search: 'y' } });
  app.clock.set('2026-03-02T09:00:00Z');
  expect(await tick()).toMatchObject({ delayed: 1 });
  expect(await get(head, id)).toMatchObject({ isActive: true, nextAt: '2026-03-02T09:00:00Z', lastAt: null });
  expect((await get(head, id)).lastError).toMatch(/are not finished yet/);
  await workOff();
  await tick();
  expect(await get(head, id)).toMatchObject({ lastError: null, nextAt: '2026-03-03T09:00:00Z' });
});
