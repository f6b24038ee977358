import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant, type Member, type Person, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { deliver, jobsOf, receiptsOf, runOf, topicOf } from '../../test/messages.js';
import { planOf, stepsOf } from '../../test/plans.js';
import { sentDuring } from '../../test/sent.js';
import type { Body } from '../../test/workroom.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let students: Member[];

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant, { name: 'Ada Okafor' });
  students = await createStudents(app.database, instructor, [{ name: 'Bea Lee' }, { name: 'Cy Moore' }]);
});

const send = async (body: object, sender: Person = instructor): Promise<string> => {
  const message = { subject: 'Radio check', body: 'Hello {{firstName}}', to: { filter: {} }, ...body };
  const sent = await app.as(sender).post('/messages').send(message).expect(201);
  await deliver(app, tenant.tenantId);
  return sent.body.id as string;
};
const list = async (viewer: Person, query = ''): Promise<Body[]> =>
  (await app.as(viewer).get(`/threads?${query}`).expect(200)).body.data;
const read = async (viewer: Person, id: unknown): Promise<Body[]> =>
  (
    await app
      .as(viewer)
      .get(`/threads/${String(id)}/messages`)
      .expect(200)
  ).body.data;
const reply = (viewer: Person, id: unknown, body: object = {}) =>
  app
    .as(viewer)
    .post(`/threads/${String(id)}/replies`)
    .send({ body: 'Tuesday', ...body });
const open = (viewer: Person, id: unknown) => app.as(viewer).post(`/threads/${String(id)}/open`);
const unread = async (viewer: Person): Promise<unknown> =>
  (await app.as(viewer).get('/threads/unread').expect(200)).body;
const change = (viewer: Person, id: unknown, body: object) =>
  app
    .as(viewer)
    .patch(`/threads/${String(id)}`)
    .send(body);

describe('a thread', () => {
  it('is between the sender and each recipient, both ways', async () => {
    const messageId = await send({});
    const [bea, cy] = students as [Member, Member];
    const [mine] = await list(bea);
    expect(mine).toEqual({
      id: mine!['id'],
      otherId: instructor.userId,
      otherName: 'Ada Okafor',
      subject: 'Radio check',
      lastAt: '2026-03-02T08:00:00Z',
      unread: 1,
      isArchived: false,
      labels: [],
    });
    expect(await read(bea, mine!['id'])).toMatchObject([
      { id: messageId, body: 'Hello Bea', senderName: 'Ada Okafor' },
    ]);
    // what one has sent is no conversation yet
    expect(await list(instructor)).toEqual([]);
    app.clock.advance(60);
    const { body: answer } = await reply(bea, mine!['id']).expect(201);
    expect(await unread(instructor)).toEqual({ unreadMessages: 1, unreadThreads: 1 });
    const [theirs] = await list(instructor);
    expect(theirs).toMatchObject({ id: mine!['id'], otherId: bea.userId, subject: 'Radio check', unread: 1 });
    expect((await read(instructor, theirs!['id'])).map(({ id, body }) => [id, body])).toEqual([
      [answer.id, 'Tuesday'],
      [messageId, 'Hello Bea'],
    ]);
    await reply(instructor, theirs!['id'], { body: 'Good {{name}}' }).expect(201);
    expect((await read(bea, mine!['id'])).map(({ body }) => body).sort()).toEqual(['Good {{name}}', 'Hello Bea', 'Tuesday']); // prettier-ignore
    const received = await topicOf(app, tenant.tenantId, 'messages.received');
    expect(received.map(({ key }) => key).slice(2)).toEqual([instructor.userId, bea.userId]);

    // recipients see nothing of each other
    const [other] = await list(cy);
    expect(await read(cy, other!['id'])).toHaveLength(1);
    const outsider = await createInstructor(app.database, tenant);
    const stranger = await createInstructor(app.database, await createTenant(app.database));
    for (const viewer of [cy, outsider, stranger]) {
      await app.as(viewer).get(`/threads/${String(mine!['id'])}/messages`).expect(404); // prettier-ignore
      await reply(viewer, mine!['id']).expect(404);
      await open(viewer, mine!['id']).expect(404);
      await change(viewer, mine!['id'], { labels: ['x'] }).expect(404);
    }
    await reply(bea, uuidv7()).expect(404);
    await app.as('service', tenant).get('/threads').expect(403);
  });

  it('is there for its sender at once where it was begun with one person', async () => {
    const [bea, cy] = students as [Member, Member];
    const messageId = await send({ to: { userIds: [bea.userId] } });
    const [mine] = await list(instructor);
    expect(mine).toMatchObject({ otherId: bea.userId, otherName: 'Bea Lee', subject: 'Radio check', unread: 0 });
    const [theirs] = await list(bea);
    expect(theirs).toMatchObject({ id: mine!['id'], unread: 1 });
    expect(await topicOf(app, tenant.tenantId, 'messages.changed')).toEqual([
      { key: instructor.userId, payload: { messageId, threadId: mine!['id'], userId: instructor.userId } },
    ]);
    // and of those who got what went to many, with whoever is written to alone
    const toBoth = await send({ subject: 'Both' });
    await open(bea, (await list(bea)).find(({ subject }) => subject === 'Both')!['id']).expect(204);
    const { body } = await app.as(instructor).post(`/messages/${toBoth}/reminders`).send({ olderThanHours: 0 });
    await deliver(app, tenant.tenantId);
    expect(body.wanted).toBe(1);
    expect((await list(instructor)).map(({ otherId }) => otherId)).toEqual([cy.userId, bea.userId]);
    expect((await list(cy)).map(({ unread: count }) => count)).toEqual([2]);
  });

  it('takes a reply once by its id, also at once', async () => {
    await send({});
    const [bea, cy] = students as [Member, Member];
    const [[mine], [other]] = [await list(bea), await list(cy)];
    const id = uuidv7();
    const answers = await Promise.all(Array.from({ length: 3 }, () => reply(bea, mine!['id'], { id })));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(await read(instructor, mine!['id'])).toHaveLength(2);
    await reply(cy, other!['id'], { id }).expect(409);
    await reply(bea, mine!['id'], { body: '' }).expect(400);
  });

  it('is archived, labelled and found, each by oneself', async () => {
    const [bea] = students as [Member];
    await send({ subject: '100 % radio', body: 'About the Zürich net' });
    app.clock.advance(60);
    await send({ subject: 'Phonetics', body: 'Alfa' });
    const [phonetics, radio] = await list(bea);
    expect([phonetics!['subject'], radio!['subject']]).toEqual(['Phonetics', '100 % radio']);
    const found = async (query: string): Promise<unknown[]> => (await list(bea, query)).map(({ subject }) => subject);
    for (const search of ['zurich', '100 %25', 'radio ADA', 'z about']) {
      expect(await found(`search=${search}`)).toEqual(['100 % radio']);
    }
    expect(await found('search=radio alfa')).toEqual([]);
    const labelled = await change(bea, radio!['id'], { labels: ['to do', 'to do', 'b'], isArchived: true }).expect(200);
    expect(labelled.body).toMatchObject({ labels: ['to do', 'b'], isArchived: true });
    expect(await found('')).toEqual(['Phonetics']);
    expect(await found('archived=true&label=b')).toEqual(['100 % radio']);
    expect(await found('archived=true&label=c')).toEqual([]);
    await open(bea, phonetics!['id']).expect(204);
    expect(await found('unread=true')).toEqual([]);
    app.clock.advance(60);
    // comes back by itself, and is the sender's to sort by themselves
    await reply(instructor, radio!['id']).expect(201);
    expect(await found('unread=true')).toEqual(['100 % radio']);
    expect(await list(instructor)).toMatchObject([{ labels: [], isArchived: false }]);
    await change(bea, radio!['id'], { labels: Array(21).fill('x') }).expect(400);
    const { body: first } = await app.as(bea).get('/threads?limit=1').expect(200);
    expect(await found(`limit=1&cursor=${first.pagination.nextCursor}`)).toEqual(['Phonetics']);
  });

  it('is looked for among those of its reader, and not among all there are', async () => {
    const colleague = await createInstructor(app.database, tenant);
    await app.database.run(
      `-- test.fillThreads
      with thread as (select gen_random_uuid() as id from generate_series(1, 8000)), own as (
        insert into threads (tenant_id, user_id, id, other_id, subject, last_at)
        select $1, $2, id, $3, 'x', '2026-03-01' from thread
      ), message as (
        insert into messages (tenant_id, id, sender_id, status, subject, body, content_type, created_at, updated_at)
        select $1, id, $3, 'sent', 'x', 'Alfa', 'text', '2026-03-01', '2026-03-01' from thread
      )
      insert into message_recipients (tenant_id, message_id, user_id, thread_id, sent_at)
      select $1, id, $2, id, '2026-03-01' from thread`,
      [tenant.tenantId, colleague.userId, instructor.userId],
    );
    await app.database.run('-- test.analyze\nanalyze threads, messages, message_recipients');
    await send({ body: 'Bravo' });
    const [bea] = students as [Member];
    const sent = await sentDuring(() => list(bea, 'search=BRAVO').then((found) => expect(found).toHaveLength(1)));
    const listing = sent.find(({ name }) => name === 'messaging.listThreads')!;
    const whole = stepsOf(await planOf(app.db.source, listing)).filter(
      (step) => /^(threads|messages|message_recipients)$/.test(step['Relation Name'] ?? '') && !step['Index Cond'],
    );
    expect(whole).toEqual([]);
  });

  it('shows nobody what was recalled before it was opened, or has expired', async () => {
    const [bea, cy] = students as [Member, Member];
    const id = await send({ expiresAt: '2026-03-03T08:00:00Z' });
    const [mine] = await list(bea);
    const [other] = await list(cy);
    await open(bea, mine!['id']).expect(204);
    app.clock.advance(60);
    await app.as(instructor).post(`/messages/${id}/recall`).expect(200);
    await jobsOf(app).followRecall(runOf(tenant.tenantId, id));
    const changed = await topicOf(app, tenant.tenantId, 'messages.changed');
    expect(changed.map(({ payload }) => payload['userId'])).toEqual([bea.userId, cy.userId]);
    expect(await read(bea, mine!['id'])).toHaveLength(1);
    expect([await list(cy), await unread(cy)]).toEqual([[], { unreadMessages: 0, unreadThreads: 0 }]);
    await app.as(cy).get(`/threads/${String(other!['id'])}/messages`).expect(404); // prettier-ignore
    await open(cy, other!['id']).expect(404);
    expect(await read(instructor, other!['id'])).toHaveLength(1);
    app.clock.set('2026-03-03T08:00:00Z');
    expect(await list(bea)).toEqual([]);
  });

  it('lets nobody write to who has left', async () => {
    await send({});
    const [mine] = await list(students[0]!);
    await app.database.run(
      `-- test.deactivate
      update users set is_active = false where tenant_id = $1 and id = $2`,
      [tenant.tenantId, instructor.userId],
    );
    const { body } = await reply(students[0]!, mine!['id']).expect(409);
    expect(body.code).toBe('recipient_inactive');
  });
});

describe('receipts', () => {
  const recipients = async (id: string, query = ''): Promise<Body[]> =>
    (await app.as(instructor).get(`/messages/${id}/recipients?${query}`).expect(200)).body.data;
  const remind = (id: string, body: object = {}) => app.as(instructor).post(`/messages/${id}/reminders`).send(body);

  it('tell when it was first and last opened', async () => {
    const id = await send({});
    const [bea] = students as [Member];
    const [mine] = await list(bea);
    app.clock.advance(60);
    await open(bea, mine!['id']).expect(204);
    app.clock.advance(60);
    await open(bea, mine!['id']).expect(204);
    const opened = await recipients(id, 'state=opened');
    expect(opened).toEqual([
      {
        userId: bea.userId,
        name: 'Bea Lee',
        threadId: mine!['id'],
        deliveries: [
          {
            channel: 'app',
            state: 'delivered',
            error: null,
            queuedAt: expect.stringContaining('2026-03-02T08:00:00'),
            sentAt: expect.stringContaining('2026-03-02T08:00:00'),
            deliveredAt: expect.stringContaining('2026-03-02T08:00:00'),
          },
        ],
        firstOpenedAt: '2026-03-02T08:01:00Z',
        lastOpenedAt: '2026-03-02T08:02:00Z',
        remindedAt: null,
      },
    ]);
    expect((await recipients(id, 'state=delivered')).map(({ name }) => name)).toEqual(['Cy Moore']);
    expect(await recipients(id)).toHaveLength(2);
    const changed = await topicOf(app, tenant.tenantId, 'messages.changed');
    expect(changed).toEqual([
      { key: bea.userId, payload: { messageId: id, threadId: mine!['id'], userId: bea.userId } },
    ]);
    const { body } = await app.as(instructor).get(`/messages/${id}`).expect(200);
    expect(body.states).toEqual({ sent: 2, delivered: 2, openedInApp: 1, reminded: 0 });
    for (const viewer of [bea, await createInstructor(app.database, tenant)]) {
      await app.as(viewer).get(`/messages/${id}/recipients`).expect(404);
      await app.as(viewer).post(`/messages/${id}/reminders`).send({}).expect(404);
    }
  });

  it('of those who have probably not seen it lead to one reminder, in the same thread', async () => {
    const id = await send({ body: '{{name}}!' });
    const [bea, cy] = students as [Member, Member];
    await open(bea, (await list(bea))[0]!['id']).expect(204);
    expect(await recipients(id, 'state=notSeen')).toEqual([]);
    await remind(id).expect(409);
    app.clock.advance(86_400);
    expect((await recipients(id, 'state=notSeen')).map(({ name }) => name)).toEqual(['Cy Moore']);
    expect((await recipients(id, 'state=notSeen&olderThanHours=25'))).toEqual([]); // prettier-ignore
    const answers = await Promise.all([remind(id), remind(id)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const { body: reminder } = answers.find(({ status }) => status === 201)!;
    expect(reminder).toMatchObject({ subject: 'Reminder: Radio check', remindsId: id, wanted: 1, to: null });
    await deliver(app, tenant.tenantId);
    const [thread, ...rest] = await list(cy);
    expect([thread!['unread'], rest]).toEqual([2, []]);
    expect((await read(cy, thread!['id'])).map(({ body }) => body)).toEqual(['Cy Moore!', 'Cy Moore!']);
    await open(cy, thread!['id']).expect(204);
    expect((await recipients(id, 'state=opened'))).toHaveLength(2); // prettier-ignore
    await app.as(instructor).post(`/messages/${id}/recall`).expect(200);
    await remind(id, { olderThanHours: 0 }).expect(409);
  });

  it('are all kept when a thousand come at once', async () => {
    const many = await createStudents(app.database, instructor, Array(998).fill({}));
    const id = await send({});
    const threadOf = new Map((await receiptsOf(app, id)).map(({ userId, threadId }) => [userId, threadId]));
    const waiting = [...students, ...many];
    expect(waiting).toHaveLength(1_000);
    const work = Array.from({ length: 50 }, async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const opening = () => open(next!, threadOf.get(next!.userId)).expect(204);
        await Promise.all(waiting.length < 50 ? [opening(), opening()] : [opening()]);
      }
    });
    await Promise.all(work);
    const { body } = await app.as(instructor).get(`/messages/${id}`).expect(200);
    expect(body.states).toEqual({ sent: 1_000, delivered: 1_000, openedInApp: 1_000, reminded: 0 });
    // of two at once one was the first
    expect(await topicOf(app, tenant.tenantId, 'messages.changed')).toHaveLength(1_000);
  }, 120_000);
});
