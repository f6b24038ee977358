import { startApp, type TestApp } from '../../test/app.js';
import fc from '../../test/property.js';
import {
  createAdmin, createCategory, createDepartment, createInstructor, createModule, createStudent, createStudents,
  createTenant, type Member, type Person, type Place, sessionBody, type Tenant,
} from '../../test/factories.js'; // prettier-ignore

let app: TestApp;
let tenant: Tenant;
let department: Place;
let instructor: Member;
let sibling: Member;
let supervisor: Member;
let admin: Person;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  department = await createDepartment(app.database, tenant);
  instructor = await createInstructor(app.database, department);
  sibling = await createInstructor(app.database, department);
  supervisor = await createInstructor(app.database, department, { canViewAll: true });
  admin = await createAdmin(app.database, tenant);
  const quiz = await createModule(app.database, await createCategory(app.database, tenant));
  const names = ['Will Smith', 'Willow Rosenberg', 'Kathryn Janeway', 'Kathleen Osei', 'Li Wei', 'Ida B. Wells'];
  const people = await createStudents(
    app.database,
    instructor,
    names.map((name, index) => ({ name, joinedOn: index < 2 ? '2026-02-20' : '2025-09-01' })),
  );
  const session = (student: number, day: string, score: number) =>
    sessionBody(quiz, {
      studentId: people[student]!.userId,
      startedAt: `${day}T09:00:00Z`,
      completedAt: `${day}T09:20:00Z`,
      score,
    });
  const sessions = [session(0, '2026-03-01', 90), session(1, '2026-02-01', 40), session(2, '2026-02-28', 95)];
  await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  await app.database.run(
    `-- test.setRisk
    update student_progress set risk_score = $3 where tenant_id = $1 and student_id = $2`,
    [tenant.tenantId, people[1]!.userId, 88],
  );
});

afterAll(() => app.stop());

const list = (query = '', viewer: Member | Person = instructor) => app.as(viewer).get(`/students?${query}`);
const namesOf = (body: { data: { name: string }[] }): string[] => body.data.map(({ name }) => name);

describe('assigning', () => {
  it('moves students with a result for each, keeps who was responsible, and shows it at once', async () => {
    const beside = await createDepartment(app.database, tenant);
    const stranger = await createInstructor(app.database, beside);
    const [first, second] = await createStudents(app.database, instructor, [{}, {}]);
    const elsewhere = await createStudent(app.database, beside);
    const ids = [first!.userId, second!.userId, elsewhere.userId, tenant.tenantId];
    const assign = (body: object) =>
      app
        .as(admin)
        .post('/students/assign')
        .send({ instructorId: sibling.userId, studentIds: ids, ...body });

    expect((await list('', sibling)).body.pagination.total).toBe(0);
    const dry = await assign({ dryRun: true }).expect(200);
    expect(dry.body).toMatchObject({ dryRun: true, assigned: 2, rejected: 2 });
    expect((await assign({ allOrNothing: true }).expect(200)).body).toMatchObject({ assigned: 0, rejected: 2 });
    expect((await list('', sibling)).body.pagination.total).toBe(0);

    const { body } = await assign({ reason: 'new term' }).expect(200);
    expect(body.results.map(({ result }: { result: string }) => result)).toEqual([
      'assigned', 'assigned', 'instructor_department_mismatch', 'student_not_found',
    ]); // prettier-ignore
    expect((await list('', sibling)).body.pagination.total).toBe(2);
    expect((await assign({}).expect(200)).body).toMatchObject({ assigned: 0, unchanged: 2 });
    const history = await app.database.many(
      `-- test.listRosterEntries
      select instructor_id, valid_to is null as open from roster_entries where tenant_id = $1 and student_id = $2
      order by valid_from`,
      [tenant.tenantId, first!.userId],
    );
    expect(history).toEqual([
      { instructor_id: instructor.userId, open: false },
      { instructor_id: sibling.userId, open: true },
    ]);
    const refused = app.as(admin).put(`/students/${first!.userId}/instructor`);
    expect((await refused.send({ instructorId: stranger.userId }).expect(422)).body.code).toBe(
      'instructor_department_mismatch',
    );
    await app.as(admin).put(`/students/${first!.userId}/instructor`).send({ instructorId: null }).expect(204);
    await app.as(instructor).put(`/students/${second!.userId}/instructor`).send({ instructorId: null }).expect(403);
    expect((await list('', sibling)).body.pagination.total).toBe(1);
  });

  it('takes the filter of the list', async () => {
    const { body } = await app
      .as(admin)
      .post('/students/assign')
      .send({ instructorId: sibling.userId, filter: { search: 'janeway' } })
      .expect(200);
    expect(body).toMatchObject({ assigned: 1, rejected: 0 });
    await app.as(admin).post('/students/assign').send({ instructorId: null }).expect(400);
  });

  it('lets parallel writers leave one instructor and one open entry', async () => {
    const student = await createStudent(app.database, instructor);
    const to = [instructor, sibling, supervisor].flatMap(({ userId }) => [userId, userId]);
    app.clock.advance(60);
    await Promise.all(
      to.map((instructorId) =>
        app.as(admin).put(`/students/${student.userId}/instructor`).send({ instructorId }).expect(204),
      ),
    );
    const open = await app.database.many(
      `-- test.listOpenEntries
      select r.instructor_id = p.instructor_id as same from roster_entries r
      join student_progress p using (tenant_id, student_id)
      where r.tenant_id = $1 and r.student_id = $2 and r.valid_to is null`,
      [tenant.tenantId, student.userId],
    );
    expect(open).toEqual([{ same: true }]);
  });
});

describe('segments', () => {
  it('saves, shares, counts and uses a filter', async () => {
    const client = app.as(instructor);
    const { body } = await client
      .post('/segments')
      .send({ name: 'Wills', filter: { search: 'will' } })
      .expect(201);
    expect(body.filter).toEqual({ search: 'will' });
    expect((await client.get(`/segments/${body.id}/count`).expect(200)).body.total).toBe(2);
    expect(namesOf((await list(`segmentId=${body.id}`)).body)).toEqual(['Will Smith', 'Willow Rosenberg']);
    expect(namesOf((await list(`segmentId=${body.id}&scoreMin=1`)).body)).toContain('Will Smith');
    await app.as(sibling).get(`/segments/${body.id}`).expect(404);
    await client.patch(`/segments/${body.id}`).set('if-match', '"1"').send({ isShared: true }).expect(200);
    await client.patch(`/segments/${body.id}`).set('if-match', '"1"').send({ name: 'x' }).expect(412);
    expect((await app.as(sibling).get(`/segments/${body.id}/count`).expect(200)).body.total).toBe(0);
    await app.as(sibling).patch(`/segments/${body.id}`).send({ name: 'mine' }).expect(404);
    await client.post('/segments').send({ name: 'Wills', filter: {} }).expect(409);
    await client
      .post('/segments')
      .send({ name: 'Bad', filter: { scoreMin: 'x' } })
      .expect(400);
    expect((await client.get('/segments').expect(200)).body.data).toHaveLength(1);
    await client.delete(`/segments/${body.id}`).expect(204);
    await client.delete(`/segments/${body.id}`).expect(404);
    await list(`segmentId=${body.id}`).expect(404);
  });

  it('is created once for one id', async () => {
    const id = '0197a000-0000-7000-8000-00000000abcd';
    const create = (viewer: Member) => app.as(viewer).post('/segments').send({ id, name: 'Twice', filter: {} });
    const answers = await Promise.all([create(instructor), create(instructor), create(instructor)]);
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    await create(sibling).expect(409);
  });
});

it('counts, lists and exports the same students for every filter (property)', async () => {
  const filter = fc.record(
    {
      status: fc.constantFrom('active', 'inactive', 'neverStarted', 'atRisk', 'topPerformer'),
      search: fc.constantFrom('will', 'a', 'school', 'P-10', 'kat'),
      band: fc.constantFrom('low', 'critical', 'high,critical'),
      scoreMin: fc.integer({ min: 0, max: 100 }),
      joinedTo: fc.constantFrom('2025-12-31', '2026-02-20'),
      sort: fc.constantFrom('name', 'score', 'lastActive'),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(filter, async (query) => {
      const search = new URLSearchParams(
        Object.entries(query).map(([key, value]): [string, string] => [key, String(value)]),
      );
      const { body } = await list(`${search}&limit=100`).expect(200);
      expect(body.pagination.total).toBe(body.data.length);
      const { sort: _, band, ...saved } = query;
      const segment = await app
        .as(instructor)
        .post('/segments')
        .send({ name: `property ${Math.random()}`, filter: { ...saved, ...(band && { band: band.split(',') }) } })
        .expect(201);
      const count = await app.as(instructor).get(`/segments/${segment.body.id}/count`).expect(200);
      expect(count.body).toEqual({ total: body.data.length, totalIsEstimate: false });
    }),
    { numRuns: 60 },
  );
}, 120_000);
