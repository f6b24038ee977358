import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createStudent, createTenant, type Tenant } from '../../test/factories.js';
import { type AssignmentOptions, createAssignment, handOut } from '../../test/factories.assignments.js';
import { SubmissionScoresRepository } from './submission-scores.repository.js';

let app: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
});
afterAll(() => app.stop());

/** Per cent for work that was due and submitted at these instants, ten a day and half of the score at most. */
async function penaltyOf(due: string | null, submitted: string, graceSeconds = 0): Promise<number> {
  const { penalty } = await app.database.one<{ penalty: number }>(
    `-- test.penalty
    select late_penalty(10, 50, $1, $2, $3, 'Europe/London') as penalty`,
    [graceSeconds, due, submitted],
  );
  return penalty;
}

it('takes points off for each local day begun', async () => {
  const due = '2026-02-10T18:00:00Z';
  expect(await penaltyOf(null, '2026-02-10T18:00:01Z')).toBe(0);
  expect(await penaltyOf(due, due)).toBe(0);
  expect(await penaltyOf(due, '2026-02-10T18:00:01Z')).toBe(10);
  expect(await penaltyOf(due, '2026-02-11T18:00:00Z')).toBe(10);
  expect(await penaltyOf(due, '2026-02-11T18:00:01Z')).toBe(20);
  expect(await penaltyOf(due, '2026-02-20T18:00:00Z')).toBe(50);
  // an hour of grace, from which the days are counted, too
  expect(await penaltyOf(due, '2026-02-10T19:00:00Z', 3_600)).toBe(0);
  expect(await penaltyOf(due, '2026-02-11T19:00:00Z', 3_600)).toBe(10);
});

it('counts days by the wall clock in the nights when clocks change', async () => {
  // the night of the 29th of March has 23 hours: 18:00 is 18:00 GMT, and 17:00 GMT a day later
  const spring = '2026-03-28T18:00:00Z';
  expect(await penaltyOf(spring, '2026-03-29T17:00:00Z')).toBe(10);
  expect(await penaltyOf(spring, '2026-03-29T17:00:01Z')).toBe(20);
  // that of the 25th of October has 25
  const autumn = '2026-10-24T17:00:00Z';
  expect(await penaltyOf(autumn, '2026-10-25T17:30:00Z')).toBe(10);
  expect(await penaltyOf(autumn, '2026-10-25T18:00:00Z')).toBe(10);
  expect(await penaltyOf(autumn, '2026-10-25T18:00:01Z')).toBe(20);
  // due at 01:30 summer time, submitted at 01:10 when it was one o'clock again
  expect(await penaltyOf('2026-10-25T00:30:00Z', '2026-10-25T01:10:00Z')).toBe(10);
});

it('counts a begun second as late', async () => {
  const { seconds } = await app.database.one<{ seconds: number[] }>(
    `-- test.lateSeconds
    select array[late_seconds('2026-03-01T12:00Z', '2026-03-01T11:00Z'), late_seconds(null, '2026-03-01T12:00Z'),
      late_seconds('2026-03-01T12:00Z', '2026-03-01T12:00Z'), late_seconds('2026-03-01T12:00Z', '2026-03-01T12:00:00.2Z'),
      late_seconds('0001-01-01', '2026-03-01T12:00Z')] as seconds`,
  );
  expect(seconds).toEqual([0, 0, 0, 1, 2_147_483_647]);
});

interface Try {
  readonly score: number | null;
  readonly penalty?: number;
  readonly submittedAt?: string | null;
}

async function scoreOf(options: AssignmentOptions, tries: readonly Try[], rules: object[] = []): Promise<object> {
  const student = await createStudent(app.database, tenant);
  const assignment = await createAssignment(app.database, tenant, options);
  const { assignmentId } = assignment;
  await handOut(app.database, assignment, [student]);
  await app.database.run(
    `-- test.insertAttempts
    with ruled as (
      update assignments set feedback_rules = $5 where tenant_id = $1 and id = $2
    )
    insert into attempts (tenant_id, id, assignment_id, student_id, number, source, started_at, submitted_at, score,
      penalty, time_spent_seconds)
    select $1, t.id, $2, $3, t.number, 'service', '2026-03-01', t."submittedAt", t.score, t.penalty, 60
    from jsonb_to_recordset($4) as t (id uuid, number integer, "submittedAt" timestamptz, score numeric, penalty numeric)`,
    [
      tenant.tenantId,
      assignmentId,
      student.userId,
      JSON.stringify(
        tries.map(({ score, penalty = 0, submittedAt = `2026-03-02T00:00:0${tries.length}Z` }, index) => ({
          id: uuidv7(), number: index + 1, score, penalty, submittedAt,
        })),
      ),
      JSON.stringify(rules),
    ],
  ); // prettier-ignore
  const key = { assignmentId, studentId: student.userId };
  await app.app.get(SubmissionScoresRepository).refresh(tenant.tenantId, [key], app.clock.now());
  return app.database.one(
    `-- test.scored
    select attempt_score as score, score as shown, auto_feedback as feedback, attempts_started as started,
      attempts_submitted as submitted, total_time_seconds as seconds, status
    from submissions where tenant_id = $1 and assignment_id = $2`,
    [tenant.tenantId, assignmentId],
  );
}

it('makes one score of several under the policy, each with its penalty taken off', async () => {
  // 90 less a fifth is 72
  const tries = [{ score: 60 }, { score: 90, penalty: 20 }, { score: null }, { score: 70.5 }];
  expect(await scoreOf({ attemptPolicy: 'best' }, tries)).toMatchObject({ score: 72, shown: 72, submitted: 4 });
  expect(await scoreOf({ attemptPolicy: 'last' }, tries)).toMatchObject({ score: 70.5 });
  expect(await scoreOf({ attemptPolicy: 'last' }, tries.slice(0, 3))).toMatchObject({ score: 72 });
  // (60 + 72 + 70.5) / 3
  expect(await scoreOf({ attemptPolicy: 'mean' }, tries)).toMatchObject({ score: 67.5, seconds: 240 });
  expect(await scoreOf({ attemptPolicy: 'mean' }, [{ score: null }])).toMatchObject({
    score: null,
    status: 'submitted',
  });
});

it('goes by when they were submitted, not begun, and leaves out what is open', async () => {
  const late = { score: 40, submittedAt: '2026-03-05T00:00:00Z' };
  expect(await scoreOf({ attemptPolicy: 'last' }, [late, { score: 80 }])).toMatchObject({ score: 40 });
  expect(await scoreOf({ attemptPolicy: 'best' }, [{ score: 80 }, { score: 95, submittedAt: null }])).toMatchObject({
    score: 80, started: 2, submitted: 1,
  }); // prettier-ignore
  expect(await scoreOf({}, [{ score: 95, submittedAt: null }])).toMatchObject({ score: null, status: 'in_progress' });
});

it('says what the highest rule that the score reaches says', async () => {
  const rules = [
    { minScore: 0, text: 'Again' },
    { minScore: 90, text: 'Splendid' },
    { minScore: 70, text: 'Well' },
  ];
  const feedbackOf = async (score: number | null): Promise<unknown> => scoreOf({}, [{ score }], rules);
  expect(await feedbackOf(70)).toMatchObject({ feedback: 'Well' });
  expect(await feedbackOf(69.99)).toMatchObject({ feedback: 'Again' });
  expect(await feedbackOf(null)).toMatchObject({ feedback: null });
});
