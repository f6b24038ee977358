import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type TestApp } from '../../test/app.js';
import { untilBlocked } from '../../test/blocked.js';
import { EventClient, type Heard } from '../../test/event-client.js';
import {
  adminIdOf, createAdmin, createCategory, createDepartment, createInstructor, createModule, createOperator, createStudent,
  createTenant, serviceIdOf, sessionBody, type Member, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { insertReport } from '../../test/isolation/belongings.js';
import type { Row } from '../../test/isolation/plan.js';
import { newGate } from '../../test/jobs.js';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import type { Run } from '../jobs/job.js';
import { Outbox } from '../jobs/outbox.js';
import { LiveEventsRepository } from './live-events.repository.js';
import { LiveJobs } from './live.jobs.js';
import { Publisher } from './publisher.js';

let app: TestApp;
/** The application's own, whose transactions its providers join. */
let database: Database;
let outbox: Outbox;
let tenant: Tenant;
let ada: Member;
let student: Member;
const open: EventClient[] = [];

const listen = async (viewer: Viewer, options?: Parameters<typeof EventClient.open>[2]): Promise<EventClient> => {
  const client = await EventClient.open(app, viewer, options);
  open.push(client);
  return client;
};
/** Without what is no event of the log. */
const logged = ({ heard }: EventClient): Heard[] => heard.filter(({ id, event }) => id !== '' && event !== 'reset');
const sent = (topic: string, key: string, payload: Parameters<Outbox['append']>[3]): Promise<void> =>
  outbox.append(tenant.tenantId, topic, key, payload);
const graded = (...students: readonly Member[]): Promise<void> =>
  sent('assignments.graded', randomUUID(), {
    assignmentId: randomUUID(),
    studentIds: students.map(({ userId }) => userId),
  });
/** Tells each of these clients last of all that there is nothing more. */
const finish = async (...clients: readonly [EventClient, Viewer][]): Promise<void> => {
  for (const [, { userId, role, tenantId }] of clients) {
    const end = role === 'service' ? reportOf(userId, tenantId) : null;
    if (end) await outbox.append(tenantId, 'reports.ready', await end, { reportIds: [await end] });
    else await outbox.append(tenantId, 'notifications.created', userId, { userId, notificationIds: [] });
  }
  for (const [client, { role }] of clients) {
    await client.until((one) => one.of(role === 'service' ? 'report' : 'notification').length > 0);
  }
};
const deactivate = ({ tenantId, userId }: Member): Promise<number> =>
  app.database.run(
    `-- test.deactivate
    update users set is_active = false where tenant_id = $1 and id = $2`,
    [tenantId, userId],
  );
const reportOf = async (ownerId: string, tenantId = tenant.tenantId): Promise<string> => {
  const id = randomUUID();
  const row: Row = { kind: 'report', place: 'own', id, personId: ownerId, name: 'x', email: '', pid: '', code: '' };
  await insertReport(app.database, tenantId, row);
  return id;
};

beforeAll(async () => {
  app = await startApp({ worker: true, environment: { EVENTS_LOOK_SECONDS: '1' } });
  database = app.app.get(Database, { strict: false });
  outbox = app.app.get(Outbox, { strict: false });
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  ada = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, ada);
});
afterEach(() => {
  for (const client of open.splice(0)) client.cut();
});

describe('what is told', () => {
  it('tells of a session that came in, and the dashboard with it', async () => {
    const module = await createModule(app.database, await createCategory(app.database, tenant));
    const client = await listen(ada);
    expect(client.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    expect(client.headers['content-encoding']).toBeUndefined();
    const body = sessionBody(module, { studentId: student.userId });
    await app.as('service', tenant).post('/activity/sessions').send({ sessions: [body] }).expect(200); // prettier-ignore
    await client.until((one) => one.of('progress').length > 0 && one.of('dashboard').length > 0);
    const [progress] = client.of('progress');
    expect(progress).toEqual({
      id: expect.stringMatching(/^\d+$/) as string,
      event: 'progress',
      data: { studentId: student.userId, at: '2026-03-02T08:00:00Z' },
    });
    const [dashboard] = client.of('dashboard');
    expect(dashboard).toMatchObject({ id: '', data: { statistics: { totalStudents: 1, activeToday: 1 } } });
  });

  it('tells a person of what is theirs, and nobody else', async () => {
    const other = await createInstructor(app.database, tenant);
    const [client, others] = [await listen(ada), await listen(other)];
    const reportId = await reportOf(ada.userId);
    const [messageId, threadId, notificationId] = [randomUUID(), randomUUID(), randomUUID()];
    const { userId } = ada;
    await sent('messages.received', userId, { messageId, threadId, userId });
    await sent('messages.changed', userId, { userId });
    await sent('reports.progressed', randomUUID(), { reportIds: [reportId], percent: 40 });
    await sent('reports.ready', randomUUID(), { reportIds: [reportId, randomUUID()] });
    await sent('notifications.changed', userId, { userId, notificationIds: [notificationId] });
    await finish([others, other]);
    await client.until((one) => one.of('notification').length === 1);
    const at = '2026-03-02T08:00:00Z';
    expect(client.heard.map(({ event, data }) => [event, data])).toEqual([
      ['message', { change: 'received', messageId, threadId, at }],
      ['message', { change: 'changed', messageId: null, threadId: null, at }],
      ['report', { reportId, status: 'running', progress: 40, at }],
      ['report', { reportId, status: 'ready', progress: 100, at }],
      ['notification', { change: 'changed', notificationIds: [notificationId], at }],
    ]);
    expect(others.heard).toHaveLength(1);
  });

  it('tells nobody of students who are not active, nor of what is no event or is badly said', async () => {
    const gone = await createStudent(app.database, ada, { isActive: false });
    const admin: Viewer = { ...tenant, userId: adminIdOf(tenant), role: 'admin', departmentId: null };
    const client = await listen(admin);
    await graded(gone);
    await sent('assignments.graded', 'x', { studentIds: ['no id', student.userId] });
    await sent('risk.band-changed', 'x', {});
    await sent('users.merged', 'x', { userId: student.userId });
    await sent('constructor', 'x', { userId: student.userId });
    await finish([client, admin]);
    expect(logged(client).map(({ event, data }) => [event, data.studentId])).toEqual([
      ['submission', student.userId],
      ['notification', undefined],
    ]);
  });

  it('publishes once what is handed over twice', async () => {
    const publisher = app.app.get(Publisher, { strict: false });
    const client = await listen(ada);
    const payload = { studentIds: [student.userId] };
    const event = { id: 900_000_000, tenantId: tenant.tenantId, topic: 'activity.sessions-recorded', key: '', payload };
    await Promise.all([publisher.publish([event]), publisher.publish([event])]);
    await publisher.publish([event]);
    await finish([client, ada]);
    expect(client.of('progress')).toHaveLength(1);
  });
});

describe('the order', () => {
  it('is that in which events become visible: who publishes later waits for who began before', async () => {
    const events = app.app.get(LiveEventsRepository, { strict: false });
    const publisher = app.app.get(Publisher, { strict: false });
    const client = await listen(ada, { kinds: 'message' });
    const [begun, go] = [newGate(), newGate()];
    const { tenantId, userId } = ada;
    const audience = { tenantId, subjectId: userId, userId, instructorId: null, departmentPath: null };
    const first = database.transaction(async () => {
      await events.lock();
      await events.insert(
        [{ ...audience, outboxId: 900_000_001, kind: 'message', payload: { n: 1 } }],
        app.clock.now(),
      );
      begun.open();
      await go.opened;
    });
    await begun.opened;
    const second = { id: 900_000_002, tenantId, topic: 'messages.received', key: userId, payload: { userId } };
    const published = publisher.publish([second]);
    // or until it was heard of, which then was too early
    const heard = published.then(() => client.until((one) => one.heard.length > 0));
    await untilBlocked(app.database, heard);
    go.open();
    await Promise.all([first, heard]);
    await client.until(({ heard }) => heard.length === 2);
    expect(client.heard[0]!.data).toMatchObject({ n: 1 });
  });
});

describe('who is told', () => {
  it('is who sees the student over REST, of what they may read', async () => {
    const school = await createDepartment(app.database, tenant);
    const course = await createDepartment(app.database, school);
    const sibling = await createDepartment(app.database, school);
    const teacher = await createInstructor(app.database, course);
    const pupil = await createStudent(app.database, teacher);
    const foreign = await createTenant(app.database);
    const substitute = await createInstructor(app.database, sibling);
    const wanted = { substituteId: substitute.userId, validTo: '2026-03-16T18:00:00Z', reason: 'leave' };
    await app.as(teacher).post('/delegations').send(wanted).expect(201);
    const service = (scopes?: readonly string[], of = tenant): Viewer => {
      return { tenantId: of.tenantId, userId: serviceIdOf(of), role: 'service', departmentId: null, scopes };
    };
    const listeners: Readonly<Record<string, Viewer>> = {
      student: pupil,
      classmate: await createStudent(app.database, teacher),
      instructor: teacher,
      colleague: await createInstructor(app.database, course),
      substitute: { ...substitute, rosters: [teacher.userId] },
      'substitute by an older token': substitute,
      'supervisor of the course': await createInstructor(app.database, course, { canViewAll: true }),
      'supervisor above': await createInstructor(app.database, school, { canViewAll: true }),
      'supervisor beside': await createInstructor(app.database, sibling, { canViewAll: true }),
      admin: await createAdmin(app.database, tenant),
      service: service(),
      'service without scopes': service(['events:read', 'students:read', 'reports:read']),
      'admin of another tenant': await createAdmin(app.database, foreign),
      'service of another tenant': service(undefined, foreign),
    };
    const clients = await Promise.all(
      Object.entries(listeners).map(async ([name, viewer]) => ({ name, viewer, client: await listen(viewer) })),
    );
    const studentId = pupil.userId;
    await sent('activity.sessions-recorded', studentId, { studentIds: [studentId], days: [] });
    await sent('risk.band-changed', studentId, { studentId, from: null, to: 'high', score: 78.5, isAtRisk: true });
    await sent('assignments.submitted', randomUUID(), { studentId, assignmentId: randomUUID() });
    await finish(...clients.map(({ client, viewer }): [EventClient, Viewer] => [client, viewer]));
    const about = ({ heard }: EventClient): string =>
      heard.filter(({ data }) => data.studentId === studentId).map(({ event }) => event).join(' '); // prettier-ignore
    const all = 'progress risk submission';
    expect(Object.fromEntries(clients.map(({ name, client }) => [name, about(client)]))).toEqual({
      student: 'progress submission',
      classmate: '',
      instructor: all,
      colleague: '',
      substitute: all,
      'substitute by an older token': '',
      'supervisor of the course': all,
      'supervisor above': all,
      'supervisor beside': '',
      admin: all,
      service: all,
      'service without scopes': 'progress',
      'admin of another tenant': '',
      'service of another tenant': '',
    });
    // the dashboard is for those who have one
    const staff = clients.filter(({ client }) => client.of('dashboard').length > 0).map(({ name }) => name);
    const expected = ['instructor', 'substitute', 'supervisor of the course', 'supervisor above', 'admin'];
    expect(expected).toEqual(expect.arrayContaining(staff));
    // and what was missed is for the same
    for (const { viewer, client, name } of clients) {
      const again = await listen(viewer, { lastEventId: '0', kinds: 'progress,risk,submission' });
      await again.until(({ heard }) => heard.length >= about(client).split(' ').filter(Boolean).length);
      expect([name, about(again)]).toEqual([name, about(client)]);
    }
  });

  it('is who sees the student by now, once that was looked at', async () => {
    const [from, to] = [await createDepartment(app.database, tenant), await createDepartment(app.database, tenant)];
    const supervisor = await createInstructor(app.database, from, { canViewAll: true });
    const there = await createStudent(app.database, to);
    const client = await listen(supervisor);
    await graded(there);
    await finish([client, supervisor]);
    expect(client.of('submission')).toHaveLength(0);
    await app.database.run(
      `-- test.moveSupervisor
      update users set department_id = $2 where tenant_id = $3 and id = $1`,
      [supervisor.userId, to.departmentId, tenant.tenantId],
    );
    for (let tries = 0; tries < 100 && client.of('submission').length === 0; tries++) {
      await graded(there);
      await sleep(100);
    }
    expect(client.of('submission').length).toBeGreaterThan(0);
  });

  it('refuses operators, strangers and kinds that do not exist', async () => {
    const operator = await createOperator(app.database);
    await app.as(operator).get('/events').expect(403);
    await app.anonymous.get('/events').expect(401);
    await app.as(ada).get('/events?kinds=everything').expect(400);
    const head = await app.as(ada).head('/events').expect(200);
    expect(head.headers['content-type']).toBe('text/event-stream');
  });

  it('refuses whoever is no longer there at once, whatever the token says', async () => {
    await deactivate(ada);
    expect((await listen(ada)).status).toBe(401);
  });
});

describe('a client that comes again', () => {
  it('is told what it missed, of the kinds it asks for, and then what comes', async () => {
    const client = await listen(ada, { kinds: 'submission' });
    await graded(student);
    await client.until((one) => one.heard.length === 1);
    client.cut();
    await graded(student, await createStudent(app.database, ada));
    await sent('activity.sessions-recorded', student.userId, { studentIds: [student.userId], days: [] });
    await client.connect();
    await graded(student);
    await client.until((one) => one.heard.length === 4);
    const ids = client.heard.map(({ id }) => Number(id));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(new Set(ids).size).toBe(4);
    expect(new Set(client.heard.map(({ event }) => event))).toEqual(new Set(['submission']));
  });

  it('may say by the query what it knows', async () => {
    const client = await listen(ada);
    await graded(student);
    await client.until((one) => one.of('submission').length === 1);
    const { lastEventId } = client;
    await graded(student);
    await client.until((one) => one.of('submission').length === 2);
    const again = await listen(ada, { kinds: `submission&lastEventId=${Number(lastEventId) - 1}` });
    await again.until(({ heard }) => heard.length === 2);
    expect(again.heard).toEqual(client.of('submission'));
  });

  it('is told to begin anew with an id that is not ours, or that is too old', async () => {
    const events = app.app.get(LiveEventsRepository, { strict: false });
    const jobs = app.app.get(LiveJobs, { strict: false });
    await graded(student);
    const witness = await listen(ada, { lastEventId: '0' });
    await witness.until((one) => one.of('submission').length === 1);
    const { newest } = await events.findBounds();
    for (const lastEventId of ['nonsense', '-1', '01', '1e3', String(newest + 1), '9'.repeat(40)]) {
      const client = await listen(ada, { lastEventId, kinds: 'submission' });
      await client.until(({ heard }) => heard.length === 1);
      expect(client.heard).toEqual([{ id: String(newest), event: 'reset', data: { reason: 'unknown' } }]);
    }
    app.clock.advance(86_400 - 1);
    await jobs.deleteEvents({ signal: new AbortController().signal } as Run);
    expect((await events.findBounds()).oldest).toBeLessThan(newest);
    // some of the tests above were a little later
    app.clock.advance(3_600);
    const outcome = await jobs.deleteEvents({ signal: new AbortController().signal } as Run);
    app.clock.advance(-89_999);
    // the last one says how far events had come
    expect(outcome).toEqual({ eventsDeleted: expect.any(Number) as number });
    expect(await events.findBounds()).toEqual({ oldest: newest, newest });
    const old = await listen(ada, { lastEventId: String(newest - 2), kinds: 'submission' });
    await graded(student);
    await old.until(({ heard }) => heard.length === 2);
    expect(old.heard[0]).toEqual({ id: String(newest), event: 'reset', data: { reason: 'too_old' } });
    const current = await listen(ada, { lastEventId: String(newest), kinds: 'submission' });
    await current.until(({ heard }) => heard.length === 1);
    expect(current.heard).toEqual(old.heard.slice(1));
  });
});

describe('a read that follows from an event', () => {
  it('shows no less than the event said, also when the writer died before it could say so itself', async () => {
    const shown = async (): Promise<unknown> => (await app.as(ada).get('/students').expect(200)).body.data[0].riskScore; // prettier-ignore
    const client = await listen(ada, { kinds: 'risk' });
    for (let score = 71; score < 81; score++) {
      await shown();
      const studentId = student.userId;
      await database.transaction(async () => {
        await database.run(
          `-- test.setScore
          update student_progress set risk_score = $3, risk_day = '2026-03-01' where tenant_id = $1 and student_id = $2`,
          [tenant.tenantId, studentId, score],
        );
        await sent('risk.band-changed', studentId, { studentId, from: null, to: 'high', score, isAtRisk: true });
      });
      await client.until(({ heard }) => heard.at(-1)?.data.riskScore === score);
      expect(await shown()).toBe(score);
    }
  });
});
