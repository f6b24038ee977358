import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import {
  createAdmin,
  createDepartment,
  createInstructor,
  createModule,
  createCategory,
  createStudent,
  createTenant,
  type Person,
  type Place,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import type { UserResponse } from './users.dto.js';

interface Entry {
  readonly instructorId: string | null;
  readonly departmentId: string;
  readonly isOpen: boolean;
}

const nobody = '0198f000-0000-7000-8000-00000000dead';
let app: TestApp;
let tenant: Tenant;
let admin: Person;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant, { name: 'Zoe Admin' });
});

const audited = async (targetId: string): Promise<{ action: string; before: object | null; after: object | null }[]> =>
  (await auditTrail(app.database, tenant.tenantId))
    .filter((entry) => entry.targetId === targetId)
    .map(({ action, before, after }) => ({ action, before, after }));
const invited = (): Promise<{ key: string; payload: object }[]> =>
  app.database.many(
    `-- test.invited
    select key, payload from outbox where tenant_id = $1 and topic = 'users.invited' order by id`,
    [tenant.tenantId],
  );
const history = (studentId: string): Promise<Entry[]> =>
  app.database.many<Entry>(
    `-- test.rosterHistory
    select instructor_id as "instructorId", department_id as "departmentId", valid_to is null as "isOpen"
    from roster_entries where tenant_id = $1 and student_id = $2 order by valid_from`,
    [tenant.tenantId, studentId],
  );
const kathleen = (fields: object = {}): object => ({
  role: 'student',
  name: 'Kathleen Osei',
  email: 'K.Osei@Example.org',
  pid: 'P-1042',
  departmentId: tenant.departmentId,
  ...fields,
});
const create = async (fields: object = {}): Promise<UserResponse> =>
  (await app.as(admin).post('/users').send(kathleen(fields)).expect(201)).body as UserResponse;

describe('POST /users', () => {
  it('creates a student on a roster, with an invitation that says nothing about them', async () => {
    const instructor = await createInstructor(app.database, tenant);
    const { departmentId } = tenant;
    const created = await create({
      instructorId: instructor.userId,
      rank: '=cmd',
      avatarUrl: 'https://a.example/x',
      phone: '+441632960123',
    });
    expect(created).toEqual({
      id: expect.any(String),
      role: 'student',
      name: 'Kathleen Osei',
      email: 'k.osei@example.org',
      pid: 'P-1042',
      rank: '=cmd',
      phone: '+441632960123',
      avatarUrl: 'https://a.example/x',
      departmentId,
      instructorId: instructor.userId,
      joinedOn: '2026-03-02',
      isActive: true,
      hasPassword: false,
      lastLoginAt: null,
      mergedIntoId: null,
      createdAt: expect.any(String),
      version: 1,
    });
    expect(await invited()).toEqual([{ key: created.id, payload: {} }]);
    expect(await history(created.id)).toEqual([{ instructorId: instructor.userId, departmentId, isOpen: true }]);
    const { body: roster } = await app.as(instructor).get('/students').expect(200);
    expect(roster.data).toMatchObject([{ id: created.id, name: 'Kathleen Osei' }]);
    expect((await audited(created.id)).map(({ action }) => action)).toEqual(['user.created', 'user.invited']);
  });

  it('invites nobody without an address, or when told not to', async () => {
    await create({ email: undefined, pid: '1' });
    await create({ email: 'a@example.org', pid: '2', invite: false });
    expect(await invited()).toEqual([]);
  });

  it('gives an instructor a profile, so that there can be students', async () => {
    const { id } = await create({ role: 'instructor' });
    const student = await create({ email: null, pid: null, instructorId: id });
    expect(student.instructorId).toBe(id);
  });

  it('lets a service provide students and instructors, but nobody who runs the tenant', async () => {
    const service = app.as('service', tenant);
    const { body } = await service.post('/users').send(kathleen()).expect(201);
    await service.patch(`/users/${body.id}`).send({ name: 'K. Osei' }).expect(200);
    await service
      .post('/users')
      .send(kathleen({ role: 'admin', email: 'x@example.org', pid: null }))
      .expect(403);
    const instructor = await createInstructor(app.database, tenant);
    await service.patch(`/users/${instructor.userId}`).send({ role: 'admin' }).expect(403);
    await service.patch(`/users/${admin.userId}`).send({ name: 'Mallory' }).expect(403);
    await service.post(`/users/${admin.userId}/deactivate`).expect(403);
    await service.post(`/users/${admin.userId}/invitations`).expect(403);
    await service.post(`/users/${body.id}/merge`).send({ intoId: body.id }).expect(403);
  });

  it('answers twice the same to the same create, and makes one of ten at once', async () => {
    const id = uuidv7().toUpperCase();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => app.as(admin).post('/users').send(kathleen({ id }))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await invited()).toHaveLength(1);
    const { body } = await app
      .as(admin)
      .post('/users')
      .send(kathleen({ id, name: 'Another' }))
      .expect(409);
    expect(body.code).toMatch(/user_exists|email_taken/);
    const { body: other } = await app
      .as(admin)
      .post('/users')
      .send({ id, role: 'student', name: 'Another', departmentId: tenant.departmentId })
      .expect(409);
    expect(other.code).toBe('user_exists');
  });

  it.each([
    [{ name: '' }, 400, '/name'],
    [{ role: 'operator' }, 400, '/role'],
    [{ email: 'nonsense' }, 400, '/email'],
    [{ avatarUrl: 'http://pictures.example.org/x.png' }, 400, '/avatarUrl'],
    [{ avatarUrl: 'javascript:alert(1)' }, 400, '/avatarUrl'],
    [{ avatarUrl: 'https://user:secret@example.org/' }, 400, '/avatarUrl'],
    [{ joinedOn: '2026-02-30' }, 400, '/joinedOn'],
    [{ passwordHash: 'x' }, 400, '/passwordHash'],
    [{ isActive: false }, 400, '/isActive'],
    [{ departmentId: nobody }, 422, '/departmentId'],
    [{ departmentId: null }, 422, '/departmentId'],
    [{ instructorId: nobody }, 422, '/instructorId'],
    [{ role: 'instructor', instructorId: nobody }, 422, '/instructorId'],
  ])('refuses %j with %i', async (fields, status, pointer) => {
    const { body } = await app.as(admin).post('/users').send(kathleen(fields)).expect(status);
    expect(body.errors[0].pointer).toBe(pointer);
  });

  it('refuses an address and a number that are taken, and an instructor from elsewhere', async () => {
    await create();
    const again = await app
      .as(admin)
      .post('/users')
      .send(kathleen({ pid: null }))
      .expect(409);
    expect(again.body.code).toBe('email_taken');
    const number = await app
      .as(admin)
      .post('/users')
      .send(kathleen({ email: null }))
      .expect(409);
    expect(number.body.code).toBe('pid_taken');
    const below = await createInstructor(app.database, await createDepartment(app.database, tenant));
    const far = await app
      .as(admin)
      .post('/users')
      .send(kathleen({ email: null, pid: null, instructorId: below.userId }))
      .expect(422);
    expect(far.body.code).toBe('instructor_department_mismatch');
    const { body } = await app.as(admin).get('/users').query({ search: 'kathleen' }).expect(200);
    expect(body.pagination.total).toBe(1);
  });
});

describe('GET /users', () => {
  let branch: Place;

  beforeEach(async () => {
    branch = await createDepartment(app.database, tenant);
    const leaf = await createDepartment(app.database, branch);
    await createInstructor(app.database, branch, { name: 'Ben Abel', email: 'ben@example.org' });
    await createStudent(app.database, leaf, { name: 'Ágnes Nagy', pid: 'NB-7' });
    await createStudent(app.database, tenant, { name: 'carl Zorn', isActive: false });
    await createStudent(app.database, await createTenant(app.database), { name: 'Stranger' });
  });

  const names = async (query: object): Promise<string[]> => {
    const { body } = await app.as(admin).get('/users').query(query).expect(200);
    return (body.data as UserResponse[]).map(({ name }) => name);
  };

  it('lists by name, whatever case and accents', async () => {
    expect(await names({})).toEqual(['Administrator', 'Ágnes Nagy', 'Ben Abel', 'carl Zorn', 'Zoe Admin']);
  });

  it.each([
    [{ search: 'agn' }, ['Ágnes Nagy']],
    [{ search: 'nb-7' }, ['Ágnes Nagy']],
    [{ search: 'ben abel' }, ['Ben Abel']],
    [{ search: 'ben zorn' }, []],
    [{ search: '%' }, []],
    [{ role: 'student' }, ['Ágnes Nagy', 'carl Zorn']],
    [{ isActive: false }, ['carl Zorn']],
    [{ isActive: true, role: 'student' }, ['Ágnes Nagy']],
  ])('finds %j', async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  it('finds a department and all below it', async () => {
    expect(await names({ departmentId: branch.departmentId })).toEqual(['Ágnes Nagy', 'Ben Abel']);
  });

  it('pages by number and by cursor', async () => {
    const first = await app.as(admin).get('/users').query({ limit: 3 }).expect(200);
    expect(first.body.pagination).toMatchObject({ total: 5, totalPages: 2, hasNext: true });
    const rest = ['carl Zorn', 'Zoe Admin'];
    expect(await names({ limit: 3, page: 2 })).toEqual(rest);
    expect(await names({ limit: 3, cursor: first.body.pagination.nextCursor as string })).toEqual(rest);
    await app.as(admin).get('/users').query({ sort: 'email' }).expect(400);
    await app.as(admin).get('/users').query({ role: 'admin', cursor: first.body.pagination.nextCursor }).expect(400);
  });

  it('is for administrators and services of the tenant', async () => {
    const student = await createStudent(app.database, tenant);
    const supervisor = await createInstructor(app.database, tenant, { canViewAll: true });
    for (const viewer of [student, supervisor]) {
      await app.as(viewer).get('/users').expect(403);
      await app.as(viewer).get(`/users/${student.userId}`).expect(403);
      await app.as(viewer).post('/users').send(kathleen()).expect(403);
      await app.as(viewer).patch(`/users/${student.userId}`).send({ name: 'X' }).expect(403);
    }
    await app.as('service', tenant).get('/users').expect(200);
  });

  it('puts the reading of one person on record', async () => {
    const { id } = await create();
    const { body, headers } = await app.as(admin).get(`/users/${id}`).expect(200);
    expect(headers['etag']).toMatch(/^"1-/);
    expect(body.email).toBe('k.osei@example.org');
    expect((await audited(id)).at(-1)).toMatchObject({ action: 'user.viewed' });
  });

  it('shows nobody of another tenant, and changes nobody there', async () => {
    const other = await createTenant(app.database);
    const stranger = await createStudent(app.database, other);
    const path = `/users/${stranger.userId}`;
    await app.as(admin).get(path).expect(404);
    await app.as(admin).patch(path).send({ name: 'X' }).expect(404);
    await app.as(admin).post(`${path}/deactivate`).expect(404);
    await app.as(admin).post(`${path}/activate`).expect(404);
    await app.as(admin).post(`${path}/invitations`).expect(404);
    const { id } = await create();
    await app.as(admin).post(`${path}/merge`).send({ intoId: id }).expect(404);
    const { body } = await app.as(admin).post(`/users/${id}/merge`).send({ intoId: stranger.userId }).expect(422);
    expect(body.code).toBe('user_unknown');
    const foreign = await createInstructor(app.database, other);
    await app.as(admin).patch(`/users/${id}`).send({ instructorId: foreign.userId }).expect(422);
    await app.as(admin).patch(`/users/${id}`).send({ departmentId: other.departmentId }).expect(422);
    expect((await app.as(admin).get('/users').query({ departmentId: other.departmentId })).body.data).toEqual([]);
  });
});

describe('PATCH /users/:id', () => {
  const patch = (id: string, change: object) => app.as(admin).patch(`/users/${id}`).send(change);

  it('changes what is given, and the list of students with it', async () => {
    const instructor = await createInstructor(app.database, tenant);
    const { id } = await create({ instructorId: instructor.userId });
    await app.as(instructor).get('/students').expect(200);
    const { body } = await patch(id, { name: 'Kathleen Mensah', email: null, rank: 'Sergeant' }).expect(200);
    expect(body).toMatchObject({ name: 'Kathleen Mensah', email: null, rank: 'Sergeant', pid: 'P-1042', version: 2 });
    expect((await app.as(instructor).get('/students')).body.data).toMatchObject([{ name: 'Kathleen Mensah' }]);
    expect((await audited(id)).at(-1)).toEqual({
      action: 'user.changed',
      before: { name: 'Kathleen Osei', email: 'k.osei@example.org', rank: null },
      after: { name: 'Kathleen Mensah', email: null, rank: 'Sergeant' },
    });
    expect((await patch(id, { name: 'Kathleen Mensah' }).expect(200)).body.version).toBe(2);
  });

  it('takes one of many changes that were made to the same version', async () => {
    const { id } = await create();
    const etag = (await app.as(admin).get(`/users/${id}`)).headers['etag']!;
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => patch(id, { rank: `Rank ${index}` }).set('if-match', etag)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412, 412]);
    await patch(id, { rank: 'Last' }).set('if-match', etag).expect(412);
  });

  it('loses nothing of changes to different fields at once', async () => {
    const { id } = await create();
    const changes = [{ name: 'New' }, { rank: 'Major' }, { pid: 'P-2' }, { email: 'new@example.org' }];
    for (const { status } of await Promise.all(changes.map((change) => patch(id, change)))) expect(status).toBe(200);
    const { body } = await app.as(admin).get(`/users/${id}`).expect(200);
    expect(body).toMatchObject({ ...Object.assign({}, ...changes), version: 5 });
  });

  it('moves a student and keeps the history, also of today’s practice', async () => {
    const instructor = await createInstructor(app.database, tenant);
    const [here, there] = [await createDepartment(app.database, tenant), await createDepartment(app.database, tenant)];
    const { id } = await create({ departmentId: here.departmentId, instructorId: instructor.userId });
    const module = await createModule(app.database, await createCategory(app.database, tenant));
    const sessions = [sessionBody(module, { studentId: id })];
    await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
    app.clock.advance(60);
    await patch(id, { departmentId: there.departmentId }).expect(200);
    expect(await history(id)).toEqual([
      { instructorId: instructor.userId, departmentId: here.departmentId, isOpen: false },
      { instructorId: instructor.userId, departmentId: there.departmentId, isOpen: true },
    ]);
    const days = await app.database.many(
      `-- test.snapshotDepartments
      select department_id as "departmentId" from progress_snapshots where tenant_id = $1`,
      [tenant.tenantId],
    );
    expect(days).toEqual([{ departmentId: there.departmentId }]);
    const row = (await app.as(instructor).get('/students')).body.data[0];
    expect(row.departmentId).toBe(there.departmentId);
  });

  it('moves a student away from an instructor only together with another', async () => {
    const [here, there] = [await createDepartment(app.database, tenant), await createDepartment(app.database, tenant)];
    const [near, far] = [await createInstructor(app.database, here), await createInstructor(app.database, there)];
    const { id } = await create({ departmentId: here.departmentId, instructorId: near.userId });
    const { body } = await patch(id, { departmentId: there.departmentId }).expect(422);
    expect(body.code).toBe('instructor_department_mismatch');
    expect(await history(id)).toHaveLength(1);
    app.clock.advance(60);
    await patch(id, { departmentId: there.departmentId, instructorId: far.userId }).expect(200);
    expect((await history(id)).map(({ instructorId }) => instructorId)).toEqual([near.userId, far.userId]);
    const left = await patch(near.userId, { departmentId: there.departmentId }).expect(200);
    expect(left.body.departmentId).toBe(there.departmentId);
    // and there are students now who hold this one
    expect((await patch(far.userId, { departmentId: here.departmentId }).expect(422)).body.code).toBe(
      'instructor_department_mismatch',
    );
    await patch(id, { instructorId: null }).expect(200);
    await patch(far.userId, { departmentId: here.departmentId }).expect(200);
  });

  it('keeps students and others apart', async () => {
    const { id } = await create();
    expect((await patch(id, { role: 'instructor' }).expect(422)).body.code).toBe('role_fixed');
    expect((await patch(admin.userId, { role: 'student' }).expect(422)).body.code).toBe('role_fixed');
    await patch(admin.userId, { instructorId: uuidv7() }).expect(422);
    await patch(id, { departmentId: null }).expect(422);
    await patch(id, { version: 7 }).expect(400);
    await patch('nonsense', {}).expect(400);
    await patch(uuidv7(), { name: 'X' }).expect(404);
  });

  it('makes an instructor of an administrator and an administrator of an instructor', async () => {
    const second = await createAdmin(app.database, tenant);
    expect((await patch(second.userId, { role: 'instructor' }).expect(422)).body.code).toBe('department_missing');
    await patch(second.userId, { role: 'instructor', departmentId: tenant.departmentId }).expect(200);
    const student = await create({ instructorId: second.userId });
    expect(student.instructorId).toBe(second.userId);
    await patch(second.userId, { role: 'admin' }).expect(200);
    await patch(second.userId, { role: 'instructor' }).expect(200);
  });

  it('gives no address and number away that are somebody’s', async () => {
    await create();
    const { id } = await create({ email: 'b@example.org', pid: 'B' });
    expect((await patch(id, { email: 'K.OSEI@example.org' }).expect(409)).body.code).toBe('email_taken');
    expect((await patch(id, { pid: 'P-1042' }).expect(409)).body.code).toBe('pid_taken');
  });
});
