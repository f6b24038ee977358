import { startApp, type TestApp } from '../../test/app.js';
import {
  adminIdOf, createDepartment, createInstructor, createStudent, createStudents, createTenant, type Member,
  type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { setRisk } from '../../test/factories.risk.js';
import { caseworkOf, version } from '../../test/casework.js';
import { codeOf } from '../../test/workroom.js';

let app: TestApp;
let tenant: Tenant;
/** Of the department of the instructor and the students. */
let supervisor: Member;
let second: Member;
let instructor: Member;
let colleague: Member;
let student: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

beforeEach(async () => {
  app.clock.set('2026-03-02T08:00:00Z');
  tenant = await createTenant(app.database);
  const department = await createDepartment(app.database, tenant);
  supervisor = await createInstructor(app.database, department, { canViewAll: true, name: 'Susan' });
  second = await createInstructor(app.database, department, { canViewAll: true, name: 'Sibyl' });
  instructor = await createInstructor(app.database, department, { name: 'Ada' });
  colleague = await createInstructor(app.database, department, { name: 'Ben' });
  student = await createStudent(app.database, instructor, { name: 'Kathleen' });
  await setRisk(app.database, student, 82);
});

const { open, take, detail, events, audited } = caseworkOf(
  () => app,
  () => ({ instructor, student }),
);

describe('opening', () => {
  it('opens a case from a flag, and says so everywhere', async () => {
    const opened = await open({ reason: 'Silent since the resit', dueOn: '2026-03-06', action: 'call' });
    expect(opened).toEqual({
      id: opened.id,
      studentId: student.userId,
      studentName: 'Kathleen',
      studentIsActive: true,
      ownerId: instructor.userId,
      ownerName: 'Ada',
      ownerIsActive: true,
      origin: 'flag',
      status: 'open',
      action: 'call',
      reason: 'Silent since the resit',
      dueOn: '2026-03-06',
      isOverdue: false,
      snoozedUntil: null,
      isSnoozed: false,
      openedAt: '2026-03-02T08:00:00Z',
      openedBy: instructor.userId,
      openedScore: 82,
      openedBand: 'high',
      contactedAt: null,
      contactedScore: null,
      closedAt: null,
      closedBy: null,
      closedScore: null,
      closedItself: false,
      outcome: null,
      dismissal: null,
      riskScore: 82,
      riskBand: 'high',
      updatedAt: '2026-03-02T08:00:00Z',
      version: 1,
    });
    const { entries, ...rest } = await detail(opened.id);
    expect(rest).toEqual(opened);
    expect(entries).toMatchObject([
      { kind: 'opened', actorId: instructor.userId, actorName: 'Ada', note: '', details: { origin: 'flag' } },
    ]);
    expect(await events()).toEqual(['interventions.opened']);
    const [made, read] = await audited();
    expect(made).toMatchObject({
      action: 'intervention.opened',
      actorId: instructor.userId,
      targetId: student.userId,
      before: null,
      after: { id: opened.id, status: 'open', ownerId: instructor.userId, dueOn: '2026-03-06' },
    });
    expect(read).toMatchObject({ action: 'intervention.viewed', targetId: student.userId, after: { id: opened.id } });
    // what was written of a student stays in the case
    expect(JSON.stringify([made, read])).not.toContain('Silent');
  });

  it('opens by hand where nobody is at risk, or where it is said', async () => {
    const [calm] = await createStudents(app.database, instructor, [{}]);
    expect(await open({ studentId: calm!.userId })).toMatchObject({ origin: 'manual', openedScore: null });
    expect(await open({ origin: 'manual' })).toMatchObject({ origin: 'manual', openedBand: 'high' });
    const [other] = await createStudents(app.database, instructor, [{}]);
    const { body } = await app
      .as(instructor)
      .post('/interventions')
      .send({ studentId: other!.userId, origin: 'flag' })
      .expect(409);
    expect(body).toMatchObject({ code: 'student_not_flagged', errors: [{ pointer: '/origin' }] });
  });

  it('refuses a second one, and names the first', async () => {
    const { id } = await open();
    const { body, headers } = await app
      .as(supervisor)
      .post('/interventions')
      .send({ studentId: student.userId })
      .expect(409);
    expect(body).toMatchObject({ code: 'intervention_open', detail: expect.stringContaining(id) });
    expect(headers['location']).toBe(`/api/v1/interventions/${id}`);
  });

  it('opens one of two that are opened at once', async () => {
    const answers = await Promise.all(
      [supervisor, second, instructor].map((viewer) =>
        app.as(viewer).post('/interventions').send({ studentId: student.userId }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const { id } = answers.find(({ status }) => status === 201)!.body;
    for (const { status, body } of answers) if (status === 409) expect(body.detail).toContain(id);
    expect(await events()).toEqual(['interventions.opened']);
  });

  it('takes as owner whoever may see the student, and nobody else', async () => {
    const department = await createDepartment(app.database, tenant);
    const head = await createInstructor(app.database, tenant, { canViewAll: true });
    const elsewhere = await createInstructor(app.database, department, { canViewAll: true });
    const gone = await createInstructor(app.database, supervisor, { canViewAll: true, isActive: false });
    const stranger = await createInstructor(app.database, await createTenant(app.database), { canViewAll: true });
    const refused = [colleague, elsewhere, gone, stranger, student];
    for (const { userId: ownerId } of refused) {
      const { body } = await app
        .as(instructor)
        .post('/interventions')
        .send({ studentId: student.userId, ownerId })
        .expect(422);
      expect(body).toMatchObject({ code: 'owner_unsuitable', errors: [{ pointer: '/ownerId' }] });
    }
    const { id } = await open({ ownerId: head.userId });
    let of = 1;
    await app.database.run(
      `-- test.insertSubstitution
      insert into delegations (tenant_id, id, instructor_id, substitute_id, valid_from, valid_to, created_by, reason,
        created_at)
      values ($1, gen_random_uuid(), $2, $3, '2026-03-01', '2026-03-09', $2, 'away', '2026-03-01')`,
      [tenant.tenantId, instructor.userId, colleague.userId],
    );
    for (const ownerId of [supervisor.userId, adminIdOf(tenant), colleague.userId, instructor.userId.toUpperCase()]) {
      const { body } = await app
        .as(supervisor)
        .patch(`/interventions/${id}`)
        .set(version(of++))
        .send({ ownerId })
        .expect(200);
      expect(body).toMatchObject({ ownerId: ownerId.toLowerCase() });
    }
    const { body } = await app
      .as(supervisor)
      .patch(`/interventions/${id}`)
      .set(version(of))
      .send({ ownerId: elsewhere.userId })
      .expect(422);
    expect(codeOf(body)).toBe('owner_unsuitable');
  });

  it('says what is wrong', async () => {
    const wrong = async (body: object, status: number, pointer: string): Promise<void> => {
      const answer = await app
        .as(instructor)
        .post('/interventions')
        .send({ studentId: student.userId, ...body })
        .expect(status);
      expect(answer.body).toMatchObject({ errors: [{ pointer }] });
    };
    await wrong({ studentId: 'x' }, 400, '/studentId');
    await wrong({ action: 'prayer' }, 400, '/action');
    await wrong({ reason: 'x'.repeat(1_001) }, 400, '/reason');
    await wrong({ reason: 'a\0b' }, 400, '/reason');
    await wrong({ dueOn: '2026-02-30' }, 400, '/dueOn');
    await wrong({ dueOn: '2026-03-01' }, 422, '/dueOn');
    const text = `'; drop table interventions; -- <script>alert(1)</script> \u202e😀 %_\\`;
    const { id } = await open({ reason: text });
    await take('notes', { note: text }, { id });
    expect(await detail(id)).toMatchObject({ reason: text, entries: [{ kind: 'note', note: text }, {}] });
  });
});
