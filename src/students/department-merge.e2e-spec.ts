import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import {
  createAdmin,
  createCategory,
  createDepartment,
  createInstructor,
  createModule,
  createStudent,
  createStudents,
  createTenant,
  type Member,
  type Person,
  type Place,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import { until } from '../../test/jobs.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
/** root › faculty › day › course, and root › evening */
let faculty: Place;
let day: Place;
let course: Place;
let evening: Place;
let dean: Member;
let teacher: Member;

beforeAll(async () => {
  app = await startApp({ worker: true });
});
afterAll(() => app.stop());

beforeEach(async () => {
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  faculty = await createDepartment(app.database, tenant);
  day = await createDepartment(app.database, faculty);
  course = await createDepartment(app.database, day);
  evening = await createDepartment(app.database, tenant, { name: 'Evening' });
  dean = await createInstructor(app.database, faculty, { canViewAll: true });
  teacher = await createInstructor(app.database, day);
});

const merge = ({ departmentId }: Place, into: Place, query = '', viewer: Person = admin) =>
  app.as(viewer).post(`/departments/${departmentId}/merge${query}`).send({ intoId: into.departmentId });
const historyOf = ({ userId }: Member): Promise<object[]> =>
  app.database.many(
    `-- test.history
    select department_id as department, instructor_id as instructor, valid_to is null as open from roster_entries
    where tenant_id = $1 and student_id = $2 order by valid_from`,
    [tenant.tenantId, userId],
  );

it('moves everybody and everything, keeps what was, and closes it for good', async () => {
  const [student, idle] = await createStudents(app.database, teacher, [{}, { isActive: false }]);
  const below = await createStudent(app.database, { ...course, userId: teacher.userId });
  const supervisor = await createInstructor(app.database, evening, { canViewAll: true });
  const quiz = await createModule(app.database, await createCategory(app.database, tenant));
  const sessions = ['2026-03-01', '2026-03-02'].map((on) =>
    sessionBody(quiz, { studentId: student!.userId, startedAt: undefined, completedAt: `${on}T07:30:00Z` }),
  );
  await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  await app.as(admin).patch(`/departments/${evening.departmentId}`).send({ riskThreshold: 55 }).expect(200);

  const plan = { students: 2, staff: 1, departments: 1, misplaced: { students: 0, studentIds: [] } };
  expect((await merge(day, evening, '?dryRun=true').expect(200)).body).toMatchObject({ ...plan, dryRun: true });
  expect((await app.as(supervisor).get('/students').expect(200)).body.data).toEqual([]);
  expect((await merge(day, evening).set('if-match', '"1"').expect(200)).body).toEqual({
    ...plan,
    id: day.departmentId,
    intoId: evening.departmentId,
    dryRun: false,
  });

  const { body } = await app.as(supervisor).get('/students').expect(200);
  expect(body.data.map(({ id }: { id: string }) => id)).toEqual([student!.userId, below.userId]);
  expect((await app.as(dean).get('/students').expect(200)).body.data).toEqual([]);
  const seen = await app.as(student!).get('/students').expect(200);
  expect(seen.body.data[0].departmentName).toBe('Evening');
  const child = await app.as(admin).get(`/departments/${course.departmentId}`).expect(200);
  expect(child.body).toMatchObject({ parentId: evening.departmentId, path: ['All', 'Evening', child.body.name] });
  const source = await app.as(admin).get(`/departments/${day.departmentId}`).expect(200);
  expect(source.body).toMatchObject({ isActive: false, mergedIntoId: evening.departmentId, students: 0, version: 2 });

  const [before, after] = [
    { department: day.departmentId, instructor: teacher.userId, open: false },
    { department: evening.departmentId, instructor: teacher.userId, open: true },
  ];
  expect(await historyOf(student!)).toEqual([before, after]);
  expect(await historyOf(idle!)).toEqual([before, after]);
  expect(await historyOf(below)).toEqual([{ department: course.departmentId, instructor: teacher.userId, open: true }]);
  const snapshots = await app.database.many(
    `-- test.snapshots
    select department_id as department from progress_snapshots where tenant_id = $1 and student_id = $2 order by day`,
    [tenant.tenantId, student!.userId],
  );
  // yesterday was another department's, today belongs to where the student is at its end
  expect(snapshots).toEqual([{ department: day.departmentId }, { department: evening.departmentId }]);
  await until(
    () =>
      app.database.many(
        `-- test.inherited
      select student_id from student_progress where tenant_id = $1 and risk_threshold = 55`,
        [tenant.tenantId],
      ),
    3,
  );

  expect((await merge(day, faculty).expect(409)).body.code).toBe('department_merged');
  const reopened = await app.as(admin).post(`/departments/${day.departmentId}/activate`).send().expect(409);
  expect(reopened.body.code).toBe('department_merged');
});

it('is refused where it cannot be, and names whom it would part', async () => {
  const student = await createStudent(app.database, { ...course, userId: dean.userId });
  const refused = await merge(day, evening).expect(409);
  expect(refused.body).toMatchObject({ code: 'instructor_department_mismatch', errors: [{ detail: student.userId }] });
  const dry = await merge(day, evening, '?dryRun=true').expect(200);
  expect(dry.body.misplaced).toEqual({ students: 1, studentIds: [student.userId] });
  // up the same branch nobody is parted
  await merge(course, day).expect(200);
  const codeOf = async (into: Place): Promise<string> => (await merge(day, into).expect(422)).body.code as string;
  const inside = await createDepartment(app.database, day);
  expect(await codeOf(day)).toBe('department_below_itself');
  expect(await codeOf(inside)).toBe('department_below_itself');
  expect(await codeOf({ ...day, departmentId: uuidv7() })).toBe('department_unknown');
  expect(await codeOf(await createTenant(app.database))).toBe('department_unknown');
  expect(await codeOf(course)).toBe('department_inactive');
  await merge({ ...day, departmentId: uuidv7() }, evening).expect(404);
  await merge(day, evening).set('if-match', '"7"').expect(412);
  await merge(day, evening, '', dean).expect(403);
  await app.as(admin).post(`/departments/${day.departmentId}/merge`).send({}).expect(400);
  const stranger = await createTenant(app.database);
  await app
    .as('admin', stranger)
    .post(`/departments/${day.departmentId}/merge`)
    .send({ intoId: evening.departmentId })
    .expect(404);
});

it('moves no more students at once than a request has time for', async () => {
  const many = Array.from({ length: 376 }, () => ({}));
  for (let part = 0; part < 8; part++) await createStudents(app.database, day, many); // 3,008
  expect((await merge(day, evening).expect(422)).body.code).toBe('department_too_large');
}, 60_000);

it('takes who is not active off a roster that no longer fits, and says so', async () => {
  const idle = await createStudent(app.database, { ...day, userId: dean.userId }, { isActive: false });
  await merge(day, evening).expect(200);
  await until(async () => {
    const history = await historyOf(idle);
    return history.some((entry) => (entry as { instructor: string | null }).instructor === null) ? history : [];
  });
  const entries = (await auditTrail(app.database, tenant.tenantId, 'student.reassigned'))
    .filter(({ targetId }) => targetId === idle.userId)
    .map(({ before, after, actorRole }) => ({ before, after, actor_role: actorRole }));
  expect(entries).toEqual([
    { before: { instructorId: dean.userId }, after: { instructorId: null }, actor_role: 'service' },
  ]);
  await app.database.run(
    `-- test.activate
    update users set is_active = true where tenant_id = $1 and id = $2`,
    [tenant.tenantId, idle.userId],
  );
});

it('happens once, and leaves everybody somewhere, whoever writes meanwhile', async () => {
  for (let round = 0; round < 6; round++) {
    const [a, b] = [await createDepartment(app.database, faculty), await createDepartment(app.database, faculty)];
    const people = await createStudents(app.database, { ...a, userId: dean.userId }, [{}, {}, {}]);
    const local = await createInstructor(app.database, a);
    const answers = await Promise.all([
      merge(a, b),
      merge(b, a),
      app.as(admin).put(`/students/${people[0]!.userId}/instructor`).send({ instructorId: local.userId }),
      createStudent(app.database, a).then(
        () => ({ status: 201 }),
        () => ({ status: 422 }),
      ),
    ]);
    expect(
      answers
        .slice(0, 2)
        .map(({ status }) => status)
        .sort(),
    ).toEqual([200, 422]);
    // refused where the merge came between its look and its write
    expect([204, 422]).toContain(answers[2].status);
  }
  const wrong = await app.database.many(
    `-- test.misplaced
    select u.id from users u
    join departments d on d.tenant_id = u.tenant_id and d.id = u.department_id
    left join student_progress p on p.tenant_id = u.tenant_id and p.student_id = u.id
    left join users i on i.tenant_id = p.tenant_id and i.id = p.instructor_id
    left join roster_entries r on r.tenant_id = p.tenant_id and r.student_id = p.student_id and r.valid_to is null
    where u.tenant_id = $1 and u.is_active and (not d.is_active or p.department_id <> u.department_id
      or i.department_id <> all (d.path) or r.department_id <> u.department_id or r.instructor_id <> p.instructor_id)`,
    [tenant.tenantId],
  );
  expect(wrong).toEqual([]);
});
