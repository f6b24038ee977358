import { v7 as uuidv7 } from 'uuid';
import { type Client, startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudent, createTenant, type Member, type Tenant } from '../../test/factories.js';
import {
  type Assignment,
  type AssignmentOptions,
  createAssignment,
  handOut,
} from '../../test/factories.assignments.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let student: Member;

const now = '2026-03-02T08:00:00Z';

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set(now);
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, instructor);
});

type Body = Readonly<Record<string, unknown>>;

async function given(options: AssignmentOptions = {}): Promise<Assignment> {
  const assignment = await createAssignment(app.database, instructor, options);
  await handOut(app.database, assignment, [student]);
  return assignment;
}
const change = (assignment: Assignment, column: string, value: unknown): Promise<number> =>
  app.database.run(
    `-- test.changeAssignment
    update assignments set ${column} = $3 where tenant_id = $1 and id = $2`,
    [tenant.tenantId, assignment.assignmentId, value],
  );
const service = (): Client => app.as('service', tenant);

async function start(assignment: Assignment, fields: object = {}, status = 201): Promise<Body> {
  const body = { assignmentId: assignment.assignmentId, ...fields };
  return (await app.as(student).post('/attempts').send(body).expect(status)).body as Body;
}
async function submit(id: unknown, body: object = {}, status = 200): Promise<Body> {
  return (
    await app
      .as(student)
      .post(`/attempts/${id as string}/submit`)
      .send(body)
      .expect(status)
  ).body as Body;
}
async function score(assignment: Assignment, value: number): Promise<Body> {
  const { assignmentId } = assignment;
  const { body } = await service().post('/attempts').send({ assignmentId, studentId: student.userId }).expect(201);
  const submitted = await service().post(`/attempts/${body.id}/submit`).send({ score: value }).expect(200);
  return submitted.body as Body;
}
async function detail({ assignmentId }: Assignment): Promise<Body> {
  const { body } = await app
    .as(instructor)
    .get(`/assignments/${assignmentId}/submissions/${student.userId}`)
    .expect(200);
  return body as Body;
}
const codeOf = ({ code }: Body): unknown => code;

describe('an attempt', () => {
  it('is begun, saved and submitted, and the submission says so', async () => {
    const assignment = await given();
    const id = uuidv7();
    expect(await start(assignment, { id })).toEqual({
      id,
      assignmentId: assignment.assignmentId,
      studentId: student.userId,
      number: 1,
      source: 'student',
      startedAt: '2026-03-02T08:00:00Z',
      savedAt: null,
      submittedAt: null,
      score: null,
      lateSeconds: 0,
      penalty: 0,
      timeSpentSeconds: 0,
      sessionIds: [],
      content: null,
    });
    expect(await detail(assignment)).toMatchObject({
      status: 'in_progress',
      attemptsSubmitted: 0,
      hasOpenAttempt: true,
    });
    app.clock.advance(60);
    const saved = await app
      .as(student)
      .patch(`/attempts/${id}`)
      .send({ content: { a: [1] }, timeSpentSeconds: 50 });
    expect(saved.body).toMatchObject({ content: { a: [1] }, timeSpentSeconds: 50, savedAt: '2026-03-02T08:01:00Z' });
    // what is left out stays
    await app.as(student).patch(`/attempts/${id}`).send({ timeSpentSeconds: 55 }).expect(200);
    app.clock.advance(60);
    const submitted = await submit(id, { timeSpentSeconds: 100 });
    expect(submitted).toMatchObject({
      submittedAt: '2026-03-02T08:02:00Z',
      content: { a: [1] },
      timeSpentSeconds: 100,
      lateSeconds: 0,
    });
    // and again it is the same, whatever is sent
    app.clock.advance(60);
    expect(await submit(id, { content: { b: 2 }, timeSpentSeconds: 999 })).toEqual(submitted);
    expect(await start(assignment, { id })).toEqual(submitted);
    expect((await app.as(student).get(`/attempts/${id}`).expect(200)).body).toEqual(submitted);
    expect(await detail(assignment)).toMatchObject({
      status: 'submitted',
      attemptsSubmitted: 1,
      hasOpenAttempt: false,
      startedAt: '2026-03-02T08:00:00Z',
      firstSubmittedAt: '2026-03-02T08:02:00Z',
      totalTimeSeconds: 100,
      score: null,
      attempts: [submitted],
      version: 3,
    });
  });

  it('counts for the student, is on record, and is told to whom it concerns once', async () => {
    const [first, second] = [await given(), await given()];
    const row = async (): Promise<unknown> => {
      const { body } = await app.as(instructor).get('/students').expect(200);
      return (body.data as Body[])[0]!['completionRate'];
    };
    expect(await row()).toBe(0);
    const { id } = await start(first);
    await submit(id);
    await submit(id);
    // one of two, in the list that was in the cache
    expect(await row()).toBe(50);
    await submit((await start(second))['id']);
    expect(await row()).toBe(100);
    const events = await app.database.many(
      `-- test.submittedEvents
      select key, payload from outbox where tenant_id = $1 and topic = 'assignments.submitted' and key = $2`,
      [tenant.tenantId, id],
    );
    const payload = { attemptId: id, assignmentId: first.assignmentId, studentId: student.userId };
    expect(events).toEqual([{ key: id, payload }]);
    const entries = await app.database.many(
      `-- test.attemptEntries
      select action, actor_id as "actorId" from audit_entries where tenant_id = $1 and target_id = $2 order by id`,
      [tenant.tenantId, id],
    );
    expect(entries).toEqual([
      { action: 'attempt.started', actorId: student.userId },
      { action: 'attempt.submitted', actorId: student.userId },
    ]);
  });

  it('never changes once it is submitted', async () => {
    const assignment = await given();
    const { id } = await start(assignment);
    await submit(id, { content: { a: 1 } });
    const late = await app.as(student).patch(`/attempts/${id as string}`).send({ content: { a: 2 } }).expect(409);
    expect(late.body.code).toBe('attempt_submitted');
    for (const set of ['score = 100', `content = '{}'`, 'submitted_at = null', 'penalty = 1', `session_ids = '{}', number = 7, time_spent_seconds = 9`]) {
      const changed = app.database.run(
        `-- test.changeAttempt
        update attempts set ${set} where tenant_id = $1 and id = $2`,
        [tenant.tenantId, id],
      );
      await expect(changed).rejects.toMatchObject({ constraint: 'attempts__final_check' });
    }
  }); // prettier-ignore

  it('takes JSON of 64 KiB and no more, and nothing that is no object', async () => {
    const { id } = await start(await given());
    const save = (content: unknown): Promise<number> =>
      app.as(student).patch(`/attempts/${id as string}`).send({ content }).then(({ status }) => status);
    const around = JSON.stringify({ text: '' }).length;
    expect(await save({ text: 'x'.repeat(65_536 - around) })).toBe(200);
    expect(await save({ text: 'x'.repeat(65_537 - around) })).toBe(400);
    expect(await save([1])).toBe(400);
    expect(await save(null)).toBe(200);
    for (const body of [{ timeSpentSeconds: -1 }, { timeSpentSeconds: 1.5 }, { score: 3 }]) {
      await app.as(student).patch(`/attempts/${id as string}`).send(body).expect(400);
    }
  }); // prettier-ignore

  it('is scored by a service, never by whoever did it', async () => {
    const assignment = await given({ attemptPolicy: 'best' });
    const { id } = await start(assignment);
    expect(codeOf(await submit(id, { score: 100 }, 403))).toBe('score_denied');
    const { body } = await service()
      .post(`/attempts/${id as string}/submit`)
      .send({ score: 62.5 })
      .expect(200);
    expect(body).toMatchObject({ score: 62.5, source: 'student' });
    expect(await score(assignment, 80)).toMatchObject({ number: 2, source: 'service', score: 80 });
    expect(await detail(assignment)).toMatchObject({ score: 80, attemptScore: 80, attemptsSubmitted: 2 });
    await service().post('/attempts').send({ assignmentId: assignment.assignmentId }).expect(400);
    await app.as(instructor).post('/attempts').send({ assignmentId: assignment.assignmentId }).expect(403);
    await service()
      .post(`/attempts/${id as string}/submit`)
      .send({ score: 101 })
      .expect(400);
  });

  it('gets the words that its score deserves', async () => {
    const assignment = await given();
    await change(assignment, 'feedback_rules', JSON.stringify([{ minScore: 0, text: 'Again' }, { minScore: 75, text: 'Well done' }])); // prettier-ignore
    await score(assignment, 74);
    expect(await detail(assignment)).toMatchObject({ autoFeedback: 'Again', feedback: null });
    await score(assignment, 75);
    expect(await detail(assignment)).toMatchObject({ autoFeedback: 'Well done' });
  });
});

describe('an attempt cannot be begun', () => {
  const refused = async (assignment: Assignment): Promise<unknown> => codeOf(await start(assignment, {}, 409));

  it('where nothing is handed in at present', async () => {
    for (const status of ['paused', 'completed', 'archived'] as const) {
      expect(await refused(await given({ status }))).toBe('assignment_not_open');
    }
    // what has not begun is no business of students; a service is told
    for (const options of [{ status: 'draft' }, { availableFrom: '2026-03-02T08:00:01Z' }] as const) {
      const assignment = await given(options);
      const { assignmentId } = assignment;
      await start(assignment, {}, 404);
      const body = { assignmentId, studentId: student.userId };
      expect(codeOf((await service().post('/attempts').send(body).expect(409)).body as Body)).toBe(
        'assignment_not_open',
      );
    }
    await start(await given({ availableFrom: now }));
  });

  it('after it has closed, which an extension puts off', async () => {
    const assignment = await given({ dueAt: '2026-03-02T07:00:00Z', availableUntil: '2026-03-02T07:59:59Z' });
    expect(await refused(assignment)).toBe('assignment_closed');
    await app.database.run(
      `-- test.extend
      update submissions set extended_until = '2026-03-02T08:00:00Z' where tenant_id = $1`,
      [tenant.tenantId],
    );
    await start(assignment);
  });

  it('while another one is, and says which', async () => {
    const assignment = await given();
    const { id } = await start(assignment);
    const { code, detail: said } = await start(assignment, {}, 409);
    expect(code).toBe('attempt_open');
    expect(said).toContain(id);
    await submit(id);
    expect(await start(assignment)).toMatchObject({ number: 2 });
  });

  it('once all attempts are used', async () => {
    const assignment = await given({ maxAttempts: 2 });
    await submit((await start(assignment))['id']);
    await submit((await start(assignment))['id']);
    expect(await refused(assignment)).toBe('attempts_used');
    await change(assignment, 'max_attempts', null);
    await start(assignment);
  });

  it('again, where that is not allowed', async () => {
    const never = await given({ retakePolicy: 'never' });
    await submit((await start(never))['id']);
    expect(await refused(never)).toBe('retake_denied');
    // until the pass mark of the tenant, which is 70, or the assignment's own
    const passing = await given({ retakePolicy: 'untilPassed' });
    await score(passing, 69.99);
    await score(passing, 70);
    expect(await refused(passing)).toBe('retake_denied');
    const own = await given({ retakePolicy: 'untilPassed', targetScore: 90, maxAttempts: null });
    await score(own, 89);
    await score(own, 90);
    expect(await refused(own)).toBe('retake_denied');
  });

  it('with an id that something else has, or of what is not there', async () => {
    const [first, second] = [await given(), await given()];
    const { id } = await start(first);
    expect(codeOf(await start(second, { id }, 409))).toBe('attempt_id_taken');
    await start({ ...first, assignmentId: uuidv7() }, {}, 404);
    const other = await createStudent(app.database, instructor);
    await start(first, { studentId: other.userId }, 404);
    const { assignmentId } = first;
    await service().post('/attempts').send({ assignmentId, studentId: other.userId }).expect(404);
    await start(first, { id: 'no id' }, 400);
    const stranger = await createTenant(app.database);
    const body = { assignmentId, studentId: student.userId };
    await app.as('service', stranger).post('/attempts').send(body).expect(404);
    await app
      .as('service', stranger)
      .get(`/attempts/${id as string}`)
      .expect(404);
    await app
      .as('service', stranger)
      .post(`/attempts/${id as string}/submit`)
      .send({})
      .expect(404);
    await app
      .as(other)
      .get(`/attempts/${id as string}`)
      .expect(404);
    await app
      .as(other)
      .patch(`/attempts/${id as string}`)
      .send({})
      .expect(404);
  });
});

describe('between beginning and submitting', () => {
  it('a pause keeps what was saved, and nothing is taken until it is over', async () => {
    const assignment = await given();
    const { id } = await start(assignment);
    await change(assignment, 'status', 'paused');
    await app
      .as(student)
      .patch(`/attempts/${id as string}`)
      .send({ content: { kept: true } })
      .expect(200);
    expect(codeOf(await submit(id, { content: { kept: false } }, 409))).toBe('assignment_not_open');
    await change(assignment, 'status', 'active');
    expect(await submit(id)).toMatchObject({ content: { kept: true } });
    const { id: second } = await start(assignment);
    await change(assignment, 'status', 'archived');
    expect(codeOf(await submit(second, {}, 409))).toBe('assignment_not_open');
    await app
      .as(student)
      .patch(`/attempts/${second as string}`)
      .send({ content: {} })
      .expect(409);
  });

  it('work that is withdrawn is not there any more', async () => {
    const { id } = await start(await given());
    const withdraw = (at: string | null): Promise<number> =>
      app.database.run(
        `-- test.withdraw
        update submissions set withdrawn_at = $2 where tenant_id = $1`,
        [tenant.tenantId, at],
      );
    await withdraw(now);
    await submit(id, {}, 404);
    await app
      .as(student)
      .get(`/attempts/${id as string}`)
      .expect(404);
    await withdraw(null);
    await submit(id);
  });

  it('the student leaves, and nothing is taken from who is not here', async () => {
    const assignment = await given();
    const { id } = await start(assignment);
    await app.as('admin', tenant).post(`/users/${student.userId}/deactivate`).expect(200);
    await service()
      .post(`/attempts/${id as string}/submit`)
      .send({})
      .expect(404);
    const { assignmentId } = assignment;
    await service().post('/attempts').send({ assignmentId, studentId: student.userId }).expect(404);
    await app.as('admin', tenant).post(`/users/${student.userId}/activate`).expect(200);
    await service()
      .post(`/attempts/${id as string}/submit`)
      .send({})
      .expect(200);
  });

  it('the due date moves, and the one that holds when it is submitted counts', async () => {
    const assignment = await given({ dueAt: '2026-03-02T09:00:00Z', latePenalty: 10 });
    const { id } = await start(assignment);
    await change(assignment, 'due_at', '2026-03-02T08:30:00Z');
    app.clock.set('2026-03-02T08:45:00Z');
    expect(await submit(id)).toMatchObject({ lateSeconds: 900, penalty: 10 });
    const { id: second } = await start(assignment);
    await change(assignment, 'due_at', '2026-03-02T10:00:00Z');
    expect(await submit(second)).toMatchObject({ lateSeconds: 0, penalty: 0 });
    // the first stays as it was submitted
    expect((await detail(assignment))['attempts']).toMatchObject([{ penalty: 10 }, { penalty: 0 }]);
  });

  it('it closes: late is taken, afterwards nothing is', async () => {
    const assignment = await given({ dueAt: '2026-03-02T08:10:00Z', availableUntil: '2026-03-02T09:00:00Z' });
    const { id } = await start(assignment);
    app.clock.set('2026-03-02T09:00:00Z');
    expect(await submit(id)).toMatchObject({ lateSeconds: 3_000 });
    expect(await detail(assignment)).toMatchObject({ isLate: true, isOverdue: false, status: 'submitted' });
    const { id: second } = await start(assignment);
    app.clock.set('2026-03-02T09:00:01Z');
    expect(codeOf(await submit(second, {}, 409))).toBe('assignment_closed');
  });

  it('attempts that are no longer allowed are not taken', async () => {
    const assignment = await given({ maxAttempts: 2 });
    await submit((await start(assignment))['id']);
    const { id } = await start(assignment);
    await change(assignment, 'max_attempts', 1);
    expect(codeOf(await submit(id, {}, 409))).toBe('attempts_used');
  });
});

it.each([
  // 18:00 is an hour of daylight nearer on the day after
  ['2026-03-28T18:00:00Z', '2026-03-29T17:00:00Z', '2026-03-29T17:00:01Z'],
  ['2026-10-24T17:00:00Z', '2026-10-25T18:00:00Z', '2026-10-25T18:00:01Z'],
])('counts penalties by the wall clock when clocks change in the night after %s', async (dueAt, dayLater, twoBegun) => {
  const assignment = await given({ dueAt, latePenalty: 10, maxAttempts: null, attemptPolicy: 'last' });
  app.clock.set(dayLater);
  expect(await score(assignment, 90)).toMatchObject({ penalty: 10 });
  // 90 less 10 %
  expect(await detail(assignment)).toMatchObject({ score: 81 });
  app.clock.set(twoBegun);
  expect(await score(assignment, 90)).toMatchObject({ penalty: 20 });
  expect(await detail(assignment)).toMatchObject({ score: 72 });
});

describe('scores that are not released', () => {
  it('are hidden from whoever did it, and from nobody else', async () => {
    const assignment = await given({ gradeRelease: 'manual' });
    await change(assignment, 'feedback_rules', JSON.stringify([{ minScore: 0, text: 'Again' }]));
    const { id } = await score(assignment, 40);
    await app.database.run(
      `-- test.grade
      update submissions set grade = 45, graded_at = $2, feedback = 'See me' where tenant_id = $1`,
      [tenant.tenantId, now],
    );
    const own = async (): Promise<Body[]> => [
      (
        await app
          .as(student)
          .get(`/attempts/${id as string}`)
          .expect(200)
      ).body as Body,
      (await app.as(student).get(`/assignments/${assignment.assignmentId}/submissions/${student.userId}`)).body as Body,
      ((await app.as(student).get('/submissions').expect(200)).body.data as Body[])[0]!,
    ];
    const hidden = await own();
    expect(hidden).toMatchObject([
      { score: null },
      { score: null, attemptScore: null, grade: null, feedback: null, autoFeedback: null, isReleased: false },
      { score: null },
    ]);
    expect(hidden[1]!['attempts']).toMatchObject([{ score: null }]);
    expect(await detail(assignment)).toMatchObject({ score: 45, attemptScore: 40, grade: 45, feedback: 'See me' });
    await change(assignment, 'grades_released_at', now);
    expect(await own()).toMatchObject([
      { score: 40 },
      { score: 45, attemptScore: 40, grade: 45, feedback: 'See me', autoFeedback: 'Again', isReleased: true },
      { score: 45 },
    ]);
  });
});
