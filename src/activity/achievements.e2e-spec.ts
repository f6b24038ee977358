import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createAssignment, handOut } from '../../test/factories.assignments.js';
import {
  createAdmin, createCategory, createInstructor, createModule, createStudents, createTenant, type Member, type Module,
  type Person, sessionBody, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { occurrencesOf, trayOf } from '../../test/occurrences.js';
import fc from '../../test/property.js';
import { addDays } from '../org/local-day.js';
import { achievementRules } from './achievement-rules.js';
import { AchievementsJobs } from './achievements.jobs.js';
import type { AchievementResponse } from './achievements.dto.js';
import { Achievements } from './achievements.service.js';

const today = '2026-03-02';

let app: TestApp;
let tenant: Tenant;
let admin: Person;
let instructor: Member;
let ada: Member;
let bea: Member;
let module: Module;
let events: ReturnType<typeof occurrencesOf>;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set(`${today}T08:00:00Z`);
  tenant = await createTenant(app.database);
  admin = await createAdmin(app.database, tenant);
  instructor = await createInstructor(app.database, tenant);
  [ada, bea] = (await createStudents(app.database, instructor, [{}, {}])) as [Member, Member];
  module = await createModule(app.database, await createCategory(app.database, tenant));
  events = occurrencesOf(app, tenant);
});

/** Of ten minutes, before the clock's time of day. */
const sessionOn = (day: string, fields: object = {}, student = ada): object =>
  sessionBody(module, {
    studentId: student.userId,
    startedAt: `${day}T06:00:00Z`,
    completedAt: `${day}T06:10:00Z`,
    score: 50,
    ...fields,
  });
async function record(...sessions: object[]): Promise<void> {
  await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
}
const list = async (student: Member = ada, viewer: Person = student): Promise<AchievementResponse[]> =>
  (await app.as(viewer).get(`/students/${student.userId}/achievements`).expect(200)).body;
const achieved = async (student: Member = ada): Promise<Record<string, string | null>> =>
  Object.fromEntries(
    (await list(student))
      .filter(({ unlockedAt }) => unlockedAt !== null)
      .map(({ code, reachedOn }) => [code, reachedOn]),
  );
const milestones = async (student: Member = ada): Promise<string[]> =>
  (await trayOf(app, student, '&type=progress_milestone')).map(({ title }) => title).sort();
const unlocking = (): Achievements => app.app.get(Achievements, { strict: false });

it('shows what there is to achieve, and how far one is', async () => {
  await record(sessionOn(addDays(today, -1)), sessionOn(today, { score: 80 }));
  await events.follow();
  const rows = await list();
  expect(rows.map(({ code }) => code)).toEqual(achievementRules.map(({ code }) => code));
  expect(rows.filter(({ value }) => value > 0)).toEqual([
    expect.objectContaining({ code: 'first-session', value: 1, threshold: 1, unlockedAt: '2026-03-02T08:00:00Z', reachedOn: '2026-03-01' }),
    expect.objectContaining({ code: 'sessions-10', value: 2, threshold: 10, unlockedAt: null, reachedOn: null }),
    expect.objectContaining({ code: 'sessions-100', value: 2 }),
    expect.objectContaining({ code: 'sessions-1000', value: 2 }),
    expect.objectContaining({ code: 'streak-3', value: 2 }),
    expect.objectContaining({ code: 'streak-7', value: 2 }),
    expect.objectContaining({ code: 'streak-14', value: 2 }),
    expect.objectContaining({ code: 'streak-30', value: 2 }),
    expect.objectContaining({ code: 'streak-100', value: 2 }),
    expect.objectContaining({ code: 'hours-10', value: 1_200, threshold: 36_000 }),
    expect.objectContaining({ code: 'hours-100', value: 1_200 }),
    expect.objectContaining({ code: 'first-pass', value: 1, reachedOn: today }),
    expect.objectContaining({ code: 'modules-5', value: 1 }),
    expect.objectContaining({ code: 'modules-25', value: 1 }),
  ]); // prettier-ignore
  expect(await milestones()).toEqual(['Achieved: First pass', 'Achieved: First session']);
  const { body: detail } = await app.as(ada).get(`/students/${ada.userId}`).expect(200);
  expect(detail.achievements.map(({ code }: { code: string }) => code).sort()).toEqual(['first-pass', 'first-session']);
});

it('is for the student and for whoever may see the student, on record', async () => {
  await list(ada, instructor);
  await list(ada, admin);
  await list(ada);
  const others = [bea, await createInstructor(app.database, tenant), await createInstructor(app.database, await createTenant(app.database))]; // prettier-ignore
  for (const other of others) await app.as(other).get(`/students/${ada.userId}/achievements`).expect(404);
  await app.as(instructor).get(`/students/${uuidv7()}/achievements`).expect(404);
  await app.as(instructor).get('/students/1/achievements').expect(400);
  const seen = await app.database.many<{ actor: string }>(
    `-- test.achievementsViewed
    select actor_id as actor from audit_entries where tenant_id = $1 and action = 'achievements.viewed' order by at, id`,
    [tenant.tenantId],
  );
  expect(seen.map(({ actor }) => actor)).toEqual([instructor.userId, admin.userId]);
});

it('unlocks when it is reached, also by what comes late, and never takes away', async () => {
  await record(sessionOn(addDays(today, -3)), sessionOn(addDays(today, -1)));
  await events.follow();
  expect(await achieved()).toEqual({ 'first-session': addDays(today, -3) });
  const late = sessionOn(addDays(today, -2)) as { id: string };
  await record(late);
  await events.follow();
  expect(await achieved()).toEqual({ 'first-session': addDays(today, -3), 'streak-3': addDays(today, -1) });
  app.clock.advance(60);
  // what was completed was not
  await record({ ...late, status: 'abandoned', updatedAt: '2026-03-02T08:00:30Z' });
  await events.follow();
  expect((await list()).find(({ code }) => code === 'streak-3')).toMatchObject({
    value: 1,
    reachedOn: addDays(today, -1),
  });
  await record({ ...late, status: 'completed', updatedAt: '2026-03-02T08:00:40Z' });
  await events.follow();
  await events.repeat({ beside: true });
  expect(await milestones()).toEqual(['Achieved: 3 days in a row', 'Achieved: First session']);
});

it('knows the day of each kind', async () => {
  const modules = [module];
  for (let n = 1; n < 5; n++) modules.push(await createModule(app.database, module));
  const day = (n: number): string => addDays('2026-02-01', n);
  // ten sessions of an hour and six minutes, two a day; in five modules, each passed on its own day
  const sessions = Array.from({ length: 10 }, (_, n) =>
    sessionOn(day(Math.floor(n / 2)), {
      moduleId: modules[Math.floor(n / 2)]!.moduleId,
      score: n % 2 ? 90 : 10,
      startedAt: `${day(Math.floor(n / 2))}T0${n % 2 ? 4 : 1}:00:00Z`,
      completedAt: `${day(Math.floor(n / 2))}T0${n % 2 ? 5 : 2}:06:00Z`,
    }),
  );
  await record(...sessions);
  const assignment = await createAssignment(app.database, instructor, { maxAttempts: 1 });
  await handOut(app.database, assignment, [ada]);
  const { body: attempt } = await app.as(ada).post('/attempts').send({ assignmentId: assignment.assignmentId }).expect(201); // prettier-ignore
  await app.as(ada).post(`/attempts/${attempt.id}/submit`).send({}).expect(200);
  await events.follow();
  expect(await achieved()).toEqual({
    'first-session': day(0),
    'sessions-10': day(4),
    'streak-3': day(2),
    'hours-10': day(4),
    'first-pass': day(0),
    'modules-5': day(4),
    'first-assignment': today,
  });
  // only what is new is told
  expect(await milestones()).toEqual(['Achieved: First assignment']);
});

it('finds at the end of a day who had achieved something before there were achievements, without a word', async () => {
  const days = Array.from({ length: 12 }, (_, n) => addDays('2026-01-10', n));
  await record(...days.map((day) => sessionOn(day)), sessionOn(today, {}, bea));
  await app.database.run(
    `-- test.forgetEvents
    delete from outbox where tenant_id = $1`,
    [tenant.tenantId],
  );
  const close = () =>
    app.app.get(AchievementsJobs, { strict: false }).unlock({
      job: 'activity.unlock-achievements',
      tenantId: tenant.tenantId,
      key: today,
      occasion: 'outbox-1',
      payload: { day: '2026-03-01' },
      attempt: 1,
      signal: new AbortController().signal,
    });
  expect(await close()).toEqual({ unlocked: 5 });
  expect(await close()).toEqual({ unlocked: 0 });
  await events.follow();
  expect(await achieved()).toEqual({
    'first-session': days[0], 'sessions-10': days[9], 'streak-3': days[2], 'streak-7': days[6],
  }); // prettier-ignore
  expect(await milestones()).toEqual([]);
  expect(await milestones(bea)).toEqual(['Achieved: First session']);
});

it('takes a tenant’s own achievement of the same code for it', async () => {
  const id = uuidv7();
  await app.database.run(
    `-- test.insertOwnAchievement
    insert into achievements (tenant_id, id, code, title, description)
    values ($1, $2, 'first-session', 'On the air', 'Their own words')`,
    [tenant.tenantId, id],
  );
  await record(sessionOn(today));
  await events.follow();
  expect((await list())[0]).toMatchObject({
    code: 'first-session',
    title: 'On the air',
    description: 'Their own words',
  });
  expect(await milestones()).toEqual(['Achieved: On the air']);
});

it('carries over to whom a student is merged into, the first day of each, told once', async () => {
  await record(sessionOn(addDays(today, -2)), sessionOn(addDays(today, -1), {}, bea), sessionOn(today, {}, bea));
  await events.follow();
  await app.as(admin).post(`/users/${ada.userId}/merge`).send({ intoId: bea.userId }).expect(200);
  await events.follow();
  expect(await achieved(bea)).toEqual({ 'first-session': addDays(today, -2), 'streak-3': today });
  expect(await milestones(bea)).toEqual(['Achieved: 3 days in a row', 'Achieved: First session']);
  const [left] = await app.database.many<object>(
    `-- test.leftOfMerged
    select (select count(*) from student_achievements where tenant_id = $1 and student_id = $2) as achievements,
      (select count(*) from notifications where tenant_id = $1 and user_id = $2) as lines,
      (select count(*) from notification_causes where tenant_id = $1 and user_id = $2) as causes`,
    [tenant.tenantId, ada.userId],
  );
  expect(left).toEqual({ achievements: 0, lines: 0, causes: 0 });
});

it('comes to the same in whatever order days come in, each once, however many unlock at once', async () => {
  const offsets = fc.uniqueArray(fc.integer({ min: 0, max: 24 }), { minLength: 4, maxLength: 18 });
  await fc.assert(
    fc.asyncProperty(offsets, async (days) => {
      const [student] = await createStudents(app.database, instructor, [{}]);
      const told: string[] = [];
      for (const offset of days) {
        await record(sessionOn(addDays(today, -offset), {}, student!));
        const counts = await Promise.all(Array.from({ length: 3 }, () => unlocking().unlock(tenant.tenantId, [student!.userId]))); // prettier-ignore
        told.push(...Array<string>(counts.reduce((sum, count) => sum + count)).fill(''));
      }
      const sorted = days.map((offset) => addDays(today, -offset)).sort();
      let run = 0;
      const longest = Math.max(...sorted.map((day, n) => (run = sorted[n - 1] === addDays(day, -1) ? run + 1 : 1)));
      const expected = achievementRules
        .filter(
          ({ kind, threshold }) =>
            (kind === 'streak' && threshold <= longest) || (kind === 'sessions' && threshold <= days.length),
        ) // prettier-ignore
        .map(({ code }) => code);
      expect(Object.keys(await achieved(student))).toEqual(expected);
      expect(told).toHaveLength(expected.length);
    }),
    { numRuns: 6 },
  );
});
