import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import {
  type Assignment,
  type AssignmentOptions,
  createAssignment,
  handOut,
} from '../../test/factories.assignments.js';
import {
  createDepartment,
  createInstructor,
  createStudents,
  createTenant,
  type Member,
  type Tenant,
} from '../../test/factories.js';
import type { Viewer } from '../http/viewer.js';
import { TenantRemovalRepository } from '../imports/tenant-removal.repository.js';
import type { GiveGradesResponse } from './grades.dto.js';

let app: TestApp;
let tenant: Tenant;
let ada: Member;
let ben: Member;
let dean: Member;
let students: Member[];
let bens: Member[];

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  const department = await createDepartment(app.database, tenant);
  ada = await createInstructor(app.database, department);
  ben = await createInstructor(app.database, department);
  dean = await createInstructor(app.database, department, { canViewAll: true });
  students = await createStudents(app.database, ada, [{ pid: 'A-1' }, { pid: 'A-2' }, { pid: '=A-3' }, { pid: 'A-4' }]);
  bens = await createStudents(app.database, ben, [{ pid: 'B-1' }]);
});
afterAll(() => app.stop());

async function assign(options: AssignmentOptions = {}): Promise<Assignment> {
  const assignment = await createAssignment(app.database, { tenantId: tenant.tenantId }, options);
  await handOut(app.database, assignment, [...students.slice(0, 3), ...bens]);
  return assignment;
}

type Row = Readonly<Record<string, unknown>>;
const give = async (viewer: Viewer, { assignmentId }: Assignment, grades: readonly unknown[], options: Row = {}): Promise<GiveGradesResponse> =>
  (await app.as(viewer).post(`/assignments/${assignmentId}/grades`).send({ grades, ...options }).expect(200)).body as GiveGradesResponse; // prettier-ignore
const upload = (viewer: Viewer, { assignmentId }: Assignment, file: string, query: Row = {}) =>
  app.as(viewer).post(`/assignments/${assignmentId}/grades/imports`).query(query).set('content-type', 'text/csv').send(file); // prettier-ignore
const resultsOf = ({ results }: GiveGradesResponse): string[] => results.map(({ result }) => result);
const gradesOf = async (
  { assignmentId }: Assignment,
  of = [...students.slice(0, 3), ...bens],
): Promise<(number | null)[]> => {
  const rows = await app.database.many<{ grade: number | null }>(
    `-- test.listGrades
    select grade from unnest($3::uuid[]) with ordinality as wanted (id, n)
    join submissions s on s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = wanted.id order by n`,
    [tenant.tenantId, assignmentId, of.map(({ userId }) => userId)],
  );
  return rows.map(({ grade }) => grade);
};
interface Change {
  from: number | null;
  to: number | null;
  reason: string | null;
  batch: string | null;
}
const historyOf = ({ assignmentId }: Assignment, { userId }: Member): Promise<Change[]> =>
  app.database.many<Change>(
    `-- test.listChanges
    select from_grade as "from", to_grade as "to", reason, batch_id as batch from grade_changes
    where tenant_id = $1 and assignment_id = $2 and student_id = $3 order by position`,
    [tenant.tenantId, assignmentId, userId],
  );
const undo = async (
  viewer: Viewer,
  batchId: string | null,
  status = 200,
): Promise<{ undone: number; code: string; results: { studentId: string; result: string }[] }> =>
  (await app.as(viewer).post(`/grade-batches/${batchId}/undo`).expect(status)).body;

describe('many grades', () => {
  it('are given row by row, by id or number, with a result for each', async () => {
    const work = await assign();
    const [one, two, three, unassigned] = students as [Member, Member, Member, Member];
    const stranger = uuidv7();
    const answer = await give(ada, work, [
      { studentId: one.userId.toUpperCase(), grade: 85, feedback: 'Good' },
      { pid: 'A-2', grade: 72.5 },
      { studentId: three.userId, pid: 'A-2', grade: 1 },
      { pid: 'B-1', grade: 50 },
      { studentId: bens[0]!.userId, grade: 50 },
      { studentId: stranger, grade: 50 },
      { studentId: unassigned.userId, grade: 50 },
      { studentId: three.userId, grade: 101 },
      { studentId: three.userId, grade: '80' },
      { grade: 80 },
      { studentId: 'x', grade: 80 },
      'A-1',
      { pid: 'A-9', grade: 80, feedback: 'a\u0000b' },
      { pid: 'A-9', grade: 80, reason: '' },
      { pid: 'A-9', grade: 80, version: 0 },
      { pid: 'A-9', grade: 80, feedback: 'x'.repeat(10_001) },
    ]);
    expect(resultsOf(answer)).toEqual([
      'graded', 'graded', 'student_not_found', 'student_not_found', 'student_not_found', 'student_not_found',
      'submission_not_found', 'grade_invalid', 'grade_invalid', 'student_invalid', 'student_invalid', 'row_invalid',
      'row_invalid', 'reason_invalid', 'version_invalid', 'feedback_invalid',
    ]); // prettier-ignore
    expect(answer).toMatchObject({ dryRun: false, applied: true, graded: 2, unchanged: 0, rejected: 14 });
    expect(answer.results[1]).toEqual({ row: 2, studentId: two.userId, pid: 'A-2', result: 'graded', version: 2 });
    expect(await gradesOf(work)).toEqual([85, 72.5, null, null]);
    expect(await historyOf(work, two)).toEqual([{ from: null, to: 72.5, reason: null, batch: answer.batchId }]);
    const again = await give(ada, work, [
      { pid: 'A-1', grade: 85, feedback: 'Good' },
      { pid: 'A-2', grade: 72.5 },
    ]);
    expect(again).toMatchObject({ applied: true, batchId: null, graded: 0, unchanged: 2, rejected: 0 });
  });

  it('are refused for both rows that are about one person', async () => {
    const work = await assign();
    const rows = [
      { pid: 'A-1', grade: 85 },
      { studentId: students[0]!.userId, grade: 80 },
      { pid: 'A-2', grade: 1 },
      { pid: 'A-2', grade: 101 },
    ];
    expect(resultsOf(await give(ada, work, rows))).toEqual([
      'duplicate_row',
      'duplicate_row',
      'duplicate_row',
      'grade_invalid',
    ]);
    expect(await gradesOf(work)).toEqual([null, null, null, null]);
  });

  it('that are there already change with a reason, and with the version that was read', async () => {
    const work = await assign();
    await give(ada, work, [
      { pid: 'A-1', grade: 60 },
      { pid: 'A-2', grade: 60 },
      { pid: '=A-3', grade: 60, feedback: 'f' },
    ]);
    const answer = await give(ada, work, [
      { pid: 'A-1', grade: 70 },
      { pid: 'A-2', grade: 70, reason: 'Recount', version: 1 },
      { pid: '=A-3', grade: 70, reason: 'Recount', version: 2, feedback: null },
    ]);
    expect(resultsOf(answer)).toEqual(['reason_required', 'version_mismatch', 'graded']);
    // what is not said stays: here the grade, there nothing
    const words = await give(ada, work, [
      { pid: 'A-1', feedback: 'Words' },
      { pid: '=A-3', grade: null, reason: 'x' },
    ]);
    expect(resultsOf(words)).toEqual(['graded', 'graded']);
    expect(await gradesOf(work)).toEqual([60, 60, null, null]);
  });

  it('are all given or none, and none in a dry run', async () => {
    const work = await assign();
    const rows = [
      { pid: 'A-1', grade: 60 },
      { pid: 'A-2', grade: 600 },
    ];
    expect(await give(ada, work, rows, { allOrNothing: true })).toMatchObject({
      applied: false,
      batchId: null,
      graded: 0,
      rejected: 1,
    });
    expect(await give(ada, work, rows, { dryRun: true })).toMatchObject({
      applied: false,
      batchId: null,
      graded: 1,
      rejected: 1,
    });
    expect(await gradesOf(work)).toEqual([null, null, null, null]);
    expect(await give(ada, work, rows.slice(0, 1), { allOrNothing: true })).toMatchObject({ applied: true, graded: 1 });
  });

  it('are at most a thousand, of an assignment that one sees', async () => {
    const work = await assign();
    const path = `/assignments/${work.assignmentId}/grades`;
    await app.as(ada).post(path).send({ grades: [] }).expect(400);
    await app
      .as(ada)
      .post(path)
      .send({ grades: Array(1_001).fill({}) })
      .expect(400);
    await app
      .as(students[0]!)
      .post(path)
      .send({ grades: [{}] })
      .expect(403);
    await app
      .as(ada)
      .post(`/assignments/${uuidv7()}/grades`)
      .send({ grades: [{}] })
      .expect(404);
  });

  it('are answered alike for the same Idempotency-Key', async () => {
    const work = await assign();
    const send = () =>
      app.as(ada).post(`/assignments/${work.assignmentId}/grades`).set('idempotency-key', 'once-more')
        .send({ grades: [{ pid: 'A-1', grade: 60 }] }).expect(200); // prettier-ignore
    const first = await send();
    const second = await send();
    expect(second.headers['idempotency-replayed']).toBe('true');
    expect(second.body).toEqual(first.body);
    expect(await historyOf(work, students[0]!)).toHaveLength(1);
  });
});

describe('a file of grades', () => {
  it('is taken with commas or semicolons; cells are data, and empty ones say nothing', async () => {
    const work = await assign();
    const { body } = await upload(
      ada,
      work,
      '\uFEFFPID;Grade;Feedback\r\nA-1;"72,5";"=HYPERLINK(""http://x"")"\r\nA-2;=1+1;\r\n=A-3;;Words\r\n',
    ).expect(200);
    expect(resultsOf(body)).toEqual(['graded', 'grade_invalid', 'graded']);
    expect(await gradesOf(work)).toEqual([72.5, null, null, null]);
    const { feedback } = await app.database.one<{ feedback: string }>(
      `-- test.findFeedback
      select feedback from submissions where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
      [tenant.tenantId, work.assignmentId, students[0]!.userId],
    );
    expect(feedback).toBe('=HYPERLINK("http://x")');
    const again = await upload(ada, work, 'pid,grade\nA-1,\nA-2,1e1\nA-4,-0\n=A-3,100.001\nB-1,80\n').expect(200);
    expect(resultsOf(again.body)).toEqual([
      'unchanged',
      'grade_invalid',
      'grade_invalid',
      'grade_invalid',
      'student_not_found',
    ]);
  });

  it('is refused where it is none, and whole', async () => {
    const work = await assign();
    const code = async (file: string, status: number): Promise<string> =>
      (await upload(ada, work, file).expect(status)).body.code;
    expect(await code('pid,mark\n', 400)).toBe('column_unknown');
    expect(await code('grade\n80\n', 400)).toBe('column_missing');
    expect(await code('pid,grade\nA-1,80,1\n', 400)).toBe('file_malformed');
    expect(await code(`pid,grade\n${'A-1,80\n'.repeat(100_000)}`, 422)).toBe('file_too_long');
    expect(await code('x'.repeat(8_388_609), 413)).toBe('body_too_large');
    await app.as(ada).post(`/assignments/${work.assignmentId}/grades/imports`).send({ grades: [] }).expect(415);
    expect(await gradesOf(work)).toEqual([null, null, null, null]);
  });
});

describe('undo', () => {
  it('takes back what is still as the batch made it, once', async () => {
    const work = await assign();
    const [one, two, three] = students as [Member, Member, Member];
    await give(ada, work, [{ pid: 'A-1', grade: 60, feedback: 'first' }]);
    const firstAt = app.clock.now().toISOString().replace('.000', '');
    app.clock.advance(60);
    const { batchId } = await give(ada, work, [
      { pid: 'A-1', grade: 70, reason: 'Recount', feedback: 'second' },
      { pid: 'A-2', grade: 70 },
      { pid: '=A-3', grade: 70 },
    ]);
    await give(dean, work, [{ pid: 'A-2', grade: 75, reason: 'Seen myself' }]);
    const answers = await Promise.all([undo(ada, batchId), undo(dean, batchId)]);
    expect(answers.map(({ undone }) => undone).sort()).toEqual([0, 2]);
    const first = answers.find(({ undone }) => undone === 2)!;
    const by = (answer: typeof first): string[] =>
      [one, two, three].map(({ userId }) => answer.results.find(({ studentId }) => studentId === userId)!.result);
    expect(by(first)).toEqual(['undone', 'changed_since', 'undone']);
    expect(by(answers.find(({ undone }) => undone === 0)!)).toEqual([
      'already_undone',
      'changed_since',
      'already_undone',
    ]);
    expect(await gradesOf(work)).toEqual([60, 75, null, null]);
    expect(await historyOf(work, one)).toMatchObject([{ to: 60 }, { from: 60, to: 70 }, { from: 70, to: 60 }]);
    const again = await app
      .as(ada)
      .get(`/assignments/${work.assignmentId}/submissions/${one.userId}/grades`)
      .expect(200);
    expect(again.body.data.map((row: { isUndone: boolean }) => row.isUndone)).toEqual([false, true, false]);
    expect(again.body.data[0].undoesId).toBe(again.body.data[1].id);
    // graded when it was first, too
    const after = await app.database.one<{ graded_at: string; feedback: string }>(
      `-- test.findRestored
      select graded_at, feedback from submissions where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
      [tenant.tenantId, work.assignmentId, one.userId],
    );
    expect(after).toEqual({ graded_at: firstAt, feedback: 'first' });
  });

  it('is for a day, of whom one may grade, and batches are listed for whose they are', async () => {
    const work = await assign();
    const { batchId } = await give(dean, work, [
      { pid: 'A-1', grade: 70 },
      { pid: 'B-1', grade: 70 },
    ]);
    const listed = (await app.as(dean).get('/grade-batches?limit=1').expect(200)).body;
    expect(listed.data).toMatchObject([{ id: batchId, assignmentId: work.assignmentId, changes: 2, undoneAt: null }]);
    expect((await app.as(ben).get('/grade-batches').expect(200)).body.data).toEqual([]);
    expect((await undo(ben, uuidv7(), 404)).code).toBe('grade_batch_not_found');
    expect(await undo(ben, batchId)).toEqual({
      undone: 1,
      results: [{ studentId: bens[0]!.userId, result: 'undone' }],
    });
    expect(await gradesOf(work)).toEqual([70, null, null, null]);
    const own = await give(ada, work, [{ pid: 'A-2', grade: 70 }]);
    expect((await undo(ben, own.batchId, 404)).code).toBe('grade_batch_not_found');
    await app.as(students[0]!).post(`/grade-batches/${own.batchId}/undo`).expect(403);
    app.clock.advance(86_401);
    expect((await undo(ada, own.batchId, 409)).code).toBe('grade_batch_expired');
    app.clock.advance(-86_401);
    const next = (await app.as(dean).get(`/grade-batches?limit=1&cursor=${listed.pagination.nextCursor}`).expect(200))
      .body;
    expect(next.data[0].id).not.toBe(batchId);
  });
});

describe('at the same time', () => {
  it('20 uploads of the same rows leave a history without gaps', async () => {
    const work = await assign();
    const take = async (_: unknown, n: number): Promise<GiveGradesResponse> => {
      const rows = students.slice(0, 3).map(({ userId }) => `${userId},${40 + n},again`);
      // in another order each time
      const file = `studentId,grade,reason\n${(n % 3 ? rows : rows.reverse()).join('\n')}\n`;
      for (;;) {
        const { status, body } = await upload(n % 2 ? ada : dean, work, file);
        // who would have waited for too long comes again, as told
        if (status !== 503) return body as GiveGradesResponse;
      }
    };
    const answers = await Promise.all(Array.from({ length: 20 }, take));
    expect(answers.map(({ graded }) => graded)).toEqual(Array(20).fill(3));
    for (const student of students.slice(0, 3)) {
      const changes = await historyOf(work, student);
      expect(changes).toHaveLength(20);
      expect(changes.map(({ from }) => from)).toEqual([null, ...changes.slice(0, -1).map(({ to }) => to)]);
      expect(new Set(changes.map(({ batch }) => batch)).size).toBe(20);
      expect(await gradesOf(work, [student])).toEqual([changes.at(-1)!.to]);
    }
  });

  it('one that dies in the middle has done nothing, and again does it once', async () => {
    const work = await assign();
    const file = 'pid,grade\nA-1,61\nA-2,62\n';
    const client = new pg.Client({ connectionString: app.db.url });
    await client.connect();
    // it gets as far as the audit, with the grades written
    await client.query('-- test.stop\nbegin');
    await client.query('-- test.stopAudit\nlock table audit_entries in share mode');
    const dying = upload(ada, work, file).then(({ status }) => status);
    const kill = (): Promise<number> =>
      app.database.run(
        `-- test.killWaiting
        select pg_terminate_backend(pid) from pg_stat_activity
        where wait_event_type = 'Lock' and query like '-- audit.insert%' and datname = current_database()`,
      );
    while ((await kill()) === 0);
    expect(await dying).toBe(503);
    await client.query('-- test.go\nrollback');
    await client.end();
    expect(await gradesOf(work)).toEqual([null, null, null, null]);
    expect(await historyOf(work, students[0]!)).toEqual([]);
    expect((await upload(ada, work, file).expect(200)).body).toMatchObject({ graded: 2 });
    expect((await upload(ada, work, file).expect(200)).body).toMatchObject({ graded: 0, unchanged: 2, batchId: null });
    expect(await historyOf(work, students[0]!)).toHaveLength(1);
  });
});

it('goes with its organisation', async () => {
  const gone = await createTenant(app.database);
  const instructor = await createInstructor(app.database, gone);
  const [student] = (await createStudents(app.database, instructor, [{}])) as [Member];
  const work = await createAssignment(app.database, instructor);
  await handOut(app.database, work, [student]);
  const { assignmentId } = work;
  const grades = [{ studentId: student.userId, grade: 80 }];
  const { body } = await app.as(instructor).post(`/assignments/${assignmentId}/grades`).send({ grades }).expect(200);
  await app.as(instructor).post(`/grade-batches/${body.batchId}/undo`).expect(200);
  await new TenantRemovalRepository(app.database).remove(gone.tenantId);
  const left = await app.database.many(
    `-- test.listLeft
    select id from grade_changes where tenant_id = $1 union all select id from grade_batches where tenant_id = $1`,
    [gone.tenantId],
  );
  expect(left).toEqual([]);
});
