import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant, type Member, type Person, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { deliver, receiptsOf } from '../../test/messages.js';
import type { Body } from '../../test/workroom.js';
import { RetentionService } from '../retention/retention.service.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let from: Member;
let into: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant, { name: 'Ada' });
  const students = await createStudents(app.database, instructor, [{ name: 'Catherine' }, { name: 'Kathleen' }]);
  [from, into] = students as [Member, Member];
});

const send = async (to: object, body: object = {}, sender: Person = instructor): Promise<string> => {
  const message = { subject: 'Hello', body: 'How are you?', to, ...body };
  const sent = await app.as(sender).post('/messages').send(message).expect(201);
  await deliver(app, tenant.tenantId);
  return sent.body.id as string;
};
const threads = async (viewer: Person): Promise<Body[]> => (await app.as(viewer).get('/threads').expect(200)).body.data;
const thread = (viewer: Person, id: unknown, what: string, body?: object) =>
  app
    .as(viewer)
    .post(`/threads/${String(id)}/${what}`)
    .send(body);
const bodies = async (viewer: Person, id: unknown): Promise<unknown[]> =>
  (
    await app
      .as(viewer)
      .get(`/threads/${String(id)}/messages`)
      .expect(200)
  ).body.data.map(({ body }: Body) => body);
const merge = (one: Person, other: Person): Promise<unknown> =>
  app.as('admin', tenant).post(`/users/${one.userId}/merge`).send({ intoId: other.userId }).expect(200);

describe('merging', () => {
  it('gives what a duplicate has received and written to the student who stays', async () => {
    const both = await send({ filter: {} });
    const one = await send({ userIds: [from.userId] }, { body: 'Only you' });
    const later = await send({ userIds: [from.userId, into.userId] }, { sendAt: '2026-03-03T08:00:00Z' });
    const receipt = (await receiptsOf(app, both)).find(({ userId }) => userId === from.userId)!;
    await thread(from, receipt['threadId'], 'open').expect(204);
    await thread(from, receipt['threadId'], 'replies', { body: 'From Catherine' }).expect(201);
    await thread(instructor, receipt['threadId'], 'replies', { body: 'Good' }).expect(201);
    await merge(from, into);
    const receipts = await receiptsOf(app, both);
    expect(receipts.map(({ userId }) => userId)).toEqual([into.userId]);
    expect((await receiptsOf(app, one)).map(({ userId }) => userId)).toEqual([into.userId]);
    const { body: message } = await app.as(instructor).get(`/messages/${both}`).expect(200);
    // opened by either
    expect(message.states).toMatchObject({ delivered: 1, openedInApp: 1 });
    const kept = await threads(into);
    expect(kept).toHaveLength(3);
    const conversations = await Promise.all(kept.map(({ id }) => bodies(into, id)));
    expect(conversations.map((all) => all.sort().join()).sort()).toEqual([
      'From Catherine,Good',
      'How are you?',
      'Only you',
    ]);
    // of what was sent to one alone, and of what was answered
    expect((await threads(instructor)).map(({ otherName }) => otherName)).toEqual(['Kathleen', 'Kathleen']);
    await thread(into, receipt['threadId'], 'replies', { body: 'From Kathleen' }).expect(201);
    expect(await bodies(instructor, receipt['threadId'])).toContain('From Kathleen');

    await app.database.run(
      `-- test.isDue
      update messages set status = 'sending', sent_at = $2 where id = $1`,
      [later, app.clock.now()],
    );
    await deliver(app, tenant.tenantId);
    expect((await receiptsOf(app, later)).map(({ userId }) => userId)).toEqual([into.userId]);
  });

  it('gives what an instructor has written to the one who stays', async () => {
    const other = await createInstructor(app.database, tenant, { name: 'Bea' });
    const sent = await send({ filter: {} });
    const [mine] = await threads(from);
    await thread(from, mine!['id'], 'replies', { body: 'Yes' }).expect(201);
    await merge(instructor, other);
    expect((await app.as(other).get(`/messages/${sent}`).expect(200)).body.wanted).toBe(2);
    expect((await threads(other)).map(({ otherName }) => otherName)).toEqual(['Catherine']);
    expect(await threads(from)).toMatchObject([{ otherName: 'Bea' }]);
  });
});

describe('after a year', () => {
  it('deletes messages, and keeps conversations that go on', async () => {
    await send({ filter: {} });
    await send({ filter: {} }, { isDraft: true });
    const [mine] = await threads(from);
    app.clock.set('2027-03-02T07:00:00Z');
    await thread(from, mine!['id'], 'replies', { body: 'Still there' }).expect(201);
    app.clock.set('2027-03-02T08:00:01Z');
    const expire = (): Promise<unknown> =>
      app.app.get(RetentionService, { strict: false }).run(new AbortController().signal);
    await expire();
    expect(await expire()).toMatchObject({ messages: 0 });
    expect((await app.as(instructor).get('/messages').expect(200)).body.data).toEqual([]);
    expect([await threads(into), await bodies(from, mine!['id'])]).toEqual([[], ['Still there']]);
    expect(await bodies(instructor, mine!['id'])).toEqual(['Still there']);
  });
});
