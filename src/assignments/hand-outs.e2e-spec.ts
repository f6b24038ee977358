import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { type Assignment, createAssignment, handOut } from '../../test/factories.assignments.js';
import {
  createAdmin, createDepartment, createInstructor, createStudents, createTenant, type Member, type Person,
  type Tenant,
} from '../../test/factories.js'; // prettier-ignore

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let colleague: Member;
let supervisor: Member;
let admin: Person;
let students: Member[];
let others: Member[];

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  const department = await createDepartment(app.database, tenant);
  instructor = await createInstructor(app.database, department);
  colleague = await createInstructor(app.database, department);
  supervisor = await createInstructor(app.database, department, { canViewAll: true });
  admin = await createAdmin(app.database, tenant);
  students = await createStudents(app.database, instructor, [{ name: 'Ada' }, { name: 'Bea' }, { name: 'Cy' }]);
  others = await createStudents(app.database, colleague, [{}]);
});

const ids = (people: readonly { userId: string }[]): string[] => people.map(({ userId }) => userId);
const give = (assignment: Pick<Assignment, 'assignmentId'>, body: object, viewer: Member | Person = instructor) =>
  app.as(viewer).post(`/assignments/${assignment.assignmentId}/hand-outs`).send(body);
const takeBack = (assignment: Assignment, body: object, viewer: Member | Person = instructor) =>
  app.as(viewer).post(`/assignments/${assignment.assignmentId}/withdraw`).send(body);
const resultsOf = ({ results }: { results: { result: string }[] }): string[] => results.map(({ result }) => result);
const own = (options = {}): Promise<Assignment> => createAssignment(app.database, instructor, options);

interface Work {
  readonly studentId: string;
  readonly handOutId: string | null;
  readonly isWithdrawn: boolean;
  readonly grade: number | null;
}
const workOf = ({ tenantId, assignmentId }: Assignment): Promise<Work[]> =>
  app.database.many<Work>(
    `-- test.work
    select student_id as "studentId", hand_out_id as "handOutId", withdrawn_at is not null as "isWithdrawn", grade
    from submissions where tenant_id = $1 and assignment_id = $2 order by 1`,
    [tenantId, assignmentId],
  );
const rowOf = async (studentId: string, viewer: Member | Person = admin) => {
  const { body } = await app.as(viewer).get(`/students/${studentId}`).expect(200);
  const { assignmentsAssigned, assignmentsCompleted, assignmentsOverdue, completionRate } = body;
  return { assignmentsAssigned, assignmentsCompleted, assignmentsOverdue, completionRate };
};
const eventsOf = (topic: string): Promise<{ payload: { assignmentId: string; studentIds: string[] } }[]> =>
  app.database.many(
    `-- test.events
    select payload from outbox where tenant_id = $1 and topic = $2 order by id`,
    [tenant.tenantId, topic],
  );
const entriesOf = async (action: string): Promise<unknown[]> =>
  (await auditTrail(app.database, tenant.tenantId, action))
    .map(({ targetType: type, targetId: id, actorId: actor, after, reason }) => ({ type, id, actor, after, reason }))
    .sort((one, other) => (one.id! < other.id! ? -1 : 1));

describe('handing out', () => {
  it('gives it to those who are named, counts them, and tells of it', async () => {
    const assignment = await own({ dueAt: '2026-03-01T12:00:00Z' });
    expect(await rowOf(students[0]!.userId, instructor)).toMatchObject({
      assignmentsAssigned: 0,
      completionRate: null,
    });
    const unknown = uuidv7();
    const named = [
      students[0]!.userId,
      others[0]!.userId,
      unknown,
      students[1]!.userId.toUpperCase(),
      students[0]!.userId,
    ];
    const { body } = await give(assignment, { studentIds: named }).expect(200);
    expect(body).toMatchObject({ dryRun: false, given: 2, restored: 0, alreadyGiven: 0, rejected: 2 });
    expect(body.results).toEqual([
      { studentId: students[0]!.userId, result: 'given' },
      { studentId: others[0]!.userId, result: 'student_not_found' },
      { studentId: unknown, result: 'student_not_found' },
      { studentId: students[1]!.userId, result: 'given' },
    ]);
    expect((await workOf(assignment)).map(({ handOutId }) => handOutId)).toEqual([body.id, body.id]);
    // assigned 1, completed 0 of it; the due date was yesterday
    expect(await rowOf(students[0]!.userId, instructor)).toEqual({
      assignmentsAssigned: 1,
      assignmentsCompleted: 0,
      assignmentsOverdue: 1,
      completionRate: 0,
    });
    const [event] = await eventsOf('assignments.handed-out');
    expect(event!.payload.assignmentId).toBe(assignment.assignmentId);
    expect([...event!.payload.studentIds].sort()).toEqual(ids(students.slice(0, 2)).sort());
    expect(await entriesOf('assignment.handed_out')).toMatchObject([
      { type: 'assignment', id: assignment.assignmentId, actor: instructor.userId, after: { given: 2 } },
    ]);
    expect(await entriesOf('submission.given')).toHaveLength(2);

    const again = await give(assignment, { studentIds: named }).expect(200);
    expect(again.body).toMatchObject({ id: null, given: 0, alreadyGiven: 2, rejected: 2 });
    expect(await eventsOf('assignments.handed-out')).toHaveLength(1);
    const list = await app.as(instructor).get(`/assignments/${assignment.assignmentId}/hand-outs`).expect(200);
    expect(list.body.data).toMatchObject([
      { id: body.id, filter: null, isDynamic: false, createdById: instructor.userId, endedAt: null, students: 2 },
    ]);
    expect(list.body.pagination.total).toBe(1);
  });

  it('takes a filter, a segment and a department, within what the viewer may see', async () => {
    const [byFilter, bySegment, byDepartment] = [await own(), await own(), await own()];
    const found = await give(byFilter, { filter: { search: 'Bea' } }).expect(200);
    expect(found.body.results).toEqual([{ studentId: students[1]!.userId, result: 'given' }]);

    const segment = await app.as(instructor).post('/segments').send({ name: 'All', filter: {} }).expect(201);
    const segmentId = segment.body.id as string;
    expect((await give(bySegment, { segmentId }).expect(200)).body.given).toBe(3);
    await give(bySegment, { segmentId }, colleague).expect(404);
    await give(bySegment, { segmentId: uuidv7() })
      .expect(404)
      .expect(({ body }) => expect(body.code).toBe('segment_not_found'));

    const departmentId = tenant.departmentId;
    const all = await give(byDepartment, { departmentId }, admin).expect(200);
    expect(all.body.results.map(({ studentId }: { studentId: string }) => studentId).sort()).toEqual(
      ids([...students, ...others]).sort(),
    );
    const kept = await app.as(instructor).get(`/assignments/${byDepartment.assignmentId}/hand-outs`).expect(200);
    expect(kept.body.data).toMatchObject([{ filter: { departmentId }, createdById: admin.userId, students: 4 }]);
  });

  it('tells beforehand who would get it, and changes nothing', async () => {
    const assignment = await own();
    await give(assignment, { studentIds: [students[0]!.userId] }).expect(200);
    const before = await workOf(assignment);
    const { body } = await give(assignment, { filter: {}, dryRun: true, isDynamic: true }).expect(200);
    expect(body).toMatchObject({ id: null, dryRun: true, given: 2, alreadyGiven: 1, rejected: 0 });
    expect(await workOf(assignment)).toEqual(before);
    expect(await eventsOf('assignments.handed-out')).toHaveLength(1);
    expect(await entriesOf('assignment.handed_out')).toHaveLength(1);
  });

  it('gives it to nobody, when told so, unless all are found', async () => {
    const assignment = await own();
    const studentIds = ids([...students, ...others]);
    const { body } = await give(assignment, { studentIds, allOrNothing: true }).expect(200);
    expect(body).toMatchObject({ id: null, given: 0, rejected: 1 });
    expect(await workOf(assignment)).toEqual([]);
    const all = await give(assignment, { studentIds, allOrNothing: true }, supervisor).expect(200);
    expect(all.body).toMatchObject({ given: 4, rejected: 0 });
  });

  it('is done once under an id, and refuses the id of another', async () => {
    const assignment = await own();
    const id = uuidv7();
    expect((await give(assignment, { id, filter: {} }).expect(200)).body).toMatchObject({ id, given: 3 });
    expect((await give(assignment, { id, filter: {} }).expect(200)).body).toMatchObject({ given: 0, alreadyGiven: 3 });
    const { body } = await give(await own(), { id, filter: {} }).expect(409);
    expect(body.code).toBe('hand_out_id_taken');
  });

  it('hands out a draft, which counts for nobody before it is published', async () => {
    const assignment = await own({ status: 'draft' });
    expect((await give(assignment, { filter: {} }).expect(200)).body.given).toBe(3);
    expect(await rowOf(students[0]!.userId)).toMatchObject({ assignmentsAssigned: 0, completionRate: null });
    expect(await eventsOf('assignments.handed-out')).toEqual([]);
    const { body } = await app.as(instructor).get(`/students?assignmentId=${assignment.assignmentId}`).expect(200);
    expect(body.data).toEqual([]);
  });

  it('refuses templates, what is over, and what is not one assignment of one’s own', async () => {
    const code = async (assignment: Assignment, status: number, viewer: Member | Person = instructor) =>
      (await give(assignment, { filter: {} }, viewer).expect(status)).body.code;
    expect(await code(await own({ isTemplate: true, status: 'draft' }), 409)).toBe('assignment_template');
    expect(await code(await own({ status: 'archived' }), 409)).toBe('assignment_closed');
    expect(await code(await own({ status: 'completed' }), 409)).toBe('assignment_closed');
    expect(await code(await own(), 404, colleague)).toBe('assignment_not_found');
    const common = await createAssignment(app.database, tenant);
    await handOut(app.database, common, students);
    expect(await code(common, 404)).toBe('assignment_not_found');
    const stranger = await createAdmin(app.database, await createTenant(app.database));
    expect(await code(await own(), 404, stranger)).toBe('assignment_not_found');
    expect(await code(await own(), 403, students[0]!)).toBe('permission_denied');
    const denied = await createInstructor(app.database, instructor, { canAssign: false });
    expect(await code(await createAssignment(app.database, denied), 403, denied)).toBe('assigning_denied');
    await app.anonymous.post(`/assignments/${uuidv7()}/hand-outs`).send({ filter: {} }).expect(401);
  });

  it.each([
    [{}, '/studentIds'],
    [{ filter: {}, departmentId: '0198f000-0000-7000-8000-000000000003' }, '/departmentId'],
    [{ studentIds: ['0198f000-0000-7000-8000-000000000003'], isDynamic: true }, '/isDynamic'],
    [{ studentIds: [] }, '/studentIds'],
    [{ studentIds: ['x'] }, '/studentIds'],
    [{ filter: { assignmentState: 'lost' } }, '/filter/assignmentState'],
    [{ everybody: true }, '/everybody'],
  ])('refuses %j', async (body, pointer) => {
    const refused = await give(await own(), body).expect(400);
    expect(refused.body.errors[0].pointer).toBe(pointer);
  });

  it('refuses a selection of more than ten thousand', async () => {
    for (const length of [...Array<number>(9).fill(1_000), 997]) {
      await createStudents(
        app.database,
        tenant,
        Array.from({ length }, () => ({})),
      );
    }
    const assignment = await createAssignment(app.database, tenant);
    const { body } = await give(assignment, { filter: {} }, admin).expect(422); // 9,997 + 4 = 10,001
    expect(body.errors[0]).toMatchObject({ pointer: '/filter', code: 'selection_too_large' });
    expect(await workOf(assignment)).toEqual([]);
  }, 60_000);

  it('gives it once to each, however many hand out at the same time', async () => {
    const assignment = await own();
    const requests = Array.from({ length: 8 }, (_, index) =>
      give(assignment, index % 2 ? { filter: {} } : { studentIds: ids([...students].reverse()) }).expect(200),
    );
    const answers = await Promise.all(requests);
    expect(answers.reduce((sum, { body }) => sum + body.given, 0)).toBe(3);
    expect(await workOf(assignment)).toHaveLength(3);
    const told = (await eventsOf('assignments.handed-out')).flatMap(({ payload }) => payload.studentIds);
    expect(told.sort()).toEqual(ids(students).sort());
    expect(await rowOf(students[0]!.userId)).toMatchObject({ assignmentsAssigned: 1 });
  });
});

describe('withdrawing', () => {
  const submit = (assignment: Assignment, { userId }: Member, grade: number | null): Promise<number> =>
    app.database.run(
      `-- test.submit
      update submissions set attempts_started = 1, attempts_submitted = 1, first_submitted_at = '2026-03-01',
        last_submitted_at = '2026-03-01', attempt_score = 70, grade = $4,
        graded_at = case when $4::numeric is not null then timestamptz '2026-03-02' end
      where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
      [tenant.tenantId, assignment.assignmentId, userId, grade],
    );

  it('takes it back, counts it no longer, and gives it back with its work', async () => {
    const assignment = await own();
    await give(assignment, { studentIds: ids(students.slice(0, 2)) }).expect(200);
    await submit(assignment, students[1]!, 90);
    const studentIds = ids([...students, ...others]);
    const dry = await takeBack(assignment, { studentIds, dryRun: true }).expect(200);
    expect(await workOf(assignment)).toMatchObject([{ isWithdrawn: false }, { isWithdrawn: false }]);
    const { body } = await takeBack(assignment, { studentIds, reason: 'the wrong class' }).expect(200);
    expect(resultsOf(body)).toEqual(['withdrawn', 'work_submitted', 'not_given', 'not_given']);
    expect(resultsOf(dry.body)).toEqual(resultsOf(body));
    expect(body).toMatchObject({ withdrawn: 1, rejected: 1, notGiven: 2 });
    expect(await rowOf(students[0]!.userId)).toMatchObject({ assignmentsAssigned: 0, completionRate: null });
    expect(await entriesOf('submission.withdrawn')).toMatchObject([
      { id: students[0]!.userId, reason: 'the wrong class', after: { assignmentId: assignment.assignmentId } },
    ]);

    const all = await takeBack(assignment, { filter: {}, includeSubmitted: true }).expect(200);
    expect(all.body).toMatchObject({ withdrawn: 1, notGiven: 2 });
    const back = await give(assignment, { filter: {} }).expect(200);
    expect(resultsOf(back.body).sort()).toEqual(['given', 'restored', 'restored']);
    const work = await workOf(assignment);
    expect(work.find(({ studentId }) => studentId === students[1]!.userId)).toMatchObject({
      grade: 90,
      isWithdrawn: false,
    });
    expect(work.every(({ handOutId }) => handOutId === back.body.id)).toBe(true);
    expect(await rowOf(students[1]!.userId)).toMatchObject({ assignmentsCompleted: 1, completionRate: 100 });
  });

  it('is for whoever owns it, and not of what is archived', async () => {
    const assignment = await own();
    await give(assignment, { filter: {} }).expect(200);
    await takeBack(assignment, { filter: {} }, colleague).expect(404);
    await takeBack(assignment, { filter: {} }, students[0]!).expect(403);
    const { body } = await takeBack(await own({ status: 'archived' }), { filter: {} }).expect(409);
    expect(body.code).toBe('assignment_archived');
    await takeBack(assignment, { segmentId: uuidv7() }).expect(404);
    await takeBack(assignment, {}).expect(400);
    expect((await takeBack(assignment, { filter: {} }, supervisor).expect(200)).body).toMatchObject({ withdrawn: 3 });
  });

  it('and handing out at the same time leave each student with one or the other, and counts that agree', async () => {
    const assignment = await own();
    for (let round = 0; round < 5; round++) {
      await Promise.all([
        give(assignment, { filter: {} }).expect(200),
        takeBack(assignment, { studentIds: ids([...students].reverse()) }).expect(200),
        give(assignment, { studentIds: ids(students) }).expect(200),
      ]);
      for (const { studentId, isWithdrawn } of await workOf(assignment)) {
        expect(await rowOf(studentId)).toMatchObject({ assignmentsAssigned: isWithdrawn ? 0 : 1 });
      }
    }
  });
});
