import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createStudent, createTenant } from '../../test/factories.js';
import type { Assignment } from '../../test/factories.assignments.js';
import { type Body, codeOf, Workroom } from '../../test/workroom.js';

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

describe('an attempt', () => {
  it('is begun, saved and submitted, and the submission says so', async () => {
    const assignment = await work.given();
    const id = uuidv7();
    expect(await work.start(assignment, { id })).toEqual({
      id,
      assignmentId: assignment.assignmentId,
      studentId: work.student.userId,
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
    expect(await work.detail(assignment)).toMatchObject({
      status: 'in_progress',
      attemptsSubmitted: 0,
      hasOpenAttempt: true,
    });
    app.clock.advance(60);
    const saved = await app
      .as(work.student)
      .patch(`/attempts/${id}`)
      .send({ content: { a: [1] }, timeSpentSeconds: 50 });
    expect(saved.body).toMatchObject({ content: { a: [1] }, timeSpentSeconds: 50, savedAt: '2026-03-02T08:01:00Z' });
    // what is left out stays
    await app.as(work.student).patch(`/attempts/${id}`).send({ timeSpentSeconds: 55 }).expect(200);
    app.clock.advance(60);
    const submitted = await work.submit(id, { timeSpentSeconds: 100 });
    expect(submitted).toMatchObject({
      submittedAt: '2026-03-02T08:02:00Z',
      content: { a: [1] },
      timeSpentSeconds: 100,
      lateSeconds: 0,
    });
    // and again it is the same, whatever is sent
    app.clock.advance(60);
    expect(await work.submit(id, { content: { b: 2 }, timeSpentSeconds: 999 })).toEqual(submitted);
    expect(await work.start(assignment, { id })).toEqual(submitted);
    expect((await app.as(work.student).get(`/attempts/${id}`).expect(200)).body).toEqual(submitted);
    expect(await work.detail(assignment)).toMatchObject({
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

  it('counts for the work.student, is on record, and is told to whom it concerns once', async () => {
    const [first, second] = [await work.given(), await work.given()];
    const row = async (): Promise<unknown> => {
      const { body } = await app.as(work.instructor).get('/students').expect(200);
      return (body.data as Body[])[0]!['completionRate'];
    };
    expect(await row()).toBe(0);
    const { id } = await work.start(first);
    await work.submit(id);
    await work.submit(id);
    // one of two, in the list that was in the cache
    expect(await row()).toBe(50);
    await work.submit((await work.start(second))['id']);
    expect(await row()).toBe(100);
    const events = await app.database.many(
      `-- test.submittedEvents
      select key, payload from outbox where tenant_id = $1 and topic = 'assignments.submitted' and key = $2`,
      [work.tenant.tenantId, id],
    );
    const payload = { attemptId: id, assignmentId: first.assignmentId, studentId: work.student.userId };
    expect(events).toEqual([{ key: id, payload }]);
    const entries = await app.database.many(
      `-- test.attemptEntries
      select action, actor_id as "actorId" from audit_entries where tenant_id = $1 and target_id = $2 order by id`,
      [work.tenant.tenantId, id],
    );
    expect(entries).toEqual([
      { action: 'attempt.started', actorId: work.student.userId },
      { action: 'attempt.submitted', actorId: work.student.userId },
    ]);
  });

  it('never changes once it is submitted', async () => {
    const assignment = await work.given();
    const { id } = await work.start(assignment);
    await work.submit(id, { content: { a: 1 } });
    const late = await app.as(work.student).patch(`/attempts/${id as string}`).send({ content: { a: 2 } }).expect(409);
    expect(late.body.code).toBe('attempt_submitted');
    for (const set of ['score = 100', `content = '{}'`, 'submitted_at = null', 'penalty = 1', `session_ids = '{}', number = 7, time_spent_seconds = 9`]) {
      const changed = app.database.run(
        `-- test.changeAttempt
        update attempts set ${set} where tenant_id = $1 and id = $2`,
        [work.tenant.tenantId, id],
      );
      await expect(changed).rejects.toMatchObject({ constraint: 'attempts__final_check' });
    }
  }); // prettier-ignore

  it('takes JSON of 64 KiB and no more, and nothing that is no object', async () => {
    const { id } = await work.start(await work.given());
    const save = (content: unknown): Promise<number> =>
      app.as(work.student).patch(`/attempts/${id as string}`).send({ content }).then(({ status }) => status);
    const around = JSON.stringify({ text: '' }).length;
    expect(await save({ text: 'x'.repeat(65_536 - around) })).toBe(200);
    expect(await save({ text: 'x'.repeat(65_537 - around) })).toBe(400);
    expect(await save([1])).toBe(400);
    expect(await save(null)).toBe(200);
    for (const body of [{ timeSpentSeconds: -1 }, { timeSpentSeconds: 1.5 }, { score: 3 }]) {
      await app.as(work.student).patch(`/attempts/${id as string}`).send(body).expect(400);
    }
  }); // prettier-ignore

  it('is scored by a service, never by whoever did it', async () => {
    const assignment = await work.given({ attemptPolicy: 'best' });
    const { id } = await work.start(assignment);
    expect(codeOf(await work.submit(id, { score: 100 }, 403))).toBe('score_denied');
    const { body } = await work
      .service()
      .post(`/attempts/${id as string}/submit`)
      .send({ score: 62.5 })
      .expect(200);
    expect(body).toMatchObject({ score: 62.5, source: 'student' });
    expect(await work.score(assignment, 80)).toMatchObject({ number: 2, source: 'service', score: 80 });
    expect(await work.detail(assignment)).toMatchObject({ score: 80, attemptScore: 80, attemptsSubmitted: 2 });
    await work.service().post('/attempts').send({ assignmentId: assignment.assignmentId }).expect(400);
    await app.as(work.instructor).post('/attempts').send({ assignmentId: assignment.assignmentId }).expect(403);
    await work
      .service()
      .post(`/attempts/${id as string}/submit`)
      .send({ score: 101 })
      .expect(400);
  });

  it('gets the words that its score deserves', async () => {
    const assignment = await work.given();
    await work.change(assignment, 'feedback_rules', JSON.stringify([{ minScore: 0, text: 'Again' }, { minScore: 75, text: 'Well done' }])); // prettier-ignore
    await work.score(assignment, 74);
    expect(await work.detail(assignment)).toMatchObject({ autoFeedback: 'Again', feedback: null });
    await work.score(assignment, 75);
    expect(await work.detail(assignment)).toMatchObject({ autoFeedback: 'Well done' });
  });
});

describe('an attempt cannot be begun', () => {
  const refused = async (assignment: Assignment): Promise<unknown> => codeOf(await work.start(assignment, {}, 409));

  it('where nothing is handed in at present', async () => {
    for (const status of ['paused', 'completed', 'archived'] as const) {
      expect(await refused(await work.given({ status }))).toBe('assignment_not_open');
    }
    // what has not begun is no business of students; a service is told
    for (const options of [{ status: 'draft' }, { availableFrom: '2026-03-02T08:00:01Z' }] as const) {
      const assignment = await work.given(options);
      const { assignmentId } = assignment;
      await work.start(assignment, {}, 404);
      const body = { assignmentId, studentId: work.student.userId };
      expect(codeOf((await work.service().post('/attempts').send(body).expect(409)).body as Body)).toBe(
        'assignment_not_open',
      );
    }
    await work.start(await work.given({ availableFrom: now }));
  });

  it('after it has closed, which an extension puts off', async () => {
    const assignment = await work.given({ dueAt: '2026-03-02T07:00:00Z', availableUntil: '2026-03-02T07:59:59Z' });
    expect(await refused(assignment)).toBe('assignment_closed');
    await app.database.run(
      `-- test.extend
      update submissions set extended_until = '2026-03-02T08:00:00Z' where tenant_id = $1`,
      [work.tenant.tenantId],
    );
    await work.start(assignment);
  });

  it('while another one is, and says which', async () => {
    const assignment = await work.given();
    const { id } = await work.start(assignment);
    const { code, detail: said } = await work.start(assignment, {}, 409);
    expect(code).toBe('attempt_open');
    expect(said).toContain(id);
    await work.submit(id);
    expect(await work.start(assignment)).toMatchObject({ number: 2 });
  });

  it('once all attempts are used', async () => {
    const assignment = await work.given({ maxAttempts: 2 });
    await work.submit((await work.start(assignment))['id']);
    await work.submit((await work.start(assignment))['id']);
    expect(await refused(assignment)).toBe('attempts_used');
    await work.change(assignment, 'max_attempts', null);
    await work.start(assignment);
  });

  it('again, where that is not allowed', async () => {
    const never = await work.given({ retakePolicy: 'never' });
    await work.submit((await work.start(never))['id']);
    expect(await refused(never)).toBe('retake_denied');
    // until the pass mark of the work.tenant, which is 70, or the assignment's own
    const passing = await work.given({ retakePolicy: 'untilPassed' });
    await work.score(passing, 69.99);
    await work.score(passing, 70);
    expect(await refused(passing)).toBe('retake_denied');
    const own = await work.given({ retakePolicy: 'untilPassed', targetScore: 90, maxAttempts: null });
    await work.score(own, 89);
    await work.score(own, 90);
    expect(await refused(own)).toBe('retake_denied');
  });

  it('with an id that something else has, or of what is not there', async () => {
    const [first, second] = [await work.given(), await work.given()];
    const { id } = await work.start(first);
    expect(codeOf(await work.start(second, { id }, 409))).toBe('attempt_id_taken');
    await work.start({ ...first, assignmentId: uuidv7() }, {}, 404);
    const other = await createStudent(app.database, work.instructor);
    await work.start(first, { studentId: other.userId }, 404);
    const { assignmentId } = first;
    await work.service().post('/attempts').send({ assignmentId, studentId: other.userId }).expect(404);
    await work.start(first, { id: 'no id' }, 400);
    const stranger = await createTenant(app.database);
    const body = { assignmentId, studentId: work.student.userId };
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

describe('scores that are not released', () => {
  it('are hidden from whoever did it, and from nobody else', async () => {
    const assignment = await work.given({ gradeRelease: 'manual' });
    await work.change(assignment, 'feedback_rules', JSON.stringify([{ minScore: 0, text: 'Again' }]));
    const { id } = await work.score(assignment, 40);
    await app.database.run(
      `-- test.grade
      update submissions set grade = 45, grade_penalty = 10, graded_at = $2, feedback = 'See me' where tenant_id = $1`,
      [work.tenant.tenantId, now],
    );
    const own = async (): Promise<Body[]> => [
      (
        await app
          .as(work.student)
          .get(`/attempts/${id as string}`)
          .expect(200)
      ).body as Body,
      (await app.as(work.student).get(`/assignments/${assignment.assignmentId}/submissions/${work.student.userId}`))
        .body as Body,
      ((await app.as(work.student).get('/submissions').expect(200)).body.data as Body[])[0]!,
    ];
    const hidden = await own();
    expect(hidden).toMatchObject([
      { score: null },
      { score: null, attemptScore: null, grade: null, feedback: null, autoFeedback: null, isReleased: false },
      { score: null },
    ]);
    const ungraded = { status: 'submitted', isAwaitingGrade: true };
    expect(hidden.slice(1)).toMatchObject([{ ...ungraded, gradedAt: null, gradePenalty: 0 }, ungraded]);
    const listed = async (state: string): Promise<number> =>
      (await app.as(work.student).get(`/submissions?state=${state}`).expect(200)).body.data.length as number;
    expect([await listed('graded'), await listed('submitted'), await listed('awaitingGrade')]).toEqual([0, 1, 1]);
    expect(hidden[1]!['attempts']).toMatchObject([{ score: null }]);
    expect(await work.detail(assignment)).toMatchObject({
      score: 40.5,
      attemptScore: 40,
      grade: 45,
      feedback: 'See me',
      gradePenalty: 10,
      status: 'graded',
    });
    await work.change(assignment, 'grades_released_at', now);
    expect(await own()).toMatchObject([
      { score: 40 },
      {
        score: 40.5,
        attemptScore: 40,
        grade: 45,
        feedback: 'See me',
        autoFeedback: 'Again',
        isReleased: true,
        status: 'graded',
      },
      { score: 40.5 },
    ]);
  });
});
