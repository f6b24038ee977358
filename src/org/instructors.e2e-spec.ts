import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
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

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let department: Place;
let supervisor: Member;
let ada: Member;
let ben: Member;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  department = await createDepartment(app.database, tenant, { name: 'Dispatch' });
  supervisor = await createInstructor(app.database, department, { canViewAll: true, name: 'Sue Vesper' });
  ada = await createInstructor(app.database, department, { name: 'Ada Okafor', email: 'ada@example.org' });
  ben = await createInstructor(app.database, await createDepartment(app.database, department), { name: 'Bén Adeyemi' });
  await createInstructor(app.database, department, { name: 'Gone Girl', isActive: false });
  await createInstructor(app.database, await createDepartment(app.database, tenant), { name: 'Elsa Where' });
  await createStudents(app.database, ada, [{}, {}, { isActive: false }]);
});
afterAll(() => app.stop());

const namesFor = async (viewer: Person, query = ''): Promise<string[]> => {
  const { body } = await app.as(viewer).get(`/instructors${query}`).expect(200);
  expect(body.pagination.total).toBe(body.data.length);
  return (body.data as { name: string }[]).map(({ name }) => name);
};

it('lists them by name, as far as the viewer may see', async () => {
  expect(await namesFor(admin)).toEqual(['Ada Okafor', 'Bén Adeyemi', 'Elsa Where', 'Gone Girl', 'Sue Vesper']);
  expect(await namesFor(supervisor)).toEqual(['Ada Okafor', 'Bén Adeyemi', 'Gone Girl', 'Sue Vesper']);
  expect(await namesFor(ada)).toEqual(['Ada Okafor', 'Bén Adeyemi', 'Sue Vesper']);
  expect(await namesFor(ben)).toEqual(['Bén Adeyemi']);
  expect(await namesFor(admin, '?search=BEN')).toEqual(['Bén Adeyemi']);
  expect(await namesFor(admin, '?isActive=false')).toEqual(['Gone Girl']);
  expect(await namesFor(admin, `?departmentId=${ben.departmentId}`)).toEqual(['Bén Adeyemi']);
  const { body } = await app.as('service', tenant).get('/instructors?search=ada%20okafor').expect(200);
  expect(body.data).toEqual([
    {
      id: ada.userId,
      name: 'Ada Okafor',
      departmentId: department.departmentId,
      departmentName: 'Dispatch',
      isActive: true,
      email: 'ada@example.org',
      employeeId: null,
      canViewAll: false,
      students: 2,
    },
  ]);
  const first = await app.as(admin).get('/instructors?limit=3').expect(200);
  const rest = await app.as(admin).get(`/instructors?limit=3&cursor=${first.body.pagination.nextCursor}`).expect(200);
  expect(rest.body.data.map(({ name }: Person) => name)).toEqual(['Gone Girl', 'Sue Vesper']);
  const student = await createStudent(app.database, ben);
  await app.as(student).get('/instructors').expect(403);
});

it('tells a colleague the name and no more', async () => {
  const { body } = await app.as(ada).get('/instructors').expect(200);
  const [own, colleague] = body.data;
  expect(own).toMatchObject({ email: 'ada@example.org', students: 2 });
  expect(colleague).toMatchObject({ email: null, employeeId: null, canViewAll: null, students: null });
  await app.as(ada).get(`/instructors/${ada.userId}`).expect(200);
  await app.as(ada).get(`/instructors/${ben.userId}`).expect(404);
  await app.as(supervisor).get(`/instructors/${ben.userId}`).expect(200);
  await app.as(ben).get(`/instructors/${ada.userId}`).expect(404);
  const stranger = await createTenant(app.database);
  await app.as('admin', stranger).get(`/instructors/${ada.userId}`).expect(404);
});

describe('changing', () => {
  let instructor: Member;
  const patch = (body: object, viewer: Person = admin) =>
    app.as(viewer).patch(`/instructors/${instructor.userId}`).send(body);

  beforeEach(async () => {
    instructor = await createInstructor(app.database, department);
  });

  it('takes what is given, of the version that was read', async () => {
    const wanted = {
      employeeId: 'E-204',
      specialisations: ['radio', 'maps'],
      certifications: ['first aid'],
      experienceYears: 7,
      territory: 'north',
      supervisorId: supervisor.userId,
      canAssign: false,
    };
    const { body } = await patch(wanted).set('if-match', '"1"').expect(200);
    expect(body).toMatchObject({ ...wanted, canViewAll: false, version: 2, dryRun: false });
    expect((await patch(wanted).expect(200)).body.version).toBe(2);
    await patch({ territory: 'south' }).set('if-match', '"1"').expect(412);
    expect((await patch({ territory: null }).expect(200)).body).toMatchObject({ territory: null, employeeId: 'E-204' });
    const answers = await Promise.all(
      [1, 2, 3].map((experienceYears) => patch({ experienceYears }).set('if-match', '"3"')),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    const entries = await auditTrail(app.database, tenant.tenantId, 'instructor.changed');
    expect(entries.map(({ after }) => after!['version'])).toEqual([2, 3, 4]);
  });

  it('is refused with a meaning', async () => {
    await app.as(admin).patch(`/instructors/${ada.userId}`).send({ employeeId: 'E-1' }).expect(200);
    expect((await patch({ employeeId: 'E-1' }).expect(409)).body.code).toBe('employee_id_taken');
    const student = await createStudent(app.database, ada);
    for (const supervisorId of [student.userId, uuidv7()]) {
      expect((await patch({ supervisorId }).expect(422)).body.code).toBe('instructor_unknown');
    }
    await patch({ supervisorId: instructor.userId }).expect(400);
    await patch({ experienceYears: 81 }).expect(400);
    await patch({ name: 'x' }).expect(400);
    await patch({ canViewAll: true }, supervisor).expect(403);
    await patch({ canViewAll: true }, instructor).expect(403);
    await app.as(admin).patch(`/instructors/${student.userId}`).send({ canAssign: false }).expect(404);
    const stranger = await createTenant(app.database);
    await app.as('admin', stranger).patch(`/instructors/${ada.userId}`).send({ canAssign: false }).expect(404);
  });

  it('of canViewAll makes a supervisor, whose writes are one’s at once', async () => {
    const student = await createStudent(app.database, ada);
    const goal = () => app.as(instructor).patch(`/students/${student.userId}`).send({ targetScore: 80 });
    await goal().expect(404);
    await patch({ canViewAll: true }).expect(200);
    await goal().expect(200);
    await patch({ canViewAll: false }).expect(200);
    await goal().expect(404);
  });

  it('of canAssign decides who may say who is responsible', async () => {
    const head = await createInstructor(app.database, department, { canViewAll: true, canAssign: false });
    const student = await createStudent(app.database, ada);
    const assign = () => app.as(head).put(`/students/${student.userId}/instructor`).send({ instructorId: head.userId });
    expect((await assign().expect(403)).body.code).toBe('assigning_denied');
    await app.as(admin).patch(`/instructors/${head.userId}`).send({ canAssign: true }).expect(200);
    await assign().expect(204);
  });
});
