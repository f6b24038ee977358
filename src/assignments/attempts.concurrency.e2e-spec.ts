import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudent, createStudents, createTenant, type Member } from '../../test/factories.js';
import { type AssignmentOptions, createAssignment, handOut } from '../../test/factories.assignments.js';

jest.setTimeout(60_000);

/** Two processes on one database. */
let apps: TestApp[] = [];
let instructor: Member;

beforeAll(async () => {
  const first = await startApp();
  apps = [first, await startApp({ db: first.db })];
});
afterAll(async () => {
  for (const app of apps.reverse()) await app.stop();
});
beforeEach(async () => {
  instructor = await createInstructor(apps[0]!.database, await createTenant(apps[0]!.database));
});

async function given(options: AssignmentOptions, students: readonly Member[]): Promise<string> {
  const assignment = await createAssignment(apps[0]!.database, instructor, options);
  await handOut(apps[0]!.database, assignment, students);
  return assignment.assignmentId;
}
const all = <T>(count: number, work: (app: TestApp, index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(apps[index % 2]!, index)));
/** Asked again while the server is too busy, as it says it may be. */
async function answered<T extends { readonly status: number }>(ask: () => PromiseLike<T>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer.status !== 503) return answer;
    await sleep(20);
  }
}
const attemptsOf = (assignmentId: string): Promise<object[]> =>
  apps[0]!.database.many(
    `-- test.attemptCounts
    select s.attempts_started as started, s.attempts_submitted as submitted, s.version,
      (select count(*) from attempts t where t.assignment_id = s.assignment_id and t.student_id = s.student_id) as stored,
      (select array_agg(t.number order by t.number) from attempts t
        where t.assignment_id = s.assignment_id and t.student_id = s.student_id) as numbers
    from submissions s where s.tenant_id = $1 and s.assignment_id = $2`,
    [instructor.tenantId, assignmentId],
  );
const tally = (codes: readonly string[]): Record<string, number> =>
  codes.reduce<Record<string, number>>((counts, code) => ({ ...counts, [code]: (counts[code] ?? 0) + 1 }), {});

it('lets fifty who begin at once begin one', async () => {
  const student = await createStudent(apps[0]!.database, instructor);
  const assignmentId = await given({ maxAttempts: 3 }, [student]);
  const codes = await all(50, async (app) => {
    const { status, body } = await answered(() => app.as(student).post('/attempts').send({ assignmentId }));
    return status === 201 ? 'begun' : (body.code as string);
  });
  expect(tally(codes)).toEqual({ begun: 1, attempt_open: 49 });
  expect(await attemptsOf(assignmentId)).toMatchObject([{ started: 1, stored: 1, numbers: [1] }]);
});

it('never takes more than the most attempts, of fifty who begin and submit at once', async () => {
  const student = await createStudent(apps[0]!.database, instructor);
  const assignmentId = await given({ maxAttempts: 5, retakePolicy: 'always' }, [student]);
  const codes = await all(50, async (app) => {
    for (;;) {
      const id = uuidv7();
      const begin = () => app.as(student).post('/attempts').send({ id, assignmentId });
      const { status, body } = await answered(begin);
      if (status === 201) {
        const path = `/attempts/${body.id as string}/submit`;
        const submitted = await answered(() => app.as(student).post(path).send({}));
        return submitted.status === 200 ? 'submitted' : (submitted.body.code as string);
      }
      if (body.code !== 'attempt_open') return body.code as string;
      await sleep(20);
    }
  });
  expect(tally(codes)).toEqual({ submitted: 5, attempts_used: 45 });
  expect(await attemptsOf(assignmentId)).toMatchObject([
    { started: 5, submitted: 5, stored: 5, numbers: [1, 2, 3, 4, 5] },
  ]);
});

it('takes one attempt once, of fifty who submit it', async () => {
  const student = await createStudent(apps[0]!.database, instructor);
  const assignmentId = await given({}, [student]);
  const { body } = await apps[0]!.as(student).post('/attempts').send({ assignmentId }).expect(201);
  const answers = await all(50, (app, index) =>
    app
      .as(student)
      .post(`/attempts/${body.id as string}/submit`)
      .send({ content: { index } }),
  );
  expect(tally(answers.map(({ status }) => String(status)))).toEqual({ '200': 50 });
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  // begun and submitted: two changes
  expect(await attemptsOf(assignmentId)).toMatchObject([{ submitted: 1, version: 3 }]);
  const events = await apps[0]!.database.many(
    `-- test.submittedOnce
    select key from outbox where tenant_id = $1 and topic = 'assignments.submitted'`,
    [instructor.tenantId],
  );
  expect(events).toEqual([{ key: body.id }]);
});

it('keeps counts while a class of students hands in, some of them leave, and the due date moves', async () => {
  const { database } = apps[0]!;
  const students = await createStudents(database, instructor, Array(20).fill({}));
  const assignmentId = await given({ maxAttempts: 2 }, students);
  const submitted = all(40, async (app, index) => {
    const student = students[index % 20]!;
    const work = { assignmentId, studentId: student.userId };
    const begun = await answered(() => app.as('service', instructor).post('/attempts').send(work));
    if (begun.status !== 201) return [404, 409].includes(begun.status);
    const path = `/attempts/${begun.body.id as string}/submit`;
    const { status } = await answered(() => app.as('service', instructor).post(path).send({ score: 50 }));
    return [200, 404].includes(status);
  });
  const left = all(4, (app, index) =>
    answered(() => app.as('admin', instructor).post(`/users/${students[index]!.userId}/deactivate`)),
  );
  const moved = all(5, (_, index) =>
    database.run(
      `-- test.moveDue
      update assignments set due_at = due_at + interval '1 minute' * $3 where tenant_id = $1 and id = $2`,
      [instructor.tenantId, assignmentId, index + 1],
    ),
  );
  expect(await submitted).toEqual(Array(40).fill(true));
  expect((await left).map(({ status }) => status)).toEqual(Array(4).fill(200));
  await moved;
  const wrong = await database.many(
    `-- test.wrongCounts
    select s.student_id from submissions s
    join student_progress p on p.tenant_id = $1 and p.student_id = s.student_id
    cross join lateral (
      select count(*) as started, count(t.submitted_at) as submitted from attempts t
      where t.tenant_id = $1 and t.assignment_id = s.assignment_id and t.student_id = s.student_id
    ) t
    where s.tenant_id = $1 and ((s.attempts_started, s.attempts_submitted) <> (t.started, t.submitted)
      or t.started > 2 or p.assignments_completed <> least(t.submitted, 1)
      or s.effective_due_at <> timestamptz '2026-03-09T12:15:00Z')`,
    [instructor.tenantId],
  );
  expect(wrong).toEqual([]);
});
