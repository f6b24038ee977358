import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudents, createTenant, type Member } from '../../test/factories.js';
import { deliver, receiptsOf } from '../../test/messages.js';
import fc from '../../test/property.js';
import type { Body } from '../../test/workroom.js';

jest.setTimeout(120_000);

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

/** A copy of what was written, as far as whoever it came to is concerned. */
interface Copy {
  readonly thread: string;
  readonly to: string;
  readonly message: number | null;
  readonly expiresAt: number;
  isOpened: boolean;
  isLost: boolean;
}

const which = fc.nat({ max: 9 });
const step = fc.oneof(
  fc.record({
    kind: fc.constant('send' as const),
    minutes: fc.option(fc.integer({ min: 1, max: 5 })),
    to: fc.option(fc.nat({ max: 1 })),
  }),
  fc.record({ kind: fc.constant('reply' as const), thread: which, back: fc.boolean() }),
  fc.record({ kind: fc.constant('open' as const), thread: which, back: fc.boolean() }),
  fc.record({ kind: fc.constant('recall' as const), message: which }),
  fc.record({ kind: fc.constant('archive' as const), thread: which }),
  fc.record({ kind: fc.constant('remind' as const), message: which }),
);

it('counts as unread what has come, was never opened, and is still there to be seen', async () => {
  const story = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
    const tenant = await createTenant(app.database);
    const instructor = await createInstructor(app.database, tenant);
    const students = await createStudents(app.database, instructor, [{}, {}]);
    const people = new Map<string, Member>([instructor, ...students].map((person) => [person.userId, person]));
    const threads: { readonly id: string; readonly student: string }[] = [];
    const messages: { readonly id: string; readonly expiresAt: number; isRecalled: boolean }[] = [];
    const copies: Copy[] = [];
    /** Threads that the instructor has, whether or not anybody has replied. */
    const begun = new Set<string>();
    const now = (): number => app.clock.now().getTime();
    const isSeen = (copy: Copy): boolean => !copy.isLost && copy.expiresAt > now();
    const seenIn = (thread: string, to: string): Copy[] =>
      copies.filter((copy) => copy.thread === thread && copy.to === to && isSeen(copy));
    /** Whoever began a thread sees what they wrote; the other, what came and is still there, and what they wrote. */
    const sees = (thread: string, person: string, isStudent: boolean): boolean =>
      !isStudent ||
      seenIn(thread, person).length > 0 ||
      copies.some((copy) => copy.thread === thread && copy.to !== person);
    const arrived = async (message: number): Promise<void> => {
      await deliver(app, tenant.tenantId);
      const { id, expiresAt } = messages[message]!;
      for (const { userId, threadId } of await receiptsOf(app, id)) {
        const [thread, to] = [String(threadId), String(userId)];
        if (!threads.some((one) => one.id === thread)) threads.push({ id: thread, student: to });
        copies.push({ thread, to, message, expiresAt, isOpened: false, isLost: false });
      }
    };
    for (const one of steps) {
      app.clock.advance(60);
      if (one.kind === 'send') {
        const expiresAt = one.minutes === null ? Infinity : now() + one.minutes * 60_000;
        const body = {
          subject: 'x',
          body: 'x',
          to: one.to === null ? { filter: {} } : { userIds: [students[one.to]!.userId] },
          expiresAt: expiresAt === Infinity ? null : new Date(expiresAt).toISOString(),
        };
        const sent = await app.as(instructor).post('/messages').send(body).expect(201);
        messages.push({ id: sent.body.id, expiresAt, isRecalled: false });
        await arrived(messages.length - 1);
        if (one.to !== null) begun.add(copies.at(-1)!.thread);
        continue;
      }
      if (one.kind === 'recall' || one.kind === 'remind') {
        const message = one.message % Math.max(messages.length, 1);
        const it = messages[message];
        if (!it) continue;
        const own = copies.filter((copy) => copy.message === message);
        if (one.kind === 'recall') {
          await app.as(instructor).post(`/messages/${it.id}/recall`).expect(200);
          it.isRecalled = true;
          for (const copy of own) if (!copy.isOpened) copy.isLost = true;
        } else {
          const due = !it.isRecalled && it.expiresAt > now() && own.some(({ isOpened }) => !isOpened);
          const answer = await app.as(instructor).post(`/messages/${it.id}/reminders`).send({ olderThanHours: 0 });
          expect(answer.status).toBe(due ? 201 : 409);
          if (!due) continue;
          messages.push({ id: answer.body.id, expiresAt: it.expiresAt, isRecalled: false });
          await arrived(messages.length - 1);
        }
        continue;
      }
      const thread = threads[one.thread % Math.max(threads.length, 1)];
      if (!thread) continue;
      const isStudent = one.kind === 'archive' || one.back;
      const actor = isStudent ? thread.student : instructor.userId;
      const other = isStudent ? instructor.userId : thread.student;
      const client = app.as(people.get(actor)!);
      const may = sees(thread.id, actor, isStudent);
      if (one.kind === 'open') {
        await client.post(`/threads/${thread.id}/open`).expect(may ? 204 : 404);
        for (const copy of seenIn(thread.id, actor)) copy.isOpened = true;
      } else if (one.kind === 'archive') {
        await client
          .patch(`/threads/${thread.id}`)
          .send({ isArchived: true })
          .expect(may ? 200 : 404);
      } else {
        await client
          .post(`/threads/${thread.id}/replies`)
          .send({ body: 'x' })
          .expect(may ? 201 : 404);
        const reply = { thread: thread.id, to: other, message: null, expiresAt: Infinity };
        if (may) copies.push({ ...reply, isOpened: false, isLost: false });
      }
    }
    for (const [userId, person] of people) {
      const unread = copies.filter((copy) => copy.to === userId && isSeen(copy) && !copy.isOpened);
      const { body } = await app.as(person).get('/threads/unread').expect(200);
      const wanted = { unreadMessages: unread.length, unreadThreads: new Set(unread.map(({ thread }) => thread)).size };
      expect(body).toEqual(wanted);
      const lists = await Promise.all(
        ['false', 'true'].map(
          async (archived) => (await app.as(person).get(`/threads?limit=100&archived=${archived}`).expect(200)).body,
        ),
      );
      for (const { id, unread: shown } of lists.flatMap(({ data }) => data as Body[])) {
        expect(shown).toBe(unread.filter(({ thread }) => thread === id).length);
      }
      const listed = lists.flatMap(({ data }) => data as Body[]).map(({ id }) => id);
      expect(unread.filter(({ thread }) => !listed.includes(thread))).toEqual([]);
      if (person === instructor) expect([...begun].filter((thread) => !listed.includes(thread))).toEqual([]);
    }
  });
  await fc.assert(story, { numRuns: 15 });
});
