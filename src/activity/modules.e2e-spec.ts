import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import {
  type Category,
  createAdmin,
  createCategory,
  createInstructor,
  createModule,
  createStudent,
  createTenant,
  type Person,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import { createAssignment } from '../../test/factories.assignments.js';

interface Listed {
  readonly data: { readonly code: string }[];
  readonly pagination: { readonly total: number; readonly nextCursor?: string };
}

describe('modules and categories', () => {
  let app: TestApp;
  let tenant: Tenant;
  let admin: Person;
  let category: Category;

  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    tenant = await createTenant(app.database);
    admin = await createAdmin(app.database, tenant);
    category = await createCategory(app.database, tenant, { code: 'codes', title: 'Radio codes' });
  });

  const entries = (targetId: string): Promise<{ action: string; actorId: string }[]> =>
    app.database.many(
      `-- test.auditOfTarget
      select action, actor_id as "actorId" from audit_entries where target_id = $1 order by at, id`,
      [targetId],
    );
  const newModule = (fields: object = {}): object => ({
    categoryId: category.categoryId,
    code: 'alpha',
    title: 'The alphabet',
    kind: 'quiz',
    ...fields,
  });

  describe('POST', () => {
    it('creates a category and a module in it, and records who did', async () => {
      const { body: made } = await app
        .as(admin)
        .post('/categories')
        .send({ code: 'phonetic', title: 'Phonetic alphabet', position: 2 })
        .expect(201);
      expect(made).toEqual({
        id: expect.any(String),
        code: 'phonetic',
        title: 'Phonetic alphabet',
        position: 2,
        isActive: true,
        version: 1,
      });
      const { body: module } = await app
        .as(admin)
        .post('/modules')
        .send(newModule({ categoryId: made.id }))
        .expect(201);
      expect(module).toEqual({
        id: expect.any(String),
        categoryId: made.id,
        code: 'alpha',
        title: 'The alphabet',
        kind: 'quiz',
        difficulty: 'easy',
        isActive: true,
        version: 1,
      });
      expect(await entries(made.id)).toEqual([{ action: 'category.created', actorId: admin.userId }]);
      expect(await entries(module.id)).toEqual([{ action: 'module.created', actorId: admin.userId }]);
    });

    it.each(['categories', 'modules'])(
      'answers the same to the same create of %s with the client’s id',
      async (path) => {
        const id = uuidv7();
        const body = path === 'modules' ? newModule({ id }) : { id, code: 'alpha', title: 'Alpha' };
        const first = await app.as(admin).post(`/${path}`).send(body).expect(201);
        const second = await app.as(admin).post(`/${path}`).send(body).expect(201);
        expect(second.body).toEqual(first.body);
        expect(await entries(id)).toHaveLength(1);
        const other = await app
          .as(admin)
          .post(`/${path}`)
          .send({ ...body, title: 'Another' })
          .expect(409);
        expect(other.body.code).toMatch(/^(category|module)_exists$/);
      },
    );

    it('makes one of ten that come at once with one id', async () => {
      const id = uuidv7();
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => app.as(admin).post('/modules').send(newModule({ id }))),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
      expect(await entries(id)).toHaveLength(1);
    });

    it('refuses a code that is taken, and says where', async () => {
      await app.as(admin).post('/modules').send(newModule()).expect(201);
      const module = await app.as(admin).post('/modules').send(newModule()).expect(409);
      expect(module.body).toMatchObject({ code: 'code_taken', errors: [{ pointer: '/code' }] });
      await app.as(admin).post('/categories').send({ code: 'codes', title: 'Again' }).expect(409);
    });

    it('refuses a category that is unknown, or another tenant’s', async () => {
      const elsewhere = await createCategory(app.database, await createTenant(app.database));
      for (const categoryId of [uuidv7(), elsewhere.categoryId]) {
        const { body } = await app.as(admin).post('/modules').send(newModule({ categoryId })).expect(422);
        expect(body).toMatchObject({ code: 'category_unknown', errors: [{ pointer: '/categoryId' }] });
      }
    });

    it('refuses what is not valid, each with its place', async () => {
      const { body } = await app
        .as(admin)
        .post('/modules')
        .send(newModule({ code: 'two words', kind: 'exam', difficulty: 'harsh', title: ' ', color: 'red' }))
        .expect(400);
      const pointers = (body.errors as { pointer: string }[]).map(({ pointer }) => pointer);
      expect(pointers.sort()).toEqual(['/code', '/color', '/difficulty', '/kind', '/title']);
    });
  });

  describe('GET', () => {
    it('filters, counts and pages modules', async () => {
      const other = await createCategory(app.database, tenant);
      await createModule(app.database, category, { code: 'Écho-1', kind: 'voice' });
      await createModule(app.database, category, { code: 'b-2' });
      await createModule(app.database, other, { code: 'a-3' });
      const list = async (query: object): Promise<Listed> =>
        (await app.as(admin).get('/modules').query(query).expect(200)).body as Listed;
      const codes = async (query: object): Promise<string[]> => (await list(query)).data.map(({ code }) => code);
      expect(await codes({ categoryId: category.categoryId })).toHaveLength(2);
      expect(await codes({ kind: 'voice' })).toEqual(['Écho-1']);
      expect(await codes({ search: 'ECHO' })).toEqual(['Écho-1']);
      expect(await codes({ search: '%' })).toEqual([]);
      expect(await codes({ isActive: false })).toEqual([]);

      const all = await codes({});
      expect(all).toHaveLength(3);
      const first = await list({ limit: 2 });
      expect(first.pagination).toMatchObject({ total: 3, hasNext: true });
      const rest = await list({ limit: 2, cursor: first.pagination.nextCursor });
      expect([...first.data, ...rest.data].map(({ code }) => code)).toEqual(all);
      expect((await list({ limit: 2, page: 2 })).data).toEqual(rest.data);
      expect(await list({ limit: 2, page: 9 })).toMatchObject({ data: [], pagination: { total: 3 } });
    });

    it('lists categories in their own order, page by page', async () => {
      for (const code of ['third', 'second']) {
        await app.as(admin).post('/categories').send({ code, title: code, position: 0 }).expect(201);
      }
      const first = await app.as(admin).get('/categories').query({ limit: 1 }).expect(200);
      expect(first.body).toMatchObject({ data: [{ code: 'second' }], pagination: { total: 3 } });
      const { nextCursor } = (first.body as Listed).pagination;
      const rest = await app.as(admin).get('/categories').query({ limit: 2, cursor: nextCursor }).expect(200);
      expect((rest.body as Listed).data.map(({ code }) => code)).toEqual(['third', 'codes']);
      const found = await app.as(admin).get('/categories').query({ search: 'radio', isActive: true }).expect(200);
      expect((found.body as Listed).data.map(({ code }) => code)).toEqual(['codes']);
    });

    it('shows nothing of another tenant', async () => {
      await createModule(app.database, category);
      const stranger = await createAdmin(app.database, await createTenant(app.database));
      const modules = await app.as(stranger).get('/modules').expect(200);
      expect(modules.body).toMatchObject({ data: [], pagination: { total: 0 } });
      await app
        .as(stranger)
        .get('/categories')
        .expect(200, /"total":0/);
    });
  });

  describe('PATCH', () => {
    it('changes what is given, counts versions, retires and restores', async () => {
      const { moduleId } = await createModule(app.database, category, { code: 'alpha', difficulty: 'hard' });
      const patch = (body: object) => app.as(admin).patch(`/modules/${moduleId}`).send(body);
      const changed = await patch({ title: 'New' }).set('if-match', '"1"').expect(200);
      expect(changed.body).toMatchObject({ title: 'New', code: 'alpha', difficulty: 'hard', version: 2 });
      expect((await patch({ title: 'New' }).expect(200)).body).toMatchObject({ version: 2 });
      expect((await patch({ isActive: false }).expect(200)).body).toMatchObject({ isActive: false, version: 3 });
      await app.as(admin).get('/modules').query({ isActive: false }).expect(200, /alpha/);
      await patch({ isActive: true }).expect(200);
      const actions = (await entries(moduleId)).map(({ action }) => action);
      expect(actions).toEqual(['module.changed', 'module.retired', 'module.restored']);
    });

    it('changes and retires a category', async () => {
      const patch = (body: object) => app.as(admin).patch(`/categories/${category.categoryId}`).send(body);
      expect((await patch({ position: 9, code: 'signals' }).expect(200)).body).toMatchObject({
        position: 9,
        code: 'signals',
        title: 'Radio codes',
        version: 2,
      });
      await patch({ isActive: false }).expect(200);
      await patch({ title: 'x' }).set('if-match', '"1"').expect(412);
      expect((await entries(category.categoryId)).map(({ action }) => action)).toEqual([
        'category.changed',
        'category.retired',
      ]);
    });

    it('lets one of two writers win who read the same version', async () => {
      const { moduleId } = await createModule(app.database, category);
      const write = (title: string) =>
        app.as(admin).patch(`/modules/${moduleId}`).set('if-match', '"1"').send({ title });
      const answers = await Promise.all(['a', 'b', 'c', 'd'].map(write));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
      expect(await entries(moduleId)).toHaveLength(1);
    });

    it('knows neither what is not there nor what another tenant has', async () => {
      const { moduleId } = await createModule(app.database, category);
      const stranger = await createAdmin(app.database, await createTenant(app.database));
      for (const [who, path, code] of [
        [admin, `/modules/${uuidv7()}`, 'module_not_found'],
        [stranger, `/modules/${moduleId}`, 'module_not_found'],
        [stranger, `/categories/${category.categoryId}`, 'category_not_found'],
      ] as const) {
        const { body } = await app.as(who).patch(path).send({ title: 'x' }).expect(404);
        expect(body.code).toBe(code);
      }
    });
  });

  describe('DELETE', () => {
    it('deletes a module that nothing refers to', async () => {
      const { moduleId } = await createModule(app.database, category);
      await app.as(admin).delete(`/modules/${moduleId}`).expect(204);
      await app.as(admin).delete(`/modules/${moduleId}`).expect(404);
      expect((await entries(moduleId)).map(({ action }) => action)).toEqual(['module.deleted']);
    });

    it('keeps one with a session or an assignment', async () => {
      const practised = await createModule(app.database, category);
      const set = await createModule(app.database, category);
      const student = await createStudent(app.database, tenant);
      const sessions = [sessionBody(practised)];
      await app
        .as(student)
        .post('/activity/sessions')
        .send({ sessions })
        .expect(200, /"accepted":1/);
      await createAssignment(app.database, tenant, { moduleIds: [set.moduleId], status: 'draft' });
      for (const { moduleId } of [practised, set]) {
        const { body } = await app.as(admin).delete(`/modules/${moduleId}`).expect(409);
        expect(body.code).toBe('module_in_use');
        await app.as(admin).patch(`/modules/${moduleId}`).send({ isActive: false }).expect(200);
      }
    });

    it('comes before a session or after it, and never between', async () => {
      const student = await createStudent(app.database, tenant);
      for (let times = 0; times < 10; times++) {
        const module = await createModule(app.database, category);
        const sessions = [sessionBody(module)];
        const [recorded, deleted] = await Promise.all([
          app.as(student).post('/activity/sessions').send({ sessions }),
          app.as(admin).delete(`/modules/${module.moduleId}`),
        ]);
        expect(recorded.status).toBe(200);
        expect(deleted.status).toBe((recorded.body as { accepted: number }).accepted === 1 ? 409 : 204);
      }
    });

    it('is for administrators, in their tenant', async () => {
      const { moduleId } = await createModule(app.database, category);
      await app
        .as(await createInstructor(app.database, tenant))
        .delete(`/modules/${moduleId}`)
        .expect(403);
      const stranger = await createAdmin(app.database, await createTenant(app.database));
      await app.as(stranger).delete(`/modules/${moduleId}`).expect(404);
    });
  });

  it('lets instructors read and only administrators write', async () => {
    const instructor = await createInstructor(app.database, tenant);
    await app.as(instructor).get('/modules').expect(200);
    await app.as(instructor).post('/modules').send(newModule()).expect(403);
    await app.as(instructor).patch(`/categories/${category.categoryId}`).send({ title: 'x' }).expect(403);
    await app.anonymous.get('/modules').expect(401);
  });
});
