import { startApp, type TestApp } from '../../test/app.js';
import {
  createAdmin,
  createCategory,
  createDepartment,
  createInstructor,
  createModule,
  createStudents,
  createTenant,
  type Member,
  type Module,
  type Person,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import fc from '../../test/property.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let supervisor: Member;
let admin: Person;
let quiz: Module;
let people: Member[];

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  const department = await createDepartment(app.database, tenant);
  instructor = await createInstructor(app.database, department);
  supervisor = await createInstructor(app.database, department, { canViewAll: true });
  admin = await createAdmin(app.database, tenant);
  quiz = await createModule(app.database, await createCategory(app.database, tenant));
  people = await createStudents(app.database, instructor, [{ joinedOn: '2026-02-10' }, {}, {}, {}, {}]);
});

afterAll(() => app.stop());

const record = async (sessions: object[]): Promise<void> => {
  await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
};
const session = (student: Member, day: string, score: number): object =>
  sessionBody(quiz, {
    studentId: student.userId,
    startedAt: `${day}T06:00:00Z`,
    completedAt: `${day}T06:10:00Z`,
    score,
  });

it('shows statistics, a trend without gaps, and who needs attention', async () => {
  await record([
    session(people[0]!, '2026-03-02', 60),
    session(people[1]!, '2026-02-28', 90),
    session(people[2]!, '2026-01-15', 30),
  ]);
  const { body } = await app.as(instructor).get('/dashboard').expect(200);
  expect(body.statistics).toEqual({
    totalStudents: 5,
    activeToday: 1,
    activeStudents: 2,
    inactiveStudents: 1,
    neverStarted: 2,
    atRisk: 0,
    topPerformers: 1,
    newStudents: 1,
    averageScore: 60, // (60 + 90 + 30) / 3
    completionRate: null,
    dueSoon: 0,
    overdue: 0,
    awaitingGrade: 0,
    overdueInterventions: 0,
  });
  expect(body.trend).toHaveLength(30);
  expect(body.trend[0].day).toBe('2026-02-01');
  expect(body.trend.at(-1)).toEqual({
    day: '2026-03-02',
    activeStudents: 1,
    sessionsCompleted: 1,
    timeSpentSeconds: 600,
    averageScore: 60,
    accuracy: null,
  });
  expect(body.trend.at(-2)).toEqual({
    day: '2026-03-01',
    activeStudents: 0,
    sessionsCompleted: 0,
    timeSpentSeconds: 0,
    averageScore: null,
    accuracy: null,
  });
  expect(body.atRisk).toEqual([]);
  expect(body.inactive.map(({ id }: { id: string }) => id)).toEqual([people[2]!.userId]);
});

it('is for those who teach', async () => {
  await app.anonymous.get('/dashboard').expect(401);
  await app.as(people[0]!).get('/dashboard').expect(403);
  await app.as('service', tenant).get('/dashboard').expect(403);
});

it('is never older than a commit', async () => {
  const sessionsToday = async (viewer: Member | Person): Promise<number> =>
    (await app.as(viewer).get('/dashboard/trend')).body.trend.at(-1).sessionsCompleted;
  for (let round = 0; round < 10; round++) {
    const before = await Promise.all([instructor, supervisor, admin].map(sessionsToday));
    await record([session(people[3]!, '2026-03-02', round)]);
    const after = await Promise.all([instructor, supervisor, admin].map(sessionsToday));
    expect(after).toEqual(before.map((count) => count + 1));
  }
});

it('counts exactly what its links list, whoever looks and whatever happened (property)', async () => {
  const day = fc
    .integer({ min: 0, max: 40 })
    .map((ago) => new Date(Date.parse('2026-03-02') - ago * 86_400_000).toISOString().slice(0, 10));
  const event = fc.tuple(fc.integer({ min: 0, max: 4 }), day, fc.integer({ min: 0, max: 100 }));
  const risk = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.option(fc.integer({ min: 0, max: 100 })));
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 8 }), fc.array(risk, { maxLength: 3 }), async (events, risks) => {
      if (events.length > 0)
        await record(events.map(([student, when, score]) => session(people[student]!, when, score)));
      for (const [student, value] of risks) {
        await app.database.run(
          `-- test.setRisk
          update student_progress set risk_score = $3 where tenant_id = $1 and student_id = $2`,
          [tenant.tenantId, people[student]!.userId, value],
        );
      }
      const toggled = people[events.length % 5]!;
      await app.database.run(
        `-- test.toggleActive
        update users set is_active = not is_active where tenant_id = $1 and id = $2`,
        [tenant.tenantId, toggled.userId],
      );
      // what is written behind the application's back is not announced to its cache
      app.clock.advance(400);
      for (const viewer of [instructor, supervisor, admin]) {
        const { body } = await app.as(viewer).get('/dashboard/statistics').expect(200);
        for (const [name, link] of Object.entries(body.links as Record<string, string>)) {
          const { body: page } = await app.as(viewer).get(link.replace('/api/v1', '')).expect(200);
          expect([name, page.pagination.total]).toEqual([name, body.statistics[name]]);
          expect([name, page.data.length]).toEqual([name, body.statistics[name]]);
        }
      }
    }),
    { numRuns: 10 },
  );
}, 120_000);
