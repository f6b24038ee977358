import { startApp, type TestApp } from '../../test/app.js';
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
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import { newGate, until } from '../../test/jobs.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let instructor: Member;

beforeAll(async () => {
  app = await startApp({ worker: true });
});
afterAll(() => app.stop());

beforeEach(async () => {
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  instructor = await createInstructor(app.database, await createDepartment(app.database, tenant));
});

const settings = (body: object, query = '') => app.as(admin).patch(`/settings${query}`).send(body);

describe('settings', () => {
  it('have defaults, and take what is given of the version that was read', async () => {
    const { body } = await app.as(instructor).get('/settings').expect(200);
    expect(body).toEqual({
      slug: tenant.slug,
      name: tenant.name,
      timeZone: 'Europe/London',
      riskThreshold: 70,
      topPerformerThreshold: 85,
      passMark: 70,
      sessionCapSeconds: 7_200,
      auditRetentionDays: 2_557, // seven years, two of them leap years
      snapshotRetentionDays: 730,
      smallestGroup: 5,
      studentMessagesPerDay: 50,
      staffMessagesPerDay: 500,
      receivedMessagesPerDay: 50,
      notificationsPerDay: 20,
      analyticsRetentionDays: 1_095,
      messageRetentionDays: 365,
      systemLogRetentionDays: 90,
      riskEvaluationRetentionDays: 730,
      studentsSeeRisk: true,
      isPurposeRequired: false,
      erasureWaitingDays: 14,
      signInMethods: ['password', 'oidc'],
      version: 1,
    });
    const wanted = { name: 'North', passMark: 60, messageRetentionDays: 30, signInMethods: ['password', 'password'] };
    const changed = await settings(wanted).set('if-match', '"1"').expect(200);
    const after = { ...body, ...wanted, signInMethods: ['password'], version: 2 };
    expect(changed.body).toMatchObject({ ...after, dryRun: false, effect: { studentsChanged: 0 } });
    await settings({ name: 'South' }).set('if-match', '"1"').expect(412);
    expect((await app.as(admin).get('/settings').expect(200)).body).toEqual(after);
    const [entry] = await app.database.many(
      `-- test.audit
      select actor_id, before ->> 'name' as before, after ->> 'name' as after from audit_entries
      where tenant_id = $1 and action = 'settings.changed'`,
      [tenant.tenantId],
    );
    expect(entry).toEqual({ actor_id: admin.userId, before: tenant.name, after: 'North' });
  });

  it('are bounded, for administrators to change, and of one tenant', async () => {
    for (const body of [
      { passMark: 101 },
      { sessionCapSeconds: 59 },
      { auditRetentionDays: 364 },
      { signInMethods: [] },
      { signInMethods: ['magic'] },
      { name: ' ' },
      { slug: 'mine' },
    ]) {
      await settings(body).expect(400);
    }
    await app.as(instructor).patch('/settings').send({ name: 'x' }).expect(403);
    await app
      .as(await createStudent(app.database, instructor))
      .get('/settings')
      .expect(403);
    await app.anonymous.get('/settings').expect(401);
    const stranger = await createTenant(app.database);
    await settings({ name: 'Ours' }).expect(200);
    expect((await app.as('admin', stranger).get('/settings').expect(200)).body.name).toBe(stranger.name);
  });

  it('lose no update to writers at the same time', async () => {
    const answers = await Promise.all([1, 2, 3, 4].map((passMark) => settings({ passMark }).set('if-match', '"1"')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
    const { body } = await app.as(admin).get('/settings').expect(200);
    expect(body.version).toBe(2);
  });
});

describe('the time zone', () => {
  const practise = async (student: Person): Promise<number> => {
    const practice = await createModule(app.database, await createCategory(app.database, tenant));
    const { body } = await app
      .as(student)
      .post('/activity/sessions')
      .send({ sessions: [sessionBody(practice)] });
    return body.accepted as number;
  };

  it('changes as long as there is no session, and what is today with it', async () => {
    const today = async (): Promise<string> =>
      (await app.as(admin).get('/dashboard/statistics').expect(200)).body.today as string;
    expect(await today()).toBe('2026-03-02');
    // 08:00 in London is 22:00 of the day before in Honolulu
    await settings({ timeZone: 'Pacific/Honolulu' }).expect(200);
    expect(await today()).toBe('2026-03-01');
    for (const timeZone of ['Mars/Olympus', '+05:00', 'Europe']) {
      expect((await settings({ timeZone }).expect(422)).body.code).toBe('time_zone_unknown');
    }
    expect(await practise(await createStudent(app.database, instructor))).toBe(1);
    expect((await settings({ timeZone: 'Europe/London' }).expect(409)).body.code).toBe('time_zone_in_use');
    await settings({ timeZone: 'Pacific/Honolulu', name: 'West' }).expect(200);
  });

  it('waits for a first session that is just coming in', async () => {
    const student = await createStudent(app.database, instructor);
    const gate = newGate();
    const recording = app.database.transaction(async () => {
      await app.database.run(
        `-- test.insertSessionKey
        insert into session_keys (tenant_id, session_id, student_id, day, updated_at)
        values ($1, $2, $2, '2026-03-02', '2026-03-02T08:00:00Z')`,
        [tenant.tenantId, student.userId],
      );
      await gate.opened;
    });
    const changing = settings({ timeZone: 'Pacific/Honolulu' }).then(({ status }) => status);
    await until(() =>
      app.database.many(`-- test.waiting
        select pid from pg_locks where relation = 'session_keys'::regclass and not granted`),
    );
    gate.open();
    await recording;
    expect(await changing).toBe(409);
  });
});

describe('thresholds', () => {
  const [risks, scores] = [
    [50, 65, 75, 90, null],
    [95, 88, 80, null, 85],
  ];
  let people: Member[];

  const atRiskOf = async (viewer: Person): Promise<number> =>
    (await app.as(viewer).get('/dashboard/statistics').expect(200)).body.statistics.atRisk as number;
  const untilAtRisk = (viewer: Person, count: number): Promise<number[]> =>
    until(async () => ((await atRiskOf(viewer)) === count ? [count] : []));

  beforeEach(async () => {
    people = await createStudents(app.database, instructor, [{}, {}, {}, {}, {}]);
    await app.database.run(
      `-- test.setFigures
      update student_progress p set risk_score = new.risk, overall_score = new.score
      from unnest($2::uuid[], $3::numeric[], $4::numeric[]) as new (id, risk, score)
      where p.tenant_id = $1 and p.student_id = new.id`,
      [tenant.tenantId, people.map(({ userId }) => userId), risks, scores],
    );
  });

  it('tell what they would do, and then do it', async () => {
    expect(await atRiskOf(instructor)).toBe(2); // 75 and 90 lie above 70
    const wanted = { riskThreshold: 60, topPerformerThreshold: 86 };
    const effect = {
      studentsChanged: 2, // 65 is above 60; 85 is below 86
      newlyAtRisk: 1,
      noLongerAtRisk: 0,
      newTopPerformers: 0,
      noLongerTopPerformers: 1,
    };
    const dry = await settings(wanted, '?dryRun=true').expect(200);
    expect(dry.body).toMatchObject({ ...wanted, dryRun: true, effect });
    expect((await app.as(admin).get('/settings').expect(200)).body).toMatchObject({ riskThreshold: 70, version: 1 });
    expect((await settings(wanted).expect(200)).body).toMatchObject({ ...wanted, dryRun: false, version: 2, effect });
    await untilAtRisk(instructor, 3);
    const { body } = await app.as(instructor).get('/students?status=topPerformer').expect(200);
    expect(body.pagination.total).toBe(2);
    const [run] = await until(() =>
      app.database.many<{ outcome: object }>(
        `-- test.outcome
        select outcome from job_runs
        where job = 'students.apply-thresholds' and tenant_id = $1 and status = 'completed'`,
        [tenant.tenantId],
      ),
    );
    expect(run!.outcome).toEqual({ students: 5, changed: 5, released: 0 });
  });

  it('are inherited: an instructor’s own before the department’s before the tenant’s', async () => {
    const other = await createInstructor(app.database, instructor);
    await app
      .as(admin)
      .put(`/students/${people[0]!.userId}/instructor`)
      .send({ instructorId: other.userId })
      .expect(204);
    const department = (body: object, query = '') =>
      app.as(admin).patch(`/departments/${instructor.departmentId}${query}`).send(body);
    const profile = (body: object) => app.as(admin).patch(`/instructors/${instructor.userId}`).send(body);
    expect((await department({ riskThreshold: 40 }, '?dryRun=true').expect(200)).body.effect.newlyAtRisk).toBe(2);
    expect((await department({ riskThreshold: 40 }).expect(200)).body.effect.newlyAtRisk).toBe(2);
    await untilAtRisk(other, 1);
    await untilAtRisk(instructor, 3);
    expect((await profile({ riskThreshold: 80 }).expect(200)).body.effect.noLongerAtRisk).toBe(2);
    await untilAtRisk(instructor, 1);
    expect(await atRiskOf(other)).toBe(1);
    expect((await settings({ riskThreshold: 99 }).expect(200)).body.effect.studentsChanged).toBe(0);
    expect((await profile({ riskThreshold: null }).expect(200)).body.effect.newlyAtRisk).toBe(2);
    await untilAtRisk(instructor, 3);
  });

  it('of an instructor alone are shown by lists and dashboards, cached ones too, as the preview showed them', async () => {
    const names = (students: { name: string }[]): string[] => students.map(({ name }) => name).sort();
    const atRisk = async (viewer: Person): Promise<string[]> =>
      names((await app.as(viewer).get('/students?status=atRisk').expect(200)).body.data);
    const [, with65, with75, with90] = people.map(({ name }) => name) as [string, string, string, string];
    for (const viewer of [instructor, admin]) {
      expect(await atRiskOf(viewer)).toBe(2);
      expect(await atRisk(viewer)).toEqual([with75, with90].sort());
    }
    const path = `/instructors/${instructor.userId}/thresholds`;
    const wanted = { riskThreshold: 50, topPerformerThreshold: null };
    const { body } = await app.as(instructor).post(`${path}/preview`).send(wanted).expect(200);
    expect(names(body.data)).toEqual([with65]); // 50 is not above 50
    await app.as(instructor).put(path).send(wanted).expect(200);
    await untilAtRisk(instructor, 3);
    for (const viewer of [instructor, admin]) {
      expect(await atRiskOf(viewer)).toBe(3);
      expect(await atRisk(viewer)).toEqual([with65, with75, with90].sort());
    }
  });
});
