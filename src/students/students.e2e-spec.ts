import {
  createCategory,
  createDepartment,
  createInstructor,
  createModule,
  createStudent,
  createStudents,
  createTenant,
  createAdmin,
  type Member,
  type Module,
  type Person,
  type Tenant,
  sessionBody,
} from '../../test/factories.js';
import { Database } from '../database/database.js';
import { startApp, type TestApp } from '../../test/app.js';

let app: TestApp;
let tenant: Tenant;
let department: { tenantId: string; departmentId: string };
let instructor: Member;
let sibling: Member;
let supervisor: Member;
let admin: Person;
let quiz: Module;
let people: Member[];

const names = [
  'Kathleen Osei', 'Will Smith', 'Zoë Ångström', 'Björn Müller', 'Amara Okafor', 'Li Wei', 'Jean-Luc Moreau', 'Siân Evans',
  "Aoife O'Brien", 'Kathryn Janeway', 'Mohammed Al-Farsi', 'Willow Rosenberg', 'José García', 'Nguyễn Anh', 'Ida B. Wells',
]; // prettier-ignore

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  department = await createDepartment(app.database, tenant);
  instructor = await createInstructor(app.database, department);
  sibling = await createInstructor(app.database, department);
  supervisor = await createInstructor(app.database, department, { canViewAll: true });
  admin = await createAdmin(app.database, tenant);
  quiz = await createModule(app.database, await createCategory(app.database, tenant));
  people = await createStudents(
    app.database,
    instructor,
    names.map((name, index) => ({
      name,
      email: `${index === 4 ? 'a.okafor@radio.example' : `person${index}@school.example`}`,
      pid: index === 1 ? undefined : `P-${1000 + index}`,
      joinedOn: index < 3 ? '2026-02-20' : '2025-09-01',
    })),
  );
  const service = app.as('service', tenant);
  const session = (student: Member, day: string, fields: object) =>
    sessionBody(quiz, {
      studentId: student.userId,
      startedAt: `${day}T09:00:00Z`,
      completedAt: `${day}T09:20:00Z`,
      ...fields,
    });
  await service
    .post('/activity/sessions')
    .send({
      sessions: [
        session(people[0]!, '2026-03-01', { score: 90 }),
        session(people[1]!, '2026-02-28', { score: 60 }),
        session(people[2]!, '2026-01-10', { score: 95 }),
        session(people[3]!, '2026-02-01', { score: 40 }),
        session(people[4]!, '2026-02-23', { score: 86 }),
        session(people[5]!, '2026-02-24', { score: 50, status: 'abandoned' }),
      ],
    })
    .expect(200)
    .expect(({ body }) => expect(body.accepted).toBe(6));
  await app.database.run(
    `-- test.setRisk
    update student_progress set risk_score = $3 where tenant_id = $1 and student_id = $2`,
    [tenant.tenantId, people[3]!.userId, 88],
  );
});

afterAll(() => app.stop());

const list = (query = '', viewer: Member | Person = instructor) => app.as(viewer).get(`/students?${query}`);
const namesOf = (body: { data: { name: string }[] }): string[] => body.data.map(({ name }) => name);

describe('search', () => {
  it.each([
    ['Will', ['Will Smith', 'Willow Rosenberg']],
    ['kath', ['Kathleen Osei', 'Kathryn Janeway']],
    ['radio.example', ['Amara Okafor']],
    ['zoe', ['Zoë Ångström']],
    ['bjorn mull', ['Björn Müller']],
    ['kathlene', ['Kathleen Osei']],
    ['P-1000', ['Kathleen Osei']],
    ['li', ['Li Wei']],
    ["o'brien", ["Aoife O'Brien"]],
    ['100%', []],
    ['_', []],
  ])('finds %s', async (search, expected) => {
    const { body } = await list(`search=${encodeURIComponent(search)}`).expect(200);
    expect(namesOf(body)).toEqual(expected);
    expect(body.pagination.total).toBe(expected.length);
  });

  it('refuses what nobody types', async () => {
    const { body } = await list(`search=${'x'.repeat(10_000)}`).expect(400);
    expect(body.errors[0].pointer).toBe('/query/search');
    await list('search=%00').expect(400);
  });
});

describe('filter', () => {
  it.each([
    ['status=active', ['Kathleen Osei', 'Will Smith']],
    ['status=inactive', ['Amara Okafor', 'Björn Müller', 'Li Wei', 'Zoë Ångström']],
    ['status=atRisk', ['Björn Müller']],
    ['status=topPerformer', ['Amara Okafor', 'Kathleen Osei', 'Zoë Ångström']],
    ['band=high,critical', ['Björn Müller']],
    ['scoreMin=60&scoreMax=90', ['Amara Okafor', 'Kathleen Osei', 'Will Smith']],
    ['joinedFrom=2026-02-01', ['Kathleen Osei', 'Will Smith', 'Zoë Ångström']],
    ['lastActiveFrom=2026-02-23&lastActiveTo=2026-02-28', ['Amara Okafor', 'Will Smith']],
    ['status=active&search=will', ['Will Smith']],
  ])('%s', async (query, expected) => {
    const { body } = await list(query).expect(200);
    expect(namesOf(body)).toEqual(expected);
    expect(body.pagination.total).toBe(expected.length);
  });

  it('means sessions of a module, and nothing of a module nobody used', async () => {
    const unused = await createModule(app.database, quiz);
    expect(namesOf((await list(`moduleId=${quiz.moduleId}`)).body)).toHaveLength(6);
    expect(namesOf((await list(`moduleId=${unused.moduleId}`)).body)).toEqual([]);
  });

  it('divides the roster into active, inactive and never started', async () => {
    const totals = await Promise.all(
      ['active', 'inactive', 'neverStarted'].map(
        async (status) => (await list(`status=${status}`)).body.pagination.total,
      ),
    );
    expect(totals).toEqual([2, 4, 9]);
  });

  it('gives each student the first badge that holds', async () => {
    const { body } = await list('limit=100');
    const badges = Object.fromEntries(body.data.map((row: { name: string; badge: string }) => [row.name, row.badge]));
    expect(badges).toMatchObject({
      'Björn Müller': 'atRisk',
      'Amara Okafor': 'inactive',
      'Kathleen Osei': 'topPerformer',
      'Will Smith': 'active',
      'Siân Evans': 'neverStarted',
    });
  });

  it.each([
    'limit=0',
    'limit=101',
    'limit=1e1',
    'sort=email',
    'status=late',
    'departmentId=1',
    'surprise=1',
    'scoreMin=101',
  ])('refuses %s', async (query) => {
    const { body } = await list(query).expect(400);
    expect(body.errors[0].pointer).toMatch(/^\/query\//);
  });
});

describe('order and pages', () => {
  it('reaches every student exactly once by cursor, in every order, the same as by page', async () => {
    for (const sort of ['name', 'score', 'risk', 'lastActive', 'joined', 'progress']) {
      for (const order of ['asc', 'desc']) {
        const byPage = [1, 2, 3, 4].map(
          async (page) => (await list(`sort=${sort}&order=${order}&limit=4&page=${page}`)).body,
        );
        const paged = (await Promise.all(byPage)).flatMap((body) => body.data.map(({ id }: { id: string }) => id));
        const seen: string[] = [];
        let cursor = '';
        do {
          const { body } = await list(`sort=${sort}&order=${order}&limit=4${cursor && `&cursor=${cursor}`}`).expect(
            200,
          );
          seen.push(...body.data.map(({ id }: { id: string }) => id));
          cursor = body.pagination.nextCursor ?? '';
        } while (cursor);
        expect(seen).toEqual(paged);
        expect(new Set(seen).size).toBe(names.length);
      }
    }
  });

  it('puts the highest first and those without a value last', async () => {
    const { body } = await list('sort=score');
    expect(body.data.slice(0, 5).map((row: { overallScore: number }) => row.overallScore)).toEqual([
      95, 90, 86, 60, 40,
    ]);
    expect(body.data[5].overallScore).toBeNull();
  });

  it.each([-1e300, 1e300, 99_999, 3.7])('answers a cursor that somebody has made up: a score of %d', async (score) => {
    const { body } = await list('limit=2&sort=score').expect(200);
    const made = Buffer.from((body as { pagination: { nextCursor: string } }).pagination.nextCursor, 'base64url');
    const [fingerprint, , ...rest] = JSON.parse(made.toString()) as unknown[];
    const cursor = Buffer.from(JSON.stringify([fingerprint, score, ...rest])).toString('base64url');
    await list(`limit=2&sort=score&cursor=${cursor}`).expect(200);
  });

  it('refuses the cursor of another order', async () => {
    const { body } = await list('limit=2');
    const problem = await list(`limit=2&sort=risk&cursor=${body.pagination.nextCursor}`).expect(400);
    expect(problem.body.code).toBe('cursor_invalid');
  });

  it('links to its neighbours', async () => {
    const { headers } = await list('limit=5&page=2').expect(200);
    expect(headers['link']).toMatch(/page=1>; rel="prev".*page=3>; rel="next".*page=3>; rel="last"/);
  });

  it('keeps every student while pages are read and students write', async () => {
    const service = app.as('service', tenant);
    const writing = (async () => {
      for (let round = 0; round < 10; round++) {
        await service.post('/activity/sessions').send({
          sessions: people
            .slice(6)
            .map((student) => sessionBody(quiz, { studentId: student.userId, score: round * 10 })),
        });
      }
    })();
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await list(`limit=2${cursor && `&cursor=${cursor}`}`).expect(200);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.pagination.nextCursor ?? '';
    } while (cursor);
    await writing;
    expect(seen.toSorted()).toEqual(people.map(({ userId }) => userId).toSorted());
  });
});

it('marks a total as an estimate beyond 10,000, and counts plain lists exactly', async () => {
  const large = await createTenant(app.database);
  for (let part = 0; part < 26; part++) {
    await createStudents(
      app.database,
      large,
      Array.from({ length: 400 }, () => ({})),
    );
  }
  const total = async (query: string): Promise<object> =>
    (await app.as('admin', large).get(`/students?${query}`).expect(200)).body.pagination;
  expect(await total('')).toMatchObject({ total: 10_400, totalIsEstimate: false });
  expect(await total('status=neverStarted')).toMatchObject({ total: 10_400, totalIsEstimate: false });
  expect(await total('joinedTo=2026-01-01')).toMatchObject({ totalIsEstimate: true });
  expect(await total('joinedFrom=2026-01-01')).toMatchObject({ total: 0, totalIsEstimate: false });
}, 120_000);

describe('scope', () => {
  it('shows an instructor their roster, a supervisor the department, an admin the tenant, a student themselves', async () => {
    const below = await createDepartment(app.database, department);
    const beside = await createDepartment(app.database, tenant);
    const other = await createInstructor(app.database, beside);
    await createStudent(app.database, { ...below });
    await createStudent(app.database, other);
    const total = async (viewer: Member | Person): Promise<number> => (await list('', viewer)).body.pagination.total;
    expect(await total(sibling)).toBe(0);
    expect(await total(instructor)).toBe(15);
    expect(await total(supervisor)).toBe(16);
    expect(await total(admin)).toBe(17);
    expect(await total(people[0]!)).toBe(1);
  });

  it('answers what is not yours like what is not there', async () => {
    const stranger = await createTenant(app.database);
    const foreign = await createStudent(app.database, stranger);
    await app.as(instructor).get(`/students/${foreign.userId}`).expect(404);
    await app.as(sibling).get(`/students/${people[0]!.userId}`).expect(404);
    await app.as(people[1]!).get(`/students/${people[0]!.userId}`).expect(404);
    await app.as(admin).patch(`/students/${foreign.userId}`).send({ targetScore: 10 }).expect(404);
    await app.anonymous.get('/students').expect(401);
    await app.as(people[0]!).patch(`/students/${people[0]!.userId}`).send({ targetScore: 10 }).expect(403);
  });
});

/** The names of the statements that run from now on, settings of the tenant aside: they are remembered. */
function countStatements(): () => string[] {
  const database = app.app.get(Database);
  const names: string[] = [];
  const original = database['execute'].bind(database);
  database['execute'] = (sql, parameters) => {
    names.push(/-- (\S+)/.exec(sql)![1]!);
    return original(sql, parameters);
  };
  return () => {
    database['execute'] = original;
    return names.filter((name) => name !== 'org.findTenant');
  };
}

describe('detail', () => {
  it('shows the whole student in one statement and records who looked', async () => {
    const id = people[0]!.userId;
    const statements = countStatements();
    const { body, headers } = await app.as(instructor).get(`/students/${id}`).expect(200);
    expect(statements()).toEqual(['students.findDetail', 'audit.insert']);
    expect(body).toMatchObject({
      name: 'Kathleen Osei',
      overallScore: 90,
      quizAccuracy: 90,
      currentStreak: 1,
      totalTimeSpentSeconds: 1200,
      version: 1,
      goalAchieved: null,
    });
    expect(body.categories).toEqual([expect.objectContaining({ accuracy: 90, sessionsCompleted: 1 })]);
    expect(body.recentSessions).toEqual([
      expect.objectContaining({ score: 90, completedAt: '2026-03-01T09:20:00.000Z' }),
    ]);
    expect(body.timeline).toHaveLength(30);
    expect(body.timeline.at(-1)).toEqual({ day: '2026-03-02', sessionsCompleted: 0, timeSpentSeconds: 0, score: null });
    expect(body.timeline.at(-2)).toMatchObject({ day: '2026-03-01', sessionsCompleted: 1, score: 90 });
    await app.as(instructor).get(`/students/${id}`).set('if-none-match', headers['etag']!).expect(304);
    const seen = await app.database.many(
      `-- test.listViews
      select actor_id from audit_entries where tenant_id = $1 and action = 'student.viewed' and target_id = $2`,
      [tenant.tenantId, id],
    );
    expect(seen).toEqual([{ actor_id: instructor.userId }, { actor_id: instructor.userId }]);
  });

  it('changes goals once per version', async () => {
    const id = people[1]!.userId;
    const patch = (version: string, targetScore: number) =>
      app
        .as(instructor)
        .patch(`/students/${id}`)
        .set('if-match', version)
        .send({ targetScore, targetOn: '2026-06-30' });
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => patch('"1"', 50 + n)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412, 412]);
    const { body, headers } = await app.as(instructor).get(`/students/${id}`);
    expect(body).toMatchObject({ version: 2, goalAchieved: true, targetOn: '2026-06-30' });
    await patch(headers['etag']!, 99).expect(200);
    expect((await app.as(instructor).get(`/students/${id}`)).body.goalAchieved).toBe(false);
    await app.as(instructor).patch(`/students/${id}`).send({ targetScore: 101 }).expect(400);
    await app.as(instructor).patch(`/students/${id}`).send({ targetScore: null }).expect(200);
  });
});
