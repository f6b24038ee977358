import { startApp, type TestApp } from '../../test/app.js';
import {
  type Category,
  createAdmin,
  createCategory,
  createDepartment,
  createInstructor,
  createModule,
  createStudent,
  createTenant,
  type Member,
  type Module,
  type Person,
  type Place,
  serviceIdOf,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import { createIntervention, setRisk } from '../../test/factories.risk.js';
import type { Viewer } from '../http/viewer.js';
import { ViewsService } from './views.service.js';

type Row = Record<string, unknown>;

let app: TestApp;
let tenant: Tenant;
let north: Place;
let south: Place;
let ann: Member;
let bob: Member;
let sam: Member;
let admin: Person;
let codes: Category;
let quiz: Module;
let radio: Module;
let people: Record<'kai' | 'lea' | 'mia' | 'noa' | 'oli' | 'pia', Member>;

const refresh = async (): Promise<void> => {
  await app.app.get(ViewsService, { strict: false }).refresh(new AbortController().signal);
};
const get = async (viewer: Viewer, path: string): Promise<Row & { data: Row[]; days: Row[] }> =>
  (await app.as(viewer).get(`/analytics/${path}`).expect(200)).body as never;
const service = (...scopes: string[]): Viewer => ({
  tenantId: tenant.tenantId,
  userId: serviceIdOf(tenant),
  role: 'service',
  departmentId: null,
  scopes,
});

/** On the evening of 1 March in New York, where it is the 2nd in UTC. */
beforeAll(async () => {
  app = await startApp({ now: '2026-03-02T03:00:00Z' });
  tenant = await createTenant(app.database, { timeZone: 'America/New_York' });
  north = await createDepartment(app.database, tenant);
  south = await createDepartment(app.database, tenant);
  admin = await createAdmin(app.database, tenant);
  // for both departments
  ann = await createInstructor(app.database, tenant, { name: 'Ann' });
  bob = await createInstructor(app.database, south, { name: 'Bob' });
  sam = await createInstructor(app.database, north, { name: 'Sam', canViewAll: true });
  codes = await createCategory(app.database, tenant, { title: 'Codes' });
  quiz = await createModule(app.database, codes);
  radio = await createModule(app.database, await createCategory(app.database, tenant, { title: 'Radio' }));
  people = {
    kai: await createStudent(app.database, { ...ann, ...north }, { name: 'Kai', joinedOn: '2026-02-20' }),
    lea: await createStudent(app.database, { ...ann, ...north }, { name: 'Lea' }),
    mia: await createStudent(app.database, { ...ann, ...north }, { name: 'Mia' }),
    noa: await createStudent(app.database, { ...ann, ...south }, { name: 'Noa' }),
    oli: await createStudent(app.database, bob, { name: 'Oli' }),
    pia: await createStudent(app.database, bob, { name: 'Pia' }),
  };
  const { kai, lea, mia, noa, oli } = people;
  const session = (student: Member, day: string, score: number, fields: object = {}): object => ({
    ...sessionBody(quiz, { studentId: student.userId, score }),
    startedAt: `${day}T17:00:00Z`,
    completedAt: `${day}T17:10:00Z`,
    ...fields,
  });
  const sessions = [
    session(kai, '2026-03-01', 80),
    // the first of the seven days
    session(kai, '2026-02-23', 60),
    session(lea, '2026-02-22', 90),
    // the last of the 30 days before
    session(lea, '2026-01-30', 60),
    session(mia, '2026-02-22', 70, { moduleId: radio.moduleId, questions: 10, correct: 7 }),
    session(noa, '2026-02-10', 50),
    // the first of the 30 days
    session(oli, '2026-01-31', 40),
  ];
  await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  await setRisk(app.database, lea, 90);
  await app.database.run(
    `-- test.setCompletion
    update student_progress set completion_rate = case student_id when $2 then 50 else 100 end
    where tenant_id = $1 and student_id in ($2, $3)`,
    [tenant.tenantId, kai.userId, lea.userId],
  );
  // two days and none; one that nobody was contacted in, and one long ago
  const contacted = { status: 'contacted', openedDay: '2026-02-20' } as const;
  await createIntervention(app.database, kai, ann, { ...contacted, contactedDay: '2026-02-22' });
  await createIntervention(app.database, lea, ann, contacted);
  await createIntervention(app.database, mia, ann);
  await createIntervention(app.database, noa, ann, {
    ...contacted,
    openedDay: '2025-11-20',
    contactedDay: '2025-11-30',
  });
  // by somebody who does not teach
  await createIntervention(app.database, oli, admin, contacted);
  await app.database.run(
    `-- test.insertStudentModules
    insert into student_modules (tenant_id, student_id, module_id, first_on, first_completed_on, last_on, sessions)
    values ($1, $2, $3, '2026-02-22', '2026-02-22', '2026-02-22', 1), ($1, $2, $4, '2026-02-22', null, '2026-02-22', 1)`,
    [tenant.tenantId, mia.userId, radio.moduleId, quiz.moduleId],
  );
  await refresh();
});

afterAll(() => app.stop());

const annsFigures = {
  name: 'Ann',
  students: 4,
  activeStudents: 1, // Kai
  activeShare: 25,
  atRisk: 1, // Lea
  averageScore: 66.25, // Kai (80 + 60) / 2 = 70, Lea (90 + 60) / 2 = 75, Mia 7 of 10 = 70, Noa 50
  completionRate: 75, // (50 + 100) / 2
  sessionsCompleted: 5,
  sessionsPerStudent: 1.25,
  timeSpentSeconds: 3_000,
  sessionsChange: 400, // 5 after 1
  scoreChange: 10, // (80 + 60 + 90 + 70 + 50) / 5 - 60
  contacts: 2,
  daysToContact: 1, // (2 + 0) / 2
};

describe('instructors', () => {
  it('are listed with how their rosters do, as of the refresh', async () => {
    const { data, pagination, ...age } = await get(admin, 'instructors');
    expect(age).toEqual({ asOf: '2026-03-02T03:00:00Z', ageSeconds: 0, isStale: false });
    expect(pagination).toMatchObject({ total: 2, hasNext: false });
    expect(data).toEqual([
      { instructorId: ann.userId, ...annsFigures },
      {
        instructorId: bob.userId,
        name: 'Bob',
        students: 2,
        activeStudents: 0,
        activeShare: 0,
        atRisk: 0,
        averageScore: 40,
        completionRate: null,
        sessionsCompleted: 1,
        sessionsPerStudent: 0.5,
        timeSpentSeconds: 600,
        sessionsChange: null,
        scoreChange: null,
        contacts: 0,
        daysToContact: null,
      },
    ]);
  });

  it('see themselves, and supervisors what lies in their departments', async () => {
    expect((await get(ann, 'instructors')).data).toEqual([{ instructorId: ann.userId, ...annsFigures }]);
    expect((await get(sam, 'instructors')).data).toEqual([
      {
        ...annsFigures,
        instructorId: ann.userId,
        students: 3,
        activeShare: 33.33,
        averageScore: 71.67, // (70 + 75 + 70) / 3
        sessionsCompleted: 4,
        sessionsPerStudent: 1.33,
        timeSpentSeconds: 2_400,
        sessionsChange: 300,
        scoreChange: 15, // (80 + 60 + 90 + 70) / 4 - 60
      },
    ]);
    const inSouth = await get(admin, `instructors?departmentId=${south.departmentId.toUpperCase()}`);
    expect(inSouth.data.map(({ name, students }) => [name, students])).toEqual([['Ann', 1], ['Bob', 2]]); // prettier-ignore
    expect((await get(sam, `instructors?departmentId=${south.departmentId}`)).data).toEqual([]);
    const other = await createTenant(app.database);
    expect((await get(await createAdmin(app.database, other), 'instructors')).data).toEqual([]);
  });

  it('add up to what the dashboard says', async () => {
    const { data } = await get(admin, 'instructors');
    const { body } = await app.as(admin).get('/dashboard/statistics').expect(200);
    const sum = (name: string): number => data.reduce((total, row) => total + (row[name] as number), 0);
    expect({ totalStudents: sum('students'), activeStudents: sum('activeStudents'), atRisk: sum('atRisk') }).toEqual({
      totalStudents: body.statistics.totalStudents,
      activeStudents: body.statistics.activeStudents,
      atRisk: body.statistics.atRisk,
    });
  });

  it('come in any order, each once, by page and by cursor', async () => {
    const sorts = ['students', 'activeShare', 'atRisk', 'averageScore', 'completionRate', 'sessionsPerStudent'];
    for (const sort of ['name', 'scoreChange', 'daysToContact', ...sorts]) {
      for (const order of ['asc', 'desc'] as const) {
        const query = `instructors?sort=${sort}&order=${order}&limit=1`;
        const first = await get(admin, query);
        const cursor = (first['pagination'] as { nextCursor: string }).nextCursor;
        const second = await get(admin, `${query}&cursor=${cursor}`);
        const names = [...first.data, ...second.data].map(({ name }) => name);
        // of all these Ann has more, and comes first by name
        expect([sort, names]).toEqual([
          sort,
          (order === 'asc') === (sort === 'name') ? ['Ann', 'Bob'] : ['Bob', 'Ann'],
        ]);
        expect((await get(admin, `${query}&page=2`)).data).toEqual(second.data);
      }
    }
    await app.as(admin).get('/analytics/instructors?sort=salary').expect(400);
    await app.as(admin).get('/analytics/instructors?departmentId=1').expect(400);
    await app.as(admin).get('/analytics/instructors?cursor=abc').expect(400);
  });

  it('are for who may see people', async () => {
    await app.as(people.kai).get('/analytics/instructors').expect(403);
    await app.as(service('analytics:read')).get('/analytics/instructors').expect(403);
    expect((await get(service('analytics:read', 'students:read'), 'instructors')).data).toHaveLength(2);
    await app.anonymous.get('/analytics/instructors').expect(401);
  });
});

describe('learners', () => {
  it('are listed as students are, with what they have worked on', async () => {
    const { data, pagination } = await get(admin, 'learners');
    expect(data.map(({ name }) => name)).toEqual(['Kai', 'Lea', 'Mia', 'Noa', 'Oli', 'Pia']);
    expect(pagination).toMatchObject({ total: 6 });
    expect(data[1]).toEqual({
      id: people.lea.userId,
      name: 'Lea',
      departmentId: north.departmentId,
      instructorId: ann.userId,
      summary: {
        activeDays: 2,
        recentActiveDays: 1, // 30 January is 31 days ago
        firstActiveOn: '2026-01-30',
        modulesStarted: 0,
        modulesCompleted: 0,
        categories: 1,
        questions: 0,
        accuracy: null,
        achievements: 0,
      },
      weakestCategory: { id: codes.categoryId, title: 'Codes' },
    });
    expect(data[2]).toMatchObject({
      summary: { modulesStarted: 2, modulesCompleted: 1, questions: 10, accuracy: 70 },
      weakestCategory: { title: 'Radio' },
    });
    expect(data[5]).toMatchObject({ summary: { activeDays: 0, firstActiveOn: null }, weakestCategory: null });
  });

  it('are those of the filter and of the viewer', async () => {
    const names = async (viewer: Viewer, query = ''): Promise<unknown[]> =>
      (await get(viewer, `learners${query}`)).data.map(({ name }) => name);
    expect(await names(ann)).toEqual(['Kai', 'Lea', 'Mia', 'Noa']);
    expect(await names(sam)).toEqual(['Kai', 'Lea', 'Mia']);
    expect(await names(admin, '?status=atRisk')).toEqual(['Lea']);
    expect(await names(admin, `?instructorId=${bob.userId}`)).toEqual(['Oli', 'Pia']);
    expect(await names(ann, `?instructorId=${bob.userId}`)).toEqual([]);
    const first = await get(admin, 'learners?limit=4');
    const { nextCursor } = first['pagination'] as { nextCursor: string };
    expect(await names(admin, `?limit=4&cursor=${nextCursor}`)).toEqual(['Oli', 'Pia']);
    expect(await names(admin, '?limit=4&page=2')).toEqual(['Oli', 'Pia']);
    await app.as(admin).get(`/analytics/learners?segmentId=${codes.categoryId}`).expect(404);
    await app.as(admin).get('/analytics/learners?status=tired').expect(400);
    await app.as(people.kai).get('/analytics/learners').expect(403);
    await app.as(service('analytics:read')).get('/analytics/learners').expect(403);
  });

  it('who came after the refresh are there, without a summary', async () => {
    const late = await createStudent(app.database, bob, { name: 'Zoe' });
    app.clock.advance(400);
    const { data } = await get(bob, 'learners');
    expect(data.map(({ name, summary }) => [name, summary === null])).toEqual([['Oli', false], ['Pia', false], ['Zoe', true]]); // prettier-ignore
    await app.database.run(
      `-- test.deactivate
      update users set is_active = false where tenant_id = $1 and id = $2`,
      [tenant.tenantId, late.userId],
    );
  });
});

describe('the platform', () => {
  it('is shown day by day, as the rosters say, with zeros and no means where there is nothing', async () => {
    const { days, from, to, today, smallestGroup } = await get(admin, 'platform');
    const asked = { from: '2026-01-31', to: '2026-03-01', today: '2026-03-01', smallestGroup: null };
    expect({ from, to, today, smallestGroup }).toEqual(asked);
    expect(days).toHaveLength(30);
    expect(days.at(-1)).toEqual({
      day: '2026-03-01',
      activeStudents: 1,
      newStudents: 0,
      sessions: 1,
      sessionsCompleted: 1,
      timeSpentSeconds: 600,
      averageScore: 80,
      accuracy: null,
    });
    expect(days.find(({ day }) => day === '2026-02-20')).toMatchObject({
      newStudents: 1,
      sessions: 0,
      averageScore: null,
    });
    const expected = await app.database.many(
      `-- test.rosterDays
      select day, sum(active_students) as "activeStudents", sum(sessions) as sessions,
        sum(sessions_completed) as "sessionsCompleted", sum(time_spent_seconds) as "timeSpentSeconds",
        round(sum(score_sum) / sum(score_count), 2) as "averageScore"
      from roster_days where tenant_id = $1 and day between '2026-01-31' and '2026-03-01' group by day order by day`,
      [tenant.tenantId],
    );
    const busy = days.filter(({ sessions }) => sessions !== 0);
    expect(busy.map(({ newStudents: _, accuracy: __, ...day }) => day)).toEqual(expected);
    expect(busy.find(({ day }) => day === '2026-02-22')).toMatchObject({
      activeStudents: 2,
      averageScore: 80,
      accuracy: 70,
    });
  });

  it('ends with the day of the refresh: what is not known yet is not nothing', async () => {
    app.clock.set('2026-03-03T12:00:00Z');
    const { days, to, isStale } = await get(admin, 'platform?from=2026-03-01&to=2026-03-03');
    expect([days.map(({ day }) => day), to, isStale]).toEqual([['2026-03-01'], '2026-03-03', true]);
    expect((await get(admin, 'platform?from=2026-03-02')).days).toEqual([]);
    for (const range of ['from=2026-03-04', 'to=2026-03-04', 'from=2026-03-02&to=2026-03-01', 'from=2020-01-01']) {
      await app.as(admin).get(`/analytics/platform?${range}`).expect(400);
    }
  });

  it('tells a service that may not see people of no day of fewer than the smallest group', async () => {
    const sums = async (viewer: Viewer): Promise<unknown> => {
      const { days, smallestGroup } = await get(viewer, 'platform?from=2026-01-31&to=2026-03-01');
      const some = days.filter(({ sessions }) => sessions !== 0);
      return { smallestGroup, some: some.map(({ day, newStudents }) => [day, newStudents]) };
    };
    expect(await sums(service('analytics:read'))).toEqual({ smallestGroup: 5, some: [] });
    await app.database.run(`-- test.setSmallestGroup
      update tenants set smallest_group = 2 where id = $1`, [tenant.tenantId]); // prettier-ignore
    app.clock.advance(60);
    expect(await sums(service('analytics:read'))).toEqual({ smallestGroup: 2, some: [['2026-02-22', null]] });
    expect(await sums(service('analytics:read', 'students:read'))).toMatchObject({ smallestGroup: null });
    for (const viewer of [ann, sam, people.kai]) await app.as(viewer).get('/analytics/platform').expect(403);
  });
});

it('moves with the local day, and not with that of the server', async () => {
  // still the 1st at half past four in UTC; the 2nd half an hour after five
  app.clock.set('2026-03-02T04:30:00Z');
  await refresh();
  expect((await get(admin, 'instructors')).data[0]).toMatchObject({ sessionsCompleted: 5 });
  expect((await get(bob, 'instructors')).data[0]).toMatchObject({ sessionsCompleted: 1, sessionsChange: null });
  app.clock.set('2026-03-02T05:30:00Z');
  await refresh();
  // Oli's session of 31 January is one of the 30 days before now
  expect((await get(bob, 'instructors')).data[0]).toMatchObject({ sessionsCompleted: 0, sessionsChange: -100 });
});
