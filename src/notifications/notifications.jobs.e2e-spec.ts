import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { type Assignment, type AssignmentOptions, createAssignment } from '../../test/factories.assignments.js';
import { adminIdOf, createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { until } from '../../test/jobs.js';
import { deliver, receiptsOf, topicOf } from '../../test/messages.js';
import { occurrencesOf, trayOf } from '../../test/occurrences.js';
import { AssignmentClockJobs } from '../assignments/assignment-clock.jobs.js';
import { Outbox } from '../jobs/outbox.js';
import { ReportsJobs } from '../reports/reports.jobs.js';
import type { NotificationResponse } from './notifications.dto.js';
import { NotificationsJobs } from './notifications.jobs.js';

const start = '2026-03-02T08:00:00Z';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let substitute: Member;
let students: [Member, Member, Member];
let events: ReturnType<typeof occurrencesOf>;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set(start);
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  substitute = await createInstructor(app.database, tenant);
  students = (await createStudents(app.database, instructor, [{ name: 'Ada' }, { name: 'Bea' }, { name: 'Cy' }])) as [
    Member, Member, Member,
  ]; // prettier-ignore
  events = occurrencesOf(app, tenant);
});

const run = (payload: object, occasion = uuidv7()) => ({
  job: 'notifications.tell',
  tenantId: tenant.tenantId,
  key: '',
  occasion,
  payload: payload as Record<string, string>,
  attempt: 1,
  signal: new AbortController().signal,
});
const jobs = (): NotificationsJobs => app.app.get(NotificationsJobs, { strict: false });
const titles = async (person: Member, query = ''): Promise<string[]> =>
  (await trayOf(app, person, query)).map(({ title }) => title);
const own = (options: AssignmentOptions = {}): Promise<Assignment> =>
  createAssignment(app.database, instructor, { title: 'Essay', ...options });
const give = (assignment: Assignment, people: readonly Member[] = students) =>
  app
    .as(instructor)
    .post(`/assignments/${assignment.assignmentId}/hand-outs`)
    .send({ studentIds: people.map(({ userId }) => userId) })
    .expect(200);
/** The minute's tick of assignments, and what follows. */
async function tick(): Promise<void> {
  await app.app.get(AssignmentClockJobs, { strict: false }).followClock(run({}));
  await events.follow();
}
const deactivate = ({ userId }: Member) =>
  app.database.run(
    `-- test.deactivate
    update users set is_active = false where tenant_id = $1 and id = $2`,
    [tenant.tenantId, userId],
  );
const standIn = (): Promise<number> =>
  app.database.run(
    `-- test.standIn
    insert into delegations
      (tenant_id, id, instructor_id, substitute_id, valid_from, valid_to, created_by, reason, created_at)
    values ($1, $2, $3, $4, '2026-03-01', '2026-03-08', $3, 'ill', '2026-03-01')`,
    [tenant.tenantId, uuidv7(), instructor.userId, substitute.userId],
  );

describe('assignments', () => {
  it('are told to whom they are given, once, however often and at once it is told', async () => {
    const assignment = await own();
    await give(assignment);
    await events.follow();
    const [ada] = students;
    expect(await trayOf(app, ada)).toMatchObject([
      {
        type: 'assignment_created',
        title: 'New assignment: Essay',
        body: 'It is due on 9 Mar 2026, 12:00.',
        actionUrl: `/assignments/${assignment.assignmentId}`,
        expiresAt: '2026-05-31T08:00:00Z',
      },
    ]);
    await events.repeat({ beside: true });
    await give(assignment);
    await events.follow();
    for (const student of students) expect(await titles(student)).toEqual(['New assignment: Essay']);
    expect(await titles(instructor)).toEqual([]);
    const created = await app.database.many<{ key: string }>(
      `-- test.createdEvents
      select key from outbox where tenant_id = $1 and topic = 'notifications.created'`,
      [tenant.tenantId],
    );
    expect(created.map(({ key }) => key).sort()).toEqual(students.map(({ userId }) => userId).sort());
  });

  it('are told once they are published and available, to whoever has them then and is active', async () => {
    const [ada, bea, cy] = students;
    const draft = await own({ status: 'draft', availableFrom: '2026-03-03T08:00:00Z' });
    await give(draft);
    await app.as(instructor).post(`/assignments/${draft.assignmentId}/publish`).set('if-match', '"1"').send({}).expect(200); // prettier-ignore
    await tick();
    expect(await titles(ada)).toEqual([]);
    await deactivate(cy);
    await app.as(instructor).post(`/assignments/${draft.assignmentId}/withdraw`).send({ studentIds: [bea.userId] }).expect(200); // prettier-ignore
    app.clock.set('2026-03-03T08:01:00Z');
    await tick();
    expect([await titles(ada), await titles(bea)]).toEqual([['New assignment: Essay'], []]);
    const [told] = await app.database.many<{ count: number }>(
      `-- test.countTold
      select count(*) as count from notification_causes where tenant_id = $1 and user_id = $2`,
      [tenant.tenantId, cy.userId],
    );
    expect(told!.count).toBe(0);
  });

  it('are told of as due soon and overdue, anew for another due date, and to staff in one line a day', async () => {
    const [ada, bea] = students;
    const [essay, quiz] = [await own({ dueAt: '2026-03-04T12:00:00Z' }), await own({ title: 'Quiz', dueAt: '2026-03-04T13:00:00Z' })]; // prettier-ignore
    await give(essay, [ada, bea]);
    await give(quiz, [ada]);
    await tick();
    expect((await trayOf(app, ada)).map(({ title }) => title).sort()).toEqual([
      'Due soon: Essay', 'Due soon: Quiz', 'New assignment: Essay', 'New assignment: Quiz',
    ]); // prettier-ignore
    const [soon] = await trayOf(app, bea, '&type=assignment_due');
    expect(soon).toMatchObject({ body: 'Hand it in by 4 Mar 2026, 12:00.', expiresAt: '2026-03-04T12:00:00Z' });
    app.clock.set('2026-03-04T12:00:30Z');
    await standIn();
    await tick();
    expect(await trayOf(app, instructor)).toMatchObject([
      { title: 'Work is overdue', body: 'Essay: 2 students have not handed it in.', count: 2, priority: 'normal' },
    ]);
    app.clock.set('2026-03-04T13:00:30Z');
    await tick();
    expect(await trayOf(app, ada, '&type=assignment_overdue')).toMatchObject([
      { title: 'Overdue: Quiz', body: 'It was due on 4 Mar 2026, 13:00.' },
      { title: 'Overdue: Essay' },
    ]);
    expect(await titles(ada, '&type=assignment_due')).toEqual([]);
    const line = { title: 'Work is overdue', body: 'Quiz: 1 student has not handed it in.', count: 3 };
    expect(await trayOf(app, instructor)).toMatchObject([line]);
    expect(await trayOf(app, substitute)).toMatchObject([line]);
    await events.repeat({ beside: true });
    expect(await trayOf(app, instructor)).toMatchObject([line]);
    await app.database.run(
      `-- test.extend
      update submissions set extended_until = '2026-03-05T12:00:00Z'
      where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
      [tenant.tenantId, essay.assignmentId, bea.userId],
    );
    await tick();
    expect(await titles(bea, '&type=assignment_due')).toEqual(['Due soon: Essay']);
    app.clock.set('2026-03-05T12:01:00Z');
    await tick();
    expect(await titles(bea, '&type=assignment_overdue')).toEqual(['Overdue: Essay', 'Overdue: Essay']);
    expect((await trayOf(app, instructor)).map(({ count }) => count)).toEqual([1, 3]);
  });

  it('are told of as graded once the grade is to be seen', async () => {
    const [ada, bea] = students;
    const essay = await own({ gradeRelease: 'manual', needsGrading: true });
    await give(essay, [ada, bea]);
    const grade = async (student: Member, value: number): Promise<void> => {
      const path = `/assignments/${essay.assignmentId}/submissions/${student.userId}`;
      const { headers } = await app.as(instructor).get(path).expect(200);
      await app.as(instructor).put(`${path}/grade`).set('if-match', headers['etag'] as string).send({ grade: value, reason: 'Looked at' }).expect(200); // prettier-ignore
      await events.follow();
    };
    await grade(ada, 80);
    const graded = (student: Member): Promise<NotificationResponse[]> => trayOf(app, student, '&type=assignment_graded'); // prettier-ignore
    expect(await graded(ada)).toEqual([]);
    await app.as(instructor).post(`/assignments/${essay.assignmentId}/release-grades`).send({}).expect(200); // prettier-ignore
    await events.follow();
    expect(await graded(ada)).toMatchObject([{ title: 'Graded: Essay', count: 1 }]);
    expect(await graded(bea)).toEqual([]);
    app.clock.advance(60);
    await grade(ada, 90);
    await grade(bea, 70);
    await events.repeat();
    expect(await graded(ada)).toMatchObject([{ count: 2 }]);
    expect(await graded(bea)).toMatchObject([{ count: 1 }]);
  });
});

describe('other occasions', () => {
  it('tells who has a message that it is there, of a thread in one line', async () => {
    const [ada, bea, cy] = students;
    const send = async (): Promise<string> => {
      const message = { subject: 'x', body: 'x', to: { filter: {} } };
      const { body } = await app.as(instructor).post('/messages').send(message).expect(201);
      await deliver(app, tenant.tenantId);
      return body.id as string;
    };
    const id = await send();
    const receipts = await receiptsOf(app, id);
    const threadOf = ({ userId }: Member): string =>
      String(receipts.find((one) => one['userId'] === userId)!['threadId']);
    await app
      .as(ada)
      .post(`/threads/${threadOf(ada)}/replies`)
      .send({ body: 'x' })
      .expect(201);
    await app
      .as(instructor)
      .post(`/threads/${threadOf(ada)}/replies`)
      .send({ body: 'x' })
      .expect(201);
    await events.follow();
    await events.repeat({ beside: true });
    const line = (student: Member, count: number): object => {
      return { type: 'message_received', title: 'New message', actionUrl: `/messages/${threadOf(student)}`, count };
    };
    for (const [student, count] of [[ada, 2], [bea, 1], [cy, 1]] as const) {
      expect(await trayOf(app, student)).toMatchObject([line(student, count)]);
    } // prettier-ignore
    expect(await trayOf(app, instructor)).toMatchObject([line(ada, 1)]);
    // one job for all who have got it, and none of what is not to be seen
    const recalled = await send();
    expect((await topicOf(app, tenant.tenantId, 'messages.distributed')).map(({ payload }) => payload)).toEqual([
      { messageId: id, userIds: students.map(({ userId }) => userId).sort() },
      expect.objectContaining({ userIds: [instructor.userId] }),
      expect.objectContaining({ userIds: [ada.userId] }),
      { messageId: recalled, userIds: students.map(({ userId }) => userId).sort() },
    ]);
    await app.as(instructor).post(`/messages/${recalled}/recall`).expect(200);
    await events.follow();
    expect(await trayOf(app, bea)).toMatchObject([line(bea, 1)]);
  });

  it('tells who asked for a report that it is ready', async () => {
    const { body: report } = await app.as(instructor).post('/reports').send({ kind: 'roster', format: 'csv' }).expect(202); // prettier-ignore
    const told = () => jobs().tellReport(run({ reportIds: [report.id] }));
    expect(await told()).toEqual({ told: 0 });
    await app.database.run(
      `-- test.finishReport
      update report_files set status = 'ready', expires_at = '2026-03-09' where tenant_id = $1`,
      [tenant.tenantId],
    );
    expect([await told(), await told()]).toEqual([{ told: 1 }, { told: 0 }]);
    expect(await trayOf(app, instructor)).toMatchObject([
      { type: 'report_ready', body: 'roster (csv), kept until 2026-03-09.', actionUrl: `/reports/${report.id}` },
    ]);
  });

  it('tells who asked for a report that there will be none', async () => {
    const { body: report } = await app.as(instructor).post('/reports').send({ kind: 'roster', format: 'csv' }).expect(202); // prettier-ignore
    app.clock.advance(86_401);
    await app.app.get(ReportsJobs, { strict: false }).expireFiles(run({}));
    await events.follow();
    await events.repeat();
    const body = expect.stringContaining('roster (csv): It was begun several times') as string;
    expect(await trayOf(app, instructor)).toMatchObject([
      { type: 'report_failed', priority: 'high', body, actionUrl: `/reports/${report.id}`, count: 1 },
    ]);
  });

  it('tells administrators that a job of their tenant has failed, of each job once a day', async () => {
    const admin = { ...instructor, userId: adminIdOf(tenant), role: 'admin' } as const;
    for (const occasion of ['outbox-1', 'outbox-2', 'outbox-2']) {
      await jobs().tellFailed(run({ job: 'reports.mail-ready', occasion }));
    }
    await jobs().tellFailed(run({ job: 'notifications.tell-graded', occasion: 'outbox-3' }));
    expect(await trayOf(app, admin)).toMatchObject([{ type: 'system_alert', priority: 'high', count: 2 }]);
    expect(await titles(instructor)).toEqual([]);
  });
});

it('clears away what is over', async () => {
  const [ada] = students;
  await give(await own());
  await events.follow();
  app.clock.set('2026-05-31T08:00:01Z');
  expect(await titles(ada)).toEqual([]);
  const left = async (): Promise<object> => {
    await jobs().deleteExpired(run({}));
    return app.database.one(
      `-- test.countLeft
      select (select count(*) from notifications where tenant_id = $1) as lines,
        (select count(*) from notification_causes where tenant_id = $1) as causes`,
      [tenant.tenantId],
    );
  };
  expect(await left()).toEqual({ lines: 3, causes: 3 });
  app.clock.set('2026-06-07T08:00:01Z');
  expect(await left()).toEqual({ lines: 0, causes: 3 });
  app.clock.set('2027-04-06T08:00:01Z');
  expect(await left()).toEqual({ lines: 0, causes: 0 });
});

it('goes through the queues', async () => {
  const working = await startApp({ worker: true });
  try {
    const place = await createTenant(working.database);
    const teacher = await createInstructor(working.database, place);
    const [ada] = await createStudents(working.database, teacher, [{}]);
    const { assignmentId } = await createAssignment(working.database, teacher, { title: 'Essay' });
    const body = { studentIds: [ada!.userId] };
    await working.as(teacher).post(`/assignments/${assignmentId}/hand-outs`).send(body).expect(200);
    await working.app
      .get(Outbox, { strict: false })
      .append(place.tenantId, 'assignments.handed-out', assignmentId, { assignmentId, ...body });
    const runs = (): Promise<object[]> =>
      working.database.many(
        `-- test.tellingRuns
        select outcome from job_runs
        where job = 'notifications.tell-assigned' and status = 'completed' and tenant_id = $1`,
        [place.tenantId],
      );
    const outcomes = await until(runs, 2);
    expect(outcomes).toEqual(expect.arrayContaining([{ outcome: { told: 1 } }, { outcome: { told: 0 } }]));
    expect(await trayOf(working, ada!)).toHaveLength(1);
  } finally {
    await working.stop();
  }
});
