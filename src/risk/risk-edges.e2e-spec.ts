import { startApp, type TestApp } from '../../test/app.js';
import { createCategory, createDepartment, createInstructor, createModule, createStudents, createTenant, type Member, type Module, type PersonOptions, type Place, sessionBody, type Tenant } from '../../test/factories.js'; // prettier-ignore
import {
  type Assignment,
  type AssignmentOptions,
  createAssignment,
  handOut,
} from '../../test/factories.assignments.js';
import { addDays } from '../org/local-day.js';
import { RiskRepository, type StudentInputs } from './risk.repository.js';
import { RiskScoring, type Scored } from './risk-scoring.service.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let module: Module;

const today = '2026-03-02';

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());
beforeEach(async () => {
  app.clock.set(`${today}T08:00:00Z`);
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  module = await createModule(app.database, await createCategory(app.database, tenant));
});

const moment = { today, now: new Date(`${today}T08:00:00Z`) };
const of = (viewer: Member | undefined): string => viewer!.userId;

const students = (count: number, options: PersonOptions = {}, place: Place = instructor): Promise<Member[]> =>
  createStudents(
    app.database,
    place,
    Array.from({ length: count }, () => options),
  );
/** Sessions at nine in the morning, UTC, of each of these days. */
async function practise(who: readonly Member[], days: readonly string[], score: number | null = 70): Promise<void> {
  const sessions = who.flatMap(({ userId: studentId }) =>
    days.map((day) =>
      sessionBody(module, { studentId, startedAt: `${day}T09:00:00Z`, completedAt: `${day}T09:10:00Z`, score }),
    ),
  );
  const { body } = await app.as('service', tenant).post('/activity/sessions').send({ sessions }).expect(200);
  expect((body.results as { status: string }[]).every(({ status }) => status === 'accepted')).toBe(true);
}
async function given(who: readonly Member[], options: AssignmentOptions): Promise<Assignment> {
  const assignment = await createAssignment(app.database, tenant, options);
  await handOut(app.database, assignment, who);
  return assignment;
}
async function handIn({ assignmentId }: Assignment, { userId }: Member, at: string, score: number | null = null) {
  await app.database.run(
    `-- test.handIn
    update submissions set started_at = $4, first_submitted_at = $4, last_submitted_at = $4, attempts_started = 1,
      attempts_submitted = 1, attempt_score = $5
    where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
    [tenant.tenantId, assignmentId, userId, at, score],
  );
}
const setSubmission = ({ assignmentId }: Assignment, { userId }: Member, columns: string): Promise<number> =>
  app.database.run(
    `-- test.setSubmission
    update submissions set ${columns} where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
    [tenant.tenantId, assignmentId, userId],
  );
const inputsOf = async (who: Member, at = moment): Promise<StudentInputs | undefined> => {
  const repository = app.app.get(RiskRepository, { strict: false });
  const asOf = { day: at.today, moment: at.now, isOver: false };
  return (await repository.listInputs(who.tenantId, asOf, { studentIds: [who.userId] }))[0];
};
async function scored(who: readonly Member[], at = moment): Promise<Scored[]> {
  const all = await app.app.get(RiskScoring, { strict: false }).scoreNow(who[0]!.tenantId, who.map(of), at);
  return who.map(({ userId }) => all.find(({ student }) => student.studentId === userId)!);
}
const insufficient = async (who: readonly Member[], at = moment): Promise<(string | null)[]> =>
  (await scored(who, at)).map((one) => one.insufficient);
const daysBefore = (...counts: number[]): string[] => counts.map((count) => addDays(today, -count));

describe('too little to show a score', () => {
  it('is known of everybody where nothing has happened', async () => {
    const department = await createDepartment(app.database, tenant);
    await app.database.run(
      `-- test.beganToday
      update departments set created_at = $3 where tenant_id = $1 and id = $2`,
      [tenant.tenantId, department.departmentId, moment.now],
    );
    const [first, second] = await students(2, { joinedOn: today }, department);
    expect(await insufficient([first!, second!])).toEqual(['newStudent', 'newStudent']);
    // what people bring along from elsewhere does not make the department older
    const [old] = await students(1, { joinedOn: '2024-01-01' }, department);
    expect(await inputsOf(old!)).toMatchObject({ daysInCourse: 0, daysSinceActive: 365 });
    expect(await insufficient([old!])).toEqual(['newStudent']);
  });

  it('is known of one alone, who stands in the middle of a cohort of one', async () => {
    const [alone] = await students(1);
    await practise([alone!], daysBefore(1, 2, 3));
    const [result] = await scored([alone!]);
    expect(result).toMatchObject({ insufficient: 'noSignals', cohort: { students: 1 } });
    const model = result!.evaluation.contributions;
    // (0.5 + 1) / 3 is the middle: what is left of a relative factor is its mean, the same for everybody
    const [silent] = await students(1, {}, await createDepartment(app.database, tenant));
    const [other] = await scored([silent!]);
    expect(other!.evaluation.contributions.slice(0, 2)).toEqual(model.slice(0, 2));
  });

  it('is known of whoever is as silent as everybody, and nobody is flagged for it', async () => {
    const everyone = await students(12);
    await practise(everyone, daysBefore(40, 41), null);
    const results = await scored(everyone);
    expect(results.map((one) => one.insufficient)).toEqual(everyone.map(() => 'silentCohort'));
    const [first, ...others] = results.map(({ evaluation }) => evaluation);
    for (const other of others) expect(other).toEqual(first);
    expect(first!.score).toBeLessThan(70);
  });

  it('is not known in holidays of whoever had work: silence, that of all, adds nothing', async () => {
    const everyone = await students(6);
    const assignment = await given(everyone, { dueAt: '2026-01-15T12:00:00Z' });
    await practise(everyone, daysBefore(50));
    const before = await scored(everyone.slice(0, 1), { today: '2026-01-12', now: new Date('2026-01-12T08:00:00Z') });
    for (const one of everyone) await handIn(assignment, one, '2026-01-10T12:00:00Z', 75);
    const [result, ...others] = await scored(everyone);
    expect(result!.insufficient).toBeNull();
    const part = ({ evaluation }: Scored, factor: string): number =>
      evaluation.contributions.find((one) => one.factor === factor)!.logOdds;
    expect(Math.abs(part(result!, 'activeDays'))).toBeLessThan(0.05);
    expect(Math.abs(part(result!, 'daysSinceActive'))).toBeLessThan(0.05);
    for (const other of others) expect(other.evaluation).toEqual(result!.evaluation);
    expect(before).toHaveLength(1);
  });
});

it('scores who has never started among others who have', async () => {
  const [never, ...busy] = await students(8);
  await practise(busy, daysBefore(1, 3, 5, 8), null);
  const [result, other] = await scored([never!, busy[0]!]);
  expect(result).toMatchObject({ insufficient: null, student: { activeDays: 0, meanScore: null, due: 0 } });
  // nobody of eight is less active: rank (0.5 + 1) / 10; the others stand at (1 + 3.5 + 1) / 10
  expect(result!.evaluation.score).toBeGreaterThan(other!.evaluation.score);
});

it('knows who joins in the middle by what has been since, and by no work that was due before', async () => {
  const [old, fresh, sameDay] = await createStudents(app.database, instructor, [
    {}, { joinedOn: '2026-02-24' }, { joinedOn: '2026-02-26' },
  ]); // prettier-ignore
  const everyone = [old!, fresh!, sameDay!];
  await given(everyone, { dueAt: '2026-02-10T12:00:00Z' });
  await given(everyone, { dueAt: '2026-02-26T12:00:00Z' });
  const all = await Promise.all(everyone.map((one) => inputsOf(one)));
  expect(all).toMatchObject([
    { due: 2, missed: 2, missedShare: 100, daysInCourse: 182 },
    { due: 1, missed: 1, missedShare: 100, daysInCourse: 6, daysSinceActive: 5 },
    { due: 0, missed: 0, missedShare: null, daysInCourse: 4, handInLead: null },
  ]);
  expect(await insufficient(everyone)).toEqual([null, null, 'newStudent']);
  const [tomorrow] = await createStudents(app.database, instructor, [{ joinedOn: addDays(today, 1) }]);
  expect(await inputsOf(tomorrow!)).toBeUndefined();
});

it('knows nothing of who has left, in their cohort either', async () => {
  const everyone = await students(6);
  await practise(everyone, daysBefore(1));
  await app
    .as('admin', tenant)
    .post(`/users/${of(everyone[0])}/deactivate`)
    .send()
    .expect(200);
  expect(await inputsOf(everyone[0]!)).toBeUndefined();
  const [result] = await scored([everyone[1]!]);
  expect(result!.cohort.students).toBe(5);
  expect(await app.app.get(RiskScoring, { strict: false }).scoreNow(tenant.tenantId, [of(everyone[0])], moment)).toEqual([]); // prettier-ignore
});

describe('work', () => {
  let student: Member;
  beforeEach(async () => {
    [student] = (await students(1)) as [Member];
  });

  it('without marks, without due dates and without weights is what is left of it', async () => {
    const unmarked = await given([student], { dueAt: '2026-02-10T12:00:00Z', weight: 0 });
    await given([student], { dueAt: '2026-02-12T12:00:00Z', weight: 0 });
    await given([student], { dueAt: '2026-02-14T12:00:00Z', weight: 0 });
    const undated = await given([student], { dueAt: null, weight: 100 });
    await handIn(unmarked, student, '2026-02-10T11:00:00Z');
    // of three without weight each counts once; what has no due date is never missed
    expect(await inputsOf(student)).toMatchObject({
      due: 3, missed: 2, missedShare: 66.67, meanScore: null, lowestScore: null, handInLead: 0,
    }); // prettier-ignore
    await handIn(undated, student, '2026-02-20T11:00:00Z', 35);
    expect(await inputsOf(student)).toMatchObject({ due: 3, missed: 2, meanScore: 35, lowestScore: 35, handInLead: 0 });
    const [{ evaluation }] = (await scored([student])) as [Scored];
    expect(Number.isFinite(evaluation.score)).toBe(true);
  });

  it('that weighs nothing beside work that weighs is no share of what was missed', async () => {
    await given([student], { dueAt: '2026-02-10T12:00:00Z', weight: 0 });
    const heavy = await given([student], { dueAt: '2026-02-12T12:00:00Z', weight: 5 });
    await handIn(heavy, student, '2026-02-12T11:00:00Z');
    expect(await inputsOf(student)).toMatchObject({ due: 2, missed: 1, missedShare: 0 });
  });

  it('that is excused or withdrawn is not there; that is exempt is there without a mark', async () => {
    const [excused, withdrawn, exempt] = [
      await given([student], { dueAt: '2026-02-10T12:00:00Z' }),
      await given([student], { dueAt: '2026-02-11T12:00:00Z' }),
      await given([student], { dueAt: '2026-02-12T12:00:00Z' }),
    ];
    await handIn(exempt, student, '2026-02-09T12:00:00Z', 10);
    await setSubmission(excused, student, `exemption = 'excused'`);
    await setSubmission(withdrawn, student, `withdrawn_at = '2026-02-20'`);
    await setSubmission(exempt, student, `exemption = 'exempt'`);
    expect(await inputsOf(student)).toMatchObject({ due: 1, missed: 0, meanScore: null, lowestScore: null, handInLead: 3 });
    // until it was withdrawn it was missed
    const earlier = { today: '2026-02-19', now: new Date('2026-02-19T08:00:00Z') };
    expect(await inputsOf(student, earlier)).toMatchObject({ due: 2, missed: 1 });
  }); // prettier-ignore

  it('is due when the extension says', async () => {
    const assignment = await given([student], { dueAt: '2026-02-20T12:00:00Z' });
    expect(await inputsOf(student)).toMatchObject({ due: 1, missed: 1 });
    await setSubmission(assignment, student, `extended_until = '2026-03-03T12:00:00Z', extension_reason = 'Ill'`);
    expect(await inputsOf(student)).toMatchObject({ due: 0, missed: 0, missedShare: null });
    await handIn(assignment, student, '2026-03-01T12:00:00Z');
    // two days before the day that holds, and neither due nor missed
    expect(await inputsOf(student)).toMatchObject({ due: 0, handInLead: 2 });
    const later = { today: '2026-03-04', now: new Date('2026-03-04T08:00:00Z') };
    expect(await inputsOf(student, later)).toMatchObject({ due: 1, missed: 0, missedShare: 0 });
  });

  it('that was carried over is done, and says nothing of when it was handed in', async () => {
    const department = await createDepartment(app.database, tenant);
    await app.database.run(
      `-- test.began
      update departments set created_at = '2026-02-15T00:00:00Z' where tenant_id = $1 and id = $2`,
      [tenant.tenantId, department.departmentId],
    );
    const [who] = (await students(1, {}, department)) as [Member];
    const [carried, history] = [
      await given([who], { dueAt: '2026-02-20T12:00:00Z' }),
      await given([who], { dueAt: '2026-02-10T12:00:00Z' }),
    ];
    await handIn(carried, who, '2026-02-14T12:00:00Z', 90);
    expect(await inputsOf(who)).toMatchObject({ daysInCourse: 15, due: 2, missed: 1, meanScore: 90, handInLead: null });
    // what was over before the department began is the history of whoever has come into it
    await handIn(history, who, '2026-02-07T12:00:00Z', 70);
    expect(await inputsOf(who)).toMatchObject({ due: 2, missed: 0, meanScore: 80, lowestScore: 70, handInLead: 3 });
  });

  it('handed in months early or late counts as a fortnight, and in a thousand attempts as one', async () => {
    const [early, late] = [
      await given([student], { dueAt: '2026-02-28T12:00:00Z' }),
      await given([student], { dueAt: '2025-12-01T12:00:00Z', attemptPolicy: 'best', maxAttempts: null }),
    ];
    await handIn(early, student, '2025-10-01T12:00:00Z');
    expect(await inputsOf(student)).toMatchObject({ handInLead: 14 });
    await handIn(late, student, '2026-02-10T00:00:00Z', 60);
    await app.database.run(
      `-- test.thousandAttempts
      insert into attempts (tenant_id, id, assignment_id, student_id, number, source, started_at, submitted_at, score)
      select $1, gen_random_uuid(), $2, $3, n, 'service', at, at, n % 61
      from generate_series(1, 1000) n cross join lateral (
        select timestamptz '2026-02-10' + n * interval '1 hour' as at
      ) later`,
      [tenant.tenantId, late.assignmentId, of(student)],
    );
    await setSubmission(
      late,
      student,
      `attempts_started = 1000, attempts_submitted = 1000, last_submitted_at = '2026-03-23T16:00:00Z'`,
    );
    // 14 and −14; of those attempts that had been made the best
    expect(await inputsOf(student)).toMatchObject({ handInLead: 0, due: 2, missed: 0, meanScore: 60 });
    const first = { today: '2026-02-10', now: new Date('2026-02-10T07:30:00Z') };
    expect(await inputsOf(student, first)).toMatchObject({ meanScore: 7, lowestScore: 7 });
  });
});

it('reads a day that is past as it was, whatever was handed in, graded and excused since', async () => {
  const [student] = (await students(1)) as [Member];
  const policies = ['best', 'last', 'mean'] as const;
  const works = await Promise.all(
    policies.map((attemptPolicy) => given([student], { attemptPolicy, dueAt: '2026-03-01T12:00:00Z', maxAttempts: 9 })),
  );
  const [graded, excused] = [
    await given([student], { dueAt: '2026-03-01T12:00:00Z' }),
    await given([student], { dueAt: '2026-03-01T12:00:00Z' }),
  ];
  const submit = async ({ assignmentId }: Assignment, score: number, at: string): Promise<void> => {
    app.clock.set(at);
    const service = app.as('service', tenant);
    const { body } = await service
      .post('/attempts')
      .send({ assignmentId, studentId: of(student) })
      .expect(201);
    await service
      .post(`/attempts/${body.id as string}/submit`)
      .send({ score })
      .expect(200);
  };
  const grade = async ({ assignmentId }: Assignment, value: number): Promise<void> => {
    const path = `/assignments/${assignmentId}/submissions/${of(student)}`;
    const { headers } = await app.as('admin', tenant).get(path).expect(200);
    const change = { grade: value, reason: 'Read again' };
    await app.as('admin', tenant).put(`${path}/grade`).set('if-match', headers['etag']!).send(change).expect(200);
  };
  for (const work of works) {
    await submit(work, 80, '2026-02-20T10:00:00Z');
    await submit(work, 50, '2026-02-21T10:00:00Z');
  }
  await submit(graded, 60, '2026-02-20T10:00:00Z');
  app.clock.set('2026-02-22T10:00:00Z');
  await grade(graded, 31);
  // (80 + 50 + 65 + 31) / 4
  const then = { due: 5, missed: 1, missedShare: 20, meanScore: 57, lowestScore: 31 };
  expect(await inputsOf(student)).toMatchObject(then);

  for (const work of works) await submit(work, 90, '2026-03-02T09:00:00Z');
  await grade(graded, 90);
  app.clock.set('2026-03-02T10:00:00Z');
  await grade(graded, 95);
  await app
    .as('admin', tenant)
    .put(`/assignments/${excused.assignmentId}/submissions/${of(student)}/exemption`)
    .send({ exemption: 'excused', reason: 'Ill' })
    .expect(200);
  expect(await inputsOf(student)).toMatchObject(then);
  const now = { today, now: new Date('2026-03-02T11:00:00Z') };
  // (90 + 90 + 73.33 + 95) / 4
  expect(await inputsOf(student, now)).toMatchObject({ due: 4, missed: 0, meanScore: 87, lowestScore: 73.33 });
});

it('makes do with quizzes alone, and with no scores at all', async () => {
  const everyone = await students(6);
  await practise(everyone.slice(0, 3), daysBefore(2), 90);
  await practise(everyone.slice(3), daysBefore(2), 40);
  const [good, , , bad] = await scored(everyone);
  expect(good).toMatchObject({ insufficient: null, student: { meanScore: 90, lowestScore: null, due: 0 } });
  expect(bad!.evaluation.score).toBeGreaterThan(good!.evaluation.score);

  const department = await createDepartment(app.database, tenant);
  const unscored = await students(6, {}, department);
  await practise(unscored.slice(1), daysBefore(2, 4, 6), null);
  const [silent, busy] = await scored(unscored);
  expect(silent).toMatchObject({ insufficient: null, student: { meanScore: null } });
  expect(silent!.evaluation.score).toBeGreaterThan(busy!.evaluation.score);
});

it('cuts days where the organisation is', async () => {
  const far = await createTenant(app.database, { timeZone: 'Pacific/Auckland' }); // 13 hours ahead
  const [student] = await createStudents(app.database, await createInstructor(app.database, far), [{}]);
  const quiz = await createModule(app.database, await createCategory(app.database, far));
  const at = ['2026-03-01T10:59:00Z', '2026-03-01T11:01:00Z'];
  const sessions = at.map((completedAt) => sessionBody(quiz, { studentId: of(student), startedAt: undefined, completedAt }));
  await app.as('service', far).post('/activity/sessions').send({ sessions }).expect(200);
  const dueAt = '2026-03-01T10:30:00Z'; // still the first, there
  const work = await createAssignment(app.database, far, { dueAt });
  await handOut(app.database, work, [student!]);
  const local = { today: '2026-03-02', now: new Date('2026-03-02T08:00:00Z') };
  // 23:59 on the first and 0:01 on the second
  expect(await inputsOf(student!, local)).toMatchObject({ activeDays: 2, daysSinceActive: 0, due: 1, missed: 1 });
  await app.database.run(
    `-- test.lateBySomeMinutes
    update submissions set started_at = $3, first_submitted_at = $3, last_submitted_at = $3, attempts_started = 1,
      attempts_submitted = 1
    where tenant_id = $1 and student_id = $2`,
    [far.tenantId, of(student), '2026-03-01T11:30:00Z'],
  );
  expect(await inputsOf(student!, local)).toMatchObject({ missed: 0, handInLead: -1 });
}); // prettier-ignore
