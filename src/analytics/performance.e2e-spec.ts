import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory, createDepartment, createInstructor, createModule, createStudents, createTenant, type Member,
  type Module, type Person, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { createIntervention } from '../../test/factories.risk.js';
import { expectFigures, figuresOf, Ledger, type Practised } from '../../test/practice-ledger.js';
import fc from '../../test/property.js';
import { addDays } from '../org/local-day.js';
import { bucketsOf, granularities } from './calendar-buckets.js';
import { RollUps } from './roll-ups.service.js';

interface Point extends Record<string, unknown> {
  readonly from: string;
  readonly to: string;
}

let app: TestApp;
beforeEach(async () => {
  app = await startApp({ now: '2026-03-20T12:00:00Z' });
});
afterEach(() => app.stop());

interface School {
  readonly tenant: Tenant;
  readonly head: Member;
  readonly teachers: readonly Member[];
  readonly students: readonly Member[];
  readonly modules: readonly Module[];
  readonly ledger: Ledger;
}

/** Two departments with an instructor each, and one above both who sees everybody; students begin with the first. */
async function found(timeZone: string, students = 5): Promise<School> {
  const tenant = await createTenant(app.database, { timeZone });
  const head = await createInstructor(app.database, tenant, { canViewAll: true });
  const school = await createDepartment(app.database, tenant);
  const teachers = [await createInstructor(app.database, school), await createInstructor(app.database, tenant)];
  const category = await createCategory(app.database, tenant);
  const modules = [await createModule(app.database, category), await createModule(app.database, category)];
  const people = await createStudents(
    app.database,
    teachers[0]!,
    Array.from({ length: students }, () => ({})),
  );
  const ledger = new Ledger(app, tenant);
  for (const student of people) ledger.moves.push({ student, at: '2025-09-01T00:00:00Z', instructor: teachers[0]! });
  return { tenant, head, teachers, students: people, modules, ledger };
}

const show = async (viewer: Member | Person, query: object): Promise<{ totals: Point; points: Point[] }> =>
  (await app.as(viewer).get('/analytics/performance').query(query).expect(200)).body as {
    totals: Point;
    points: Point[];
  };
const session = (school: School, who: number, at: string, options: Partial<Practised> = {}): Practised => ({
  student: school.students[who]!,
  at,
  moduleId: school.modules[0]!.moduleId,
  completed: true,
  score: 80,
  questions: 10,
  correct: 8,
  seconds: 600,
  ...options,
});

it('shows a series without gaps, and totals', async () => {
  const school = await found('Europe/London');
  await school.ledger.practise([
    session(school, 0, '2026-03-09T09:00:00Z', { score: 60, questions: 10, correct: 5 }),
    session(school, 0, '2026-03-15T09:00:00Z', { score: null, questions: 0, correct: 0, seconds: 300 }),
    session(school, 1, '2026-03-16T09:00:00Z', { score: 90, questions: 30, correct: 30 }),
    session(school, 1, '2026-03-16T11:00:00Z', { completed: false, score: null, seconds: 60 }),
  ]);
  const query = { from: '2026-03-06', to: '2026-03-17', groupBy: 'week' };
  const { body } = await app.as(school.teachers[0]!).get('/analytics/performance').query(query).expect(200);
  const silent = {
    activeStudents: 0, sessions: 0, sessionsCompleted: 0, sessionsScored: 0, timeSpentSeconds: 0, questions: 0,
    correct: 0, meanSessionSeconds: null, averageScore: null, accuracy: null,
  }; // prettier-ignore
  expect(body).toEqual({
    from: '2026-03-06',
    to: '2026-03-17',
    asOf: '2026-03-20T12:00:00.000Z',
    today: '2026-03-20',
    freshness: { pendingDays: 0, pendingSince: null },
    groupBy: 'week',
    smallestGroup: null,
    totals: {
      from: '2026-03-06',
      to: '2026-03-17',
      activeStudents: 2,
      sessions: 4,
      sessionsCompleted: 3,
      sessionsScored: 2,
      timeSpentSeconds: 1_560, // 600 + 300 + 600 + 60
      meanSessionSeconds: 390, // ÷ 4
      averageScore: 75, // (60 + 90) ÷ 2
      accuracy: 87.5, // 35 of 40
      questions: 40,
      correct: 35,
    },
    points: [
      { ...silent, from: '2026-03-06', to: '2026-03-08' },
      {
        from: '2026-03-09', to: '2026-03-15', activeStudents: 1, sessions: 2, sessionsCompleted: 2, sessionsScored: 1,
        timeSpentSeconds: 900, meanSessionSeconds: 450, averageScore: 60, accuracy: 50, questions: 10, correct: 5,
      }, // prettier-ignore
      {
        from: '2026-03-16', to: '2026-03-17', activeStudents: 1, sessions: 2, sessionsCompleted: 1, sessionsScored: 1,
        timeSpentSeconds: 660, meanSessionSeconds: 330, averageScore: 90, accuracy: 100, questions: 30, correct: 30,
      }, // prettier-ignore
    ],
  });
  const usual = await show(school.teachers[0]!, {});
  expect([usual.points.length, usual.totals.from, usual.totals.to]).toEqual([30, '2026-02-19', '2026-03-20']);
});

it('equals plain arithmetic over the sessions, whatever it is grouped by and whoever moved (property)', async () => {
  // clocks change within: London on 29 March, New York on 8 March, Lord Howe by half an hour on 5 April
  const zones = fc.constantFrom('Europe/London', 'America/New_York', 'Australia/Lord_Howe');
  const who = fc.integer({ min: 0, max: 4 });
  const event = fc.record({
    hour: fc.integer({ min: 0, max: 24 * 40 }),
    late: fc.constantFrom(0, 0, 30, 24 * 9),
    student: who,
    moves: fc.constantFrom(null, null, null, 0, 1),
    module: fc.constantFrom(0, 1),
    completed: fc.boolean(),
    score: fc.option(fc.integer({ min: 0, max: 100_00 }).map((hundredths) => hundredths / 100)),
    questions: fc.integer({ min: 0, max: 9 }),
    seconds: fc.integer({ min: 0, max: 1_500 }),
  });
  await fc.assert(
    fc.asyncProperty(zones, fc.array(event, { minLength: 3, maxLength: 40 }), async (timeZone, events) => {
      app.clock.set('2026-02-28T00:00:00Z');
      const school = await found(timeZone);
      const { ledger, teachers, students, modules, head, tenant } = school;
      const begins = Date.parse('2026-03-01T00:00:00Z');
      const taken = new Set<string>();
      for (const one of events.toSorted((a, b) => a.hour - b.hour)) {
        const now = begins + one.hour * 3_600_000;
        app.clock.set(new Date(now + 30 * 60_000).toISOString());
        const student = students[one.student]!;
        if (one.moves !== null) {
          await ledger.move(student, teachers[one.moves]!);
          continue;
        }
        // not at the same time as another, of which time would count once
        const at = new Date(now - one.late * 3_600_000).toISOString();
        if (taken.has(`${one.student} ${at}`)) continue;
        taken.add(`${one.student} ${at}`);
        const { moduleId } = modules[one.module]!;
        const { completed, score, questions, seconds } = one;
        const correct = Math.floor(questions / 2);
        await ledger.practise([{ student, at, moduleId, completed, score, questions, correct, seconds }]);
      }
      app.clock.set('2026-04-12T12:00:00Z');
      const asked = { from: '2026-02-20', to: '2026-04-11' };
      const admin: Person = { ...head, userId: tenant.tenantId, role: 'admin', departmentId: null };
      const sights: [Member | Person, object, readonly Member[]][] = [
        [teachers[0]!, {}, [teachers[0]!]],
        [teachers[1]!, {}, [teachers[1]!]],
        [head, {}, teachers],
        [head, { departmentId: teachers[0]!.departmentId }, [teachers[0]!]],
        [admin, {}, teachers],
        [admin, { instructorId: teachers[1]!.userId }, [teachers[1]!]],
      ];
      for (const [viewer, filter, instructors] of sights) {
        for (const groupBy of granularities) {
          const { totals, points } = await show(viewer, { ...asked, ...filter, groupBy });
          expect(points.map(({ from, to }) => ({ from, to }))).toEqual(bucketsOf(asked, groupBy));
          for (const point of [totals, ...points]) {
            expectFigures(point, figuresOf(ledger.within(point.from, point.to, instructors)));
          }
        }
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
}, 240_000);

it('shows sessions of one module as far as they have been added up', async () => {
  const school = await found('Europe/London');
  const { ledger, teachers, modules, tenant } = school;
  await ledger.practise([
    session(school, 0, '2026-03-16T09:00:00Z', { score: 60 }),
    session(school, 1, '2026-03-16T09:00:00Z', { score: 71 }),
    session(school, 1, '2026-03-17T09:00:00Z', { completed: false, score: null, seconds: 90 }),
    session(school, 1, '2026-03-17T10:00:00Z', { moduleId: modules[1]!.moduleId }),
  ]);
  const rollUps = app.app.get(RollUps, { strict: false });
  const query = { from: '2026-03-16', to: '2026-03-18', moduleId: modules[0]!.moduleId.toUpperCase() };
  const { body: before } = await app.as(teachers[0]!).get('/analytics/performance').query(query).expect(200);
  expect(before).toMatchObject({ freshness: { pendingDays: 2 }, totals: { sessions: 0 } });
  await rollUps.rollUp(tenant.tenantId, new AbortController().signal);
  app.clock.advance(1_000);
  const { body } = await app.as(teachers[0]!).get('/analytics/performance').query(query).expect(200);
  expect(body.freshness).toEqual({ pendingDays: 0, pendingSince: null });
  expect(body.totals).toMatchObject({
    activeStudents: null,
    sessions: 3,
    sessionsCompleted: 2,
    timeSpentSeconds: 1_200,
    meanSessionSeconds: 600,
    averageScore: 65.5,
    accuracy: 80,
  });
  expect(body.points.map(({ activeStudents, sessions }: Point) => [activeStudents, sessions])).toEqual([
    [2, 2],
    [1, 1],
    [0, 0],
  ]);
});

it('shows a segment: who matches now, with what they did while with whom is asked about', async () => {
  const school = await found('Europe/London');
  const { ledger, teachers, students, head } = school;
  await ledger.practise([
    session(school, 0, '2026-03-10T09:00:00Z', { score: 90, questions: 0, correct: 0 }),
    session(school, 1, '2026-03-10T10:00:00Z', { score: 95, questions: 0, correct: 0 }),
    session(school, 1, '2026-03-11T10:00:00Z', { score: 99, questions: 0, correct: 0 }),
    session(school, 2, '2026-03-10T11:00:00Z', { score: 10, questions: 0, correct: 0 }),
  ]);
  const created = { name: 'Good ones', filter: { scoreMin: 80 }, isShared: true };
  const { body: segment } = await app.as(head).post('/segments').send(created).expect(201);
  const query = { from: '2026-03-09', to: '2026-03-20', groupBy: 'week', segmentId: segment.id as string };
  const { totals } = await show(head, query);
  expect(totals).toMatchObject({ activeStudents: 2, sessions: 3, averageScore: 94.67, timeSpentSeconds: 1_800 });

  // a student who has left is on nobody's list here, and what they did here is not shown either
  await ledger.move(students[1]!, teachers[1]!);
  app.clock.advance(100);
  await ledger.practise([session(school, 1, '2026-03-20T09:00:00Z', { score: 85, questions: 0, correct: 0 })]);
  expect((await show(teachers[0]!, query)).totals).toMatchObject({ activeStudents: 1, sessions: 1 });
  // who has come brings nothing along
  expect((await show(teachers[1]!, query)).totals).toMatchObject({ activeStudents: 1, sessions: 1, averageScore: 85 });
  expect((await show(head, query)).totals).toMatchObject({ activeStudents: 2, sessions: 4 });
});

it('ends as of a day in the past, and leaves each day with whom it was', async () => {
  const school = await found('Europe/London');
  const { ledger, teachers } = school;
  await ledger.practise([session(school, 0, '2026-03-18T09:00:00Z')]);
  await ledger.move(school.students[0]!, teachers[1]!);
  await ledger.practise([session(school, 0, '2026-03-20T09:00:00Z')]);
  const sessions = async (viewer: Member, asOf?: string): Promise<unknown> =>
    (await show(viewer, asOf ? { asOf } : {})).totals['sessions'];
  expect([await sessions(teachers[0]!), await sessions(teachers[1]!)]).toEqual([1, 1]);
  expect([await sessions(teachers[0]!, '2026-03-19'), await sessions(teachers[1]!, '2026-03-19')]).toEqual([1, 0]);
  expect(await sessions(teachers[0]!, '2026-03-17')).toBe(0);
  expect((await show(teachers[0]!, { asOf: '2026-03-19' })).totals.to).toBe('2026-03-19');
});

it('shows a session that comes in late to whose day it is, at once', async () => {
  const school = await found('Europe/London');
  const { ledger, teachers, students } = school;
  await ledger.practise([session(school, 0, '2026-03-18T09:00:00Z')]);
  await ledger.move(students[0]!, teachers[1]!);
  app.clock.advance(86_400);
  const sessions = async (viewer: Member): Promise<unknown> => (await show(viewer, {})).totals['sessions'];
  expect([await sessions(teachers[0]!), await sessions(teachers[1]!)]).toEqual([1, 0]);
  await ledger.practise([session(school, 0, '2026-03-17T09:00:00Z')]);
  expect([await sessions(teachers[0]!), await sessions(teachers[1]!)]).toEqual([2, 0]);
});

it('tells a service nothing of who has a case, whoever asked before', async () => {
  const school = await found('Europe/London');
  const { ledger, teachers, students, tenant } = school;
  await ledger.practise([session(school, 0, '2026-03-18T09:00:00Z')]);
  await createIntervention(app.database, students[0]!, teachers[0]!);
  for (const [role, students] of [
    ['admin', 1],
    ['service', 0],
    ['admin', 1],
  ] as const) {
    const { body } = await app.as(role, tenant).get('/students?intervention=open&limit=1').expect(200);
    expect([role, body.data.length]).toEqual([role, students]);
  }
});

it('refuses what cannot be answered', async () => {
  const { teachers, modules, tenant, students } = await found('Europe/London');
  const refuse = async (query: object, pointer: string, detail: string): Promise<void> => {
    const { body } = await app.as(teachers[0]!).get('/analytics/performance').query(query).expect(400);
    expect(body.errors).toEqual([{ pointer: `/query/${pointer}`, code: expect.any(String), detail }]);
  };
  const id = modules[0]!.moduleId;
  await refuse({ from: '2026-03-02', to: '2026-03-01' }, 'from', 'must not lie after the last day');
  await refuse(
    { from: '2016-03-02', to: '2026-03-01' },
    'from',
    'must not lie more than 1095 days before the last day',
  );
  await refuse({ to: '0001-01-15' }, 'to', 'must not lie before 1900-01-01');
  await refuse({ to: '1900-01-15' }, 'from', 'must not lie before 1900-01-01');
  await refuse({ asOf: '0001-01-15' }, 'asOf', 'must not lie before 1900-01-01');
  await refuse({ groupBy: 'hour' }, 'groupBy', 'must be one of day, week, month, quarter');
  await refuse({ asOf: '2026-03-21' }, 'asOf', 'must not lie after today');
  await refuse({ to: '2026-03-21' }, 'to', 'must not lie after today');
  const many = 'day would give 401 points, and 400 are the most: ask for week';
  await refuse({ from: addDays('2026-03-20', -400) }, 'groupBy', many);
  await refuse({ segmentId: id, moduleId: id }, 'segmentId', 'cannot be combined with moduleId');
  await app.as(teachers[0]!).get('/analytics/performance').query({ segmentId: id }).expect(404);
  await app.as(students[0]!).get('/analytics/performance').expect(403);
  await app.anonymous.get('/analytics/performance').expect(401);
  const elsewhere = await createTenant(app.database);
  const { totals } = await show(teachers[0]!, { departmentId: elsewhere.departmentId });
  expect(totals).toMatchObject({ sessions: 0, activeStudents: 0 });
  expect(tenant.tenantId).not.toBe(elsewhere.tenantId);
});
