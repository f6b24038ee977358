import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory, createDepartment, createInstructor, createModule, createStudent, createStudents, createTenant,
  type Member, sessionBody, type Tenant,
} from '../../test/factories.js'; // prettier-ignore
import { type Assignment, createAssignment, handOut } from '../../test/factories.assignments.js';
import { createEvaluation } from '../../test/factories.risk.js';
import { addDays } from '../org/local-day.js';
import type { RiskContribution, RiskDetail } from './risk.dto.js';
import { type Scored, RiskScoring } from './risk-scoring.service.js';
import { ActiveModel } from './active-model.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
/** Five of a class: the first one slips. */
let students: Member[];
let slipping: Member;
let essay: Assignment;
let report: Assignment;
let next: Assignment;
let quiz: Assignment;

const days = (count: number, last: string): string[] =>
  Array.from({ length: count }, (_, index) => addDays(last, -index));

async function practise(student: Member, on: readonly string[]): Promise<void> {
  const module = await createModule(app.database, await createCategory(app.database, student));
  const { userId: studentId } = student;
  const sessions = on.map((day) => sessionBody(module, {
    studentId, startedAt: `${day}T07:00:00Z`, completedAt: `${day}T07:10:00Z`, score: 60,
  })); // prettier-ignore
  await app.as('service', student).post('/activity/sessions').send({ sessions }).expect(200);
}

async function submit(student: Member, assignment: Assignment, at: string, score: number | null): Promise<void> {
  await app.database.run(
    `-- test.submitWork
    with attempt as (
      insert into attempts (tenant_id, id, assignment_id, student_id, number, source, started_at, submitted_at, score)
      select $1, gen_random_uuid(), $2, $3, attempts_started + 1, 'service', $4, $4, $5 from submissions
      where tenant_id = $1 and assignment_id = $2 and student_id = $3
    )
    update submissions set started_at = coalesce(started_at, $4), first_submitted_at = coalesce(first_submitted_at, $4),
      last_submitted_at = $4, attempts_started = attempts_started + 1, attempts_submitted = attempts_submitted + 1,
      attempt_score = $5
    where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
    [tenant.tenantId, assignment.assignmentId, student.userId, at, score],
  );
}

const score = async (student: Member): Promise<Scored> => {
  const now = app.clock.now();
  const moment = { today: now.toISOString().slice(0, 10), now };
  const scoring = app.app.get(RiskScoring, { strict: false });
  return (await scoring.scoreNow(student.tenantId, [student.userId], moment))[0]!;
};

/** Writes it down as the present one, as of now or the end of a day. */
async function keep(scored: Scored, day: string, number: number): Promise<void> {
  const { student, cohort, evaluation, insufficient } = scored;
  const { studentId, departmentId, instructorId, ...inputs } = student;
  await app.database.run(
    `-- test.keepEvaluation
    with kept as (
      insert into risk_evaluations (tenant_id, student_id, day, number, evaluated_at, department_id, instructor_id,
        cohort_day, model_version, inputs, insufficient, log_odds, base_log_odds, contributions, score)
      values ($1, $2, $3::date, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    )
    update student_progress set risk_day = $3::date, risk_score = case when $11::text is null then $15::numeric end
    where tenant_id = $1 and student_id = $2`,
    [
      tenant.tenantId, studentId, day, number, app.clock.now(), departmentId, instructorId, cohort.day,
      app.app.get(ActiveModel, { strict: false }).model.version, JSON.stringify(inputs), insufficient,
      evaluation.logOdds, evaluation.baseLogOdds, JSON.stringify(evaluation.contributions), evaluation.score,
    ],
  ); // prettier-ignore
}

const explain = async (student: Member, viewer = instructor): Promise<RiskDetail> =>
  (await app.as(viewer).get(`/students/${student.userId}/risk`).expect(200)).body as RiskDetail;
const factor = (detail: RiskDetail, name: string): RiskContribution =>
  detail.contributions.find((one) => one.factor === name)!;
const millionths = (logOdds: number): number => Math.round(logOdds * 1e6);
const hundredths = (points: number): number => Math.round(points * 100);
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database, { timeZone: 'UTC' });
  instructor = await createInstructor(app.database, tenant);
  students = await createStudents(
    app.database,
    instructor,
    Array.from({ length: 5 }, () => ({})),
  );
  slipping = students[0]!;
  const make = (title: string, dueAt: string, weight = 1): Promise<Assignment> =>
    createAssignment(app.database, { ...tenant, userId: instructor.userId }, { title, dueAt, weight });
  quiz = await make('Quiz', '2026-02-10T12:00:00Z');
  essay = await make('Essay', '2026-02-20T12:00:00Z', 2);
  report = await make('Report', '2026-02-27T12:00:00Z', 3);
  next = await make('Next', '2026-03-09T12:00:00Z');
  for (const one of [quiz, essay, report, next]) await handOut(app.database, one, students);
  await practise(slipping, ['2026-02-18', '2026-02-19', '2026-02-20', '2026-01-01']);
  await submit(slipping, quiz, '2026-02-09T10:00:00Z', 35);
  for (const [index, student] of students.slice(1).entries()) {
    await practise(student, days(10 + index, '2026-02-28'));
    for (const one of [quiz, essay, report]) await submit(student, one, '2026-02-07T10:00:00Z', 70 + index);
  }
});
afterAll(() => app.stop());
beforeEach(() => app.clock.set('2026-03-02T08:00:00Z'));

describe('why a score is what it is', () => {
  it('adds up, in log-odds and in points, the heaviest first', async () => {
    const detail = await explain(slipping);
    expect(detail.contributions.length).toBeGreaterThan(3);
    const { logOdds, baseLogOdds, base, contributions } = detail;
    expect(sum([baseLogOdds!, ...contributions.map((one) => one.logOdds)].map(millionths))).toBe(millionths(logOdds!));
    expect(sum([base!, ...contributions.map(({ points }) => points)].map(hundredths))).toBe(hundredths(detail.score!));
    const weights = contributions.map((one) => Math.abs(one.logOdds));
    expect(weights).toEqual(weights.toSorted((a, b) => b - a));
  });

  it('shows values, those of the cohort, the rows behind them and a sentence', async () => {
    const detail = await explain(slipping);
    // active on 3 days of 28 and the others on 10, 11, 12, 13; last on February 20, and those on the 28th
    expect(factor(detail, 'activeDays')).toMatchObject({
      unit: 'days', value: 3, cohortValue: 11, days: ['2026-02-20', '2026-02-19', '2026-02-18'], work: [],
      sentence: 'Active on 3 of the last 28 days; the class median is 11.',
    }); // prettier-ignore
    expect(factor(detail, 'daysSinceActive')).toMatchObject({
      value: 9, cohortValue: 1, days: ['2026-02-20'], sentence: 'No session for 9 days; the class median is 1.',
    }); // prettier-ignore
    // 35 against 70, 71, 72, 73
    expect(factor(detail, 'meanScore')).toMatchObject({
      unit: 'points', value: 35, cohortValue: 71, sentence: 'Scores of assignments average 35; the class median is 71.',
      work: [{ assignmentId: quiz.assignmentId, title: 'Quiz', score: 35, weight: 1, leadDays: 1 }], days: [],
    }); // prettier-ignore
    expect(factor(detail, 'lowestScore')).toMatchObject({
      value: 35, cohortValue: null, work: [{ title: 'Quiz' }], sentence: 'The lowest score of an assignment is 35.',
    }); // prettier-ignore
    // weights 2 and 3 of 6
    expect(factor(detail, 'missedShare')).toMatchObject({
      unit: 'percent', value: 83.33,
      work: [
        { assignmentId: report.assignmentId, title: 'Report', dueAt: '2026-02-27T12:00:00.000Z', weight: 3, score: null },
        { assignmentId: essay.assignmentId, title: 'Essay', weight: 2, score: null, leadDays: null },
      ],
      sentence: '2 of 3 assignments that have been due were not handed in, 83.33% by weight.',
    }); // prettier-ignore
    expect(factor(detail, 'nothingHandedIn')).toMatchObject({ unit: 'yesNo', value: 0, work: [] });
    // the others' 3, 13 and 20 days make 12 when each counts for no more than 14: (3 + 13 + 14) / 3 = 10
    expect(factor(detail, 'handInLead')).toMatchObject({
      value: 1, cohortValue: 10, work: [{ title: 'Quiz', leadDays: 1 }],
      sentence: 'Work is handed in 1 day before it is due, on average; the class median is 10 days before.',
    }); // prettier-ignore
    expect(detail).toMatchObject({
      studentId: slipping.userId, threshold: 70, trend: null, insufficientData: null, day: '2026-03-02',
      evaluatedAt: '2026-03-02T08:00:00.000Z', isAtRisk: detail.score! > 70,
      cohort: { departmentId: tenant.departmentId, day: '2026-03-01', students: 5 },
    }); // prettier-ignore
  });

  it('says the score of the present row of the ledger, and the trend against the end of the day a week before', async () => {
    const before = await score(slipping);
    const [, second] = students;
    // of an earlier day, which the present one is measured against by its score alone
    const earlier: Scored = { ...(await score(second!)), student: before.student };
    await keep(earlier, '2026-02-22', 0);
    await keep(before, '2026-03-01', 3);
    await keep(before, '2026-03-01', 0);
    const detail = await explain(slipping);
    const list = await app.as(instructor).get('/students?sort=risk').expect(200);
    const rows = list.body.data as { id: string; riskScore: number; riskBand: string }[];
    const row = rows.find(({ id }) => id === slipping.userId)!;
    expect(detail).toMatchObject({ score: row.riskScore, band: row.riskBand, day: '2026-03-01' });
    expect(detail.score).toBe(before.evaluation.score);
    expect(hundredths(detail.trend!)).toBe(hundredths(before.evaluation.score) - hundredths(earlier.evaluation.score));
    // of a day that is not over the last number
    await keep(earlier, '2026-03-02', 1);
    await keep(before, '2026-03-02', 2);
    const today = await explain(slipping);
    expect(today).toMatchObject({ day: '2026-03-02', score: before.evaluation.score, trend: null });
  });

  it('hides what there is too little data for, and says why', async () => {
    const young = await createStudent(app.database, instructor, { joinedOn: '2026-02-27' });
    const future = await createStudent(app.database, instructor, { joinedOn: '2026-05-01' });
    for (const student of [young, future]) {
      const detail = await explain(student);
      expect(detail).toMatchObject({
        score: null, band: null, isAtRisk: false, trend: null, base: null, logOdds: null, baseLogOdds: null,
        contributions: [], whatIfs: [],
        insufficientData: {
          reason: 'newStudent',
          explanation: 'The course began less than 7 days ago for this student, and nothing has been due yet.',
        },
      }); // prettier-ignore
    }
    expect((await explain(future)).cohort).toBeNull();
    const { body } = await app.as(instructor).post(`/students/${young.userId}/risk/what-if`).send({ activeDays: 3 }).expect(200); // prettier-ignore
    expect(body).toMatchObject({ before: { score: null, contributions: [] }, after: { score: null, base: null } });
  });

  it('reads what an earlier release has written', async () => {
    const old = await createStudent(app.database, instructor);
    await createEvaluation(app.database, old, { day: '2026-02-28', score: 50 });
    await app.database.run(
      `-- test.addOldFactor
      insert into risk_evaluations
      select tenant_id, student_id, day, 1, evaluated_at, department_id, instructor_id, cohort_day, model_version, inputs,
        insufficient, 0.5, 0, '[{"factor": "shoeSize", "logOdds": 0.5}]', 62.25
      from risk_evaluations where tenant_id = $1 and student_id = $2`,
      [tenant.tenantId, old.userId],
    );
    await app.database.run(
      `-- test.setOldDay
      update student_progress set risk_day = '2026-02-28', risk_score = 50 where tenant_id = $1 and student_id = $2`,
      [tenant.tenantId, old.userId],
    );
    // the end of the day comes last
    expect(await explain(old)).toMatchObject({ score: 50, modelVersion: 'test', contributions: [], whatIfs: [] });
    const { body } = await app.as(instructor).get(`/students/${old.userId}/risk/history?detail=all`).expect(200);
    expect(body.data[1]).toMatchObject({ score: 62.25, base: 50, contributions: [{ factor: 'shoeSize', points: 12.25 }] }); // prettier-ignore
  });
});

describe('what would lower it', () => {
  it('offers up to three things that can be done now and help, each as what-if tells it', async () => {
    const detail = await explain(slipping);
    expect(detail.whatIfs.length).toBeGreaterThan(0);
    expect(detail.whatIfs.length).toBeLessThanOrEqual(3);
    for (const { sentence, score: promised, drop, change } of detail.whatIfs) {
      expect(drop).toBeGreaterThanOrEqual(1);
      expect(sentence).toContain(`: ${Math.round(detail.score!)} → ${Math.round(promised)}`);
      const { body } = await app.as(instructor).post(`/students/${slipping.userId}/risk/what-if`).send(change).expect(200); // prettier-ignore
      expect(body).toMatchObject({ before: { score: detail.score }, after: { score: promised } });
    }
    expect(detail.whatIfs.map(({ sentence }) => sentence).join()).toContain('Hand in ');
  });

  it('tells what the score is once the work has been handed in', async () => {
    const student = students[4]!;
    const [late, early] = await Promise.all([
      createAssignment(app.database, tenant, { dueAt: '2026-02-24T12:00:00Z', weight: 4 }),
      createAssignment(app.database, tenant, { dueAt: '2026-03-05T12:00:00Z', weight: 0 }),
    ]);
    const undated = await createAssignment(app.database, tenant, { dueAt: null });
    for (const one of [late, early, undated]) await handOut(app.database, one, [student]);
    const works = [[late, 55.5], [early, 90], [undated, 12.34]] as const; // prettier-ignore
    const body = {
      handIn: works.map(([{ assignmentId }, reached]) => ({ assignmentId, score: reached })),
      retakes: [{ assignmentId: quiz.assignmentId, score: 99 }],
    };
    const answer = (await app.as(instructor).post(`/students/${student.userId}/risk/what-if`).send(body).expect(200)).body; // prettier-ignore
    expect(answer.before.score).toBe((await score(student)).evaluation.score);
    for (const [one, reached] of works) await submit(student, one, '2026-03-02T07:59:00Z', reached);
    await submit(student, quiz, '2026-03-02T07:59:00Z', 99);
    const after = await score(student);
    // scores 99, 73, 73, 55.5, 90, 12.34; leads 3, 13, 14, -6, 3 and none: 27 / 5 = 5.4, in halves 5.5
    expect(after.student).toMatchObject({ due: 4, missed: 0, meanScore: 67, lowestScore: 12.34, handInLead: 5.5 });
    expect(answer.after.score).toBe(after.evaluation.score);
    const { base, contributions } = answer.after as { base: number; contributions: { points: number }[] };
    expect(sum([base, ...contributions.map(({ points }) => points)].map(hundredths))).toBe(hundredths(answer.after.score as number)); // prettier-ignore
  });

  it('counts work that was due before somebody joined once it has been handed in', async () => {
    const late = await createStudent(app.database, instructor, { joinedOn: '2026-02-25' });
    const exempt = await createAssignment(app.database, tenant, { dueAt: '2026-02-28T12:00:00Z' });
    for (const one of [essay, exempt, report]) await handOut(app.database, one, [late]);
    await app.database.run(
      `-- test.exempt
      update submissions set exemption = 'exempt' where tenant_id = $1 and assignment_id = $2`,
      [tenant.tenantId, exempt.assignmentId],
    );
    const handIn = [essay, exempt].map(({ assignmentId }) => ({ assignmentId, score: 40 }));
    const { body } = await app
      .as(instructor)
      .post(`/students/${late.userId}/risk/what-if`)
      .send({ handIn })
      .expect(200);
    expect((await score(late)).student).toMatchObject({ due: 2, missed: 2, missedShare: 100, meanScore: null });
    for (const one of [essay, exempt]) await submit(late, one, '2026-03-02T07:59:00Z', 40);
    const after = await score(late);
    // weights 2 + 1 + 3, of which 3 are missing; the exempt one has no score that counts; 10 and 2 days late
    expect(after.student).toMatchObject({ due: 3, missed: 1, missedShare: 50, meanScore: 40, handInLead: -6 });
    expect(body.after.score).toBe(after.evaluation.score);
  });

  it('changes nothing where nothing is asked, takes ids in capitals, and answers a repeated key again', async () => {
    const url = `/students/${slipping.userId}/risk/what-if`;
    const send = (body: object): Promise<{ body: { before: object; after: object } }> =>
      app.as(instructor).post(url).set('idempotency-key', 'same').send(body).expect(200);
    const { body } = await send({});
    expect(body.after).toEqual(body.before);
    expect((await send({})).body).toEqual(body);
    const capitals = { handIn: [{ assignmentId: essay.assignmentId.toUpperCase() }] };
    await app.as(instructor).post(url).send(capitals).expect(200);
  });

  it('refuses work of others, what was handed in, what has no score, and repetitions, each at its place', async () => {
    const other = await createAssignment(app.database, tenant);
    await handOut(app.database, other, [students[1]!]);
    const url = `/students/${slipping.userId}/risk/what-if`;
    const ask = (body: object) => app.as(instructor).post(url).send(body).expect(422);
    const { body } = await ask({
      handIn: [other, quiz, essay, essay].map(({ assignmentId }) => ({ assignmentId })),
      retakes: [{ assignmentId: next.assignmentId, score: 50 }],
    });
    expect(body.code).toBe('what_if_impossible');
    expect(body.errors).toMatchObject([
      { pointer: '/handIn/0/assignmentId', code: 'assignment_unknown' },
      { pointer: '/handIn/1/assignmentId', code: 'assignment_submitted' },
      { pointer: '/handIn/3/assignmentId', code: 'assignment_repeated' },
      { pointer: '/retakes/0/assignmentId', code: 'assignment_unscored' },
    ]);
  });

  it('refuses what is out of bounds', async () => {
    const ask = (body: object) => app.as(instructor).post(`/students/${slipping.userId}/risk/what-if`).send(body).expect(400); // prettier-ignore
    expect((await ask({ activeDays: 29 })).body.errors).toMatchObject([{ pointer: '/activeDays' }]);
    const work = [{ assignmentId: essay.assignmentId, score: 100.5 }];
    expect((await ask({ handIn: work })).body.errors).toMatchObject([{ pointer: '/handIn/0/score' }]);
    expect((await ask({ retakes: [{ score: 1 }] })).body.errors).toMatchObject([{ pointer: '/retakes/0/assignmentId' }]); // prettier-ignore
  });

  it('offers nothing that can no longer be done', async () => {
    const student = await createStudent(app.database, instructor);
    const over = await createAssignment(app.database, tenant, {
      title: 'Over', dueAt: '2026-02-20T12:00:00Z', availableUntil: '2026-02-25T12:00:00Z',
    }); // prettier-ignore
    const paused = await createAssignment(app.database, tenant, { title: 'Paused', status: 'paused' });
    const once = await createAssignment(app.database, tenant, {
      title: 'Once', dueAt: '2026-02-20T12:00:00Z', retakePolicy: 'never',
    }); // prettier-ignore
    for (const one of [over, paused, once]) await handOut(app.database, one, [student]);
    await submit(student, once, '2026-02-19T12:00:00Z', 10);
    const { whatIfs } = await explain(student);
    expect(JSON.stringify(whatIfs)).not.toMatch(/Over|Paused|Once|overdue/);
    // and yet one may ask what it would have been
    await app.as(instructor).post(`/students/${student.userId}/risk/what-if`)
      .send({ handIn: [{ assignmentId: over.assignmentId }] }).expect(200); // prettier-ignore
  });
});

describe('who may know', () => {
  const paths = ['risk', 'risk/history'];
  it('is whoever has the student', async () => {
    const elsewhere = await createDepartment(app.database, tenant);
    const colleague = await createInstructor(app.database, elsewhere);
    const supervisor = await createInstructor(app.database, tenant, { canViewAll: true });
    const stranger = await createInstructor(app.database, await createTenant(app.database), { canViewAll: true });
    const leaver = await createStudent(app.database, instructor, { isActive: false });
    for (const path of paths) {
      await app.as(supervisor).get(`/students/${slipping.userId}/${path}`).expect(200);
      await app.as('service', tenant).get(`/students/${slipping.userId}/${path}`).expect(200);
      await app.as(colleague).get(`/students/${slipping.userId}/${path}`).expect(404);
      await app.as(stranger).get(`/students/${slipping.userId}/${path}`).expect(404);
      await app.as(slipping).get(`/students/${slipping.userId}/${path}`).expect(403);
      await app.as(instructor).get(`/students/${leaver.userId}/${path}`).expect(404);
      await app.as(instructor).get(`/students/nobody/${path}`).expect(400);
    }
    const ask = (viewer: Member) => app.as(viewer).post(`/students/${slipping.userId}/risk/what-if`).send({});
    await ask(colleague).expect(404);
    await ask(stranger).expect(404);
    await ask(slipping).expect(403);
  });

  it('is put on record', async () => {
    const student = await createStudent(app.database, instructor);
    for (const path of paths) await app.as(instructor).get(`/students/${student.userId}/${path}`).expect(200);
    await app.as(instructor).post(`/students/${student.userId}/risk/what-if`).send({}).expect(200);
    const entries = await app.database.many<{ action: string }>(
      `-- test.listReads
      select action from audit_entries where tenant_id = $1 and target_id = $2 and actor_id = $3 order by at, id`,
      [tenant.tenantId, student.userId, instructor.userId],
    );
    expect(entries.map(({ action }) => action)).toEqual(['risk.viewed', 'risk.history_viewed', 'risk.what_if_viewed']);
  });

  it('writes no score, and one cohort for many who ask at once', async () => {
    const place = await createDepartment(app.database, tenant);
    const teacher = await createInstructor(app.database, place);
    const group = await createStudents(
      app.database,
      teacher,
      Array.from({ length: 5 }, () => ({})),
    );
    await Promise.all(group.map((student) => explain(student, teacher)));
    const { evaluations, cohorts } = await app.database.one<{ evaluations: number; cohorts: number }>(
      `-- test.countRisk
      select (select count(*) from risk_evaluations where tenant_id = $1 and department_id = $2) as evaluations,
        (select count(*) from risk_cohorts where tenant_id = $1 and department_id = $2) as cohorts`,
      [tenant.tenantId, place.departmentId],
    );
    expect([evaluations, cohorts]).toEqual([0, 1]);
  });
});
