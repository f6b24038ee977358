import { startApp, type TestApp } from '../../test/app.js';
import { setActiveDays } from '../../test/effects.js';
import fc from '../../test/property.js';
import {
  createDepartment, createInstructor, createStudents, createTenant, type Member, type Place, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { Cache } from '../cache/cache.js';
import type { Viewer } from '../http/viewer.js';
import { addDays } from '../org/local-day.js';
import type { CohortsResponse } from './cohorts.dto.js';

let app: TestApp;
let tenant: Tenant;
let department: Place;
let instructor: Member;
let colleague: Member;

beforeEach(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  department = await createDepartment(app.database, tenant);
  instructor = await createInstructor(app.database, department);
  colleague = await createInstructor(app.database, department);
});
afterEach(() => app.stop());

const read = async (viewer: Viewer, query: object = {}): Promise<CohortsResponse> =>
  (await app.as(viewer).get('/analytics/cohorts').query(query).expect(200)).body as CohortsResponse;
const join = (place: Place, ...days: string[]): Promise<Member[]> =>
  createStudents(app.database, place, days.map((joinedOn) => ({ joinedOn }))); // prettier-ignore
const practise = (days: Readonly<Record<string, readonly string[]>>): Promise<void> =>
  setActiveDays(
    app.database,
    tenant.tenantId,
    Object.entries(days).flatMap(([studentId, list]) => list.map((day) => ({ studentId, day }))),
  );
const figures = ({ cohorts }: CohortsResponse): object[] =>
  cohorts.map(({ isoWeek, students, weeks }) => ({
    isoWeek,
    students,
    active: weeks.map((week) => week.activeStudents),
  }));

it('shows each cohort from its week on, the running week marked, and the retention of everybody', async () => {
  // today is Monday 2026-03-02
  const [old, first, second, third] = await join(instructor, '2025-09-01', '2026-02-16', '2026-02-22', '2026-02-23');
  await practise({
    [old!.userId]: ['2026-02-17', '2026-02-24'],
    [first!.userId]: ['2026-02-16', '2026-02-18', '2026-03-02'],
    [second!.userId]: ['2026-02-22', '2026-02-23'],
    [third!.userId]: ['2026-03-01', '2026-03-02'],
  });
  const body = await read(instructor, { weeks: 3 });
  expect(body).toEqual({
    from: '2026-02-16',
    to: '2026-03-02',
    asOf: '2026-03-02T08:00:00.000Z',
    today: '2026-03-02',
    freshness: { pendingDays: 0, pendingSince: null },
    cohorts: [
      {
        week: '2026-02-16',
        isoWeek: '2026-W08',
        students: 2,
        weeks: [
          { number: 0, week: '2026-02-16', isoWeek: '2026-W08', activeStudents: 2, activeRate: 100, isComplete: true },
          { number: 1, week: '2026-02-23', isoWeek: '2026-W09', activeStudents: 1, activeRate: 50, isComplete: true },
          { number: 2, week: '2026-03-02', isoWeek: '2026-W10', activeStudents: 1, activeRate: 50, isComplete: false },
        ],
      },
      {
        week: '2026-02-23',
        isoWeek: '2026-W09',
        students: 1,
        weeks: [
          { number: 0, week: '2026-02-23', isoWeek: '2026-W09', activeStudents: 1, activeRate: 100, isComplete: true },
          { number: 1, week: '2026-03-02', isoWeek: '2026-W10', activeStudents: 1, activeRate: 100, isComplete: false },
        ],
      },
      {
        week: '2026-03-02',
        isoWeek: '2026-W10',
        students: 0,
        weeks: [
          { number: 0, week: '2026-03-02', isoWeek: '2026-W10', activeStudents: 0, activeRate: null, isComplete: false },
        ],
      },
    ],
    // old, first and second were active in W08, of whom old and second in W09, too; of old, second and third third in W10
    retention: [
      {
        week: '2026-02-16', isoWeek: '2026-W08', activeStudents: 3, activeBefore: 0, activeInBoth: 0, retention: null, isComplete: true,
      },
      {
        week: '2026-02-23', isoWeek: '2026-W09', activeStudents: 3, activeBefore: 3, activeInBoth: 2, retention: 66.67, isComplete: true,
      },
      {
        week: '2026-03-02', isoWeek: '2026-W10', activeStudents: 2, activeBefore: 3, activeInBoth: 1, retention: 33.33, isComplete: false,
      },
    ],
  }); // prettier-ignore
  expect((await read(colleague, { weeks: 1 })).cohorts).toMatchObject([{ students: 0 }]);
});

it('counts weeks of the calendar through week 53 and changes of the clock, on the day of the tenant', async () => {
  await app.stop();
  // Monday 2027-04-05, 00:30 in Berlin, and still Sunday in UTC; the clock went forward on 2027-03-28
  app = await startApp({ now: '2027-04-04T22:30:00Z' });
  tenant = await createTenant(app.database, { timeZone: 'Europe/Berlin' });
  instructor = await createInstructor(app.database, tenant);
  const [eve, spring] = await join(instructor, '2027-01-03', '2027-03-28');
  const weekly = Array.from({ length: 14 }, (_, week) => addDays('2027-01-03', 7 * week));
  await practise({ [eve!.userId]: weekly, [spring!.userId]: ['2027-03-28', '2027-04-05'] });
  const { to, cohorts } = await read(instructor, { weeks: 15 });
  expect(to).toBe('2027-04-05');
  expect(cohorts.map(({ isoWeek }) => isoWeek)).toEqual([
    '2026-W53', '2027-W01', '2027-W02', '2027-W03', '2027-W04', '2027-W05', '2027-W06', '2027-W07', '2027-W08',
    '2027-W09', '2027-W10', '2027-W11', '2027-W12', '2027-W13', '2027-W14',
  ]); // prettier-ignore
  // on every Sunday up to yesterday, and not yet in the week that began half an hour ago
  expect(cohorts[0]).toMatchObject({ week: '2026-12-28', students: 1 });
  expect(cohorts[0]!.weeks.map(({ activeStudents }) => activeStudents)).toEqual([...Array<number>(14).fill(1), 0]);
  expect(cohorts[12]!.weeks.map(({ activeStudents, isComplete }) => [activeStudents, isComplete])).toEqual([
    [1, true], [0, true], [1, false],
  ]); // prettier-ignore
});

it('answers as of a day with the roster of that day', async () => {
  const [stays, goes, later] = await join(instructor, '2026-02-09', '2026-02-10', '2026-02-27');
  await practise({
    [stays!.userId]: ['2026-02-10', '2026-02-16'],
    [goes!.userId]: ['2026-02-10', '2026-02-20'],
    [later!.userId]: ['2026-02-27'],
  });
  await app
    .as('admin', tenant)
    .put(`/students/${goes!.userId}/instructor`)
    .send({ instructorId: colleague.userId })
    .expect(204);
  const asOf = { asOf: '2026-02-18', weeks: 2 };
  expect(figures(await read(instructor, asOf))).toEqual([
    { isoWeek: '2026-W07', students: 2, active: [2, 1] },
    { isoWeek: '2026-W08', students: 0, active: [0] },
  ]);
  expect((await read(instructor, asOf)).cohorts[0]!.weeks.map(({ isComplete }) => isComplete)).toEqual([true, false]);
  expect((await read(instructor, { asOf: '2026-02-22', weeks: 1 })).retention).toMatchObject([
    { activeStudents: 2, activeBefore: 2, activeInBoth: 2, retention: 100, isComplete: true },
  ]);
  expect(figures(await read(instructor, { weeks: 4 }))[0]).toEqual({
    isoWeek: '2026-W07',
    students: 1,
    active: [1, 1, 0, 0],
  });
  expect(figures(await read(colleague, { weeks: 4 }))[0]).toEqual({
    isoWeek: '2026-W07',
    students: 1,
    active: [1, 1, 0, 0],
  });
  expect(figures(await read(colleague, asOf))[0]).toMatchObject({ students: 0 });
  // at the end of today they are where they are now, whether it is asked for or not
  expect((await read(instructor, { asOf: '2026-03-02' })).cohorts).toEqual((await read(instructor)).cohorts);
});

it('is for who may see the people, within what they may see', async () => {
  const [student] = await join(instructor, '2026-02-24');
  const supervisor = await createInstructor(app.database, department, { canViewAll: true });
  const one = { weeks: 2 };
  expect(figures(await read(supervisor, one))[0]).toMatchObject({ students: 1 });
  expect(figures(await read(supervisor, { ...one, instructorId: colleague.userId }))[0]).toMatchObject({ students: 0 });
  expect(figures(await read(supervisor, { ...one, instructorId: instructor.userId.toUpperCase() }))[0]).toMatchObject({ students: 1 }); // prettier-ignore
  expect(figures(await read(supervisor, { ...one, departmentId: department.departmentId }))[0]).toMatchObject({ students: 1 }); // prettier-ignore
  const stranger = await createInstructor(app.database, await createTenant(app.database), { canViewAll: true });
  expect(figures(await read(stranger, { ...one, departmentId: department.departmentId }))[0]).toMatchObject({ students: 0 }); // prettier-ignore
  const get = (viewer: Viewer, query: object = {}) => app.as(viewer).get('/analytics/cohorts').query(query);
  const service: Viewer = { ...instructor, departmentId: null, role: 'service', scopes: ['analytics:read'] };
  await get(service).expect(403);
  await get({ ...service, scopes: ['analytics:read', 'students:read'] }).expect(200);
  await get(student!).expect(403);
  await app.anonymous.get('/analytics/cohorts').expect(401);
  for (const [query, pointer] of [
    [{ weeks: 0 }, '/query/weeks'],
    [{ weeks: 27 }, '/query/weeks'],
    [{ asOf: '2026-03-03' }, '/query/asOf'],
    [{ asOf: '2026-02-30' }, '/query/asOf'],
    [{ departmentId: 'x' }, '/query/departmentId'],
    [{ from: '2026-01-01' }, '/query/from'],
  ] as const) {
    const { body } = await get(instructor, query).expect(400);
    expect((body as { errors: { pointer: string }[] }).errors.map((error) => error.pointer)).toEqual([pointer]);
  }
});

it('counts like plain arithmetic does, whatever the days and whoever had whom (property)', async () => {
  const instructors = [instructor, colleague];
  const beginning = Date.parse('2026-01-05');
  const dayAt = (index: number): string => addDays('2026-01-05', index);
  const index = fc.integer({ min: 0, max: 56 });
  // the 56th is today, whose roster is the present one
  const past = fc.integer({ min: 0, max: 55 });
  // who moves does so at noon, so that the end of the day is with the new one
  const person = fc.record({
    joined: index,
    active: fc.uniqueArray(index, { maxLength: 12 }),
    at: fc.integer({ min: 0, max: 1 }),
    moves: fc.uniqueArray(fc.integer({ min: 1, max: 55 }), { maxLength: 3 }),
    entered: fc.constantFrom(0, 20),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(person, { minLength: 1, maxLength: 8 }), past, async (people, last) => {
      await app.database.run(
        `-- test.forgetStudents
        update student_progress set is_active = false where tenant_id = $1`,
        [tenant.tenantId],
      );
      // the statements of this test tell nobody that the roster is another
      await app.app.get(Cache, { strict: false }).bump([`roster:${instructor.userId}`]);
      const members = await createStudents(app.database, department, people.map(({ joined }) => ({ joinedOn: dayAt(joined) }))); // prettier-ignore
      const ids = members.map(({ userId }) => userId);
      await practise(Object.fromEntries(people.map(({ active }, n) => [ids[n]!, active.map(dayAt)])));
      const entries = people.flatMap(({ at, moves, entered }, n) => {
        const times = [entered, ...moves.map((day) => day + 0.5).filter((day) => day > entered).sort((a, b) => a - b)];
        return times.map((from, k) => ({
          studentId: ids[n]!,
          from: new Date(beginning + from * 86_400_000).toISOString(),
          to: k + 1 < times.length ? new Date(beginning + times[k + 1]! * 86_400_000).toISOString() : null,
          instructorId: instructors[(at + k) % 2]!.userId,
          k,
          day: from,
        }));
      }); // prettier-ignore
      await app.database.run(
        `-- test.insertEntries
        insert into roster_entries (tenant_id, student_id, valid_from, valid_to, instructor_id, department_id)
        select $1, "studentId", "from", "to", "instructorId", $3
        from jsonb_to_recordset($2::jsonb) e ("studentId" uuid, "from" timestamptz, "to" timestamptz, "instructorId" uuid)`,
        [tenant.tenantId, JSON.stringify(entries), department.departmentId],
      );
      const asOf = dayAt(last);
      const whose = (n: number): string | undefined => {
        const own = entries.filter(({ studentId }) => studentId === ids[n]);
        return (own.filter(({ day }) => day < last + 1).at(-1) ?? own[0]!).instructorId;
      };
      const monday = Math.floor(last / 7);
      const mine = people.filter((one, n) => whose(n) === instructor.userId && one.joined <= last);
      const activeIn = (week: number) => ({ active }: { active: number[] }): boolean =>
        active.some((day) => Math.floor(day / 7) === week && day <= last); // prettier-ignore
      const expected = Array.from({ length: 4 }, (_, k) => monday - 3 + k).map((cohort) => {
        const own = mine.filter(({ joined }) => Math.floor(joined / 7) === cohort);
        const weeks = Array.from({ length: monday - cohort + 1 }, (_, k) => own.filter(activeIn(cohort + k)).length);
        return { students: own.length, active: weeks };
      });
      const body = await read(instructor, { asOf, weeks: 4 });
      expect(figures(body).map(({ isoWeek: _, ...rest }: { isoWeek?: string }) => rest)).toEqual(expected);
      expect(body.retention.map(({ activeBefore, activeInBoth }) => [activeBefore, activeInBoth])).toEqual(
        Array.from({ length: 4 }, (_, k) => monday - 3 + k).map((week) => {
          const before = mine.filter(activeIn(week - 1));
          return [before.length, before.filter(activeIn(week)).length];
        }),
      );
    }),
    { numRuns: 25 },
  );
});
