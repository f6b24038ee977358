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
  type Module,
  type Person,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import { createAssignment } from '../../test/factories.assignments.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let instructor: Member;
let module: Module;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  instructor = await createInstructor(app.database, tenant);
  module = await createModule(app.database, await createCategory(app.database, tenant));
});

type Row = Readonly<Record<string, unknown>>;
const rows = (sql: string, ...parameters: unknown[]): Promise<Row[]> =>
  app.database.many<Row>(sql, [tenant.tenantId, ...parameters]);
const merge = (from: { userId: string }, into: { userId: string }) =>
  app.as(admin).post(`/users/${from.userId}/merge`).send({ intoId: into.userId });
const record = async (...sessions: object[]): Promise<Row[]> => {
  const { body } = await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  return body.results as Row[];
};

describe('merging students', () => {
  it('gives one all that both have done, and nothing twice', async () => {
    const [from, into] = await createStudents(app.database, instructor, [
      { joinedOn: '2025-01-01', pid: 'OLD', email: 'old@example.org' },
      { joinedOn: '2025-09-01' },
    ]);
    // ten minutes each, five of them the same; and a day that only the duplicate has
    await record(
      sessionBody(module, { studentId: into!.userId, score: 60 }),
      sessionBody(module, {
        studentId: from!.userId,
        score: 90,
        startedAt: '2026-03-02T07:25:00Z',
        completedAt: '2026-03-02T07:35:00Z',
      }),
      sessionBody(module, {
        studentId: from!.userId,
        score: 30,
        startedAt: undefined,
        completedAt: '2026-03-01T12:00:00Z',
      }),
    );
    await app.as(instructor).patch(`/students/${from!.userId}`).send({ targetScore: 75 }).expect(200);
    const schedule = { name: 'Cases', kind: 'interventions', format: 'csv', every: 'week', at: '07:00' };
    const filter = { studentId: from!.userId.toUpperCase(), status: ['open'] };
    const { id: scheduleId } = (await app.as(instructor).post('/report-schedules').send({ ...schedule, filter }).expect(201)).body as { id: string }; // prettier-ignore
    const { body } = await merge(from!, into!).expect(200);
    expect(body).toMatchObject({
      into: { id: into!.userId, email: into!.email, pid: 'OLD', joinedOn: '2025-01-01', isActive: true },
      sessions: 2,
      students: 0,
    });
    const { body: detail } = await app.as(instructor).get(`/students/${into!.userId}`).expect(200);
    expect(detail).toMatchObject({
      sessionsCompleted: 3,
      overallScore: 60,
      totalTimeSpentSeconds: 900,
      currentStreak: 2,
      targetScore: 75,
    });
    expect(detail.categories).toMatchObject([{ sessionsCompleted: 3 }]);
    expect((await app.as(instructor).get('/students')).body.data).toHaveLength(1);

    const { body: kept } = await app.as(instructor).get(`/report-schedules/${scheduleId}`).expect(200);
    expect(kept.filter).toEqual({ studentId: into!.userId, status: ['open'] });

    const { body: gone } = await app.as(admin).get(`/users/${from!.userId}`).expect(200);
    expect(gone).toMatchObject({ isActive: false, email: null, pid: null, mergedIntoId: into!.userId });
    const left = await rows(
      `-- test.leftOver
      select has_started, sessions_completed, overall_score, last_active_on, target_score, instructor_id,
        days::text as days
      from student_progress join active_days using (tenant_id, student_id) where tenant_id = $1 and student_id = $2`,
      from!.userId,
    );
    expect(left).toEqual([
      {
        has_started: false,
        sessions_completed: 0,
        overall_score: null,
        last_active_on: null,
        target_score: null,
        instructor_id: null,
        days: '{}',
      },
    ]);
    const events = await rows(
      `-- test.mergedEvents
      select key, payload from outbox where tenant_id = $1 and topic = 'users.merged'`,
    );
    expect(events).toEqual([{ key: from!.userId, payload: { userId: from!.userId, intoId: into!.userId } }]);
    const entries = await auditTrail(app.database, tenant.tenantId);
    const actions = entries
      .filter(({ action }) => ['user.merged', 'user.changed'].includes(action))
      .map(({ action, targetId, before }) => ({
        action,
        of_duplicate: targetId === from!.userId,
        email: before?.['email'] ?? null,
      }));
    expect(actions).toEqual([
      { action: 'user.merged', of_duplicate: true, email: 'old@example.org' },
      { action: 'user.changed', of_duplicate: false, email: null },
    ]);
  });

  it('takes what comes late for the duplicate as the other’s, corrections too', async () => {
    const [first, second, last] = await createStudents(app.database, instructor, [{}, {}, {}]);
    const early = sessionBody(module, { studentId: first!.userId, score: 10 });
    await record(early);
    await merge(first!, second!).expect(200);
    await merge(second!, last!).expect(200);
    expect(
      await record(
        early,
        { ...early, score: 20, updatedAt: '2026-03-02T07:50:00Z' },
        sessionBody(module, { studentId: first!.userId, score: 60 }),
        sessionBody(module, { studentId: second!.userId, score: 70 }),
        sessionBody(module, { studentId: uuidv7() }),
      ),
    ).toMatchObject([
      { status: 'duplicate' },
      { status: 'accepted' },
      { status: 'accepted' },
      { status: 'accepted' },
      { status: 'rejected' },
    ]);
    const { body } = await app.as(instructor).get(`/students/${last!.userId}`).expect(200);
    expect(body).toMatchObject({ sessionsCompleted: 3, overallScore: 50 });
  });

  it('is the same when it is asked for again, by ten at once', async () => {
    const [from, into] = await createStudents(app.database, instructor, [{}, {}]);
    await record(sessionBody(module, { studentId: from!.userId }));
    const answers = await Promise.all(Array.from({ length: 10 }, () => merge(from!, into!)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(answers.map(({ body }) => body.sessions as number).sort()).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    const { body } = await app.as(instructor).get(`/students/${into!.userId}`).expect(200);
    expect(body.sessionsCompleted).toBe(1);
    // and two who are merged into each other are still one
    const [one, other] = await createStudents(app.database, instructor, [{}, {}]);
    const crossed = await Promise.all([merge(one!, other!), merge(other!, one!)]);
    expect(crossed.map(({ status }) => status).sort()).toEqual([200, 422]);
  });

  it('keeps the earlier history of the duplicate where the other has none yet', async () => {
    const former = await createInstructor(app.database, tenant);
    const [from] = await createStudents(app.database, former, [{ joinedOn: '2025-01-01' }]);
    const [into] = await createStudents(app.database, instructor, [{ joinedOn: '2026-02-01' }]);
    await record(
      sessionBody(module, { studentId: from!.userId, startedAt: undefined, completedAt: '2026-01-10T12:00:00Z' }),
      sessionBody(module, { studentId: from!.userId, startedAt: undefined, completedAt: '2026-02-10T12:00:00Z' }),
    );
    await merge(from!, into!).expect(200);
    const days = await rows(
      `-- test.mergedDays
      select day, instructor_id as by from progress_snapshots where tenant_id = $1 order by day`,
    );
    expect(days).toEqual([
      { day: '2026-01-10', by: former.userId },
      { day: '2026-02-10', by: instructor.userId },
    ]);
    const open = await rows(
      `-- test.openEntries
      select student_id as id from roster_entries where tenant_id = $1 and valid_to is null`,
    );
    expect(open).toEqual([{ id: into!.userId }]);
  });

  it('unites achievements, the first date of each', async () => {
    const [from, into] = await createStudents(app.database, instructor, [{}, {}]);
    await app.database.run(
      `-- test.insertAchievements
      with made as (
        insert into achievements (tenant_id, id, code, title, description)
        select $1, gen_random_uuid(), code, code, code from unnest(array['a', 'b']) as new (code) returning id, code
      )
      insert into student_achievements (tenant_id, student_id, achievement_id, unlocked_at)
      select $1, $2::uuid, id, timestamptz '2026-01-01' from made
      union all select $1, $3::uuid, id, '2026-02-01' from made where code = 'a'`,
      [tenant.tenantId, from!.userId, into!.userId],
    );
    await merge(from!, into!).expect(200);
    const achieved = await rows(
      `-- test.achieved
      select student_id as id, unlocked_at::date as on from student_achievements where tenant_id = $1`,
    );
    expect(achieved).toEqual(Array(2).fill({ id: into!.userId, on: '2026-01-01' }));
  });

  it('brings a duplicate that had been deactivated to the one who stays', async () => {
    const [from, into] = await createStudents(app.database, instructor, [{}, {}]);
    await record(sessionBody(module, { studentId: from!.userId }));
    await app.as(admin).post(`/users/${from!.userId}/deactivate`).expect(200);
    await merge(from!, into!).expect(200);
    expect((await app.as(instructor).get(`/students/${into!.userId}`)).body.sessionsCompleted).toBe(1);
  });
});

describe('merging instructors', () => {
  it('makes one owner of what both set, and follows a filter of both once', async () => {
    const from = await createInstructor(app.database, tenant);
    const into = await createInstructor(app.database, tenant);
    await createStudents(app.database, from, [{}]);
    const { assignmentId } = await createAssignment(app.database, from);
    const filter = (instructorId: string) => ({ filter: { instructorId }, isDynamic: true });
    const path = `/assignments/${assignmentId}/hand-outs`;
    await app.as(from).post(path).send(filter(from.userId)).expect(200);
    await app.as(admin).post(path).send(filter(from.userId)).expect(200);
    await app.as(admin).post(path).send(filter(into.userId)).expect(200);
    await merge(from, into).expect(200);
    expect((await app.as(into).get(`/assignments/${assignmentId}`).expect(200)).body).toMatchObject({
      ownerId: into.userId,
    });
    const handOuts = await rows(
      `-- test.mergedHandOuts
      select created_by as by, filter ->> 'instructorId' as of, ended_at is null as followed from hand_outs
      where tenant_id = $1 order by created_by = $2, followed desc`,
      into.userId,
    );
    expect(handOuts).toEqual([
      { by: admin.userId, of: into.userId, followed: true },
      { by: admin.userId, of: expect.any(String), followed: false },
      { by: into.userId, of: into.userId, followed: true },
    ]);
  });

  it('reassigns the students with their history, and brings profile and segments along', async () => {
    const from = await createInstructor(app.database, tenant, { email: 'from@example.org' });
    const into = await createInstructor(app.database, tenant);
    await createStudents(app.database, from, [{}, {}, { isActive: false }]);
    for (const owner of [from, into]) {
      await app.as(owner).post('/segments').send({ name: 'Mine', filter: {} }).expect(201);
    }
    const shared = { name: 'Theirs', filter: { instructorId: from.userId }, isShared: true };
    await app.as(admin).post('/segments').send(shared).expect(201);
    await app.database.run(
      `-- test.describeProfiles
      update instructor_profiles set specialisations = array['maps'], can_view_all = user_id = $2,
        supervisor_id = case when user_id = $3 then $2::uuid end
      where tenant_id = $1`,
      [tenant.tenantId, from.userId, instructor.userId],
    );
    const weekly = { name: 'Mondays', kind: 'roster', format: 'csv', every: 'week', at: '07:00' };
    const recipients = [from.userId, admin.userId];
    const schedule = { ...weekly, filter: { instructorId: from.userId.toUpperCase() }, recipients };
    const { id: scheduleId } = (await app.as(from).post('/report-schedules').send(schedule).expect(201)).body as { id: string }; // prettier-ignore
    const { body } = await merge(from, into).expect(200);
    expect(body).toMatchObject({ into: { id: into.userId }, sessions: 0, students: 3 });
    expect((await app.as(into).get(`/report-schedules/${scheduleId}`).expect(200)).body).toMatchObject({
      ownerId: into.userId,
      recipients: [into.userId, admin.userId],
      filter: { instructorId: into.userId },
      version: 2,
    });
    expect((await app.as(into).get('/students')).body.pagination.total).toBe(2);
    expect((await app.as(from).get('/students')).body.pagination.total).toBe(0);
    const entries = await rows(
      `-- test.mergedEntries
      select instructor_id as id, count(*) filter (where valid_to is null) as open, count(*) as all
      from roster_entries where tenant_id = $1 group by 1 order by 1`,
    );
    expect(entries).toEqual([
      { id: from.userId, open: 0, all: 3 },
      { id: into.userId, open: 3, all: 3 },
    ]);
    const segments = (await app.as(into).get('/segments')).body.data as { name: string; filter: object }[];
    expect(segments.map(({ name }) => name)).toEqual([
      'Mine',
      expect.stringMatching(/^Mine \([0-9a-f]{12}\)$/),
      'Theirs',
    ]);
    expect(segments[2]!.filter).toEqual({ instructorId: into.userId });
    const profiles = await rows(
      `-- test.mergedProfiles
      select user_id as id, specialisations, can_view_all, supervisor_id from instructor_profiles
      where tenant_id = $1 and user_id in ($2, $3) order by 1`,
      into.userId,
      instructor.userId,
    );
    expect(profiles).toEqual([
      { id: instructor.userId, specialisations: ['maps'], can_view_all: false, supervisor_id: into.userId },
      { id: into.userId, specialisations: ['maps'], can_view_all: false, supervisor_id: null },
    ]);
  });

  it('moves delegations that are not over, and ends those that would be nobody’s', async () => {
    const [from, into, other] = [
      await createInstructor(app.database, tenant),
      await createInstructor(app.database, tenant),
      await createInstructor(app.database, tenant),
    ];
    const days = (first: number, last: number): string[] => [`2026-03-${first}`, `2026-03-${last}`];
    const given = [
      [from, other, ...days(10, 15)], // becomes the other's
      [from, other, ...days(20, 25)], // overlaps what the other has
      [into, other, ...days(24, 28)],
      [other, from, ...days(10, 15)], // becomes the other's to stand in
      [into, from, ...days(10, 15)], // would be for oneself
      [from, other, '2026-02-01', '2026-02-05'], // is over
    ] as const;
    for (const [instructorOf, substitute, begins, ends] of given) {
      await app.database.run(
        `-- test.insertDelegation
        insert into delegations (tenant_id, id, instructor_id, substitute_id, valid_from, valid_to, created_by, reason,
          created_at)
        values ($1, gen_random_uuid(), $2, $3, $4, $5, $6, 'Leave', '2026-01-01')`,
        [tenant.tenantId, instructorOf.userId, substitute.userId, begins, ends, admin.userId],
      );
    }
    await merge(from, into).expect(200);
    const left = await rows(
      `-- test.mergedDelegations
      select instructor_id as "of", substitute_id as "to", extract(day from valid_from) as begins, revoked_at is null as good
      from delegations where tenant_id = $1 order by valid_from, 1, 2`,
    );
    const [f, i, o] = [from.userId, into.userId, other.userId];
    expect(left).toEqual([
      { of: f, to: o, begins: 1, good: true },
      { of: i, to: f, begins: 10, good: false },
      { of: i, to: o, begins: 10, good: true },
      { of: o, to: i, begins: 10, good: true },
      { of: f, to: o, begins: 20, good: false },
      { of: i, to: o, begins: 24, good: true },
    ]);
  });

  it('moves, when repeated, who was assigned to the duplicate meanwhile', async () => {
    const [from, into] = [await createInstructor(app.database, tenant), await createInstructor(app.database, tenant)];
    await merge(from, into).expect(200);
    await createStudents(app.database, from, [{}]);
    expect((await merge(from, into).expect(200)).body.students).toBe(1);
  });

  it('refuses where a student is outside the departments of the one who stays', async () => {
    const into = await createInstructor(app.database, await createDepartment(app.database, tenant));
    const [student] = await createStudents(app.database, instructor, [{}]);
    const { body } = await merge(instructor, into).expect(422);
    expect(body.code).toBe('instructor_department_mismatch');
    const { body: same } = await app.as(admin).get(`/users/${student!.userId}`).expect(200);
    expect(same.instructorId).toBe(instructor.userId);
    expect((await app.as(admin).get(`/users/${instructor.userId}`)).body.isActive).toBe(true);
  });
});

describe('what cannot be merged', () => {
  it('is refused with a reason', async () => {
    const [one, other, gone] = await createStudents(app.database, instructor, [{}, {}, { isActive: false }]);
    const code = async (from: { userId: string }, into: { userId: string }, status = 422): Promise<string> =>
      (await merge(from, into).expect(status)).body.code as string;
    expect(await code(one!, one!)).toBe('user_same');
    expect(await code(one!, instructor)).toBe('role_mismatch');
    expect(await code(admin, await createAdmin(app.database, tenant))).toBe('role_mismatch');
    expect(await code(one!, gone!)).toBe('user_inactive');
    expect(await code(one!, { userId: uuidv7() })).toBe('user_unknown');
    expect(await code({ userId: uuidv7() }, one!, 404)).toBe('user_not_found');
    await merge(one!, other!).expect(200);
    const third = await createStudent(app.database, tenant);
    expect(await code(one!, third, 409)).toBe('user_merged');
    expect(await code(third, one!)).toBe('user_inactive');
    for (const path of ['activate', 'invitations']) {
      await app.as(admin).post(`/users/${one!.userId}/${path}`).expect(409);
    }
    await app.as(admin).patch(`/users/${one!.userId}`).send({ email: 'x@example.org' }).expect(409);
    await app.as(admin).post(`/users/${one!.userId}/merge`).send({}).expect(400);
  });

  it('is for administrators alone', async () => {
    const [one, other] = await createStudents(app.database, instructor, [{}, {}]);
    for (const viewer of [instructor, one!]) {
      await app.as(viewer).post(`/users/${one!.userId}/merge`).send({ intoId: other!.userId }).expect(403);
    }
  });
});
