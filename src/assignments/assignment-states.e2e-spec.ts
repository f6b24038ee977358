import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory, createInstructor, createModule, createStudents, createTenant, type Member, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { type Assignment, createAssignment, handOut } from '../../test/factories.assignments.js';

describe('the states of assignments, and copies', () => {
  let app: TestApp;
  let tenant: Tenant;
  let instructor: Member;

  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.stop());
  beforeEach(async () => {
    app.clock.set('2026-03-02T08:00:00Z');
    tenant = await createTenant(app.database);
    instructor = await createInstructor(app.database, tenant);
  });

  const post = (id: string, verb: string, body: object = {}, as: Member = instructor) =>
    app.as(as).post(`/assignments/${id}/${verb}`).send(body);
  const events = async (id: string): Promise<string[]> => {
    const rows = await app.database.many<{ topic: string }>(
      `-- test.listTopics
      select topic from outbox where tenant_id = $1 and key = $2 and payload = jsonb_build_object('assignmentId', $2)
      order by topic`,
      [tenant.tenantId, id],
    );
    return rows.map(({ topic }) => topic);
  };
  /** Gives a draft to two students, as a hand-out before publishing does: it does not count yet. */
  const prepare = async (options: object): Promise<{ assignment: Assignment; students: Member[] }> => {
    const students = await createStudents(app.database, instructor, [{}, {}]);
    const assignment = await createAssignment(app.database, instructor, { status: 'draft', ...options });
    await handOut(app.database, assignment, students);
    await app.database.run(
      `-- test.uncount
      update student_progress set assignments_assigned = 0, completion_rate = null where tenant_id = $1`,
      [tenant.tenantId],
    );
    return { assignment, students };
  };
  const rates = async (): Promise<(number | null)[]> => {
    const { body } = await app.as(instructor).get('/students').expect(200);
    return (body as { data: { completionRate: number | null }[] }).data.map(({ completionRate }) => completionRate);
  };

  it('go from draft to archive and back, and no other way', async () => {
    const { body: made } = await app.as(instructor).post('/assignments').send({ title: 'Alphabet' }).expect(201);
    const id = made.id as string;
    const verbs = ['publish', 'pause', 'resume', 'complete', 'archive', 'restore'];
    const expectRefused = async (state: string, allowed: readonly string[]): Promise<void> => {
      for (const verb of verbs.filter((one) => !allowed.includes(one))) {
        expect((await post(id, verb).expect(409)).body).toMatchObject({ code: `assignment_${state}` });
      }
    };
    const go = async (verb: string, status: string): Promise<void> => {
      expect((await post(id, verb).expect(200)).body).toMatchObject({ id, status });
    };
    await expectRefused('draft', ['publish', 'archive']);
    await go('archive', 'archived');
    await go('restore', 'draft');
    await go('publish', 'active');
    await expectRefused('active', ['pause', 'complete']);
    await go('pause', 'paused');
    await expectRefused('paused', ['resume', 'complete']);
    await go('resume', 'active');
    await go('complete', 'completed');
    await expectRefused('completed', ['archive']);
    await go('archive', 'archived');
    await expectRefused('archived', ['restore']);
    const read = await app.as(instructor).patch(`/assignments/${id}`).send({ title: 'New' }).expect(409);
    expect(read.body.code).toBe('assignment_archived');
    await go('restore', 'completed');
    const { body } = await app.as(instructor).get(`/assignments/${id}`).expect(200);
    expect(body).toMatchObject({ version: 9, publishedAt: '2026-03-02T08:00:00Z' });
    const entries = await app.database.many<{ action: string }>(
      `-- test.listActions
      select action from audit_entries where tenant_id = $1 and target_id = $2 order by at, id`,
      [tenant.tenantId, id],
    );
    expect(entries.map(({ action }) => action.replace('assignment.', ''))).toEqual([
      'created', 'archived', 'restored', 'published', 'paused', 'resumed', 'completed', 'archived', 'restored',
    ]); // prettier-ignore
  });

  it('publish once of ten at once, and count for the students who have it', async () => {
    const { assignment } = await prepare({});
    expect(await rates()).toEqual([null, null]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(assignment.assignmentId, 'publish')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(409)]);
    expect(await events(assignment.assignmentId)).toEqual(['assignments.opened', 'assignments.published']);
    expect(await rates()).toEqual([0, 0]);
  });

  it('count from when it is available, which may still move', async () => {
    const { assignment } = await prepare({ availableFrom: '2026-03-03T08:00:00Z' });
    const id = assignment.assignmentId;
    const move = (availableFrom: string | null) =>
      app.as(instructor).patch(`/assignments/${id}`).send({ availableFrom }).expect(200);
    expect((await post(id, 'publish').expect(200)).body).toMatchObject({ status: 'scheduled' });
    expect([await rates(), await events(id)]).toEqual([[null, null], ['assignments.published']]);
    expect((await move('2026-03-01T08:00:00Z')).body).toMatchObject({ status: 'active' });
    expect([await rates(), await events(id)]).toEqual([
      [0, 0],
      ['assignments.opened', 'assignments.published'],
    ]);
    expect((await move('2026-03-03T08:00:00Z')).body).toMatchObject({ status: 'scheduled' });
    expect(await rates()).toEqual([null, null]);
    expect((await move(null)).body).toMatchObject({ status: 'active' });
    expect(await rates()).toEqual([0, 0]);
  });

  it('want a due date in the past confirmed', async () => {
    for (const options of [
      { dueAt: '2026-03-02T07:59:59Z' },
      { dueAt: null, availableUntil: '2026-03-02T07:59:59Z' },
    ]) {
      const { assignmentId } = await createAssignment(app.database, instructor, { status: 'draft', ...options });
      const { body } = await post(assignmentId, 'publish').expect(409);
      expect(body).toMatchObject({ code: 'due_in_past', errors: [{ pointer: '/confirmPastDue' }] });
      await post(assignmentId, 'publish', { confirmPastDue: 'yes' }).expect(400);
      await post(assignmentId, 'publish', { confirmPastDue: true }).expect(200);
    }
  });

  it('do not concern templates, which are archived and copied', async () => {
    const { body: template } = await app
      .as(instructor)
      .post('/assignments')
      .send({ title: 'Pattern', isTemplate: true, isShared: true })
      .expect(201);
    expect((await post(template.id, 'publish').expect(409)).body).toMatchObject({ code: 'assignment_template' });
    await post(template.id, 'archive').expect(200);
    await post(template.id, 'restore').expect(200);
  });

  it('show in lists at once, whoever had them in the cache', async () => {
    const colleague = await createInstructor(app.database, tenant);
    const { assignment } = await prepare({});
    const { body: template } = await app
      .as(colleague)
      .post('/assignments')
      .send({ title: 'Pattern', isTemplate: true })
      .expect(201);
    const statuses = async (query: object = {}): Promise<string[]> => {
      const { body } = await app.as(instructor).get('/assignments').query(query).expect(200);
      return (body as { data: { status: string }[] }).data.map(({ status }) => status);
    };
    expect([await statuses(), await statuses({ isTemplate: true })]).toEqual([['draft'], []]);
    await app.as(colleague).patch(`/assignments/${template.id}`).send({ isShared: true }).expect(200);
    expect([await statuses(), await statuses({ isTemplate: true })]).toEqual([['draft'], ['draft']]);
    await post(assignment.assignmentId, 'publish').expect(200);
    expect(await statuses()).toEqual(['active']);
  });

  describe('a copy', () => {
    it('takes modules and policies along, and neither dates nor students', async () => {
      const { database } = app;
      const category = await createCategory(database, tenant);
      const modules = [await createModule(database, category), await createModule(database, category)];
      const original = await createAssignment(database, instructor, {
        title: 'Alphabet', moduleIds: modules.map(({ moduleId }) => moduleId), targetScore: 65, maxAttempts: null,
        attemptPolicy: 'mean', weight: 2, latePenalty: 5, availableFrom: '2026-02-01T00:00:00Z',
      }); // prettier-ignore
      await handOut(database, original, await createStudents(database, instructor, [{}]));
      const { body } = await post(original.assignmentId, 'copy', { title: 'Again' }).expect(201);
      const { body: source } = await app.as(instructor).get(`/assignments/${original.assignmentId}`).expect(200);
      expect(body).toEqual({
        ...source,
        id: expect.not.stringMatching(original.assignmentId),
        title: 'Again',
        copiedFromId: original.assignmentId,
        status: 'draft',
        availableFrom: null,
        dueAt: null,
        publishedAt: null,
        createdAt: '2026-03-02T08:00:00Z',
        updatedAt: '2026-03-02T08:00:00Z',
        version: 1,
        counts: expect.objectContaining({ students: 0 }),
      });
      expect(body.modules).toHaveLength(2);
    });

    it('is one’s own, of whatever one may see', async () => {
      const { database } = app;
      const colleague = await createInstructor(database, tenant);
      const shared = { status: 'draft', isTemplate: true, isShared: true } as const;
      const template = await createAssignment(database, instructor, shared);
      const kept = await createAssignment(database, instructor, { ...shared, isShared: false });
      const id = uuidv7();
      const dates = { availableFrom: '2026-03-03T08:00:00Z', dueAt: '2026-03-04T08:00:00Z' };
      for (let times = 0; times < 2; times++) {
        const { body } = await post(template.assignmentId, 'copy', { id, ...dates }, colleague).expect(201);
        expect(body).toMatchObject({ id, ownerId: colleague.userId, isTemplate: false, isShared: false, ...dates });
      }
      await post(kept.assignmentId, 'copy', {}, colleague).expect(404);
      expect((await post(kept.assignmentId, 'copy', { id }).expect(409)).body.code).toBe('assignment_id_taken');
      const pattern = await post(template.assignmentId, 'copy', { isTemplate: true }, colleague).expect(201);
      expect(pattern.body).toMatchObject({ isTemplate: true, isShared: false });
      expect((await post(id, 'copy', { availableFrom: dates.dueAt, dueAt: dates.availableFrom }, colleague)).status).toBe(400); // prettier-ignore
      const stranger = await createInstructor(database, await createTenant(database), { canViewAll: true });
      await post(template.assignmentId, 'copy', {}, stranger).expect(404);
      const { body } = await app.as('service', tenant).post(`/assignments/${kept.assignmentId}/copy`).send({});
      expect(body).toMatchObject({ ownerId: null, copiedFromId: kept.assignmentId });
    });
  });
});
