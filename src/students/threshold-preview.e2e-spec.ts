import { startApp, type TestApp } from '../../test/app.js';
import {
  createAdmin,
  createDepartment,
  createInstructor,
  createStudent,
  createStudents,
  createTenant,
  type Member,
  type Person,
  type Place,
  type Tenant,
} from '../../test/factories.js';
import fc from '../../test/property.js';
import { InheritanceJobs } from './inheritance.jobs.js';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let department: Place;
let ada: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

beforeEach(async () => {
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  department = await createDepartment(app.database, tenant);
  ada = await createInstructor(app.database, department);
});

interface Figures {
  readonly risk: number | null;
  readonly score: number | null;
}
interface Shown {
  readonly id: string;
  readonly name: string;
  readonly before: object;
  readonly after: object;
}

/** Practised today, where there is a score. */
async function setFigures(students: readonly Member[], figures: readonly Figures[]): Promise<void> {
  await app.database.run(
    `-- test.setFigures
    update student_progress p
    set risk_score = new.risk, overall_score = new.score, has_started = new.score is not null,
      last_active_on = case when new.score is not null then date '2026-03-02' end
    from unnest($2::uuid[], $3::numeric[], $4::numeric[]) as new (id, risk, score)
    where p.tenant_id = $1 and p.student_id = new.id`,
    [
      students[0]!.tenantId, students.map(({ userId }) => userId), figures.map(({ risk }) => risk),
      figures.map(({ score }) => score),
    ],
  ); // prettier-ignore
}

const pathOf = (id: string, kind: 'departments' | 'instructors' = 'instructors'): string => `/${kind}/${id}/thresholds`;
const preview = async (viewer: Person, path: string, wanted: object, query = '') =>
  (await app.as(viewer).post(`${path}/preview${query}`).send(wanted).expect(200)).body;
const put = async (viewer: Person, path: string, wanted: object) =>
  (await app.as(viewer).put(path).send(wanted).expect(200)).body;

describe('a preview of thresholds', () => {
  it('names who would stand otherwise, from what to what, and saves nothing', async () => {
    const names = ['Zoe', 'Ann', 'Bea', 'Cem', 'Dan', 'Éva'];
    const students = await createStudents(app.database, ada, names.map((name) => ({ name }))); // prettier-ignore
    const [zoe, ann, , , dan, eva] = students;
    await setFigures(students, [
      { risk: 65, score: 95 }, // a top performer who comes to be at risk
      { risk: 60, score: 50 }, // not above 60
      { risk: 90, score: 40 }, // at risk either way
      { risk: null, score: null }, // nothing is known of Cem
      { risk: null, score: 85 }, // too little for a score of risk, and a top performer
      { risk: 60.01, score: null },
    ]);
    const state = () =>
      app.database.many(
        `-- test.state
        select (select count(*) from threshold_changes) as changes, (select count(*) from outbox) as events,
          (select count(*) from audit_entries) as entries, (select sum(version) from instructor_profiles) as versions,
          (select sum(risk_threshold + top_performer_threshold) from student_progress where tenant_id = $1) as rows`,
        [tenant.tenantId],
      );
    const before = await state();
    const wanted = { riskThreshold: 60, topPerformerThreshold: 85.01 };
    const body = await preview(ada, pathOf(ada.userId), wanted);
    const effect = {
      studentsChanged: 3, newlyAtRisk: 2, noLongerAtRisk: 0, newTopPerformers: 0, noLongerTopPerformers: 1,
    }; // prettier-ignore
    const standing = (badge: string, isAtRisk: boolean, isTopPerformer: boolean) => ({
      badge,
      isAtRisk,
      isTopPerformer,
    });
    const data = [
      {
        id: dan!.userId, name: 'Dan', riskScore: null, riskBand: null, overallScore: 85,
        before: standing('topPerformer', false, true), after: standing('active', false, false),
      },
      {
        id: eva!.userId, name: 'Éva', riskScore: 60.01, riskBand: 'moderate', overallScore: null,
        before: standing('neverStarted', false, false), after: standing('atRisk', true, false),
      },
      {
        id: zoe!.userId, name: 'Zoe', riskScore: 65, riskBand: 'moderate', overallScore: 95,
        before: standing('topPerformer', false, true), after: standing('atRisk', true, true),
      },
    ]; // prettier-ignore
    expect(body).toMatchObject({ effect, data, pagination: { total: 3, hasNext: false } });
    expect(await state()).toEqual(before);
    const { body: dry } = await app.as(admin).patch(`/instructors/${ada.userId}?dryRun=true`).send(wanted).expect(200);
    expect(dry.effect).toEqual(effect);

    const first = await preview(ada, pathOf(ada.userId), wanted, '?limit=2');
    expect(first.data).toEqual(data.slice(0, 2));
    const next = `?limit=2&cursor=${first.pagination.nextCursor as string}`;
    const reordered = { topPerformerThreshold: 85.01, riskThreshold: 60 };
    const second = await preview(ada, pathOf(ada.userId), reordered, next);
    expect([second.effect, second.data, second.pagination.hasNext]).toEqual([effect, data.slice(2), false]);
    await app
      .as(ada)
      .post(`${pathOf(ada.userId)}/preview${next}`)
      .send({ ...wanted, riskThreshold: 61 })
      .expect(400);
    await app
      .as(ada)
      .post(`${pathOf(ada.userId)}/preview?limit=101`)
      .send(wanted)
      .expect(400);

    // whom no threshold moves: those without a score stay as they are even at 0
    const lowest = await preview(ada, pathOf(ada.userId), { riskThreshold: 0, topPerformerThreshold: null });
    expect(lowest.data.map(({ name }: Shown) => name)).toEqual(['Ann', 'Éva', 'Zoe']);
    expect(lowest.data[0].id).toBe(ann!.userId);
  });

  it('tells of the students of its owner alone, whatever is still on its way to others', async () => {
    const beside = await createInstructor(app.database, await createDepartment(app.database, tenant));
    const colleague = await createInstructor(app.database, department);
    const [own, theirs, others] = [ada, colleague, beside].map((of) => createStudent(app.database, of));
    const alone = await createStudent(app.database, department);
    const students = await Promise.all([own!, theirs!, others!]);
    await setFigures([...students, alone], Array(4).fill({ risk: 65, score: null }) as Figures[]);
    // the rows of these wait for the job
    expect(
      (await put(beside, pathOf(beside.userId), { riskThreshold: 50, topPerformerThreshold: null })).effect,
    ).toMatchObject({
      newlyAtRisk: 1,
    });
    const head: Person = { ...(await createInstructor(app.database, department, { canViewAll: true })) };
    const found = async (viewer: Person, path: string): Promise<string[]> => {
      const body = await preview(viewer, path, { riskThreshold: 60, topPerformerThreshold: 85 });
      expect(body.effect.studentsChanged).toBe(body.data.length);
      return body.data.map(({ id }: Shown) => id).sort() as string[];
    };
    const ids = (...people: Person[]) => people.map(({ userId }) => userId).sort();
    expect(await found(ada, pathOf(ada.userId))).toEqual(ids(students[0]!));
    expect(await found(head, pathOf(department.departmentId, 'departments'))).toEqual(
      ids(students[0]!, students[1]!, alone),
    );
    expect(await found(admin, '/settings/thresholds')).toEqual(ids(...students, alone));
    // who is not active stands nowhere
    await app.as(admin).post(`/users/${students[0]!.userId}/deactivate`).send({ reason: 'left' }).expect(200);
    expect(await found(ada, pathOf(ada.userId))).toEqual([]);
  });
});

describe('the law of the preview', () => {
  const value = fc.oneof(fc.constantFrom(0, 40, 70, 85, 100), fc.integer({ min: 0, max: 10_000 }).map((n) => n / 100)); // prettier-ignore
  const own = fc.option(value, { freq: 2 });
  const pair = fc.record({ riskThreshold: own, topPerformerThreshold: own });
  const plan = fc.record({
    /** Below which of those before it, or the root. */
    tree: fc.array(fc.nat(5), { minLength: 2, maxLength: 6 }),
    instructors: fc.array(fc.nat(5), { minLength: 1, maxLength: 4 }),
    students: fc.array(
      fc.record({
        department: fc.nat(5),
        instructor: fc.option(fc.nat(3)),
        risk: fc.option(value),
        score: fc.option(value),
        isActive: fc.constantFrom(true, true, true, false),
      }),
      { minLength: 4, maxLength: 12 },
    ),
    steps: fc.array(
      fc.record({
        owner: fc.oneof(
          fc.constant({ kind: 'tenant' as const, index: 0 }),
          fc.record({ kind: fc.constant('department' as const), index: fc.nat(5) }),
          fc.record({ kind: fc.constant('instructor' as const), index: fc.nat(3) }),
        ),
        wanted: pair,
        followed: fc.constantFrom(true, true, false),
      }),
      { minLength: 2, maxLength: 5 },
    ),
  });

  interface Flags {
    readonly id: string;
    readonly isActive: boolean;
    readonly isAtRisk: boolean;
    readonly isTopPerformer: boolean;
  }

  it('is that what it shows is what the job then does, over any tree and any values', async () => {
    let changed = 0;
    const check = async ({
      tree,
      instructors,
      students,
      steps,
    }: typeof plan extends fc.Arbitrary<infer T> ? T : never) => {
      const { database } = app;
      tenant = await createTenant(database);
      const { tenantId } = tenant;
      admin = await createAdmin(database, tenant);
      const places: Place[] = [tenant];
      for (const above of tree) places.push(await createDepartment(database, places[above % places.length]!));
      const staff: Member[] = [];
      for (const home of instructors) staff.push(await createInstructor(database, places[home % places.length]!));
      const people: Member[] = [];
      for (const { department: home, instructor, isActive } of students) {
        // on a roster they are in the department of their instructor
        const place = instructor === null ? places[home % places.length]! : staff[instructor % staff.length]!;
        people.push(await createStudent(database, place, { isActive }));
      }
      await setFigures(people, students);
      const flags = () =>
        database.many<Flags>(
          `-- test.flags
          select student_id as id, is_active as "isActive", is_at_risk as "isAtRisk", is_top_performer as "isTopPerformer"
          from student_progress where tenant_id = $1 order by student_id`,
          [tenantId],
        );
      const follow = async (payload: { departmentId: string | null; instructorId: string | null }): Promise<void> => {
        const { signal } = new AbortController();
        const run = { job: 'students.apply-thresholds', key: '', occasion: 'test', attempt: 1, signal };
        await app.app.get(InheritanceJobs, { strict: false }).applyThresholds({ ...run, tenantId, payload });
      };
      for (const { owner, wanted, followed } of steps) {
        const departmentId = owner.kind === 'department' ? places[owner.index % places.length]!.departmentId : null;
        const instructorId = owner.kind === 'instructor' ? staff[owner.index % staff.length]!.userId : null;
        const body =
          owner.kind === 'tenant'
            ? { riskThreshold: wanted.riskThreshold ?? 70, topPerformerThreshold: wanted.topPerformerThreshold ?? 85 }
            : wanted;
        const path = departmentId
          ? pathOf(departmentId, 'departments')
          : instructorId
            ? pathOf(instructorId)
            : '/settings/thresholds';
        const { version } = (await app.as(admin).get(path).expect(200)).body;
        const told = await preview(admin, path, body, '?limit=100');
        const before = await flags();
        const saved = await put(admin, path, body);
        // what was there already is no change, though rows may still be on their way
        if (saved.version > version) expect(saved.effect).toEqual(told.effect);
        if (!followed) continue;
        await follow({ departmentId, instructorId });
        const after = new Map((await flags()).map((one) => [one.id, one]));
        const done = before
          .filter(({ isActive }) => isActive)
          .map((was) => ({ was, is: after.get(was.id)! }))
          .filter(({ was, is }) => was.isAtRisk !== is.isAtRisk || was.isTopPerformer !== is.isTopPerformer)
          .map(({ was, is }) => [was.id, was.isAtRisk, is.isAtRisk, was.isTopPerformer, is.isTopPerformer]);
        const shown = (told.data as (Shown & { before: Flags; after: Flags })[]).map(({ id, before: was, after: is }) => [
          id, was.isAtRisk, is.isAtRisk, was.isTopPerformer, is.isTopPerformer,
        ]); // prettier-ignore
        expect(shown.sort()).toEqual(done.sort());
        expect(told.effect).toEqual({
          studentsChanged: done.length,
          newlyAtRisk: done.filter(([, was, is]) => !was && is).length,
          noLongerAtRisk: done.filter(([, was, is]) => was && !is).length,
          newTopPerformers: done.filter(([, , , was, is]) => !was && is).length,
          noLongerTopPerformers: done.filter(([, , , was, is]) => was && !is).length,
        });
        changed += done.length;
      }
      // in the end every row has what its instructor, the departments above and the tenant say
      await follow({ departmentId: null, instructorId: null });
      const stale = await database.many(
        `-- test.stale
        select p.student_id from student_progress p
        cross join lateral student_thresholds($1, p.instructor_id, p.department_id) t
        where p.tenant_id = $1
          and (p.risk_threshold, p.top_performer_threshold) <> (t.risk_threshold, t.top_performer_threshold)`,
        [tenantId],
      );
      expect(stale).toEqual([]);
    };
    await fc.assert(fc.asyncProperty(plan, check), { numRuns: 40 });
    // a law that holds of nothing would be none
    expect(changed).toBeGreaterThan(20);
  }, 120_000);
});
