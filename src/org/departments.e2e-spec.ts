import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import {
  createAdmin,
  createDepartment,
  createInstructor,
  createStudent,
  createStudents,
  createTenant,
  type Member,
  type Person,
  type Place,
  type Tenant,
} from '../../test/factories.js';
import { newGate, until } from '../../test/jobs.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
/** root › faculty › school › course, and root › other */
let faculty: Place;
let school: Place;
let course: Place;
let other: Place;
let dean: Member;
let head: Member;
let teacher: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

beforeEach(async () => {
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  faculty = await createDepartment(app.database, tenant, { name: 'Faculty' });
  school = await createDepartment(app.database, faculty, { name: 'School' });
  course = await createDepartment(app.database, school, { name: 'Course' });
  other = await createDepartment(app.database, tenant, { name: 'Other' });
  dean = await createInstructor(app.database, faculty, { canViewAll: true });
  head = await createInstructor(app.database, school, { canViewAll: true });
  teacher = await createInstructor(app.database, course);
});

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly students: number | null;
  readonly instructors: number | null;
}
const listOf = async (viewer: Person): Promise<Listed[]> =>
  (await app.as(viewer).get('/departments').expect(200)).body as Listed[];
const change = (id: string, body: object, query = '') => app.as(admin).patch(`/departments/${id}${query}`).send(body);

describe('reading', () => {
  beforeEach(async () => {
    await createStudents(app.database, teacher, [{}, {}, { isActive: false }]);
    await createStudent(app.database, school);
    await createStudent(app.database, other);
  });

  it('shows administrators and services the tree, with everybody counted up to the top', async () => {
    const rows = await listOf(admin);
    const counts = rows.map(({ name, students, instructors }) => [name, students, instructors]);
    expect(counts).toEqual([
      ['All', 4, 3],
      ['Faculty', 3, 3],
      ['Other', 1, 0],
      ['School', 3, 2],
      ['Course', 2, 1],
    ]);
    const { body } = await app.as('service', tenant).get('/departments').expect(200);
    expect(body).toEqual(rows);
    const one = await app.as(admin).get(`/departments/${course.departmentId}`).expect(200);
    expect(one.body).toEqual({
      id: course.departmentId,
      parentId: school.departmentId,
      code: one.body.code,
      name: 'Course',
      path: ['All', 'Faculty', 'School', 'Course'],
      isActive: true,
      mergedIntoId: null,
      riskThreshold: null,
      topPerformerThreshold: null,
      students: 2,
      instructors: 1,
      version: 1,
    });
  });

  it('shows those who teach the way up by name, and a supervisor what is below', async () => {
    const shown = (rows: Listed[]) => rows.map(({ name, students }) => [name, students]);
    expect(shown(await listOf(head))).toEqual([
      ['All', null],
      ['Faculty', null],
      ['School', 3],
      ['Course', 2],
    ]);
    expect(shown(await listOf(teacher))).toEqual([
      ['All', null],
      ['Faculty', null],
      ['School', null],
      ['Course', null],
    ]);
    await app.as(head).get(`/departments/${other.departmentId}`).expect(404);
    await app.as(teacher).get(`/departments/${other.departmentId}`).expect(404);
    const student = await createStudent(app.database, teacher);
    await app.as(student).get('/departments').expect(403);
    await app.anonymous.get('/departments').expect(401);
    const stranger = await createTenant(app.database);
    await app.as('admin', stranger).get(`/departments/${course.departmentId}`).expect(404);
  });
});

describe('creating', () => {
  it('happens once for one id, also at the same time', async () => {
    const body = {
      id: uuidv7(),
      parentId: course.departmentId,
      code: 'night',
      name: 'Night school',
      riskThreshold: 60,
    };
    const create = (fields: object = {}) =>
      app
        .as(admin)
        .post('/departments')
        .send({ ...body, ...fields });
    const answers = await Promise.all([create(), create(), create()]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expect(answers[0]!.body).toMatchObject({ name: 'Night school', riskThreshold: 60, students: 0 });
    expect((await create({ name: 'Day school' }).expect(409)).body.code).toBe('department_id_taken');
    expect((await create({ id: uuidv7() }).expect(409)).body.code).toBe('code_taken');
    expect((await create({ id: uuidv7(), code: 'x', parentId: uuidv7() }).expect(422)).body.code).toBe(
      'department_unknown',
    );
    await create({ code: 'no blanks' }).expect(400);
    await app.as(head).post('/departments').send(body).expect(403);
    const stranger = await createTenant(app.database);
    const theirs = { ...body, id: uuidv7(), parentId: stranger.departmentId, code: 'theirs' };
    await app.as(admin).post('/departments').send(theirs).expect(422);
  });
});

describe('changing', () => {
  it('takes what is given, of the version that was read', async () => {
    const patch = (version: number, body: object) => change(school.departmentId, body).set('if-match', `"${version}"`);
    expect((await patch(1, { name: 'College', code: 'college' }).expect(200)).body).toMatchObject({
      name: 'College',
      code: 'college',
      version: 2,
    });
    await patch(1, { name: 'Too late' }).expect(412);
    expect((await patch(2, { name: 'College' }).expect(200)).body.version).toBe(2);
    await change(school.departmentId, { riskThreshold: 101 }).expect(400);
    await change(uuidv7(), { name: 'x' }).expect(404);
    await app.as(dean).patch(`/departments/${school.departmentId}`).send({ name: 'x' }).expect(403);
    const stranger = await createTenant(app.database);
    await app.as('admin', stranger).patch(`/departments/${school.departmentId}`).send({ name: 'x' }).expect(404);
  });

  it('shows a new name in every list at once', async () => {
    const student = await createStudent(app.database, teacher);
    const nameFor = async (viewer: Person): Promise<string> =>
      (await app.as(viewer).get('/students').expect(200)).body.data[0].departmentName as string;
    expect([await nameFor(teacher), await nameFor(student)]).toEqual(['Course', 'Course']);
    await change(course.departmentId, { name: 'Seminar' }).expect(200);
    expect([await nameFor(teacher), await nameFor(student)]).toEqual(['Seminar', 'Seminar']);
  });

  it('moves a department with all below it, and what supervisors see with it', async () => {
    await createStudent(app.database, teacher);
    const supervisor = await createInstructor(app.database, other, { canViewAll: true });
    const total = async (viewer: Person): Promise<number> =>
      (await app.as(viewer).get('/students').expect(200)).body.pagination.total as number;
    expect([await total(dean), await total(supervisor)]).toEqual([1, 0]);
    const { body } = await change(school.departmentId, { parentId: other.departmentId }).expect(200);
    expect(body).toMatchObject({ path: ['All', 'Other', 'School'], dryRun: false, misplaced: { students: 0 } });
    expect([await total(dean), await total(supervisor)]).toEqual([0, 1]);
    const below = await app.as(admin).get(`/departments/${course.departmentId}`).expect(200);
    expect(below.body.path).toEqual(['All', 'Other', 'School', 'Course']);
  });

  it('refuses to part students from their instructor, and says whom it would be', async () => {
    const [first, second] = await createStudents(app.database, { ...course, userId: dean.userId }, [{}, {}]);
    await createStudents(app.database, teacher, [{}]);
    const gone = await createStudent(app.database, { ...course, userId: dean.userId }, { isActive: false });
    const body = { parentId: other.departmentId };
    const dry = await change(school.departmentId, body, '?dryRun=true').expect(200);
    expect(dry.body.misplaced).toEqual({ students: 2, studentIds: [first!.userId, second!.userId] });
    const refused = await change(school.departmentId, body).expect(409);
    expect(refused.body.code).toBe('instructor_department_mismatch');
    expect(refused.body.errors.map(({ detail }: { detail: string }) => detail)).toEqual([
      first!.userId,
      second!.userId,
    ]);
    const { body: still } = await app.as(admin).get(`/departments/${school.departmentId}`).expect(200);
    expect(still).toMatchObject({ parentId: faculty.departmentId, version: 1 });
    for (const { userId } of [first!, second!]) {
      await app.as(admin).put(`/students/${userId}/instructor`).send({ instructorId: teacher.userId }).expect(204);
    }
    await change(school.departmentId, body).expect(200);
    expect(gone.departmentId).toBe(course.departmentId);
  });

  it('makes no circle', async () => {
    for (const parentId of [school.departmentId, course.departmentId]) {
      const { body } = await change(school.departmentId, { parentId }).expect(422);
      expect(body.code).toBe('department_below_itself');
    }
    await change(school.departmentId, { parentId: uuidv7() }).expect(422);
    await change(school.departmentId, { parentId: null }).expect(200);
  });

  it('makes no circle by two moves at the same time either', async () => {
    for (let round = 0; round < 10; round++) {
      const [a, b] = [await createDepartment(app.database, tenant), await createDepartment(app.database, tenant)];
      const [low, deep] = [await createDepartment(app.database, a), await createDepartment(app.database, b)];
      const answers = await Promise.all([
        change(a.departmentId, { parentId: deep.departmentId }),
        change(b.departmentId, { parentId: low.departmentId }),
        app
          .as(admin)
          .post('/departments')
          .send({ parentId: low.departmentId, code: `new-${round}`, name: 'New' }),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 201, 422]);
    }
    const broken = await app.database.many(
      `-- test.brokenPaths
      select d.id from departments d left join departments p on p.tenant_id = d.tenant_id and p.id = d.parent_id
      where d.tenant_id = $1 and d.path is distinct from coalesce(p.path, '{}') || d.id`,
      [tenant.tenantId],
    );
    expect(broken).toEqual([]);
  });

  it('never leaves a student with an instructor of no department above, whoever writes meanwhile', async () => {
    for (let round = 0; round < 10; round++) {
      const part = await createDepartment(app.database, faculty);
      const student = await createStudent(app.database, part);
      await Promise.all([
        change(part.departmentId, { parentId: other.departmentId }),
        app.as(admin).put(`/students/${student.userId}/instructor`).send({ instructorId: dean.userId }),
      ]);
    }
    const misplaced = await app.database.many(
      `-- test.misplaced
      select p.student_id from student_progress p
      join users i on i.tenant_id = p.tenant_id and i.id = p.instructor_id
      join departments d on d.tenant_id = p.tenant_id and d.id = p.department_id
      where p.tenant_id = $1 and i.department_id <> all (d.path)`,
      [tenant.tenantId],
    );
    expect(misplaced).toEqual([]);
  });
});

describe('closing', () => {
  const post = (verb: string, { departmentId }: Place) =>
    app.as(admin).post(`/departments/${departmentId}/${verb}`).send();

  it('waits until nobody and nothing active is left', async () => {
    const empty = await createDepartment(app.database, course);
    await createStudent(app.database, empty, { isActive: false });
    const refused = await post('deactivate', course).expect(409);
    expect(refused.body).toMatchObject({
      code: 'department_in_use',
      detail: 'There are still active 0 students, 1 others and 1 departments in it; move them or merge it.',
    });
    const { body } = await post('deactivate', empty).set('if-match', '"1"').expect(200);
    expect(body).toMatchObject({ isActive: false, version: 2 });
    await post('deactivate', empty).expect(200);
    await post('deactivate', empty).set('if-match', '"1"').expect(412);
    await app.as(head).post(`/departments/${course.departmentId}/deactivate`).send().expect(403);
    await post('deactivate', { ...course, departmentId: uuidv7() }).expect(404);
    const closed = await app.as(admin).get('/departments?isActive=false').expect(200);
    expect(closed.body.map(({ id }: Listed) => id)).toEqual([empty.departmentId]);
  });

  it('lets nobody and nothing in, until it is opened again', async () => {
    const empty = await createDepartment(app.database, course);
    await post('deactivate', empty).expect(200);
    const inside = { parentId: empty.departmentId, code: 'inside', name: 'Inside' };
    expect((await app.as(admin).post('/departments').send(inside).expect(422)).body.code).toBe('department_inactive');
    await expect(createStudent(app.database, empty)).rejects.toMatchObject({
      constraint: 'users__department_active_check',
    });
    await post('activate', empty).expect(200);
    await app.as(admin).post('/departments').send(inside).expect(201);
    await createStudent(app.database, empty);
  });

  it('waits for somebody who is just joining', async () => {
    const empty = await createDepartment(app.database, course);
    const gate = newGate();
    const joining = app.database.transaction(async () => {
      await createStudent(app.database, empty);
      await gate.opened;
    });
    const closing = post('deactivate', empty).then(({ status }) => status);
    await until(() =>
      app.database.many(`-- test.waiting
        select pid from pg_locks where locktype = 'advisory' and not granted`),
    );
    gate.open();
    await joining;
    expect(await closing).toBe(409);
  });
});
