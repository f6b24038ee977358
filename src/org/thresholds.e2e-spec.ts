import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { untilBlocked } from '../../test/blocked.js';
import {
  createAdmin,
  createDepartment,
  createInstructor,
  createStudent,
  createTenant,
  type Member,
  type Person,
  type Place,
  type Tenant,
} from '../../test/factories.js';
import { newGate } from '../../test/jobs.js';
import { InheritanceJobs } from '../students/inheritance.jobs.js';

let app: TestApp;
let tenant: Tenant;
let school: Place;
let evening: Place;
let admin: Person;
let ada: Member;
let eve: Member;
let head: Member;
let ola: Member;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

/** The school has an evening school below it, and another department beside it. */
beforeEach(async () => {
  const { database } = app;
  tenant = await createTenant(database);
  admin = await createAdmin(database, tenant, { name: 'Agnes Admin' });
  school = await createDepartment(database, tenant, { name: 'School' });
  evening = await createDepartment(database, school, { name: 'Evening school' });
  ada = await createInstructor(database, school, { name: 'Ada Okafor' });
  eve = await createInstructor(database, evening, { name: 'Eve Moyo' });
  head = await createInstructor(database, school, { canViewAll: true });
  ola = await createInstructor(database, await createDepartment(database, tenant));
});

const ofTenant = '/settings/thresholds';
const ofDepartment = ({ departmentId }: Place): string => `/departments/${departmentId}/thresholds`;
const ofInstructor = ({ userId }: Person): string => `/instructors/${userId}/thresholds`;
const inherited = { riskThreshold: null, topPerformerThreshold: null };
const show = async (viewer: Person, path: string) => (await app.as(viewer).get(path).expect(200)).body;
const put = (viewer: Person, path: string, body: object) => app.as(viewer).put(path).send(body);
const changesOf = async (path: string, viewer: Person = admin) =>
  (await app.as(viewer).get(`${path}/changes`).expect(200)).body;

describe('thresholds', () => {
  it('are shown with what holds, and where it comes from', async () => {
    const { tenantId } = tenant;
    const ofOrganisation = (value: number) => ({ value, from: 'tenant', id: tenantId, name: tenant.name });
    const untouched = { riskThreshold: ofOrganisation(70), topPerformerThreshold: ofOrganisation(85) };
    expect(await show(ada, ofTenant)).toEqual({
      riskThreshold: 70, topPerformerThreshold: 85, effective: untouched, version: 0,
    }); // prettier-ignore
    expect(await show(eve, ofInstructor(eve))).toEqual({ ...inherited, effective: untouched, version: 0 });

    await put(admin, ofDepartment(school), { ...inherited, riskThreshold: 60.5 }).expect(200);
    await put(eve, ofInstructor(eve), { ...inherited, topPerformerThreshold: 90 }).expect(200);
    const school60 = { value: 60.5, from: 'department', id: school.departmentId, name: 'School' };
    const eve90 = { value: 90, from: 'instructor', id: eve.userId, name: 'Eve Moyo' };
    // the evening school has none of its own: the school above it decides
    expect(await show(eve, ofInstructor(eve))).toEqual({
      riskThreshold: null, topPerformerThreshold: 90,
      effective: { riskThreshold: school60, topPerformerThreshold: eve90 }, version: 1,
    }); // prettier-ignore
    expect((await show(head, ofDepartment(evening))).effective).toEqual({ ...untouched, riskThreshold: school60 });
    await put(head, ofDepartment(evening), { ...inherited, riskThreshold: 0 }).expect(200);
    expect((await show(eve, ofInstructor(eve))).effective.riskThreshold).toMatchObject({
      value: 0, name: 'Evening school',
    }); // prettier-ignore
    expect((await show(ada, ofInstructor(ada))).effective.riskThreshold).toEqual(school60);
  });

  it('are kept as versions, with who changed them, from what to what and why', async () => {
    const path = ofInstructor(ada);
    const first = { riskThreshold: 65, topPerformerThreshold: null };
    const second = { riskThreshold: 72.25, topPerformerThreshold: 90 };
    const { body } = await put(ada, path, { ...first, note: 'New to me' }).expect(200);
    expect(body).toMatchObject({ ...first, version: 1, effect: { studentsChanged: 0 } });
    // said again it is no change
    expect((await put(ada, path, { ...first, note: 'Again' }).expect(200)).body.version).toBe(1);
    app.clock.advance(60);
    await put(head, path, second).expect(200);
    const { data, pagination } = await changesOf(path, ada);
    expect(data).toEqual([
      {
        version: 2, createdAt: '2026-03-02T08:01:00Z', actorId: head.userId, actorRole: 'supervisor',
        actorName: head.name, note: '', from: first, to: second,
      },
      {
        version: 1, createdAt: '2026-03-02T08:00:00Z', actorId: ada.userId, actorRole: 'instructor',
        actorName: 'Ada Okafor', note: 'New to me', from: inherited, to: first,
      },
    ]); // prettier-ignore
    expect(pagination).toMatchObject({ total: 2, hasNext: false });
    const page = await app.as(ada).get(`${path}/changes?limit=1`).expect(200);
    const { nextCursor } = page.body.pagination as { nextCursor: string };
    const rest = await app.as(ada).get(`${path}/changes?limit=1&cursor=${nextCursor}`).expect(200);
    expect(rest.body.data).toEqual([data[1]]);

    const entries = (await auditTrail(app.database, tenant.tenantId, 'thresholds.changed')).map(
      ({ actorId, targetType, targetId, before, after, reason }) => ({
        ...{ actorId, targetType, targetId, before, after, reason },
      }),
    );
    const target = { targetType: 'instructor', targetId: ada.userId };
    expect(entries).toEqual([
      { ...target, actorId: ada.userId, before: inherited, after: first, reason: 'New to me' },
      { ...target, actorId: head.userId, before: first, after: second, reason: null },
    ]);
    for (const change of ['update threshold_changes set note = $$x$$', 'delete from threshold_changes']) {
      const changing = app.database.run(`-- test.changeHistory\n${change} where tenant_id = $1`, [tenant.tenantId]);
      await expect(changing).rejects.toThrow('threshold_changes__final_check');
    }
  });

  it('make a version whichever way they are changed, and none when a department moves', async () => {
    const { body } = await app
      .as(admin)
      .post('/departments')
      .send({ parentId: tenant.departmentId, code: 'night', name: 'Night school', riskThreshold: 55 })
      .expect(201);
    const night: Place = { tenantId: tenant.tenantId, departmentId: body.id as string };
    const patch = (path: string, change: object) => app.as(admin).patch(path).send(change).expect(200);
    await patch('/settings', { riskThreshold: 50 });
    await patch('/settings', { name: 'Other' });
    await patch('/settings?dryRun=true', { riskThreshold: 10 });
    await patch(`/instructors/${ada.userId}`, { topPerformerThreshold: 80, territory: 'North' });
    await patch(`/departments/${night.departmentId}`, { riskThreshold: null, parentId: school.departmentId });
    await patch(`/departments/${night.departmentId}`, { parentId: evening.departmentId });
    const steps = async (path: string) =>
      (await changesOf(path)).data.map(({ version, from, to }: { version: number; from: object; to: object }) => [
        version,
        Object.values(from),
        Object.values(to),
      ]) as unknown;
    expect(await steps(ofTenant)).toEqual([[1, [70, 85], [50, 85]]]);
    expect(await steps(ofInstructor(ada))).toEqual([[1, [null, null], [null, 80]]]);
    expect(await steps(ofDepartment(night))).toEqual([
      [2, [55, null], [null, null]],
      [1, [null, null], [55, null]],
    ]);
    expect(await steps(ofDepartment(school))).toEqual([]);
  });

  it('are replaced of the version that was read', async () => {
    const path = ofDepartment(school);
    const read = await app.as(head).get(path).expect(200);
    await app.as(head).get(path).set('if-none-match', String(read.headers.etag)).expect(304);
    const wanted = { ...inherited, riskThreshold: 66 };
    await put(head, path, wanted).set('if-match', String(read.headers.etag)).expect(200);
    expect((await put(admin, path, inherited).set('if-match', '"0"').expect(412)).body.code).toBe('version_mismatch');
    // and a change of the department's name from before is lost as well
    await app
      .as(admin)
      .patch(`/departments/${school.departmentId}`)
      .set('if-match', '"1"')
      .send({ name: 'x' })
      .expect(412);
    await put(admin, path, inherited).set('if-match', '"1"').expect(200);
  });

  it('are numbers from 0 to 100 with two decimals, and a tenant has both', async () => {
    const good = { riskThreshold: 70, topPerformerThreshold: 85 };
    const wrong = [
      { riskThreshold: 100.01 },
      { riskThreshold: -0.01 },
      { topPerformerThreshold: 70.125 },
      { riskThreshold: '70' },
      { riskThreshold: undefined },
      { note: 'x'.repeat(501) },
      { name: 'x' },
    ];
    for (const path of [ofTenant, ofDepartment(school), ofInstructor(ada)]) {
      for (const change of wrong) {
        const { body } = await put(admin, path, { ...good, ...change }).expect(400);
        expect(body.errors[0].pointer).toBe(`/${Object.keys(change)[0]}`);
      }
      await app
        .as(admin)
        .post(`${path}/preview`)
        .send({ ...good, note: 'x' })
        .expect(400);
    }
    await put(admin, ofTenant, inherited).expect(400);
    await app.as(admin).post(`${ofTenant}/preview`).send(inherited).expect(400);
    for (const path of ['/settings', `/departments/${school.departmentId}`, `/instructors/${ada.userId}`]) {
      await app.as(admin).patch(path).send({ riskThreshold: 70.125 }).expect(400);
    }
    for (const value of [0, 100, 0.01, 8.7, 72.29]) {
      const { body } = await put(admin, ofTenant, { ...good, riskThreshold: value }).expect(200);
      expect(body.riskThreshold).toBe(value);
    }
    await put(admin, '/departments/1/thresholds', good).expect(400);
  });
});

describe('who may', () => {
  const answers = async (viewer: Person, path: string): Promise<number[]> => {
    const asked = [
      app.as(viewer).get(path),
      app.as(viewer).get(`${path}/changes`),
      app.as(viewer).post(`${path}/preview`).send({ riskThreshold: 1, topPerformerThreshold: 1 }),
      put(viewer, path, { riskThreshold: 70, topPerformerThreshold: 85 }),
    ];
    return Promise.all(asked.map(async (one) => (await one).status));
  };
  const [all, see, none] = [[200, 200, 200, 200], [200, 404, 404, 404], [404, 404, 404, 404]]; // prettier-ignore

  it('instructors see what applies to them, and change their own', async () => {
    expect(await answers(eve, ofInstructor(eve))).toEqual(all);
    expect(await answers(eve, ofTenant)).toEqual([200, 403, 403, 403]);
    expect(await answers(eve, ofDepartment(evening))).toEqual(see);
    expect(await answers(eve, ofDepartment(school))).toEqual(see);
    expect(await answers(eve, ofInstructor(ada))).toEqual(none);
    expect(await answers(ada, ofInstructor(eve))).toEqual(none);
    expect(await answers(ada, ofDepartment(evening))).toEqual(none);
  });

  it('supervisors change those of their department, of all below it, and of instructors there', async () => {
    for (const path of [ofDepartment(school), ofDepartment(evening), ofInstructor(ada), ofInstructor(eve)]) {
      expect(await answers(head, path)).toEqual(all);
    }
    expect(await answers(head, ofInstructor(head))).toEqual(all);
    expect(await answers(head, ofDepartment(tenant))).toEqual(see);
    expect(await answers(head, ofDepartment(ola as Place))).toEqual(none);
    expect(await answers(head, ofInstructor(ola))).toEqual(none);
    expect(await answers(head, ofTenant)).toEqual([200, 403, 403, 403]);
  });

  it('administrators change all of their tenant, students and services nothing, and nobody another tenant’s', async () => {
    for (const path of [ofTenant, ofDepartment(school), ofInstructor(ada)]) {
      expect(await answers(admin, path)).toEqual(all);
    }
    const stranger = await createAdmin(app.database, await createTenant(app.database));
    const student = await createStudent(app.database, ada);
    for (const path of [ofDepartment(school), ofInstructor(ada), ofInstructor(admin), ofInstructor(student)]) {
      expect(await answers(stranger, path)).toEqual(none);
    }
    expect(await answers(admin, ofInstructor(student))).toEqual(none);
    expect(await answers(student, ofInstructor(ada))).toEqual([403, 403, 403, 403]);
    expect((await app.as('service', tenant).get(ofTenant)).status).toBe(403);
    expect((await app.anonymous.get(ofTenant)).status).toBe(401);
  });
});

describe('at the same time', () => {
  it('one of those who read the same version wins', async () => {
    const path = ofInstructor(ada);
    const sent = [10, 20, 30, 40, 50].map((riskThreshold) =>
      put(riskThreshold < 30 ? ada : head, path, { ...inherited, riskThreshold }).set('if-match', '"0"'),
    );
    const answers = await Promise.all(sent);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
    const { body } = answers.find(({ status }) => status === 200)!;
    expect(await show(ada, path)).toMatchObject({ riskThreshold: body.riskThreshold, version: 1 });
  });

  it('all who do not mind come in, one after the other, whichever way they take', async () => {
    const patch = (path: string, change: object) => app.as(admin).patch(path).send(change);
    for (const [path, whole] of [
      [ofTenant, '/settings'],
      [ofDepartment(school), `/departments/${school.departmentId}`],
      [ofInstructor(ada), `/instructors/${ada.userId}`],
    ] as const) {
      const answers = await Promise.all([
        ...[11, 12, 13].map((riskThreshold) =>
          put(admin, path, { riskThreshold, topPerformerThreshold: riskThreshold }),
        ),
        ...[21, 22].map((riskThreshold) => patch(whole, { riskThreshold })),
        patch(whole, { topPerformerThreshold: 31 }),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
      const { data } = (await changesOf(path)) as { data: { version: number; from: object; to: object }[] };
      expect(data.length).toBeGreaterThan(4);
      expect(data.map(({ version }) => version)).toEqual(data.map((_, index) => data.length - index));
      // each begins where the one before it ended
      expect(data.slice(0, -1).map(({ from }) => from)).toEqual(data.slice(1).map(({ to }) => to));
      expect(await show(admin, path)).toMatchObject({ ...data[0]!.to, version: data.length });
    }
  });

  it.each([
    ['the tenant', () => [ofTenant, {}] as const],
    ['a department', () => [ofDepartment(school), { departmentId: school.departmentId }] as const],
    ['an instructor', () => [ofInstructor(ada), { instructorId: ada.userId }] as const],
  ])('a student who is just coming goes by the thresholds of %s from after', async (_, ownerOf) => {
    const [path, owner] = ownerOf();
    const gate = newGate();
    const coming = app.database.transaction(async () => {
      const student = await createStudent(app.database, ada);
      await gate.opened;
      return student;
    });
    const wanted = { riskThreshold: 33, topPerformerThreshold: 44 };
    const changing = put(admin, path, wanted).then(({ status }) => status);
    const follow = async (status: number): Promise<number> => {
      const payload = { departmentId: null, instructorId: null, ...owner };
      const { signal } = new AbortController();
      const run = { job: 'students.apply-thresholds', key: '', occasion: 'test', attempt: 1, signal };
      const jobs = app.app.get(InheritanceJobs, { strict: false });
      await jobs.applyThresholds({ ...run, tenantId: tenant.tenantId, payload });
      return status;
    };
    const followed = changing.then(follow);
    // the job has passed before the student is there, or waits with the change
    await untilBlocked(app.database, followed);
    gate.open();
    const student = await coming;
    expect(await followed).toBe(200);
    const rows = await app.database.many(
      `-- test.thresholdsOf
      select risk_threshold as "riskThreshold", top_performer_threshold as "topPerformerThreshold"
      from student_progress where tenant_id = $1 and student_id = $2`,
      [tenant.tenantId, student.userId],
    );
    expect(rows).toEqual([wanted]);
  });
});
