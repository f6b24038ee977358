import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
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
let others: Member[];

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
  others = await createStudents(app.database, colleague, [{}]);
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
const code = (wanted: string, pointer?: string) => (response: { body: Body }) => {
  const errors = response.body['errors'] as { pointer: string }[] | undefined;
  expect([response.body['code'], errors?.[0]?.pointer]).toEqual([wanted, pointer]);
};
const userIds = (people: readonly { userId: string }[]): object => ({ to: { userIds: ids(people) } });
const recipientsOf = async (id: string): Promise<unknown[]> => (await receiptsOf(app, id)).map(({ userId }) => userId);

describe('sending', () => {
  it('puts one into the box of each recipient, and tells of it', async () => {
    const { body, headers } = await post(userIds(students)).expect(201);
    expect(headers['location']).toBe(`/api/v1/messages/${body.id}`);
    expect(body).toMatchObject({ status: 'sending', wanted: 3, queued: 3, sentAt: '2026-03-02T08:00:00Z' });
    expect(await topicOf(app, tenant.tenantId, 'messages.accepted')).toEqual([
      { key: body.id, payload: { messageId: body.id } },
    ]);
    await deliver(app, tenant.tenantId);
    const message = await read(body.id);
    expect(message).toMatchObject({ status: 'sent', wanted: 3, queued: 0, withheld: 0 });
    expect(message['states']).toEqual({ sent: 3, delivered: 3, openedInApp: 0, reminded: 0 });
    const receipts = await receiptsOf(app, body.id);
    expect(receipts.map(({ userId }) => userId)).toEqual(ids(students));
    expect(receipts[0]).toMatchObject({ channel: 'app', deliveredAt: '2026-03-02T08:00:00Z', variables: null });
    const events = await topicOf(app, tenant.tenantId, 'messages.received');
    expect(events).toEqual(
      receipts.map(({ userId, threadId }) => ({ key: userId, payload: { messageId: body.id, threadId, userId } })),
    );
    const [entry] = await auditTrail(app.database, tenant.tenantId, 'message.sent');
    expect(entry).toMatchObject({ actorId: instructor.userId, targetId: body.id, after: { wanted: 3, to: {} } });
    // an event may be told again
    await jobsOf(app).fanOutMessage(runOf(tenant.tenantId, body.id));
    expect(await receiptsOf(app, body.id)).toEqual(receipts);
  });

  it('goes to a filter, a segment, a department and a roster, within what the sender may see', async () => {
    const segment = await app.as(instructor).post('/segments').send({ name: 'All', filter: {} }).expect(201);
    const audiences = [
      { filter: { search: 'Bea' } },
      { segmentId: segment.body.id },
      { departmentId: tenant.departmentId },
      { instructorId: instructor.userId },
    ];
    const sent: Body[] = [];
    for (const to of audiences) sent.push((await post({ to }).expect(201)).body);
    const all = (await post({ to: { departmentId: tenant.departmentId } }, admin).expect(201)).body;
    await deliver(app, tenant.tenantId);
    const found = await Promise.all(sent.map(({ id }) => recipientsOf(String(id))));
    expect(found).toEqual([[students[0]!.userId], ids(students), ids(students), ids(students)]);
    expect(await recipientsOf(all.id)).toEqual(ids([...students, ...others]));
    const nobody = { to: { instructorId: colleague.userId } };
    await post(nobody).expect(422).expect(code('recipients_none', '/to'));
    await post({ to: { segmentId: uuidv7() } }).expect(404);
    await post({ to: { segmentId: segment.body.id } }, colleague).expect(404);
  });

  it('refuses whom one may not write to as it does whom there is not', async () => {
    const stranger = await createInstructor(app.database, await createTenant(app.database));
    const [gone] = await createStudents(app.database, instructor, [{ isActive: false }]);
    for (const person of [others[0]!, stranger, gone!, instructor, { userId: uuidv7() }]) {
      const to = { userIds: [students[0]!.userId, person.userId] };
      await post({ to }).expect(422).expect(code('recipient_not_found', '/to/userIds/1'));
    }
    expect((await post(userIds([colleague])).expect(201)).body.wanted).toBe(1);
    const [student] = students;
    expect((await post(userIds([instructor]), student).expect(201)).body.wanted).toBe(1);
    for (const person of [colleague, students[1]!, admin, student!]) {
      await post(userIds([person]), student)
        .expect(422)
        .expect(code('recipient_not_found', '/to/userIds/0'));
    }
    await post({ to: { filter: {} } }, student)
      .expect(403)
      .expect(code('audience_denied'));
    await app.as('service', tenant).post('/messages').send({ ...text, ...userIds(students) }).expect(403); // prettier-ignore
  });

  it('refuses what is not a message', async () => {
    const to = { filter: {} };
    for (const subject of ['', 'a\r\nBcc: b@example.org', 'a\u2028b', 'a\u0085b', 'x'.repeat(201)]) {
      await post({ to, subject }).expect(400).expect(code('request_invalid', '/subject'));
    }
    await post({ to, body: 'x'.repeat(20_001) }).expect(400);
    await post({ to, contentType: 'rtf' }).expect(400).expect(code('request_invalid', '/contentType'));
    for (const url of ['http://example.org', 'javascript:alert(1)', 'https://a b']) {
      await post({ to, attachments: [{ title: 'x', url }] }).expect(400);
    }
    await post({ to: {} }).expect(400).expect(code('request_invalid', '/to'));
    await post({}).expect(400).expect(code('request_invalid', '/to'));
    await post({ to: { filter: {}, instructorId: instructor.userId } }).expect(400);
    await post({ to: { userIds: [] } }).expect(400);
    await post({ to, isDraft: true, sendAt: '2026-03-03T08:00:00Z' }).expect(400);
    for (const sendAt of ['2026-03-02T08:00:00Z', '2027-06-01T08:00:00Z']) await post({ to, sendAt }).expect(422);
    await post({ to, sendOn: '2026-03-03' }).expect(400).expect(code('request_invalid', '/sendTime'));
    await post({ to, sendOn: '2026-03-01', sendTime: '09:00' }).expect(422).expect(code('time_over', '/sendOn'));
    const zoned = { to, sendOn: '2026-03-03', sendTime: '09:00', timeZone: 'Mars/Base' };
    await post(zoned).expect(422).expect(code('time_zone_unknown', '/timeZone'));
    const expired = { to, sendAt: '2026-03-03T08:00:00Z', expiresAt: '2026-03-03T08:00:00Z' };
    await post(expired).expect(422).expect(code('time_over', '/expiresAt'));
  });

  it('is shown as HTML without what is not safe, to whoever reads it', async () => {
    const hostile =
      '<script>alert(1)</script><p onclick="x()">Hi <b>{{firstName}}</b></p><img src=https://spy.example/p>';
    const [html, markdown] = [
      await post({ ...userIds(students), body: hostile, contentType: 'html' }).expect(201),
      await post({ ...userIds(students), body: `**{{ firstName }}** <b>`, contentType: 'markdown' }).expect(201),
    ];
    expect(await read(html.body.id)).toMatchObject({ body: hostile, html: '<p>Hi <b>{{firstName}}</b></p>' });
    expect((await post({ isDraft: true }).expect(201)).body.html).toBeNull();
    await deliver(app, tenant.tenantId);
    await app.database.run(
      `-- test.nameBadly
      update message_recipients set variables = '{"firstName": "<i>B&_"}' where tenant_id = $1`,
      [tenant.tenantId],
    );
    const shown = async (id: string): Promise<Body[]> => {
      const receipt = (await receiptsOf(app, id)).find(({ userId }) => userId === students[0]!.userId)!;
      const thread = app.as(students[0]!).get(`/threads/${String(receipt['threadId'])}/messages`);
      return (await thread.expect(200)).body.data;
    };
    const safe = '<p>Hi <b>&lt;i&gt;B&amp;_</b></p>';
    expect(await shown(html.body.id)).toMatchObject([{ contentType: 'html', body: safe, html: safe }]);
    expect(await shown(markdown.body.id)).toMatchObject([
      { body: '**\\<i\\>B\\&\\_** <b>', html: '<p><strong>&lt;i&gt;B&amp;_</strong> &lt;b&gt;</p>\n' },
    ]);
    const preview = { ...text, ...userIds(students), body: '<b>{{firstName}}</b><br>', contentType: 'html' };
    const { body } = await app.as(instructor).post('/messages/preview').send(preview).expect(200);
    expect([body.body, body.html]).toEqual(['<b>Bea</b><br />', '<b>Bea</b><br />']);
  });

  it('is sent once by an id and by an Idempotency-Key, also at once', async () => {
    const id = uuidv7();
    const send = () => post({ ...userIds(students), id });
    const answers = await Promise.all([send(), send(), send()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 201]);
    const keyed = () => post(userIds(students)).set('idempotency-key', 'once').expect(201);
    expect((await keyed()).body.id).toBe((await keyed()).body.id);
    const { body } = await app.as(instructor).get('/messages').expect(200);
    expect(body.data).toHaveLength(2);
    await post({ ...userIds([students[0]!]), id }, admin)
      .expect(409)
      .expect(code('message_id_taken', '/id'));
  });

  it('goes to 100,000 people at most', async () => {
    const other = await createTenant(app.database);
    const fill = (count: number): Promise<unknown> =>
      app.database.transaction(async () => {
        await app.database.run('-- test.withoutTriggers\nset local session_replication_role = replica');
        await app.database.run(
          `-- test.insertMany
          insert into student_progress (tenant_id, student_id, department_id, name, is_active, joined_on,
            risk_threshold, top_performer_threshold)
          select $1, gen_random_uuid(), $2, 'x', true, '2025-09-01', 70, 85 from generate_series(1, $3::integer)`,
          [other.tenantId, other.departmentId, count],
        );
      });
    await fill(100_000);
    const send = () => app.as('admin', other).post('/messages').send({ ...text, to: { filter: {} } }); // prettier-ignore
    expect((await send().expect(201)).body.wanted).toBe(100_000);
    await fill(1);
    const { body } = await send().expect(422).expect(code('recipients_too_many', '/to'));
    expect(body.detail).toContain('100,000');
  });
});

describe('variables', () => {
  it('are put in for each recipient, as words', async () => {
    const assignment = await createAssignment(app.database, instructor, { title: 'Radio', dueAt: '2026-07-09T16:00:00Z' }); // prettier-ignore
    await handOut(app.database, assignment, students.slice(0, 2));
    const { assignmentId } = assignment;
    const template = {
      subject: '{{assignment.title}}',
      body: '**{{ firstName }}**: {{name}}, {{assignment.dueAt}} ({{sender.name}}) {{x',
      contentType: 'markdown',
      assignmentId,
    };
    const preview = (body: object) =>
      app
        .as(instructor)
        .post('/messages/preview')
        .send({ ...template, ...body });
    const { body } = await preview(userIds([students[0]!])).expect(200);
    expect(body).toEqual({
      recipients: 1,
      missing: [],
      sampleUserId: students[0]!.userId,
      subject: 'Radio',
      // 16:00 UTC is 17:00 in London in July
      body: '**Bea**: Bea \\*Star\\* Lee, 2026\\-07\\-09 17:00 (Ada Okafor) {{x',
      html: '<p><strong>Bea</strong>: Bea *Star* Lee, 2026-07-09 17:00 (Ada Okafor) {{x</p>\n',
    });
    const all = await preview(userIds(students)).expect(200);
    expect(all.body).toMatchObject({ recipients: 3, missing: [{ variable: 'assignment.dueAt', withoutValue: 1 }] });
    await post({ ...template, ...userIds(students) })
      .expect(422)
      .expect(code('variable_without_value', '/body'));
    const sent = await post({ ...template, ...userIds(students.slice(0, 2)) }).expect(201);
    await deliver(app, tenant.tenantId);
    const receipts = await receiptsOf(app, sent.body.id);
    expect(receipts.find(({ userId }) => userId === students[1]!.userId)!['variables']).toEqual({
      'assignment.title': 'Radio',
      firstName: 'Cy',
      name: 'Cy',
      'assignment.dueAt': '2026-07-09 17:00',
      'sender.name': 'Ada Okafor',
    });
  });

  it('are refused where they are not known, or about nothing', async () => {
    const unknown = { body: 'Hi {{name}}, {{ lastName }} {{}}' };
    for (const route of ['/messages', '/messages/preview']) {
      const send = (body: object) => app.as(instructor).post(route).send({ ...text, ...userIds(students), ...body }); // prettier-ignore
      const { body } = await send(unknown).expect(422).expect(code('variable_unknown', '/body'));
      expect(body.errors.map(({ detail }: Body) => String(detail).slice(0, 31))).toEqual([
        '{{ lastName }} at character 14 ',
        '{{}} at character 29 is none of',
      ]);
      const about = { body: '{{assignment.title}}' };
      await send(about).expect(422).expect(code('assignment_required', '/assignmentId'));
      const foreign = await createAssignment(app.database, colleague, {});
      for (const assignmentId of [foreign.assignmentId, uuidv7()]) {
        await send({ ...about, assignmentId })
          .expect(422)
          .expect(code('assignment_not_found', '/assignmentId'));
      }
    }
    await post({ isDraft: true, ...unknown }).expect(422);
  });
});

describe('recalling', () => {
  it('ends a message that is still being sent, once', async () => {
    const { body } = await post(userIds(students)).expect(201);
    const recall = () => app.as(instructor).post(`/messages/${body.id}/recall`);
    await app.as(colleague).post(`/messages/${body.id}/recall`).expect(404);
    expect((await recall().expect(200)).body).toMatchObject({ status: 'sent', withheld: 3, queued: 0 });
    expect((await recall().expect(200)).body.version).toBe(2);
    await deliver(app, tenant.tenantId);
    expect(await recipientsOf(body.id)).toEqual([]);
    const draft = await post({ isDraft: true }).expect(201);
    await app.as(instructor).post(`/messages/${draft.body.id}/recall`).expect(409).expect(code('message_draft'));
  });
});

describe('limits', () => {
  it('lets nobody send without end', async () => {
    const [student] = students;
    const send = () => post(userIds([instructor]), student);
    const answers = await Promise.all(Array.from({ length: 52 }, send));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.map(({ body }) => body.code)).toEqual(['messages_too_many', 'messages_too_many']);
    // 16 hours to midnight
    expect(refused[0]!.headers['retry-after']).toBe('57600');
    app.clock.set('2026-03-03T00:00:00Z');
    await send().expect(201);
  });

  it('are those of the organisation', async () => {
    const change = (body: object) => app.as('admin', tenant).patch('/settings').send(body);
    await change({ studentMessagesPerDay: 0 }).expect(400);
    await change({ staffMessagesPerDay: 10_001 }).expect(400);
    const perDay = { studentMessagesPerDay: 1, staffMessagesPerDay: 2, receivedMessagesPerDay: 1 };
    expect((await change(perDay).expect(200)).body).toMatchObject(perDay);
    const send = (viewer: Person, to: Person) => post(userIds([to]), viewer);
    await send(students[0]!, instructor).expect(201);
    await send(students[0]!, instructor).expect(429);
    await send(instructor, students[0]!).expect(201);
    const { body } = await send(instructor, students[0]!).expect(201);
    const refused = await send(instructor, students[0]!).expect(429);
    expect(refused.body.detail).toBe('You may send 2 messages a day, and have.');
    await deliver(app, tenant.tenantId);
    expect(await read(body.id)).toMatchObject({ wanted: 1, withheld: 1 });
  });

  it('lets nobody receive without end', async () => {
    await app.database.run(
      `-- test.fillBox
      with sent as (
        insert into messages (tenant_id, id, sender_id, status, subject, body, content_type, created_at, updated_at)
        select $1, gen_random_uuid(), $2, 'sent', 'x', 'x', 'text', $4, $4 from generate_series(1, 50) returning id
      ), thread as (
        insert into threads (tenant_id, user_id, id, other_id, subject, last_at)
        select $1, $3, id, $2, 'x', $4 from sent
      )
      insert into message_recipients (tenant_id, message_id, user_id, thread_id, sent_at)
      select $1, id, $3, id, $4 from sent`,
      [tenant.tenantId, colleague.userId, students[0]!.userId, app.clock.now()],
    );
    const { body } = await post(userIds(students)).expect(201);
    await deliver(app, tenant.tenantId);
    expect(await recipientsOf(body.id)).toEqual(ids(students.slice(1)));
    expect(await read(body.id)).toMatchObject({ wanted: 3, withheld: 1, queued: 0 });
  });
});
