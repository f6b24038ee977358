import { startApp, type TestApp } from '../../test/app.js';
import { untilBlocked } from '../../test/blocked.js';
import { createAssignment, type Assignment } from '../../test/factories.assignments.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { newGate } from '../../test/jobs.js';
import { expectOpenWork } from '../../test/open-work.js';
import fc from '../../test/property.js';

jest.setTimeout(120_000);

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const moments = ['2026-03-01T00:00:00Z', '2026-03-10T12:00:00Z', '2026-03-20T00:00:00Z', '2027-01-01T00:00:00Z'];
const between = (min: number, max: number): fc.Arbitrary<string | null> => {
  const days = fc.integer({ min, max }).map((day) => new Date(Date.UTC(2026, 2, day)).toISOString());
  return fc.option(days, { freq: 4 });
};
const at = between(1, 30);

/** Changes of a piece of work, of an assignment and of a student: a column, and what comes into it. */
const columns = {
  submissions: fc.oneof(
    fc.tuple(fc.constantFrom('withdrawn_at', 'graded_at', 'extended_until'), at),
    fc.tuple(fc.constant('exemption'), fc.constantFrom(null, 'excused', 'exempt')),
  ),
  assignments: fc.oneof(
    fc.tuple(fc.constant('needs_grading'), fc.boolean()),
    fc.tuple(fc.constant('status'), fc.constantFrom('active', 'paused', 'completed', 'archived')),
    fc.tuple(fc.constant('available_from'), between(-5, 8)),
    fc.tuple(fc.constant('due_at'), between(9, 30)),
  ),
};
const which = { student: fc.nat(3), assignment: fc.nat(2) };
const handOut = fc.record({ kind: fc.constant('handOut' as const), ...which });
const step = fc.oneof(
  ...[handOut, handOut, handOut],
  fc.record({ kind: fc.constant('drop' as const), ...which }),
  fc.record({ kind: fc.constant('submit' as const), ...which, at: at.map((one) => one ?? '2026-03-15T00:00:00Z') }),
  fc.record({ kind: fc.constant('work' as const), ...which, change: columns.submissions }),
  fc.record({ kind: fc.constant('works' as const), ...which, change: columns.submissions }),
  fc.record({ kind: fc.constant('assignment' as const), ...which, change: columns.assignments }),
  fc.record({ kind: fc.constant('merge' as const), ...which, into: fc.nat(3) }),
  fc.record({ kind: fc.constant('move' as const), ...which, to: fc.nat(2) }),
  fc.record({ kind: fc.constant('leave' as const), ...which, isActive: fc.boolean() }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Stage {
  readonly tenant: Tenant;
  readonly instructors: readonly Member[];
  readonly students: readonly Member[];
  readonly assignments: readonly Assignment[];
}

async function setUp(): Promise<Stage> {
  const tenant = await createTenant(app.database);
  const instructors = [await createInstructor(app.database, tenant), await createInstructor(app.database, tenant)];
  const students = await createStudents(app.database, instructors[0]!, Array(4).fill({}));
  const assignments = [];
  for (const needsGrading of [true, false, true]) {
    assignments.push(await createAssignment(app.database, tenant, { dueAt: moments[1]!, needsGrading }));
  }
  return { tenant, instructors, students, assignments };
}

/** Each in a transaction of its own, which is tried again after a deadlock. */
async function take(one: Step, { tenant, instructors, students, assignments }: Stage): Promise<void> {
  const { database } = app;
  const studentId = students[one.student]!.userId;
  const { assignmentId } = assignments[one.assignment]!;
  const work = [tenant.tenantId, assignmentId, studentId];
  const run = (sql: string, parameters: unknown[]): Promise<number> =>
    database.transaction(() => database.run(sql, parameters));
  switch (one.kind) {
    case 'handOut':
      await run(
        `-- test.handOutWork
        insert into submissions (tenant_id, assignment_id, student_id, assigned_at, updated_at)
        values ($1, $2, $3, '2026-03-01', '2026-03-01') on conflict do nothing`,
        work,
      );
      return;
    case 'drop':
      await run(
        `-- test.dropWork
        delete from submissions where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
        work,
      );
      return;
    case 'submit':
      await run(
        `-- test.submitWork
        update submissions set attempts_started = attempts_started + 1, attempts_submitted = attempts_submitted + 1,
          first_submitted_at = coalesce(first_submitted_at, $4), last_submitted_at = $4
        where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
        [...work, one.at],
      );
      return;
    case 'work':
      await run(
        `-- test.changeWork
        update submissions set ${one.change[0]} = $4 where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
        [...work, one.change[1]],
      );
      return;
    case 'works':
      await run(
        `-- test.changeWorks
        update submissions set ${one.change[0]} = $3 where tenant_id = $1 and assignment_id = $2`,
        [tenant.tenantId, assignmentId, one.change[1]],
      );
      return;
    case 'assignment':
      await run(
        `-- test.changeSet
        update assignments set ${one.change[0]} = $3 where tenant_id = $1 and id = $2`,
        [tenant.tenantId, assignmentId, one.change[1]],
      );
      return;
    case 'merge':
      await run(
        `-- test.mergeWork
        update submissions s set student_id = $3 where s.tenant_id = $1 and s.student_id = $2 and not exists (
          select from submissions o where o.tenant_id = $1 and o.student_id = $3 and o.assignment_id = s.assignment_id
        )`,
        [tenant.tenantId, studentId, students[one.into]!.userId],
      );
      return;
    case 'move':
      await run(
        `-- test.moveStudent
        update student_progress set instructor_id = $3 where tenant_id = $1 and student_id = $2`,
        [tenant.tenantId, studentId, instructors[one.to]?.userId ?? null],
      );
      return;
    case 'leave':
      await run(
        `-- test.leave
        update student_progress set is_active = $3 where tenant_id = $1 and student_id = $2`,
        [tenant.tenantId, studentId, one.isActive],
      );
  }
}

it('is what all submissions say, whatever happens in whatever order', async () => {
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async (steps) => {
      const stage = await setUp();
      for (const one of steps) await take(one, stage);
      kept += await expectOpenWork(app.database, stage.tenant.tenantId, moments);
    }),
    { numRuns: 80, endOnFailure: true },
  );
  expect(kept).toBeGreaterThan(100);
});

it('is what was last committed, however much happens at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 16, maxLength: 40, size: 'max' }), async (steps) => {
      const stage = await setUp();
      // work of two who become one at once is refused by its key: merges lock both, and what they do is tried above
      const free = steps.filter(({ kind }) => kind !== 'merge');
      await Promise.all(
        [0, 1, 2, 3].map(async (writer) => {
          for (const one of free.filter((_, index) => index % 4 === writer)) await take(one, stage);
        }),
      );
      await expectOpenWork(app.database, stage.tenant.tenantId, moments);
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

const ofFirst = { student: 0, assignment: 1 };
const submitted: Step = { kind: 'submit', ...ofFirst, at: '2026-03-05T00:00:00Z' };
const wanted: Step = { kind: 'assignment', ...ofFirst, change: ['needs_grading', true] };
const handed: Step = { kind: 'handOut', student: 1, assignment: 0 };
const moved: Step = { kind: 'move', student: 1, assignment: 0, to: 1 };

it.each([
  ['what is submitted while grades come to be wanted', submitted, wanted],
  ['grades that come to be wanted while something is submitted', wanted, submitted],
  ['what is handed out while its student moves', handed, moved],
  ['a student who moves while something is handed out', moved, handed],
])('keeps up with %s', async (_, first, second) => {
  const stage = await setUp();
  await take({ kind: 'handOut', ...ofFirst }, stage);
  const [begun, ended] = [newGate(), newGate()];
  const doing = app.database.transaction(async () => {
    await take(first, stage);
    begun.open();
    await ended.opened;
  });
  await begun.opened;
  const following = take(second, stage);
  await untilBlocked(app.database, following);
  ended.open();
  await Promise.all([doing, following]);
  expect(await expectOpenWork(app.database, stage.tenant.tenantId, moments)).toBeGreaterThan(0);
});
