import { startApp, type TestApp } from '../../test/app.js';
import {
  adminIdOf,
  createAdmin,
  createCategory,
  createInstructor,
  createModule,
  createStudent,
  createStudents,
  createTenant,
  type Person,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import { SignInsService } from '../auth/sign-ins.service.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
});

const activeAdmins = async (): Promise<number> => {
  const { body } = await app.as('admin', tenant).get('/users').query({ role: 'admin', isActive: true }).expect(200);
  return body.pagination.total as number;
};

describe('POST /users/:id/deactivate', () => {
  it('keeps everything, takes the student out of lists and counts, and takes no session any more', async () => {
    const instructor = await createInstructor(app.database, tenant);
    const [student] = await createStudents(app.database, instructor, [{}, {}]);
    const module = await createModule(app.database, await createCategory(app.database, tenant));
    const record = async (): Promise<{ status: string; errors?: object[] }[]> => {
      const sessions = [sessionBody(module, { studentId: student!.userId })];
      const { body } = await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
      return body.results as { status: string }[];
    };
    expect(await record()).toMatchObject([{ status: 'accepted' }]);
    const total = async (): Promise<number> =>
      (await app.as(instructor).get('/students').expect(200)).body.pagination.total as number;
    expect(await total()).toBe(2);

    const path = `/users/${student!.userId}`;
    const { body } = await app.as(admin).post(`${path}/deactivate`).expect(200);
    expect(body).toMatchObject({ isActive: false, version: 2, rosterStudents: 0 });
    expect(await total()).toBe(1);
    await app.as(instructor).get(`/students/${student!.userId}`).expect(404);
    expect(await record()).toMatchObject([
      { status: 'rejected', errors: [{ code: 'student_unknown', pointer: '/sessions/0/studentId' }] },
    ]);

    expect((await app.as(admin).post(`${path}/deactivate`).expect(200)).body.version).toBe(2);
    expect((await app.as(admin).post(`${path}/activate`).expect(200)).body).toMatchObject({ isActive: true });
    expect(await total()).toBe(2);
    expect((await app.as(instructor).get(`/students/${student!.userId}`).expect(200)).body.sessionsCompleted).toBe(1);
    const actions = await app.database.many(
      `-- test.actions
      select action from audit_entries where target_id = $1 and action like 'user.%' order by at, id`,
      [student!.userId],
    );
    expect(actions).toEqual([{ action: 'user.deactivated' }, { action: 'user.activated' }]);
  });

  it('says how many students an instructor leaves, who stay on the roster', async () => {
    const instructor = await createInstructor(app.database, tenant);
    await createStudents(app.database, instructor, [{}, {}, { isActive: false }]);
    const { body } = await app.as(admin).post(`/users/${instructor.userId}/deactivate`).expect(200);
    expect(body.rosterStudents).toBe(2);
    const { body: list } = await app.as(admin).get('/students').query({ instructorId: instructor.userId }).expect(200);
    expect(list.pagination.total).toBe(2);
    const { body: refused } = await app
      .as(admin)
      .post('/students/assign')
      .send({ studentIds: [list.data[0].id], instructorId: instructor.userId })
      .expect(422);
    expect(refused.code).toBe('instructor_not_found');
    // but whoever is there may move within what this one reaches
    await app.as(admin).patch(`/users/${list.data[0].id}`).send({ name: 'Still here' }).expect(200);
  });

  it('ends sign-ins, which do not go on when the person is activated again', async () => {
    const student = await createStudent(app.database, tenant);
    const { refreshToken } = await app.app.get(SignInsService, { strict: false }).open(student);
    await app.as(admin).post(`/users/${student.userId}/deactivate`).expect(200);
    await app.as(admin).post(`/users/${student.userId}/activate`).expect(200);
    await app.anonymous.post('/auth/refresh').send({ refreshToken }).expect(401);
  });

  it('is the same as a change of isActive', async () => {
    const student = await createStudent(app.database, tenant);
    const patched = await app.as(admin).patch(`/users/${student.userId}`).send({ isActive: false }).expect(200);
    expect(patched.body.isActive).toBe(false);
  });
});

describe('the last active administrator', () => {
  beforeEach(() =>
    app
      .as(admin)
      .post(`/users/${adminIdOf(tenant)}/deactivate`)
      .expect(200),
  );

  it('can be neither deactivated nor made an instructor', async () => {
    await createAdmin(app.database, tenant, { isActive: false });
    const path = `/users/${admin.userId}`;
    const { body } = await app.as(admin).post(`${path}/deactivate`).expect(409);
    expect(body.code).toBe('admin_last');
    const change = { role: 'instructor', departmentId: tenant.departmentId };
    expect((await app.as(admin).patch(path).send(change).expect(409)).body.code).toBe('admin_last');
    await app.as(admin).patch(path).send({ name: 'Another name', role: 'admin' }).expect(200);
  });

  it('is left by administrators who deactivate each other at once', async () => {
    for (let round = 0; round < 5; round++) {
      const all = [admin];
      while (all.length < 4) all.push(await createAdmin(app.database, tenant));
      const answers = await Promise.all(
        all.map((one, index) =>
          index % 2 === 0
            ? app.as(all[(index + 1) % 4]!).post(`/users/${one.userId}/deactivate`)
            : app
                .as(all[(index + 1) % 4]!)
                .patch(`/users/${one.userId}`)
                .send({ role: 'instructor', departmentId: tenant.departmentId }),
        ),
      );
      // refused is who would have been the last, and whose own administrator has just been deactivated or is one no more
      const [survivor, ...others] = all.filter((_, index) => answers[index]!.status !== 200);
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => ![200, 401, 403, 409].includes(status))).toEqual([]);
      expect(await activeAdmins()).toBe(1 + others.length);
      admin = survivor!;
      for (const { userId } of others) await app.as(admin).post(`/users/${userId}/deactivate`).expect(200);
    }
  });
});

describe('POST /users/:id/invitations', () => {
  it('invites again who cannot sign in yet', async () => {
    const student = await createStudent(app.database, tenant);
    await app.as(admin).post(`/users/${student.userId}/invitations`).expect(202);
    await app.as(admin).post(`/users/${student.userId}/invitations`).expect(202);
    const events = await app.database.many(
      `-- test.invitations
      select key, payload from outbox where tenant_id = $1 and topic = 'users.invited'`,
      [tenant.tenantId],
    );
    expect(events).toEqual(Array(2).fill({ key: student.userId, payload: {} }));
  });

  it('invites nobody with a password, without an address or without an account', async () => {
    const invite = async (id: string): Promise<string> =>
      (await app.as(admin).post(`/users/${id}/invitations`).expect(409)).body.code as string;
    const known = await createStudent(app.database, tenant, { passwordHash: 'x' });
    expect(await invite(known.userId)).toBe('password_present');
    const gone = await createStudent(app.database, tenant, { isActive: false });
    expect(await invite(gone.userId)).toBe('user_inactive');
    const { body } = await app
      .as(admin)
      .post('/users')
      .send({ role: 'student', name: 'Silent', departmentId: tenant.departmentId })
      .expect(201);
    expect(await invite(body.id as string)).toBe('email_missing');
  });
});
