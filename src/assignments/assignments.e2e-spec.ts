import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import {
  type Category, createAdmin, createCategory, createDepartment, createInstructor, createModule, createStudent,
  createStudents, createTenant, type Member, type Person, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { createAssignment, handOut } from '../../test/factories.assignments.js';
import { Database } from '../database/database.js';

interface Problem {
  readonly code: string;
  readonly errors: { readonly pointer: string; readonly code: string }[];
}

describe('assignments', () => {
  let app: TestApp;
  let tenant: Tenant;
  let category: Category;
  let instructor: Member;
  let colleague: Member;
  let admin: Person;

  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    app.clock.set('2026-03-02T08:00:00Z');
    tenant = await createTenant(app.database);
    category = await createCategory(app.database, tenant);
    instructor = await createInstructor(app.database, tenant);
    colleague = await createInstructor(app.database, tenant);
    admin = await createAdmin(app.database, tenant);
  });

  const create = async (fields: object = {}, as: Person = instructor): Promise<string> =>
    (await app.as(as).post('/assignments').send({ title: 'Alphabet', ...fields }).expect(201)).body.id as string; // prettier-ignore
  const patch = (id: string, body: object, as: Person = instructor) =>
    app.as(as).patch(`/assignments/${id}`).send(body);
  const pointers = ({ errors }: Problem): string[] => errors.map(({ pointer }) => pointer).sort();
  const entries = (targetId: string): Promise<{ action: string; actorId: string }[]> =>
    app.database.many(
      `-- test.auditOfTarget
      select action, actor_id as "actorId" from audit_entries where target_id = $1 order by at, id`,
      [targetId],
    );
  const actions = async (id: string): Promise<string[]> => (await entries(id)).map(({ action }) => action);
  /** What students have done with it, as whoever hands in and grades would write it. */
  const submit = (id: string, columns: string): Promise<number> =>
    app.database.run(
      `-- test.submitWork
      update submissions set ${columns} where tenant_id = $1 and assignment_id = $2`,
      [tenant.tenantId, id],
    );
  const submitted = `attempts_started = 2, attempts_submitted = 1, first_submitted_at = '2026-03-01T10:00Z',
    last_submitted_at = '2026-03-01T10:00Z'`;

  describe('POST', () => {
    it('creates a draft with all that may be said of it', async () => {
      const modules = [await createModule(app.database, category), await createModule(app.database, category)];
      const moduleIds = modules.map(({ moduleId }) => moduleId).reverse();
      const { moduleIds: _, ...said } = {
        title: 'Alphabet, part 1',
        description: 'A to M',
        instructions: 'Practise.',
        category: 'Homework',
        tags: ['alphabet', 'voice'],
        priority: 'high',
        estimatedDurationSeconds: 2_700,
        moduleIds,
        targetScore: 82.5,
        maxAttempts: null,
        retakePolicy: 'untilPassed',
        attemptPolicy: 'mean',
        weight: 2.5,
        needsGrading: true,
        gradeRelease: 'manual',
        latePenalty: 10,
        latePenaltyLimit: 50,
        lateGraceSeconds: 3_600,
        feedbackRules: [{ minScore: 80, text: 'Well done.' }],
        availableFrom: '2026-03-05T08:00:00Z',
        availableUntil: '2026-03-20T08:00:00Z',
        dueAt: '2026-03-15T08:00:00Z',
      };
      const { body } = await app
        .as(instructor)
        .post('/assignments')
        .send({ ...said, moduleIds: [...moduleIds, moduleIds[0]!.toUpperCase()] })
        .expect(201);
      expect(body).toEqual({
        ...said,
        id: expect.any(String),
        ownerId: instructor.userId,
        status: 'draft',
        isTemplate: false,
        isShared: false,
        modules: modules
          .reverse()
          .map(({ moduleId: id, code, kind }) => ({ id, code, title: code, kind, isActive: true })),
        gradesReleasedAt: null,
        copiedFromId: null,
        publishedAt: null,
        createdAt: '2026-03-02T08:00:00Z',
        updatedAt: '2026-03-02T08:00:00Z',
        version: 1,
        counts: expect.objectContaining({ students: 0, assigned: 0, meanScore: null }),
      });
      const got = await app.as(instructor).get(`/assignments/${body.id}`).expect(200);
      expect(got.body).toEqual(body);
      expect(got.headers.etag).toMatch(/^"1-/);
      expect(await entries(body.id)).toEqual([{ action: 'assignment.created', actorId: instructor.userId }]);
    });

    it('makes one of ten that come at once with one id, and gives no id to two', async () => {
      const id = uuidv7();
      const post = (as: Person, fields: object = {}) =>
        app
          .as(as)
          .post('/assignments')
          .send({ id, title: 'Alphabet', ...fields });
      const answers = await Promise.all(Array.from({ length: 10 }, () => post(instructor)));
      expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(201));
      expect(await actions(id)).toEqual(['assignment.created']);
      expect((await post(instructor, { title: 'Changed since' }).expect(201)).body.title).toBe('Alphabet');
      for (const other of [colleague, admin]) {
        expect((await post(other).expect(409)).body).toMatchObject({ code: 'assignment_id_taken' });
      }
      const elsewhere = await createInstructor(app.database, await createTenant(app.database));
      await post(elsewhere).expect(201);
    });

    it('refuses what cannot be, each with its place', async () => {
      const refused = async (fields: object, status: number): Promise<Problem> =>
        (await app.as(instructor).post('/assignments').send({ title: 'Alphabet', ...fields }).expect(status)).body as Problem; // prettier-ignore
      const invalid = { title: ' ', maxAttempts: 0, targetScore: 101, priority: 'huge', color: 'red', weight: null };
      expect(pointers(await refused(invalid, 400))).toEqual(Object.keys(invalid).map((key) => `/${key}`).sort()); // prettier-ignore
      const rules = Array.from({ length: 11 }, (_, minScore) => ({ minScore, text: 'So' }));
      expect(pointers(await refused({ feedbackRules: rules }, 400))).toEqual(['/feedbackRules']);
      expect(pointers(await refused({ feedbackRules: [{ minScore: 101, text: 'So' }] }, 400))).toEqual([
        '/feedbackRules/0/minScore',
      ]);
      const [early, late] = ['2026-03-05T08:00:00Z', '2026-03-06T08:00:00Z'];
      expect(pointers(await refused({ availableFrom: late, dueAt: early }, 400))).toEqual(['/dueAt']);
      expect(pointers(await refused({ availableUntil: early, dueAt: late }, 400))).toEqual(['/dueAt']);
      expect(pointers(await refused({ availableFrom: late, availableUntil: early }, 400))).toEqual(['/availableUntil']);
      for (const dueAt of ['0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59-14:00']) {
        expect(pointers(await refused({ dueAt }, 400))).toEqual(['/dueAt']);
      }
      expect(pointers(await refused({ isShared: true }, 400))).toEqual(['/isShared']);
      const foreign = await createModule(app.database, await createCategory(app.database, await createTenant(app.database))); // prettier-ignore
      expect(await refused({ moduleIds: [foreign.moduleId] }, 422)).toMatchObject({ code: 'module_unknown' });
    });

    it('is somebody’s whom one is, stands in for or oversees; a service makes the organisation’s own', async () => {
      const { database } = app;
      const place = await createDepartment(database, tenant);
      const supervisor = await createInstructor(database, place, { canViewAll: true });
      const below = await createInstructor(database, place);
      const left = await createInstructor(database, place, { isActive: false });
      const student = await createStudent(database, below);
      const delegation = { substituteId: instructor.userId, validTo: '2026-03-16T18:00:00Z', reason: 'leave' };
      await app.as(colleague).post('/delegations').send(delegation).expect(201);
      const substitute: Person = { ...instructor, rosters: [colleague.userId] };
      const post = (as: Person, ownerId?: string | null) =>
        app.as(as).post('/assignments').send({ title: 'Alphabet', ownerId });
      const cases: [Person, string | null | undefined, number, string | null][] = [
        [instructor, undefined, 201, instructor.userId],
        [instructor, below.userId, 422, null],
        [instructor, null, 422, null],
        [substitute, colleague.userId, 201, colleague.userId],
        [supervisor, undefined, 201, supervisor.userId],
        [supervisor, below.userId.toUpperCase(), 201, below.userId],
        [supervisor, instructor.userId, 422, null],
        [supervisor, left.userId, 422, null],
        [supervisor, student.userId, 422, null],
        [admin, undefined, 201, admin.userId],
        [admin, below.userId, 201, below.userId],
        [admin, uuidv7(), 422, null],
        [admin, null, 201, null],
      ];
      for (const [as, ownerId, status, owner] of cases) {
        const { body } = await post(as, ownerId).expect(status);
        expect(body).toMatchObject(status === 201 ? { ownerId: owner } : { code: 'owner_not_found' });
      }
      const { body } = await app.as('service', tenant).post('/assignments').send({ title: 'From afar' }).expect(201);
      expect(body.ownerId).toBeNull();
      await app.as(student).post('/assignments').send({ title: 'Mine' }).expect(403);
    });
  });

  describe('PATCH', () => {
    it('changes what is given, and nothing when that is nothing new', async () => {
      const id = await create({ dueAt: '2026-03-09T12:00:00Z', category: 'Homework', tags: ['night'] });
      const { body } = await patch(id, { title: 'New', category: null, dueAt: '2026-03-10T12:00:00+01:00' })
        .set('if-match', '"1"')
        .expect(200);
      expect(body).toMatchObject({ title: 'New', category: null, dueAt: '2026-03-10T11:00:00Z', tags: ['night'] });
      expect(body.version).toBe(2);
      const same = { title: 'New', dueAt: '2026-03-10T11:00:00.000Z', tags: ['night'], moduleIds: [] };
      expect((await patch(id, same).expect(200)).body.version).toBe(2);
      await patch(id, { title: 'Old' }).set('if-match', '"1"').expect(412);
      await patch(id, { title: 'Old' }).set('if-match', 'W/"1"').expect(400);
      expect(await actions(id)).toEqual(['assignment.created', 'assignment.changed']);
    });

    it('lets one of six writers win who read the same version', async () => {
      const id = await create();
      const write = (n: number) => patch(id, { title: `By ${n}` }).set('if-match', '"1"');
      const sent = await app.database.transaction(async () => {
        await app.database.run(
          `-- test.holdAssignment
          select from assignments where tenant_id = $1 and id = $2 for no key update`,
          [tenant.tenantId, id],
        );
        const answers = Promise.all([1, 2, 3, 4, 5, 6].map(write));
        let waiting = 0;
        // outside of the transaction, which would know of the connections of its first look alone
        const outside = app.app.get(Database, { strict: false });
        while (waiting < 6) {
          ({ waiting } = await outside.one<{ waiting: number }>(
            `-- test.countWaiting
            select count(*) as waiting from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
          ));
        }
        return { answers };
      });
      const answers = await sent.answers;
      expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(5).fill(412)]);
      const winner = answers.find(({ status }) => status === 200)!;
      const { body } = await app.as(instructor).get(`/assignments/${id}`).expect(200);
      expect(body).toMatchObject({ version: 2, title: (winner.body as { title: string }).title });
      expect(await actions(id)).toEqual(['assignment.created', 'assignment.changed']);
    });

    it('is not there for whom it is not, seen or not', async () => {
      const student = await createStudent(app.database, colleague);
      const { assignmentId } = await createAssignment(app.database, instructor);
      await handOut(app.database, { ...tenant, assignmentId, title: '' }, [student]);
      await app.as(colleague).get(`/assignments/${assignmentId}`).expect(200);
      for (const as of [colleague, await createAdmin(app.database, await createTenant(app.database))]) {
        expect((await patch(assignmentId, { title: 'Mine' }, as).expect(404)).body.code).toBe('assignment_not_found');
        for (const verb of ['publish', 'pause', 'resume', 'complete', 'archive', 'restore']) {
          await app.as(as).post(`/assignments/${assignmentId}/${verb}`).send({}).expect(404);
        }
        await app.as(as).delete(`/assignments/${assignmentId}`).expect(404);
      }
      await patch(assignmentId, { title: 'Mine' }, student).expect(403);
      await patch(assignmentId, { title: 'Mine' }, admin).expect(200);
      await patch(uuidv7(), { title: 'Nothing' }, admin).expect(404);
    });

    it('leaves what students have submitted as it was', async () => {
      const modules = [await createModule(app.database, category), await createModule(app.database, category)];
      const [first, second] = modules.map(({ moduleId }) => moduleId) as [string, string];
      const student = await createStudent(app.database, instructor);
      const assignment = await createAssignment(app.database, instructor, { moduleIds: [first], targetScore: 60 });
      const id = assignment.assignmentId;
      await handOut(app.database, assignment, [student]);
      const reworking = { attemptPolicy: 'mean', moduleIds: [first, second], targetScore: 70, maxAttempts: 4 };
      await patch(id, reworking).expect(200);

      // two attempts begun, one of them submitted, no score yet
      await submit(id, submitted);
      const refused = async (body: object): Promise<Problem> => (await patch(id, body).expect(409)).body as Problem;
      const problem = await refused({ attemptPolicy: 'last', moduleIds: [second], maxAttempts: 1, title: 'No' });
      expect(problem.code).toBe('assignment_submitted');
      expect(problem.errors.map(({ pointer, code }) => [pointer, code])).toEqual([
        ['/attemptPolicy', 'assignment_submitted'],
        ['/moduleIds', 'assignment_submitted'],
        ['/maxAttempts', 'attempts_used'],
      ]);
      await patch(id, { targetScore: 75, gradeRelease: 'manual', maxAttempts: 2 }).expect(200);

      await submit(id, 'attempt_score = 81');
      const graded = await refused({ targetScore: null, gradeRelease: 'automatic' });
      expect(graded.code).toBe('assignment_graded');
      expect(pointers(graded)).toEqual(['/gradeRelease', '/targetScore']);
      const free = {
        title: 'New', description: 'So', instructions: 'Do', category: 'Test', tags: ['a'], priority: 'low',
        estimatedDurationSeconds: 60, maxAttempts: null, retakePolicy: 'never', weight: 3, needsGrading: true,
        latePenalty: 20, latePenaltyLimit: 40, lateGraceSeconds: 60, feedbackRules: [{ minScore: 0, text: 'Well' }],
        dueAt: '2026-03-12T12:00:00Z', availableUntil: '2026-03-20T12:00:00Z',
      }; // prettier-ignore
      const read = () =>
        app.database.many(
          `-- test.readWork
          select score, attempt_score, attempts_submitted, grade_penalty, first_submitted_at, effective_due_at
          from submissions where tenant_id = $1 and assignment_id = $2`,
          [tenant.tenantId, id],
        );
      const before = await read();
      expect((await patch(id, free).expect(200)).body).toMatchObject(free);
      expect(await read()).toEqual([{ ...before[0], effective_due_at: free.dueAt }]);
    });

    it('takes retired modules into a draft, and into nothing published', async () => {
      const { moduleId } = await createModule(app.database, category, { code: 'old-one' });
      const { body: retired } = await app.as(admin).patch(`/modules/${moduleId}`).send({ isActive: false }).expect(200);
      const id = await create({ moduleIds: [moduleId] });
      const publish = await app.as(instructor).post(`/assignments/${id}/publish`).send({}).expect(422);
      expect(publish.body).toMatchObject({ code: 'module_inactive', detail: expect.stringContaining('old-one') });
      await patch(id, { moduleIds: [] }).expect(200);
      await app.as(instructor).post(`/assignments/${id}/publish`).send({}).expect(200);
      expect((await patch(id, { moduleIds: [moduleId] }).expect(422)).body.code).toBe('module_inactive');
      // what was published with it keeps it
      await app.as(admin).patch(`/modules/${moduleId}`).send({ isActive: true }).expect(200);
      await patch(id, { moduleIds: [moduleId] }).expect(200);
      await app.as(admin).patch(`/modules/${moduleId}`).send({ isActive: false }).expect(200);
      const { body } = await patch(id, { title: 'Still' }).expect(200);
      expect(body.modules).toMatchObject([{ id: retired.id, isActive: false }]);
    });

    it('gives it to another whom one oversees', async () => {
      const id = await create({}, admin);
      expect((await patch(id, { ownerId: colleague.userId }, admin).expect(200)).body.ownerId).toBe(colleague.userId);
      expect((await patch(id, { ownerId: instructor.userId }, colleague).expect(422)).body.code).toBe(
        'owner_not_found',
      );
    });
  });

  describe('DELETE', () => {
    it('deletes a draft, and keeps what was published, handed out or copied', async () => {
      const id = await create({ moduleIds: [(await createModule(app.database, category)).moduleId] });
      await app.as(instructor).delete(`/assignments/${id}`).expect(204);
      await app.as(instructor).delete(`/assignments/${id}`).expect(404);
      expect(await actions(id)).toEqual(['assignment.created', 'assignment.deleted']);
      const kept = async (assignmentId: string): Promise<string> =>
        (await app.as(instructor).delete(`/assignments/${assignmentId}`).expect(409)).body.code as string;
      const active = await createAssignment(app.database, instructor);
      expect(await kept(active.assignmentId)).toBe('assignment_active');
      const draft = await createAssignment(app.database, instructor, { status: 'draft' });
      await handOut(app.database, draft, await createStudents(app.database, instructor, [{}]));
      await submit(draft.assignmentId, 'withdrawn_at = now()');
      expect(await kept(draft.assignmentId)).toBe('assignment_handed_out');
      const template = await create({ isTemplate: true });
      await app.as(instructor).post(`/assignments/${template}/copy`).send({}).expect(201);
      expect(await kept(template)).toBe('assignment_copied');
    });
  });
});
