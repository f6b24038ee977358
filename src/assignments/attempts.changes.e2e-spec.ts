import { startApp, type TestApp } from '../../test/app.js';
import { codeOf, Workroom } from '../../test/workroom.js';

const now = '2026-03-02T08:00:00Z';

let app: TestApp;
let work: Workroom;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  work = await Workroom.open(app, now);
});

describe('between beginning and submitting', () => {
  it('a pause keeps what was saved, and nothing is taken until it is over', async () => {
    const assignment = await work.given();
    const { id } = await work.start(assignment);
    await work.change(assignment, 'status', 'paused');
    await app
      .as(work.student)
      .patch(`/attempts/${id as string}`)
      .send({ content: { kept: true } })
      .expect(200);
    expect(codeOf(await work.submit(id, { content: { kept: false } }, 409))).toBe('assignment_not_open');
    await work.change(assignment, 'status', 'active');
    expect(await work.submit(id)).toMatchObject({ content: { kept: true } });
    const { id: second } = await work.start(assignment);
    await work.change(assignment, 'status', 'archived');
    expect(codeOf(await work.submit(second, {}, 409))).toBe('assignment_not_open');
    await app
      .as(work.student)
      .patch(`/attempts/${second as string}`)
      .send({ content: {} })
      .expect(409);
  });

  it('work that is withdrawn is not there any more', async () => {
    const { id } = await work.start(await work.given());
    const withdraw = (at: string | null): Promise<number> =>
      app.database.run(
        `-- test.withdraw
        update submissions set withdrawn_at = $2 where tenant_id = $1`,
        [work.tenant.tenantId, at],
      );
    await withdraw(now);
    await work.submit(id, {}, 404);
    await app
      .as(work.student)
      .get(`/attempts/${id as string}`)
      .expect(404);
    await withdraw(null);
    await work.submit(id);
  });

  it('the student leaves, and nothing is taken from who is not here', async () => {
    const assignment = await work.given();
    const { id } = await work.start(assignment);
    await app.as('admin', work.tenant).post(`/users/${work.student.userId}/deactivate`).expect(200);
    await work
      .service()
      .post(`/attempts/${id as string}/submit`)
      .send({})
      .expect(404);
    const { assignmentId } = assignment;
    await work.service().post('/attempts').send({ assignmentId, studentId: work.student.userId }).expect(404);
    await app.as('admin', work.tenant).post(`/users/${work.student.userId}/activate`).expect(200);
    await work
      .service()
      .post(`/attempts/${id as string}/submit`)
      .send({})
      .expect(200);
  });

  it('the due date moves, and the one that holds when it is submitted counts', async () => {
    const assignment = await work.given({ dueAt: '2026-03-02T09:00:00Z', latePenalty: 10 });
    const { id } = await work.start(assignment);
    await work.change(assignment, 'due_at', '2026-03-02T08:30:00Z');
    app.clock.set('2026-03-02T08:45:00Z');
    expect(await work.submit(id)).toMatchObject({ lateSeconds: 900, penalty: 10 });
    const { id: second } = await work.start(assignment);
    await work.change(assignment, 'due_at', '2026-03-02T10:00:00Z');
    expect(await work.submit(second)).toMatchObject({ lateSeconds: 0, penalty: 0 });
    // the first stays as it was submitted
    expect((await work.detail(assignment))['attempts']).toMatchObject([{ penalty: 10 }, { penalty: 0 }]);
  });

  it('it closes: late is taken, afterwards nothing is', async () => {
    const assignment = await work.given({ dueAt: '2026-03-02T08:10:00Z', availableUntil: '2026-03-02T09:00:00Z' });
    const { id } = await work.start(assignment);
    app.clock.set('2026-03-02T09:00:00Z');
    expect(await work.submit(id)).toMatchObject({ lateSeconds: 3_000 });
    expect(await work.detail(assignment)).toMatchObject({ isLate: true, isOverdue: false, status: 'submitted' });
    const { id: second } = await work.start(assignment);
    app.clock.set('2026-03-02T09:00:01Z');
    expect(codeOf(await work.submit(second, {}, 409))).toBe('assignment_closed');
  });

  it('attempts that are no longer allowed are not taken', async () => {
    const assignment = await work.given({ maxAttempts: 2 });
    await work.submit((await work.start(assignment))['id']);
    const { id } = await work.start(assignment);
    await work.change(assignment, 'max_attempts', 1);
    expect(codeOf(await work.submit(id, {}, 409))).toBe('attempts_used');
  });
});

it.each([
  // 18:00 is an hour of daylight nearer on the day after
  ['2026-03-28T18:00:00Z', '2026-03-29T17:00:00Z', '2026-03-29T17:00:01Z'],
  ['2026-10-24T17:00:00Z', '2026-10-25T18:00:00Z', '2026-10-25T18:00:01Z'],
])('counts penalties by the wall clock when clocks change in the night after %s', async (dueAt, dayLater, twoBegun) => {
  const assignment = await work.given({ dueAt, latePenalty: 10, maxAttempts: null, attemptPolicy: 'last' });
  app.clock.set(dayLater);
  expect(await work.score(assignment, 90)).toMatchObject({ penalty: 10 });
  // 90 less 10 %
  expect(await work.detail(assignment)).toMatchObject({ score: 81 });
  app.clock.set(twoBegun);
  expect(await work.score(assignment, 90)).toMatchObject({ penalty: 20 });
  expect(await work.detail(assignment)).toMatchObject({ score: 72 });
});
