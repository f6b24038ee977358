import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { type Assignment, createAssignment, handOut } from '../../test/factories.assignments.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { handIn } from '../../test/handed-in.js';
import { ProgressRepository } from '../students/progress.repository.js';

let app: TestApp;
let tenant: Tenant;
let ada: Member;
let ben: Member;
let student: Member;
let other: Member;
let bens: Member;
let done: Assignment;
let open: Assignment;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  ada = await createInstructor(app.database, tenant);
  ben = await createInstructor(app.database, tenant);
});
afterAll(() => app.stop());

beforeEach(async () => {
  [student, other] = (await createStudents(app.database, ada, [{}, {}])) as [Member, Member];
  [bens] = (await createStudents(app.database, ben, [{}])) as [Member];
  done = await createAssignment(app.database, ada);
  open = await createAssignment(app.database, ada);
  for (const work of [done, open]) await handOut(app.database, work, [student, bens]);
  await handIn(app.database, done, student);
  const ids = [student, bens].map(({ userId }) => userId);
  await app.app.get(ProgressRepository).refreshAssignments(tenant.tenantId, ids, app.clock.now());
});

const set = ({ assignmentId }: Assignment, { userId }: Member, exemption: string | null, status = 200) =>
  app.as(ada).put(`/assignments/${assignmentId}/submissions/${userId}/exemption`)
    .send({ exemption, reason: 'Ill from 2 to 6 March' }).expect(status); // prettier-ignore
const rateOf = async ({ userId }: Member): Promise<number> =>
  (await app.as(ada).get(`/students/${userId}`).expect(200)).body.completionRate as number;

it('leaves what is excused out of what is to be done, and what is exempt in', async () => {
  expect(await rateOf(student)).toBe(50); // 1 of 2
  const { body } = await set(open, student, 'excused');
  expect(body).toMatchObject({
    assignmentId: open.assignmentId,
    exemption: 'excused',
    version: 2,
    status: 'not_started',
  });
  expect(await rateOf(student)).toBe(100); // 1 of 1
  await set(open, student, 'exempt');
  expect(await rateOf(student)).toBe(50);
  expect((await set(open, student, null)).body).toMatchObject({ exemption: null, version: 4 });
});

it('has its history among that of the grade, and its audit, which does not say why', async () => {
  await set(open, student, 'excused');
  expect((await set(open, student, 'excused')).body.version).toBe(2);
  const grade = `/assignments/${open.assignmentId}/submissions/${student.userId}/grade`;
  const graded = await app.as(ada).put(grade).send({ grade: 80 }).expect(200);
  expect(graded.body).toMatchObject({ exemption: 'excused', grade: 80 });
  const { body } = await app.as(ada).get(`${grade}s`).expect(200);
  const [second, first] = body.data;
  expect(first).toMatchObject({
    from: { exemption: null },
    to: { exemption: 'excused' },
    reason: 'Ill from 2 to 6 March',
  });
  expect(second).toMatchObject({
    from: { exemption: 'excused', grade: null },
    to: { exemption: 'excused', grade: 80 },
  });
  const entries = (await auditTrail(app.database, tenant.tenantId, 'submission.exempted'))
    .filter(({ targetId }) => targetId === student.userId)
    .map(({ before, after, reason }) => ({ before, after, reason }));
  const grading = { assignmentId: open.assignmentId, grade: null, gradePenalty: 0 };
  const after = { ...grading, exemption: 'excused' };
  expect(entries).toEqual([{ before: { ...grading, exemption: null }, after, reason: null }]);
});

it('is refused with another version, without a reason, and of what is not there', async () => {
  const path = `/assignments/${open.assignmentId}/submissions/${student.userId}/exemption`;
  const body = { exemption: 'excused', reason: 'Ill' };
  await app.as(ada).put(path).set('if-match', '"7"').send(body).expect(412);
  await app.as(ada).put(path).set('if-match', '"1"').send(body).expect(200);
  await app.as(ada).put(path).send({ exemption: 'excused' }).expect(400);
  await app.as(ada).put(path).send({ exemption: 'late', reason: 'x' }).expect(400);
  await app.as(student).put(path).send(body).expect(403);
  await app.as(ben).put(path).send(body).expect(404);
  await set(open, other, 'excused', 404);
  await set(open, bens, 'excused', 404);
  await set(await createAssignment(app.database, ada, { status: 'draft' }), student, 'excused', 409);
});

it('is set for many at once, with a result for each', async () => {
  const path = `/assignments/${open.assignmentId}/exemptions`;
  const stranger = uuidv7();
  const studentIds = [student, other, bens].map(({ userId }) => userId).concat(stranger, student.userId.toUpperCase());
  const send = async (more: object) =>
    (
      await app
        .as(ada)
        .post(path)
        .send({ studentIds, exemption: 'excused', reason: 'Strike', ...more })
        .expect(200)
    ).body;
  const results = [
    { studentId: student.userId, result: 'changed' },
    { studentId: other.userId, result: 'submission_not_found' },
    { studentId: bens.userId, result: 'student_not_found' },
    { studentId: stranger, result: 'student_not_found' },
  ];
  expect(await send({ dryRun: true })).toEqual({
    dryRun: true,
    applied: false,
    changed: 1,
    unchanged: 0,
    rejected: 3,
    results,
  });
  expect(await send({ allOrNothing: true })).toMatchObject({ applied: false, changed: 0, results });
  expect(await rateOf(student)).toBe(50);
  expect(await send({})).toMatchObject({ applied: true, changed: 1, rejected: 3, results });
  expect(await rateOf(student)).toBe(100);
  expect(await send({})).toMatchObject({ applied: true, changed: 0, unchanged: 1 });
});

it('and a grade given at the same time are both there', async () => {
  const path = `/assignments/${open.assignmentId}/submissions/${student.userId}`;
  await Promise.all([
    set(open, student, 'exempt'),
    app.as(ada).put(`${path}/grade`).send({ grade: 80 }).expect(200),
    app.as(ada).post(`/assignments/${open.assignmentId}/exemptions`)
      .send({ studentIds: [student.userId, bens.userId], exemption: 'exempt', reason: 'x' }).expect(200), // prettier-ignore
  ]);
  const { body } = await app.as(ada).get(`${path}/grades`).expect(200);
  expect(body.data).toHaveLength(2);
  expect(body.data[0].to).toMatchObject({ grade: 80, exemption: 'exempt' });
  expect(body.data[0].from).toEqual(body.data[1].to);
});
