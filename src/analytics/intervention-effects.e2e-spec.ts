import { startApp, type TestApp } from '../../test/app.js';
import {
  type Class, type Contact, createClass as createClassIn, insertContacts, insertNights, type Night, nightsOf, setActiveDays,
} from '../../test/effects.js'; // prettier-ignore
import { createDepartment, createInstructor, createTenant, type Member, type Place, type Tenant } from '../../test/factories.js'; // prettier-ignore
import { createIntervention } from '../../test/factories.risk.js';
import { Cache } from '../cache/cache.js';
import type { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import type { InterventionEffect, InterventionEffectsResponse } from './intervention-effects.dto.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

// today is 2026-03-02, so the last contacts with a follow-up of 28 days are those of 2026-02-01
const day = '2026-01-14';
const later = addDays(day, 28);

const path = '/analytics/interventions';
const read = async (viewer: Viewer, query: object = {}): Promise<InterventionEffectsResponse> =>
  (await app.as(viewer).get(path).query(query).expect(200)).body as InterventionEffectsResponse;
const effect = ({ effects }: InterventionEffectsResponse, action = 'all'): InterventionEffect =>
  effects.find((one) => one.action === action)!;

const createClass = (place: Place, size: number): Promise<Class> => createClassIn(app.database, place, size);
const nights = (student: Member, before: number, after: number, from = day): Night[] =>
  nightsOf(student, from, [before, after]);
const contact = ({ userId: studentId }: Member, action = 'call', on = day): Contact => ({ studentId, action, day: on });

async function record(tenant: Tenant, { instructor }: Class, rows: readonly Night[], contacts: readonly Contact[]) {
  await insertNights(app.database, tenant.tenantId, rows);
  await insertContacts(app.database, instructor, contacts);
}

it('compares changes and shares of the contacted with those of others, with intervals', async () => {
  const tenant = await createTenant(app.database);
  const group = await createClass(tenant, 22);
  const called = group.students.slice(0, 10);
  const others = group.students.slice(10, 20);
  const [calm, lost] = group.students.slice(20) as [Member, Member];
  await record(
    tenant,
    group,
    [
      // six of ten fall by 20 and leave the band, four stay; of the others two do, and eight stay
      ...called.flatMap((student, index) => nights(student, 80, index < 6 ? 60 : 80)),
      ...others.flatMap((student, index) => nights(student, 80, index < 2 ? 60 : 80)),
      // of another band, and without an end: neither is compared with anybody
      ...nights(calm, 20, 10),
      ...nights(lost, 80, 0).slice(0, 1),
    ],
    called.map((student) => contact(student)),
  );
  // the last seven days of the follow-up are 02-05 to 02-11
  await setActiveDays(app.database, tenant.tenantId, [
    ...called.slice(0, 9).map(({ userId: studentId }) => ({ studentId, day: '2026-02-05' })),
    { studentId: called[9]!.userId, day: '2026-02-04' },
    ...others.slice(0, 3).map(({ userId: studentId }) => ({ studentId, day: '2026-02-11' })),
    { studentId: others[3]!.userId, day: '2026-02-12' },
  ]);
  const body = await read(group.instructor);
  expect(body).toMatchObject({ from: '2025-08-06', to: '2026-02-01', followUpDays: 28, pending: 0 });
  expect(body.effects.map(({ action }) => action)).toEqual(['all', 'message', 'email', 'call', 'meeting', 'extra_support', 'other']); // prettier-ignore
  const expected = {
    contacts: 10,
    n: 10,
    withoutBaseline: 0,
    withoutOutcome: 0,
    unmatched: 0,
    students: 10,
    others: 10,
    insufficientData: false,
    // means −12 and −4. Residuals of the contacted: 6 × 8² + 4 × 12² = 960, of the others 2 × 16² + 8 × 4² = 640, these
    // × 10 ÷ 9; squares (960 + 711.11) ÷ 10² = 16.711; t 2.2619 × √(16.711 × 10 ÷ 9) = 9.75
    scoreChange: { contacted: -12, others: -4, difference: -8, low: -17.75, high: 1.75 },
    // Wilson of 6/10 is 0.3127 to 0.8318, of 2/10 0.0567 to 0.5098: 0.4 − √(0.2873² + 0.3098²), 0.4 + √(0.2318² + 0.1433²)
    leftAtRiskBands: { contacted: 60, others: 20, difference: 40, low: -2.26, high: 67.25 },
    // Wilson of 9/10 is 0.5958 to 0.9821, of 3/10 0.1078 to 0.6032; Newcombe's table has 0.1705 to 0.8090
    active: { contacted: 90, others: 30, difference: 60, low: 17.05, high: 80.9 },
  };
  expect(effect(body)).toEqual({ action: 'all', ...expected });
  expect(effect(body, 'call')).toEqual({ action: 'call', ...expected });
  expect(effect(body, 'meeting')).toMatchObject({ contacts: 0, n: null, insufficientData: true, scoreChange: null });
  const { effects } = await read(group.instructor, { action: 'call' });
  expect(effects).toEqual([{ action: 'call', ...expected }]);
});

it('says nothing of few, and how many contacts it could not use', async () => {
  const tenant = await createTenant(app.database);
  const group = await createClass(tenant, 40);
  const { instructor, students } = group;
  const called = students.slice(0, 14);
  await record(
    tenant,
    group,
    [
      ...called.slice(0, 10).flatMap((student) => nights(student, 80, 70)),
      // nothing known of the evening before, and then not of the seven before it either
      ...nights(called[10]!, 80, 70, addDays(day, -8)),
      {
        studentId: called[11]!.userId,
        departmentId: tenant.departmentId,
        day: addDays(day, -1),
        score: 80,
        insufficient: 'newStudent',
      },
      // left
      ...nights(called[12]!, 80, 0).slice(0, 1),
      // the only one of a band
      ...nights(called[13]!, 95, 70),
      ...students.slice(14, 23).flatMap((student) => nights(student, 80, 75)),
      // who was contacted within the four weeks before or during the follow-up is not compared with; who was earlier is
      ...students.slice(23, 26).flatMap((student) => nights(student, 80, 75)),
    ],
    [
      ...called.map((student) => contact(student, 'email')),
      contact(students[23]!, 'meeting', addDays(day, -28)),
      contact(students[24]!, 'meeting', later),
      // not over on 2026-03-01, the last day that is
      contact(students[30]!, 'message', '2026-02-02'),
      contact(students[31]!, 'message', '2026-02-01'),
    ],
  );
  const before = await read(instructor, { to: '2026-02-10' });
  expect(before.pending).toBe(1);
  // nine others and students[25]
  expect(effect(before, 'email')).toMatchObject({
    contacts: 14, n: 10, withoutBaseline: 2, withoutOutcome: 1, unmatched: 1, students: 10, others: 10,
    insufficientData: false, scoreChange: { contacted: -10, others: -5, difference: -5 },
  }); // prettier-ignore
  expect(effect(before, 'message')).toMatchObject({ contacts: 1, n: null, unmatched: null, insufficientData: true });
  await insertContacts(app.database, instructor, [contact(students[25]!, 'other', addDays(day, 7))]);
  app.clock.advance(1_000);
  expect(effect(await read(instructor), 'email')).toMatchObject({
    contacts: 14, n: 10, students: 10, others: 9, insufficientData: true, scoreChange: null, leftAtRiskBands: null,
    active: null,
  }); // prettier-ignore
});

it('takes the last evening of the week before where that before the day is not there', async () => {
  const tenant = await createTenant(app.database);
  const group = await createClass(tenant, 20);
  await record(
    tenant,
    group,
    group.students.flatMap((student) => nights(student, 80, 60, addDays(day, -7))),
    group.students.slice(0, 10).map((student) => contact(student)),
  );
  expect(effect(await read(group.instructor))).toMatchObject({ n: 10, scoreChange: { difference: 0 } });
});

it('compares within departments that have enough alike, and else across them', async () => {
  const tenant = await createTenant(app.database);
  const [near, far] = [await createDepartment(app.database, tenant), await createDepartment(app.database, tenant)];
  const one = await createClass(near, 15);
  const two = await createClass(far, 10);
  const rows = [
    ...one.students.slice(0, 10).flatMap((student) => nights(student, 80, 70)),
    ...one.students.slice(10).flatMap((student) => nights(student, 80, 76)),
    ...two.students.flatMap((student) => nights(student, 80, 80)),
  ];
  await record(tenant, one, rows, one.students.slice(0, 10).map((student) => contact(student))); // prettier-ignore
  const supervisor = await createInstructor(app.database, tenant, { canViewAll: true });
  // five of the own department, who are too few to say anything of
  expect(effect(await read(supervisor))).toMatchObject({ n: 10, others: 5, insufficientData: true });
  await insertContacts(app.database, one.instructor, [contact(one.students[14]!, 'call', '2025-12-20')]);
  app.clock.advance(1_000);
  // four: all fourteen, (4 × −4 + 10 × 0) ÷ 14
  expect(effect(await read(supervisor))).toMatchObject({
    n: 10,
    others: 14,
    scoreChange: { contacted: -10, others: -1.14, difference: -8.86 },
  });
});

describe('whom it is about', () => {
  it('is what one may see, narrowed by the filters on both sides', async () => {
    const tenant = await createTenant(app.database);
    const parent = await createDepartment(app.database, tenant);
    const child = await createDepartment(app.database, parent);
    const classes = [
      await createClass(parent, 22),
      await createClass(child, 24),
      await createClass(tenant, 26),
    ] as const;
    for (const [index, group] of classes.entries()) {
      const called = group.students.slice(0, 11 + index);
      const others = group.students.slice(11 + index);
      await record(
        tenant,
        group,
        [
          ...called.flatMap((student) => nights(student, 80, 70)),
          ...others.flatMap((student) => nights(student, 80, 78 + index)),
        ],
        called.map((student) => contact(student)),
      );
    }
    const [one, two, three] = classes;
    const supervisor = await createInstructor(app.database, parent, { canViewAll: true });
    const admin = { ...supervisor, userId: tenant.tenantId, role: 'admin' as const, departmentId: null };
    const seen = async (viewer: Viewer, query: object = {}): Promise<unknown[]> => {
      const { n, others, scoreChange } = effect(await read(viewer, query));
      return [n, others, scoreChange?.difference];
    };
    expect(await seen(one.instructor)).toEqual([11, 11, -8]);
    expect(await seen(two.instructor)).toEqual([12, 12, -9]);
    // each department with itself: (11 × −8 + 12 × −9) ÷ 23
    expect(await seen(supervisor)).toEqual([23, 23, -8.52]);
    // (11 × −8 + 12 × −9 + 13 × −10) ÷ 36
    expect(await seen(admin)).toEqual([36, 36, -9.06]);
    expect(await seen(admin, { departmentId: parent.departmentId.toUpperCase() })).toEqual([23, 23, -8.52]);
    expect(await seen(admin, { departmentId: child.departmentId })).toEqual([12, 12, -9]);
    expect(await seen(admin, { instructorId: one.instructor.userId })).toEqual([11, 11, -8]);
    // opens nothing
    expect(await seen(supervisor, { instructorId: three.instructor.userId })).toEqual([null, null, undefined]);
    const { cases } = await read(one.instructor, { instructorId: two.instructor.userId });
    expect(cases.opened).toBe(0);
    const stranger = await createInstructor(app.database, await createTenant(app.database), { canViewAll: true });
    expect(await seen(stranger, { departmentId: parent.departmentId })).toEqual([null, null, undefined]);
    const substitute = { ...three.instructor, rosters: [one.instructor.userId] };
    await app.database.run(
      `-- test.insertDelegation
      insert into delegations
        (tenant_id, id, instructor_id, substitute_id, valid_from, valid_to, created_by, reason, created_at)
      values ($1, gen_random_uuid(), $2, $3, '2026-03-01', '2026-03-15', $2, '', '2026-03-01')`,
      [tenant.tenantId, one.instructor.userId, three.instructor.userId],
    );
    expect(await seen(substitute)).toEqual([24, 24, -9.08]);
  });

  it('is for those who teach', async () => {
    const tenant = await createTenant(app.database);
    const { students } = await createClass(tenant, 1);
    await app.anonymous.get(path).expect(401);
    await app.as(students[0]!).get(path).expect(403);
    await app.as('service', tenant).get(path).expect(403);
  });

  it('is kept until something of the roster changes', async () => {
    const tenant = await createTenant(app.database);
    const { instructor, students } = await createClass(tenant, 1);
    const opened = async (): Promise<number> => (await read(instructor)).cases.opened;
    expect(await opened()).toBe(0);
    await createIntervention(app.database, students[0]!, instructor, { openedDay: '2026-01-10' });
    expect(await opened()).toBe(0);
    await app.app.get(Cache).bump([`roster:${instructor.userId}`]);
    expect(await opened()).toBe(1);
  });
});

describe('the period', () => {
  it('is counted in follow-ups', async () => {
    const tenant = await createTenant(app.database);
    const { instructor } = await createClass(tenant, 1);
    const period = async (query: object): Promise<unknown[]> => {
      const { from, to, followUpDays } = await read(instructor, query);
      return [from, to, followUpDays];
    };
    expect(await period({ followUpDays: 14 })).toEqual(['2025-08-20', '2026-02-15', 14]);
    expect(await period({ followUpDays: 56 })).toEqual(['2025-07-09', '2026-01-04', 56]);
    expect(await period({ to: '2025-12-31' })).toEqual(['2025-07-05', '2025-12-31', 28]);
    expect(await period({ from: '2026-02-20' })).toEqual(['2026-02-20', '2026-03-02', 28]);
    expect(await period({ from: '2024-01-01', to: '2025-12-31' })).toEqual(['2024-01-01', '2025-12-31', 28]);
  });

  it.each([
    [{ from: '2026-01-02', to: '2026-01-01' }, '/query/from'],
    [{ from: '2023-12-31', to: '2025-12-31' }, '/query/from'],
    [{ from: '2026-02-30' }, '/query/from'],
    [{ followUpDays: 7 }, '/query/followUpDays'],
    [{ action: 'fax' }, '/query/action'],
    [{ departmentId: 'root' }, '/query/departmentId'],
    [{ instructorId: '1' }, '/query/instructorId'],
    [{ band: 'high' }, '/query/band'],
  ])('refuses %j', async (query, pointer) => {
    const tenant = await createTenant(app.database);
    const { body } = await app.as('admin', tenant).get(path).query(query).expect(400);
    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer]);
  });
});

describe('cases', () => {
  it('are counted by what became of them', async () => {
    const tenant = await createTenant(app.database);
    const { instructor, students } = await createClass(tenant, 12);
    const open = async (index: number, options: object): Promise<string> =>
      createIntervention(app.database, students[index]!, instructor, { openedDay: '2026-01-10', ...options });
    // contacted after 1, 2, 3, 4 and 10 days, three of them by the date that was due
    for (const [index, contactedDay] of [
      '2026-01-11',
      '2026-01-12',
      '2026-01-13',
      '2026-01-14',
      '2026-01-20',
    ].entries()) {
      await open(index, { status: 'resolved', contactedDay, dueOn: index === 3 ? undefined : '2026-01-13' });
    }
    await open(5, { dueOn: '2026-01-12' });
    await open(6, { dueOn: '2026-03-02' });
    for (const index of [7, 8, 9]) await open(index, { status: 'dismissed' });
    const reopened = await open(10, {});
    await open(11, { openedDay: '2025-08-05' });
    await app.database.run(
      `-- test.changeCases
      with changed as (
        update interventions set dismissal = case when student_id = $3 then 'data_wrong' else 'excused_absence' end
        where tenant_id = $1 and student_id = any (array[$3::uuid, $4::uuid])
      ), closed as (
        update interventions set closed_itself = true, closed_by = null where tenant_id = $1 and student_id = $5
      )
      insert into intervention_entries (tenant_id, id, intervention_id, at, kind)
      select $1, gen_random_uuid(), $2, '2026-01-15', 'reopened' from generate_series(1, 2)`,
      [tenant.tenantId, reopened, students[7]!.userId, students[8]!.userId, students[0]!.userId],
    );
    const { cases } = await read(instructor);
    expect(cases).toEqual({
      opened: 11,
      contacted: 5,
      medianDaysToContact: 3,
      due: 5,
      contactedInTime: 3,
      closed: 8,
      closedItself: 1,
      reopened: 1,
      dismissals: { excused_absence: 1, data_wrong: 1, already_supported: 0, not_at_risk: 1, other: 0 },
      // 2 of 8: (0.25 + 3.8415 ÷ 16 ± 1.96 × √(0.25 × 0.75 ÷ 8 + 3.8415 ÷ 256)) ÷ (1 + 3.8415 ÷ 8)
      wronglyFlagged: { flagged: 8, dismissed: 2, rate: 25, low: 7.15, high: 59.07 },
    });
  });

  it('say nothing of how few fared', async () => {
    const tenant = await createTenant(app.database);
    const { instructor, students } = await createClass(tenant, 4);
    for (const student of students) {
      await createIntervention(app.database, student, instructor, { status: 'resolved', openedDay: '2026-01-10' });
      // the same person again is not one more
      await createIntervention(app.database, student, instructor, { status: 'dismissed', openedDay: '2026-01-20' });
    }
    const { cases } = await read(instructor);
    expect(cases).toMatchObject({
      opened: 8,
      contacted: 4,
      medianDaysToContact: null,
      wronglyFlagged: { flagged: 8, dismissed: 4, rate: null, low: null, high: null },
    });
  });
});
