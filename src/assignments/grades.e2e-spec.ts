import type { Response } from 'supertest';
import {
  type AssignmentOptions,
  type Assignment,
  createAssignment,
  handOut,
} from '../../test/factories.assignments.js';
import {
  createDepartment, createInstructor, createStudents, createTenant, serviceIdOf, type Member, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { handIn } from '../../test/handed-in.js';
import type { Viewer } from '../http/viewer.js';

let app: TestApp;
let tenant: Tenant;
let ada: Member;
let ben: Member;
let dean: Member;
/** Stands in for Ada. */
let cay: Member;
let students: Member[];
let bens: Member[];

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  const department = await createDepartment(app.database, tenant);
  ada = await createInstructor(app.database, department, { name: 'Ada' });
  ben = await createInstructor(app.database, department, { name: 'Ben' });
  dean = await createInstructor(app.database, department, { canViewAll: true });
  cay = await createInstructor(app.database, department);
  const given = { substituteId: cay.userId, validTo: '2026-03-16T18:00:00Z', reason: 'leave' };
  await app.as(ada).post('/delegations').send(given).expect(201);
  students = await createStudents(app.database, ada, [{}, {}, {}]);
  bens = await createStudents(app.database, ben, [{}]);
});
afterAll(() => app.stop());

/** Of Ada, or the organisation's own, handed out to everybody. */
async function assign(options: AssignmentOptions = {}, owner: { userId?: string } = ada): Promise<Assignment> {
  const { tenantId } = tenant;
  const assignment = await createAssignment(app.database, { tenantId, userId: owner.userId ?? null }, options);
  await handOut(app.database, assignment, [...students, ...bens]);
  return assignment;
}
const common = {};

const put = (
  viewer: Viewer,
  { assignmentId }: Assignment,
  student: { userId: string },
  body: object,
  version?: number,
): Promise<Response> => {
  const call = app.as(viewer).put(`/assignments/${assignmentId}/submissions/${student.userId}/grade`).send(body);
  return (version === undefined ? call : call.set('if-match', `"${version}"`)) as unknown as Promise<Response>;
};
const answer = ({ status, body }: Response): unknown => (status < 400 ? status : [status, body.code]);
const history = async (viewer: Viewer, { assignmentId }: Assignment, student: Member): Promise<Response['body'][]> =>
  (await app.as(viewer).get(`/assignments/${assignmentId}/submissions/${student.userId}/grades`).expect(200)).body.data;
const audits = async (action: string): Promise<object[]> =>
  (await auditTrail(app.database, tenant.tenantId, action)).map(({ actorId, targetId, before, after }) => ({
    actor_id: actorId,
    target_id: targetId,
    before,
    after,
  }));
const events = (): Promise<{ payload: { assignmentId: string; studentIds: string[] } }[]> =>
  app.database.many(
    `-- test.listGradedEvents
    select payload from outbox where tenant_id = $1 and topic = 'assignments.graded' order by id`,
    [tenant.tenantId],
  );
const eventsOf = async ({ assignmentId }: Assignment): Promise<string[][]> =>
  (await events())
    .filter(({ payload }) => payload.assignmentId === assignmentId)
    .map(({ payload }) => payload.studentIds);

describe('one grade', () => {
  it('is given with feedback, less what being late costs, and says so everywhere', async () => {
    const work = await assign();
    const [student] = students as [Member];
    await handIn(app.database, work, student, { score: 60, penalty: 10 });
    const { body } = await put(ada, work, student, { grade: 85, feedback: 'Clear call signs' });
    // 85 × (100 − 10) / 100
    const given = {
      grade: 85,
      gradePenalty: 10,
      score: 76.5,
      feedback: 'Clear call signs',
      status: 'graded',
      version: 3,
    };
    expect(body).toMatchObject({ ...given, assignmentId: work.assignmentId, studentId: student.userId });
    expect(await history(ada, work, student)).toMatchObject([
      {
        actorId: ada.userId,
        actorName: 'Ada',
        actorRole: 'instructor',
        createdAt: '2026-03-02T08:00:00Z',
        from: { grade: null, gradePenalty: 0, feedback: null, exemption: null },
        to: { grade: 85, gradePenalty: 10, feedback: 'Clear call signs', exemption: null },
        reason: null,
        batchId: null,
        isUndone: false,
      },
    ]);
    const [entry] = await audits('submission.graded');
    expect(entry).toMatchObject({
      actor_id: ada.userId,
      target_id: student.userId,
      before: { assignmentId: work.assignmentId, grade: null },
      after: { assignmentId: work.assignmentId, grade: 85, gradePenalty: 10 },
    });
    expect(await audits('grades.viewed')).toMatchObject([{ target_id: student.userId }]);
    expect(await eventsOf(work)).toEqual([[student.userId]]);
  });

  it('costs nothing for being late where that is waived, and the waiver holds until new work comes in', async () => {
    const work = await assign();
    const [student] = students as [Member];
    await handIn(app.database, work, student, { penalty: 20 });
    const waived = (await put(ada, work, student, { grade: 80, waivePenalty: true })).body;
    expect(waived).toMatchObject({ gradePenalty: 0, score: 80 });
    const regraded = (await put(ada, work, student, { grade: 90, reason: 'Recount' }, waived.version)).body;
    expect(regraded).toMatchObject({ gradePenalty: 0, score: 90 });
    // taking the waiver back changes the grade, too
    const back = { grade: 90, waivePenalty: false };
    expect(answer(await put(ada, work, student, back, regraded.version))).toEqual([422, 'reason_required']);
    expect((await put(ada, work, student, { ...back, reason: 'Not ill' }, regraded.version)).body.score).toBe(72);
    await handIn(app.database, work, student, { penalty: 30, submittedAt: '2026-03-02T08:30:00Z' });
    app.clock.advance(3_600);
    const again = await put(ada, work, student, { grade: 90 });
    expect(again.body).toMatchObject({ gradePenalty: 30, score: 63 });
    expect(again.body.gradedAt).toBe('2026-03-02T09:00:00Z');
  });

  it('needs a reason where it changes, and the version where it replaces', async () => {
    const work = await assign();
    const [student] = students as [Member];
    const first = (await put(ada, work, student, { grade: 70, feedback: 'Good' })).body;
    // again is nothing new, whatever version is thought to be there
    expect((await put(ada, work, student, { grade: 70, feedback: 'Good' })).body).toEqual(first);
    expect((await put(ada, work, student, { grade: 70 }, 1)).body).toEqual(first);
    expect(answer(await put(ada, work, student, { grade: 75, reason: 'x' }))).toEqual([409, 'grade_exists']);
    expect(answer(await put(ada, work, student, { grade: 70, feedback: 'Better' }))).toEqual([409, 'grade_exists']);
    expect(answer(await put(ada, work, student, { grade: 75, reason: 'x' }, 1))).toEqual([412, 'version_mismatch']);
    const missing = await put(ada, work, student, { grade: 75 }, first.version);
    expect(answer(missing)).toEqual([422, 'reason_required']);
    expect(missing.body.errors[0].pointer).toBe('/reason');
    const second = (await put(ada, work, student, { grade: 75.005, reason: 'Recount' }, first.version)).body;
    expect(second).toMatchObject({ grade: 75.01, feedback: 'Good', version: first.version + 1 });
    // words alone need no reason
    const third = (await put(ada, work, student, { grade: 75.01, feedback: null }, second.version)).body;
    expect(third).toMatchObject({ grade: 75.01, feedback: null, gradedAt: second.gradedAt });
    const away = (await put(ada, work, student, { grade: null, reason: 'Wrong person' }, third.version)).body;
    expect(away).toMatchObject({ grade: null, gradePenalty: 0, score: null, gradedAt: null, status: 'not_started' });
    const rows = await history(ada, work, student);
    expect(rows.map(({ from, to, reason }) => [from.grade, to.grade, reason])).toEqual([
      [75.01, null, 'Wrong person'],
      [75.01, 75.01, null],
      [70, 75.01, 'Recount'],
      [null, 70, null],
    ]);
  });

  it('is no attempt: work on paper is graded and not done', async () => {
    const work = await assign();
    const [, student] = students as [Member, Member];
    const counts = (): Promise<object> =>
      app.database.one(
        `-- test.countDone
        select assignments_assigned, assignments_completed from student_progress
        where tenant_id = $1 and student_id = $2`,
        [tenant.tenantId, student.userId],
      );
    const before = await counts();
    await put(ada, work, student, { grade: 100 });
    expect(await counts()).toEqual(before);
  });

  it('is refused where it is no grade', async () => {
    const work = await assign();
    const [student] = students as [Member];
    for (const body of [
      {},
      { grade: 101 },
      { grade: -1 },
      { grade: '80' },
      { grade: 80, feedback: '' },
      { grade: 8, by: 1 },
    ]) {
      expect((await put(ada, work, student, body)).status).toBe(400);
    }
    expect((await put(ada, work, student, { grade: 80 })).status).toBe(200);
  });

  it.each([
    ['draft', 'assignment_draft'],
    ['archived', 'assignment_archived'],
  ] as const)('is refused of what is %s', async (status, code) => {
    const work = await assign({ status });
    expect(answer(await put(ada, work, students[0]!, { grade: 80 }))).toEqual([409, code]);
  });

  it('is not given to what was withdrawn, or never handed out', async () => {
    const work = await assign();
    await app.database.run(
      `-- test.withdraw
      update submissions set withdrawn_at = '2026-03-01' where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
      [tenant.tenantId, work.assignmentId, students[0]!.userId],
    );
    expect(answer(await put(ada, work, students[0]!, { grade: 80 }))).toEqual([404, 'submission_not_found']);
    const path = `/assignments/${work.assignmentId}/submissions/${students[0]!.userId}/grades`;
    await app.as(ada).get(path).expect(404);
    const other = await createAssignment(app.database, ada);
    expect(answer(await put(ada, other, students[0]!, { grade: 80 }))).toEqual([404, 'submission_not_found']);
  });

  it('is given once of two with the same version', async () => {
    const work = await assign();
    const [student] = students as [Member];
    for (let round = 0; round < 5; round++) {
      const current = await versionOf(work, student);
      const graders = [ada, dean, ada, dean].map((viewer, index) =>
        put(viewer, work, student, { grade: 60 + round * 4 + index, reason: 'both' }, current),
      );
      const statuses = (await Promise.all(graders)).map(({ status }) => status).sort();
      expect(statuses).toEqual([200, 412, 412, 412]);
    }
    await expectChain(work, student);
  });

  it('of several first ones is given once, and the others are told', async () => {
    const work = await assign();
    const [student] = students as [Member];
    const answers = await Promise.all([61, 62, 63, 64].map((grade) => put(ada, work, student, { grade })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    await expectChain(work, student);
  });
});

const versionOf = async ({ assignmentId }: Assignment, { userId }: Member): Promise<number> =>
  (
    await app.database.one<{ version: number }>(
      `-- test.versionOfSubmission
      select version from submissions where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
      [tenant.tenantId, assignmentId, userId],
    )
  ).version;

/** Each change begins where the one before has ended, and the last ends where the submission is. */
async function expectChain(work: Assignment, student: Member): Promise<void> {
  const rows = (await history(dean, work, student)).reverse();
  let last: unknown = { grade: null, gradePenalty: 0, feedback: null, exemption: null };
  for (const { from, to } of rows) {
    expect(from).toEqual(last);
    last = to;
  }
  const now = await app.database.one(
    `-- test.gradingOf
    select grade, grade_penalty as "gradePenalty", feedback, exemption from submissions
    where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
    [tenant.tenantId, work.assignmentId, student.userId],
  );
  expect(now).toEqual(last);
}

describe('who may', () => {
  it('is whoever has the student, also on the work of the organisation', async () => {
    const work = await assign({}, common);
    const [mine, theirs] = [students[0]!, bens[0]!];
    expect(answer(await put(ada, work, mine, { grade: 80 }))).toBe(200);
    expect(answer(await put(ada, work, theirs, { grade: 80 }))).toEqual([404, 'submission_not_found']);
    expect(answer(await put(dean, work, theirs, { grade: 80 }))).toBe(200);
    const path = `/assignments/${work.assignmentId}/submissions/${theirs.userId}/grades`;
    await app.as(ada).get(path).expect(404);
    await app.as(ben).get(path).expect(200);
  });

  it('is the substitute, and the audit says in whose place', async () => {
    const work = await assign({}, common);
    expect(answer(await put(cay, work, students[1]!, { grade: 80 }))).toBe(200);
    expect(answer(await put(cay, work, bens[0]!, { grade: 80 }))).toEqual([404, 'submission_not_found']);
    const entries = await audits('submission.graded');
    expect(entries.at(-1)).toMatchObject({ actor_id: cay.userId, after: { delegation: { instructorId: ada.userId } } });
  });

  it('is a service with the scope, and the history names it', async () => {
    const work = await assign({}, common);
    const service: Viewer = { ...tenant, userId: serviceIdOf(tenant), departmentId: null, role: 'service' };
    const without = { ...service, scopes: ['gradebook:read'] };
    expect(answer(await put(without, work, students[0]!, { grade: 80 }))).toEqual([403, 'permission_denied']);
    expect(answer(await put({ ...service, scopes: ['grades:write'] }, work, students[0]!, { grade: 80 }))).toBe(200);
    const [change] = await history(ada, work, students[0]!);
    expect(change).toMatchObject({ actorId: service.userId, actorRole: 'service', actorName: 'Everything' });
  });

  it('is no student, who sees neither the history', async () => {
    const work = await assign();
    const [student] = students as [Member];
    expect((await put(student, work, student, { grade: 100 })).status).toBe(403);
    await app.as(student).get(`/assignments/${work.assignmentId}/submissions/${student.userId}/grades`).expect(403);
    await app.as(student).get('/grade-batches').expect(403);
  });

  it('is nobody of another tenant', async () => {
    const work = await assign();
    const stranger = await createInstructor(app.database, await createTenant(app.database), { canViewAll: true });
    expect(answer(await put(stranger, work, students[0]!, { grade: 80 }))).toEqual([404, 'submission_not_found']);
  });
});

describe('the history', () => {
  it('is paged, and nobody can change it', async () => {
    const work = await assign();
    const [student] = students as [Member];
    let version: number | undefined;
    for (const grade of [10, 20, 30])
      version = (await put(ada, work, student, { grade, reason: 'r' }, version)).body.version;
    const path = `/assignments/${work.assignmentId}/submissions/${student.userId}/grades?limit=2`;
    const first = (await app.as(ada).get(path).expect(200)).body;
    expect(first.pagination).toMatchObject({ total: 3, hasNext: true });
    const next = (await app.as(ada).get(`${path}&cursor=${first.pagination.nextCursor}`).expect(200)).body;
    expect([...first.data, ...next.data].map(({ to }) => to.grade)).toEqual([30, 20, 10]);
    const [scope] = JSON.parse(Buffer.from(first.pagination.nextCursor, 'base64url').toString()) as [string];
    for (const position of [0.5, 1e300]) {
      const made = Buffer.from(JSON.stringify([scope, position])).toString('base64url');
      await app.as(ada).get(`${path}&cursor=${made}`).expect(200);
    }

    const change = (set: string): Promise<number> =>
      app.database.run(`-- test.changeHistory\nupdate grade_changes set ${set} where tenant_id = $1`, [
        tenant.tenantId,
      ]);
    await expect(change('to_grade = 100')).rejects.toThrow('grade_changes__final_check');
    await expect(change('reason = null')).rejects.toThrow('grade_changes__final_check');
    const remove = `-- test.removeHistory\ndelete from grade_changes where tenant_id = $1`;
    await expect(app.database.run(remove, [tenant.tenantId])).rejects.toThrow('grade_changes__final_check');
    // a merge of two students moves it
    expect(await change('student_id = student_id')).toBeGreaterThan(2);
  });
});

describe('release', () => {
  const release = (viewer: Viewer, { assignmentId }: Assignment, verb = 'release'): Promise<Response> =>
    app.as(viewer).post(`/assignments/${assignmentId}/${verb}-grades`) as unknown as Promise<Response>;

  it('tells of the grades given until then, once, and of later ones as they come', async () => {
    const work = await assign({ gradeRelease: 'manual' });
    await put(ada, work, students[0]!, { grade: 80 });
    await put(ada, work, students[1]!, { grade: 70 });
    expect(await eventsOf(work)).toEqual([]);
    const released = await release(ada, work);
    expect(released.body).toMatchObject({ assignmentId: work.assignmentId, version: 2 });
    expect(released.body.gradesReleasedAt).toBe(app.clock.now().toISOString().replace('.000', ''));
    expect((await release(ada, work)).body).toEqual(released.body);
    expect(await eventsOf(work)).toEqual([[students[0]!.userId, students[1]!.userId].sort()]);
    await put(ada, work, students[2]!, { grade: 60 });
    expect((await eventsOf(work)).slice(1)).toEqual([[students[2]!.userId]]);
    expect((await release(ada, work, 'hide')).body).toMatchObject({ gradesReleasedAt: null, version: 3 });
    await put(ada, work, bens[0]!, { grade: 60 });
    expect(await eventsOf(work)).toHaveLength(2);
    expect(await audits('assignment.grades_released')).toHaveLength(1);
    expect(await audits('assignment.grades_hidden')).toHaveLength(1);
  });

  it('is seen at once in the list of whoever owns it, also where nobody has it', async () => {
    const { assignmentId } = await createAssignment(app.database, ada, { gradeRelease: 'manual' });
    const versions = async (): Promise<number[]> => {
      const { body } = await app.as(ada).get('/assignments?sort=created&limit=100').expect(200);
      return body.data.flatMap(({ id, version }: { id: string; version: number }) =>
        id === assignmentId ? version : [],
      );
    };
    expect(await versions()).toEqual([1]);
    await app.as(ada).post(`/assignments/${assignmentId}/release-grades`).expect(200);
    expect(await versions()).toEqual([2]);
  });

  it('is for whose assignment it is, and where it is done by hand', async () => {
    const work = await assign({ gradeRelease: 'manual' }, common);
    expect(answer(await release(ada, work))).toEqual([404, 'assignment_not_found']);
    const own = await assign({ gradeRelease: 'manual' });
    expect(answer(await release(ben, own))).toEqual([404, 'assignment_not_found']);
    expect(answer(await release(dean, own))).toBe(200);
    expect(answer(await release(ada, await assign()))).toEqual([409, 'grade_release_automatic']);
    const draft = await assign({ gradeRelease: 'manual', status: 'draft' });
    expect(answer(await release(ada, draft))).toEqual([409, 'assignment_draft']);
  });
});
