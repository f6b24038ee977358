import { startApp, type TestApp } from '../../test/app.js';
import { createCategory, createInstructor, createModule, createStudents, createTenant, type Member, sessionBody, type Tenant } from '../../test/factories.js'; // prettier-ignore
import {
  type Assignment,
  type AssignmentOptions,
  createAssignment,
  handOut,
} from '../../test/factories.assignments.js';
import { TenantRemovalRepository } from '../imports/tenant-removal.repository.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let from: Member;
let into: Member;

const now = '2026-03-02T08:00:00Z';

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set(now);
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  [from, into] = (await createStudents(app.database, instructor, [{}, {}])) as [Member, Member];
});

type Body = Readonly<Record<string, unknown>>;

async function given(students: readonly Member[], options: AssignmentOptions = {}): Promise<Assignment> {
  const assignment = await createAssignment(app.database, instructor, options);
  await handOut(app.database, assignment, students);
  return assignment;
}
async function start({ assignmentId }: Assignment, { userId }: Member, at = now): Promise<string> {
  app.clock.set(at);
  const body = { assignmentId, studentId: userId };
  const answer = await app.as('service', tenant).post('/attempts').send(body).expect(201);
  return answer.body.id as string;
}
async function submit(assignment: Assignment, student: Member, score: number, at = now): Promise<string> {
  const id = await start(assignment, student, at);
  await app.as('service', tenant).post(`/attempts/${id}/submit`).send({ score }).expect(200);
  app.clock.set(now);
  return id;
}
const set = ({ assignmentId }: Assignment, { userId }: Member, columns: string): Promise<number> =>
  app.database.run(
    `-- test.setSubmission
    update submissions set ${columns} where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
    [tenant.tenantId, assignmentId, userId],
  );
const merge = () => app.as('admin', tenant).post(`/users/${from.userId}/merge`).send({ intoId: into.userId });
async function detail({ assignmentId }: Assignment): Promise<Body> {
  const { body } = await app.as(instructor).get(`/assignments/${assignmentId}/submissions/${into.userId}`).expect(200);
  return body as Body;
}
const left = (): Promise<object[]> =>
  app.database.many(
    `-- test.leftOfDuplicate
    select (select count(*) from submissions where tenant_id = $1 and student_id = $2) as submissions,
      (select count(*) from attempts where tenant_id = $1 and student_id = $2) as attempts,
      (select assignments_assigned from student_progress where tenant_id = $1 and student_id = $2) as assigned`,
    [tenant.tenantId, from.userId],
  );

it('gives one what only the other had, with ids, scores and penalties as they were', async () => {
  const theirs = await given([from], { dueAt: '2026-03-01T12:00:00Z', latePenalty: 10 });
  const own = await given([into]);
  await given([from]);
  const first = await submit(theirs, from, 60, '2026-03-01T10:00:00Z');
  const second = await submit(theirs, from, 90, '2026-03-01T13:00:00Z');
  const open = await start(theirs, from);
  await submit(own, into, 70);
  await merge().expect(200);
  const moved = await detail(theirs);
  // 90 less a tenth
  expect(moved).toMatchObject({ score: 81, attemptsSubmitted: 2, hasOpenAttempt: true, isLate: false });
  expect(moved['attempts']).toMatchObject([
    { id: first, number: 1, penalty: 0, studentId: into.userId },
    { id: second, number: 2, penalty: 10, lateSeconds: 3_600 },
    { id: open, number: 3, submittedAt: null },
  ]);
  // two of three are done
  const { body } = await app.as(instructor).get(`/students/${into.userId}`).expect(200);
  expect(body.completionRate).toBe(66.67);
  expect(await left()).toEqual([{ submissions: 0, attempts: 0, assigned: 0 }]);
  await app.as(into).post(`/attempts/${open}/submit`).send({}).expect(200);
});

it('numbers the attempts of both after each other, and works out what they come to', async () => {
  const both = [from, into];
  const [best, last, mean] = [
    await given(both, { attemptPolicy: 'best' }),
    await given(both, { attemptPolicy: 'last' }),
    await given(both, { attemptPolicy: 'mean' }),
  ];
  for (const assignment of [best, last, mean]) {
    await submit(assignment, into, 80, '2026-03-01T10:00:00Z');
    await submit(assignment, from, 50, '2026-03-01T09:00:00Z');
    await submit(assignment, from, 65, '2026-03-01T11:00:00Z');
  }
  await merge().expect(200);
  expect(await detail(best)).toMatchObject({
    score: 80,
    attemptsSubmitted: 3,
    firstSubmittedAt: '2026-03-01T09:00:00Z',
    submittedAt: '2026-03-01T11:00:00Z',
    attempts: [
      { number: 1, score: 80 },
      { number: 2, score: 50 },
      { number: 3, score: 65 },
    ],
  });
  expect(await detail(last)).toMatchObject({ score: 65 });
  // (80 + 50 + 65) / 3
  expect(await detail(mean)).toMatchObject({ score: 65 });
  expect(await left()).toEqual([{ submissions: 0, attempts: 0, assigned: 0 }]);
});

it('lets a grade of the one who stays stand, takes that of the other where there is none, and what was granted to either', async () => {
  const both = [from, into];
  const [own, other, granted] = [await given(both), await given(both), await given(both)];
  const graded = (grade: number): string => `grade = ${grade}, graded_at = '${now}', feedback = 'Of ${grade}'`;
  await set(own, into, graded(90));
  await set(own, from, graded(10));
  await set(other, from, `${graded(40)}, grade_penalty = 50`);
  await set(granted, from, `exemption = 'excused', extended_until = '2026-03-20T12:00:00Z', extension_reason = 'Ill'`);
  await set(granted, into, `withdrawn_at = '2026-03-01'`);
  await merge().expect(200);
  expect(await detail(own)).toMatchObject({ grade: 90, feedback: 'Of 90' });
  expect(await detail(other)).toMatchObject({ grade: 40, gradePenalty: 50, score: 20, feedback: 'Of 40' });
  expect(await detail(granted)).toMatchObject({
    exemption: 'excused',
    effectiveDueAt: '2026-03-20T12:00:00Z',
    dueRule: 'extension',
  });
});

it('keeps of two open attempts the one that was written in last', async () => {
  const assignment = await given([from, into]);
  const older = await start(assignment, into, '2026-03-01T10:00:00Z');
  const newer = await start(assignment, from, '2026-03-01T09:00:00Z');
  app.clock.set('2026-03-01T11:00:00Z');
  await app.as('service', tenant).patch(`/attempts/${newer}`).send({ content: { mine: true } }).expect(200);
  await merge().expect(200);
  expect(await detail(assignment)).toMatchObject({ attempts: [{ id: newer, number: 1, content: { mine: true } }] });
  await app.as('service', tenant).get(`/attempts/${older}`).expect(404);
}); // prettier-ignore

it('loses nothing of what both hand in while they are merged', async () => {
  const assignments = [await given([from, into], { maxAttempts: null }), await given([from], { maxAttempts: null })];
  const service = app.as('service', tenant);
  const handIn = async (index: number): Promise<string | null> => {
    const student = index % 3 === 0 ? into : from;
    const { assignmentId } = assignments[index % 2]!;
    const begun = await service.post('/attempts').send({ assignmentId, studentId: student.userId });
    if (begun.status !== 201) return null;
    const id = begun.body.id as string;
    const { status } = await service.post(`/attempts/${id}/submit`).send({ score: 50 });
    return status === 200 ? id : null;
  };
  const [merged, ...submitted] = await Promise.all([
    merge(),
    ...Array.from({ length: 24 }, (_, index) => handIn(index)),
  ]);
  expect(merged.status).toBe(200);
  const kept = await app.database.many<{ id: string }>(
    `-- test.keptAttempts
    select id from attempts where tenant_id = $1 and student_id = $2 and submitted_at is not null`,
    [tenant.tenantId, into.userId],
  );
  const ids = submitted.filter((id) => id !== null);
  expect(ids.length).toBeGreaterThan(0);
  expect(kept.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(await left()).toEqual([{ submissions: 0, attempts: 0, assigned: 0 }]);
  const wrong = await app.database.many(
    `-- test.wrongAfterMerge
    select s.assignment_id from submissions s where s.tenant_id = $1 and s.attempts_submitted <> (
      select count(*) from attempts t
      where t.tenant_id = $1 and t.assignment_id = s.assignment_id and t.submitted_at is not null
    )`,
    [tenant.tenantId],
  );
  expect(wrong).toEqual([]);
});

it('goes with its organisation, and leaves that of others alone', async () => {
  const category = await createCategory(app.database, tenant);
  const module = await createModule(app.database, category);
  const original = await given([from, into], { moduleIds: [module.moduleId] });
  const copy = await given([from]);
  await app.database.run(
    `-- test.copied
    with handed as (
      insert into hand_outs (tenant_id, id, assignment_id, created_by, created_at)
      values ($1, gen_random_uuid(), $2, $4, $5) returning id
    ), given as (
      update submissions set hand_out_id = handed.id from handed where tenant_id = $1 and assignment_id = $2
    )
    update assignments set copied_from_id = $2 where tenant_id = $1 and id = $3`,
    [tenant.tenantId, original.assignmentId, copy.assignmentId, instructor.userId, now],
  );
  await submit(original, from, 50);
  await start(original, into);
  await app.as(into).post('/activity/sessions').send({ sessions: [sessionBody(module)] }).expect(200);
  const count = async (): Promise<unknown[]> =>
    app.database.many(
      `-- test.countWork
      select (select count(*) from assignments where tenant_id = $1) as assignments,
        (select count(*) from attempts where tenant_id = $1) as attempts,
        (select count(*) from tenants where id = $1) as tenants`,
      [tenant.tenantId],
    );
  const removal = app.app.get(TenantRemovalRepository, { strict: false });
  const other = await createTenant(app.database);
  await removal.remove(other.tenantId);
  expect(await count()).toEqual([{ assignments: 2, attempts: 2, tenants: 1 }]);
  await removal.remove(tenant.tenantId);
  expect(await count()).toEqual([{ assignments: 0, attempts: 0, tenants: 0 }]);
}); // prettier-ignore
