import { startApp, type TestApp } from '../../test/app.js';
import { createAssignment, handOut } from '../../test/factories.assignments.js';
import {
  createAdmin, createDepartment, createInstructor, createStudents, createTenant, type Member, type Person,
  type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { deliver, jobsOf, receiptsOf, runOf, topicOf } from '../../test/messages.js';
import type { Body } from '../../test/workroom.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let colleague: Member;
let admin: Person;
let students: Member[];

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  const department = await createDepartment(app.database, tenant);
  instructor = await createInstructor(app.database, department, { name: 'Ada Okafor' });
  colleague = await createInstructor(app.database, department);
  admin = await createAdmin(app.database, tenant);
  students = await createStudents(app.database, instructor, [{ name: 'Bea *Star* Lee' }, { name: 'Cy' }, {}]);
});

const ids = (people: readonly { userId: string }[]): string[] => people.map(({ userId }) => userId).sort();
const text = { subject: 'Hello', body: 'How are you?' };
const post = (body: object, viewer: Person = instructor) =>
  app
    .as(viewer)
    .post('/messages')
    .send({ ...text, ...body });
const read = async (id: string, viewer: Person = instructor): Promise<Body> =>
  (await app.as(viewer).get(`/messages/${id}`).expect(200)).body;
const change = (id: string, version: number, body: object) =>
  app.as(instructor).patch(`/messages/${id}`).set('if-match', `"${version}"`).send(body);
const code = (wanted: string, pointer?: string) => (response: { body: Body }) => {
  const errors = response.body['errors'] as { pointer: string }[] | undefined;
  expect([response.body['code'], errors?.[0]?.pointer]).toEqual([wanted, pointer]);
};
const userIds = (people: readonly { userId: string }[]): object => ({ to: { userIds: ids(people) } });
const recipientsOf = async (id: string): Promise<unknown[]> => (await receiptsOf(app, id)).map(({ userId }) => userId);

describe('until it is on its way', () => {
  it('is sent when it is due, by the clock that is meant', async () => {
    const send = async (body: object): Promise<Body> =>
      (await post({ ...userIds(students), ...body }).expect(201)).body;
    // London: 09:00 UTC in March; after the clocks went forward on the 29th 08:00 UTC
    expect((await send({ sendOn: '2026-03-03', sendTime: '09:00' }))['sendAt']).toBe('2026-03-03T09:00:00Z');
    expect((await send({ sendOn: '2026-03-30', sendTime: '09:00' }))['sendAt']).toBe('2026-03-30T08:00:00Z');
    const tokyo = { sendOn: '2026-03-03', sendTime: '09:00', timeZone: 'Asia/Tokyo' };
    const { id, status, sendAt } = await send(tokyo);
    expect([status, sendAt]).toEqual(['scheduled', '2026-03-03T00:00:00Z']);
    const due = async (): Promise<unknown> => jobsOf(app).sendDue(runOf(null, ''));
    const begun = async (): Promise<unknown> =>
      (await topicOf(app, tenant.tenantId, 'messages.accepted')).map(({ key }) => key);
    app.clock.set('2026-03-02T23:59:59Z');
    await due();
    expect(await begun()).toEqual([]);
    app.clock.set('2026-03-03T00:00:00Z');
    await Promise.all([due(), due()]);
    expect(await begun()).toEqual([id]);
    await deliver(app, tenant.tenantId);
    expect(await read(String(id))).toMatchObject({ status: 'sent', sentAt: '2026-03-03T00:00:00Z', queued: 0 });
  });

  it('goes to each when it is that time where they are, whoever stops it or looks twice', async () => {
    const [here, tokyo, york] = students as [Member, Member, Member];
    for (const [{ userId }, zone] of [[tokyo, 'Asia/Tokyo'], [york, 'America/New_York']] as const) {
      await app.database.run(
        `-- test.insertPreferences
        insert into preferences (tenant_id, user_id, time_zone, choices, muted_sender_ids, muted_thread_ids, updated_at)
        values ($1, $2, $3, '{}', '{}', '{}', '2026-03-01')`,
        [tenant.tenantId, userId, zone],
      );
    } // prettier-ignore
    // when clocks in New York go from two to three
    const local = { to: { filter: {} }, sendOn: '2026-03-08', sendTime: '02:30', inRecipientsZone: true };
    const first = { sendAt: '2026-03-07T17:30:00Z', sendLocal: '2026-03-08T02:30', status: 'scheduled' };
    await post({ ...local, timeZone: 'Asia/Tokyo' })
      .expect(400)
      .expect(code('request_invalid', '/timeZone'));
    await post({ to: local.to, inRecipientsZone: true }).expect(400).expect(code('request_invalid', '/sendOn'));
    const [all, stopped, late] = [
      (await post(local).expect(201)).body,
      (await post(local).expect(201)).body,
      (await post({ ...local, recipients: 'at-sending' }).expect(201)).body,
    ] as [Body, Body, Body];
    expect([all, stopped, late]).toMatchObject([first, first, { ...first, wanted: 0 }]);
    expect((await change(String(all['id']), 1, { subject: 'Hi' }).expect(200)).body).toMatchObject(first);
    const tick = async (now: string): Promise<void> => {
      app.clock.set(now);
      await Promise.all([1, 2].map(() => jobsOf(app).sendDue(runOf(null, ''))));
      await Promise.all([1, 2].map(() => deliver(app, tenant.tenantId)));
    };
    await tick('2026-03-07T17:29:59Z');
    expect(await recipientsOf(String(all['id']))).toEqual([]);
    await tick('2026-03-07T17:30:00Z');
    for (const { id } of [all, late]) {
      expect(await recipientsOf(String(id))).toEqual([tokyo.userId]);
      const between = {
        status: 'scheduled',
        sendAt: '2026-03-08T02:30:00Z',
        sentAt: first.sendAt,
        wanted: 3,
        queued: 2,
      };
      expect(await read(String(id))).toMatchObject(between);
    }
    await change(String(all['id']), 4, { subject: 'x' }).expect(412);
    const { version } = await read(String(all['id']));
    await change(String(all['id']), Number(version), { subject: 'x' }).expect(409).expect(code('message_sending'));
    const act = (what: string, { id }: Body) => app.as(instructor).post(`/messages/${String(id)}/${what}`);
    const over = { status: 'cancelled', wanted: 3, withheld: 2, queued: 0 };
    expect((await act('cancel', stopped).expect(200)).body).toMatchObject(over);
    await tick('2026-03-08T02:30:00Z');
    expect(await recipientsOf(String(all['id']))).toEqual(ids([here, tokyo]));
    await tick('2026-03-08T06:59:59Z');
    expect((await read(String(all['id'])))['sendAt']).toBe('2026-03-08T07:00:00Z');
    await tick('2026-03-08T07:00:00Z');
    for (const { id } of [all, late]) {
      expect(await recipientsOf(String(id))).toEqual(ids(students));
      expect(await read(String(id))).toMatchObject({ status: 'sent', queued: 0, withheld: 0 });
    }
    expect(await recipientsOf(String(stopped['id']))).toEqual([tokyo.userId]);
    const [thread] = (await app.as(york).get('/threads').expect(200)).body.data as Body[];
    expect(thread!['lastAt']).toBe('2026-03-08T07:00:00Z');
    const sent = await app.database.many<Body>(
      `-- test.sentEntries
      select target_id from audit_entries where tenant_id = $1 and action = 'message.sent'`,
      [tenant.tenantId],
    );
    expect(sent).toHaveLength(3);
    await act('recall', (await post({ ...userIds(students), sendAt: '2026-03-10T08:00:00Z' }).expect(201)).body)
      .expect(409)
      .expect(code('message_scheduled'));
    expect((await act('recall', stopped).expect(200)).body).toMatchObject({ ...over, recalledAt: expect.any(String) as string }); // prettier-ignore
    expect((await app.as(tokyo).get('/threads/unread').expect(200)).body.unreadMessages).toBe(2);
  });

  it('goes to who was meant, or to who is meant by then', async () => {
    const schedule = { to: { filter: {} }, sendAt: '2026-03-03T08:00:00Z' };
    const frozen = await post(schedule).expect(201);
    const later = await post({ ...schedule, recipients: 'at-sending' }).expect(201);
    const nobody = await post({ ...schedule, to: { filter: { search: 'Zoe' } }, recipients: 'at-sending' }).expect(201);
    expect([frozen.body.wanted, later.body.wanted]).toEqual([3, 0]);
    const [zed] = await createStudents(app.database, instructor, [{}]);
    await app.database.run(
      `-- test.deactivate
      update users set is_active = false where tenant_id = $1 and id = $2`,
      [tenant.tenantId, students[0]!.userId],
    );
    app.clock.set('2026-03-03T08:00:00Z');
    await jobsOf(app).sendDue(runOf(null, ''));
    await deliver(app, tenant.tenantId);
    expect(await recipientsOf(frozen.body.id)).toEqual(ids(students.slice(1)));
    expect(await read(frozen.body.id)).toMatchObject({ wanted: 3, withheld: 1, status: 'sent' });
    expect(await recipientsOf(later.body.id)).toEqual(ids([...students.slice(1), zed!]));
    expect(await read(nobody.body.id)).toMatchObject({ status: 'failed', error: 'This means nobody.', wanted: 0 });
  });

  it('goes to nobody when by then a variable stands for nothing with one of them', async () => {
    const assignment = await createAssignment(app.database, instructor, { dueAt: '2026-03-09T12:00:00Z' });
    await handOut(app.database, assignment, students);
    const { assignmentId } = assignment;
    const schedule = { sendAt: '2026-03-03T08:00:00Z', to: { filter: {} }, body: '{{assignment.dueAt}}', assignmentId };
    const sent = [await post(schedule).expect(201), await post({ ...schedule, recipients: 'at-sending' }).expect(201)];
    await app.database.run(
      `-- test.takeBack
      update submissions set withdrawn_at = now() where tenant_id = $1 and student_id = $2`,
      [tenant.tenantId, students[0]!.userId],
    );
    app.clock.set('2026-03-03T08:00:00Z');
    await jobsOf(app).sendDue(runOf(null, ''));
    await deliver(app, tenant.tenantId);
    for (const { body } of sent) {
      const error = 'assignment.dueAt stands for nothing with 1 of the recipients.';
      expect(await read(body.id)).toMatchObject({ status: 'failed', error });
      expect(await recipientsOf(body.id)).toEqual([]);
    }
  });

  it('is sent by nobody who has left', async () => {
    const { body } = await post({ ...userIds(students), sendAt: '2026-03-03T08:00:00Z' }).expect(201);
    await app.database.run(
      `-- test.deactivate
      update users set is_active = false where tenant_id = $1 and id = $2`,
      [tenant.tenantId, instructor.userId],
    );
    app.clock.set('2026-03-03T08:00:00Z');
    await jobsOf(app).sendDue(runOf(null, ''));
    await deliver(app, tenant.tenantId);
    expect(await recipientsOf(body.id)).toEqual([]);
  });

  it('can be changed by who has read what it is, and cancelled', async () => {
    const { body } = await post({ ...userIds(students), sendAt: '2026-03-03T08:00:00Z' }).expect(201);
    const id = body.id as string;
    await app.as(instructor).patch(`/messages/${id}`).send({ subject: 'x' }).expect(428);
    await change(id, 2, { subject: 'x' }).expect(412);
    await change(id, 1, { sendAt: '2026-03-01T08:00:00Z' }).expect(422);
    const changed = await change(id, 1, { subject: 'Bye' }).expect(200);
    expect(changed.body).toMatchObject({ subject: 'Bye', body: text.body, version: 2, wanted: 3, status: 'scheduled' });
    const fewer = { to: { userIds: [students[0]!.userId] }, sendAt: '2026-03-04T08:00:00Z' };
    expect((await change(id, 2, fewer).expect(200)).body).toMatchObject({ wanted: 1, sendAt: '2026-03-04T08:00:00Z' });
    await app.as(colleague).post(`/messages/${id}/cancel`).expect(404);
    for (let times = 0; times < 2; times++) {
      const { body: over } = await app.as(instructor).post(`/messages/${id}/cancel`).expect(200);
      expect(over.status).toBe('cancelled');
    }
    await change(id, 4, { subject: 'x' }).expect(409).expect(code('message_cancelled'));
    app.clock.set('2026-03-05T08:00:00Z');
    await jobsOf(app).sendDue(runOf(null, ''));
    expect((await read(id))['status']).toBe('cancelled');
  });

  it('is a draft until it is sent, once', async () => {
    const { body } = await post({ isDraft: true }).expect(201);
    const id = body.id as string;
    const send = () => app.as(instructor).post(`/messages/${id}/send`).send({});
    await send().expect(400).expect(code('request_invalid', '/to'));
    await change(id, 1, { to: { filter: { search: 'Bea' } } }).expect(200);
    const answers = await Promise.all([send(), send(), send()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    await deliver(app, tenant.tenantId);
    expect(await recipientsOf(id)).toEqual([students[0]!.userId]);
    await app.as(instructor).post(`/messages/${id}/cancel`).expect(409).expect(code('message_sent'));
    await change(id, 3, { subject: 'x' }).expect(409);
  });

  it("is in one's own list alone, page by page", async () => {
    for (const subject of ['1', '2', '3']) await post({ subject, isDraft: true, ...userIds(students) }).expect(201);
    await post(userIds([instructor]), admin).expect(201);
    const list = async (query: string, viewer: Person = instructor): Promise<Body> =>
      (await app.as(viewer).get(`/messages?${query}`).expect(200)).body;
    const first = await list('limit=2&status=draft');
    const { nextCursor } = first['pagination'] as { nextCursor: string };
    const second = await list(`limit=2&status=draft&cursor=${nextCursor}`);
    const data = [first, second].flatMap((page) => page['data'] as Body[]);
    expect(data.map(({ subject }) => subject)).toEqual(['3', '2', '1']);
    expect(data[0]!['to']).toEqual({});
    expect((await list('status=sent'))['data']).toEqual([]);
    await app.as(colleague).get(`/messages/${String(data[0]!['id'])}`).expect(404); // prettier-ignore
    await app.as('service', tenant).get('/messages').expect(403);
  });
});
