import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { untilBlocked } from '../../test/blocked.js';
import { expectDueDates } from '../../test/due-dates.js';
import { createInstructor, createStudents, createTenant, type Member } from '../../test/factories.js';
import { createAssignment, type Assignment } from '../../test/factories.assignments.js';
import { newGate } from '../../test/jobs.js';
import fc from '../../test/property.js';
import { AccommodationsRepository } from './accommodations.repository.js';

jest.setTimeout(300_000);

let app: TestApp;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const zones = ['Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/St_Johns', 'UTC'];
/** Nights in which clocks change, where days and factors are most likely to go wrong. */
const nights = ['2026-03-08', '2026-03-29', '2026-04-05', '2026-10-04', '2026-10-25', '2026-11-01'];

const minute = 60_000;
const instant = fc
  .tuple(
    fc.constantFrom(...nights),
    fc.oneof(fc.integer({ min: -600, max: 1_500 }), fc.integer({ min: -60_000, max: 60_000 })),
  )
  .map(([night, minutes]) => new Date(Date.parse(`${night}T00:00:00Z`) + minutes * minute).toISOString());
const terms = fc.record({
  factor: fc.constantFrom(1, 1, 1.01, 1.25, 1.5, 3.33, 10),
  days: fc.constantFrom(0, 1, 2, 7, 200),
});
const student = fc.nat({ max: 3 });
const assignment = fc.nat({ max: 2 });

const handOut = fc.record({ kind: fc.constant('handOut' as const), student, assignment, at: instant });
const step = fc.oneof(
  // most of all
  ...[handOut, handOut, handOut, handOut],
  fc.record({ kind: fc.constant('withdraw' as const), student, assignment, at: instant }),
  fc.record({ kind: fc.constant('extend' as const), student, assignment, at: fc.option(instant) }),
  fc.record({ kind: fc.constant('moveDue' as const), assignment, at: fc.option(instant, { freq: 8 }) }),
  fc.record({ kind: fc.constant('open' as const), assignment, at: fc.option(instant) }),
  fc.record({ kind: fc.constant('accommodate' as const), student, at: instant, length: fc.option(fc.nat(200)), terms }),
  fc.record({ kind: fc.constant('change' as const), student, terms, shift: fc.integer({ min: -50, max: 50 }) }),
  fc.record({ kind: fc.constant('end' as const), student, at: instant }),
  fc.record({ kind: fc.constant('merge' as const), student, into: student, at: instant }),
  fc.record({ kind: fc.constant('zone' as const), zone: fc.constantFrom(...zones) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Each as a statement of its own, as somebody else's transaction might do it; what a constraint refuses is passed over. */
async function take(one: Step, tenantId: string, students: Member[], assignments: Assignment[]): Promise<void> {
  const { database } = app;
  const studentId = 'student' in one ? students[one.student]!.userId : null;
  const assignmentId = 'assignment' in one ? assignments[one.assignment]!.assignmentId : null;
  // in a transaction, which is tried again: of two that insert what an exclusion keeps apart, one may be told of a deadlock
  const run = (sql: string, ...parameters: unknown[]): Promise<number> =>
    database
      .transaction(() => database.run(sql, [tenantId, ...parameters]))
      .catch((error: Error) => {
        expect(error.name).toBe('ConstraintViolation');
        return 0;
      });
  switch (one.kind) {
    case 'handOut':
      await run(
        `-- test.handOutOnce
        insert into submissions (tenant_id, assignment_id, student_id, assigned_at, updated_at) values ($1, $2, $3, $4, $4)
        on conflict (tenant_id, assignment_id, student_id) do update set withdrawn_at = null, assigned_at = $4`,
        assignmentId, studentId, one.at,
      ); // prettier-ignore
      return;
    case 'withdraw':
      await run(
        `-- test.withdraw
        update submissions set withdrawn_at = $4 where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
        assignmentId, studentId, one.at,
      ); // prettier-ignore
      return;
    case 'extend':
      await run(
        `-- test.extend
        update submissions set extended_until = $4 where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
        assignmentId, studentId, one.at,
      ); // prettier-ignore
      return;
    case 'moveDue':
      await run(
        `-- test.moveDue\nupdate assignments set due_at = $3 where tenant_id = $1 and id = $2`,
        assignmentId,
        one.at,
      );
      return;
    case 'open':
      await run(
        `-- test.open\nupdate assignments set available_from = $3 where tenant_id = $1 and id = $2`,
        assignmentId,
        one.at,
      );
      return;
    case 'accommodate':
      await run(
        `-- test.accommodate
        insert into accommodations (tenant_id, id, student_id, time_factor, extra_days, reason, valid_from, valid_to,
          created_by, created_at, updated_at)
        values ($1, $2, $3, $4, $5, 'because', $6::timestamptz, $6::timestamptz + interval '1 day' * $7, $3, $6, $6)`,
        uuidv7(), studentId, one.terms.factor, one.terms.days, one.at, one.length === null ? null : one.length + 1,
      ); // prettier-ignore
      return;
    case 'change':
      await run(
        `-- test.changeAccommodation
        update accommodations set time_factor = $3, extra_days = $4, valid_from = valid_from + interval '1 day' * $5
        where tenant_id = $1 and student_id = $2`,
        studentId, one.terms.factor, one.terms.days, one.shift,
      ); // prettier-ignore
      return;
    case 'end':
      await run(
        `-- test.endAccommodation
        update accommodations set valid_to = greatest(valid_from, $3), ended_at = $3 where tenant_id = $1 and student_id = $2`,
        studentId,
        one.at,
      );
      return;
    case 'merge': {
      const intoId = students[one.into]!.userId;
      if (studentId === intoId) return;
      await app.app.get(AccommodationsRepository).giveAway(tenantId, studentId!, intoId, new Date(one.at));
      await run(
        `-- test.moveSubmissions
        update submissions s set student_id = $3 where s.tenant_id = $1 and s.student_id = $2 and not exists (
          select from submissions o where o.tenant_id = $1 and o.student_id = $3 and o.assignment_id = s.assignment_id
        )`,
        studentId,
        intoId,
      );
      await run(`-- test.dropSubmissions\ndelete from submissions where tenant_id = $1 and student_id = $2`, studentId);
      return;
    }
    case 'zone':
      await run(`-- test.moveZone\nupdate tenants set time_zone = $2 where id = $1`, one.zone);
  }
}

it('is the latest of the three, whatever happens in whatever order', async () => {
  let compared = 0;
  const rules = new Set<string | null>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), async (steps) => {
      const tenant = await createTenant(app.database);
      const instructor = await createInstructor(app.database, tenant);
      const students = await createStudents(app.database, instructor, Array(4).fill({}));
      const assignments = await Promise.all(
        ['2026-03-28T12:00:00Z', '2026-10-24T00:30:00Z', null].map((dueAt) =>
          createAssignment(app.database, tenant, { dueAt }),
        ),
      );
      for (const one of steps) await take(one, tenant.tenantId, students, assignments);
      compared += await expectDueDates(app.database, tenant.tenantId);
      const seen = await app.database.many<{ rule: string | null }>(
        `-- test.rules\nselect distinct due_rule as rule from submissions where tenant_id = $1`,
        [tenant.tenantId],
      );
      for (const { rule } of seen) rules.add(rule);
    }),
    { numRuns: 150, endOnFailure: true },
  );
  expect(compared).toBeGreaterThan(300);
  expect([...rules].sort()).toEqual(['accommodation', 'assignment', 'extension', null]);
});

it('is what was last committed, however many change what it follows from at once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 12, maxLength: 40, size: 'max' }), async (steps) => {
      const tenant = await createTenant(app.database);
      const instructor = await createInstructor(app.database, tenant);
      const students = await createStudents(app.database, instructor, Array(4).fill({}));
      const assignments = await Promise.all(
        ['2026-03-28T12:00:00Z', '2026-10-24T00:30:00Z', '2026-11-01T05:30:00Z'].map((dueAt) =>
          createAssignment(app.database, tenant, { dueAt }),
        ),
      );
      for (const one of students) {
        for (const { assignmentId } of assignments) {
          await app.database.run(
            `-- test.handOutFirst
            insert into submissions (tenant_id, assignment_id, student_id, assigned_at, updated_at)
            values ($1, $2, $3, '2026-03-01', '2026-03-01')`,
            [tenant.tenantId, assignmentId, one.userId],
          );
        }
      }
      // who is handed something, or merged, is locked by whoever does that
      const free = steps.filter(({ kind }) => !['handOut', 'merge'].includes(kind));
      await Promise.all(
        [0, 1, 2, 3].map(async (writer) => {
          for (const one of free.filter((_, index) => index % 4 === writer)) {
            await take(one, tenant.tenantId, students, assignments);
          }
        }),
      );
      expect(await expectDueDates(app.database, tenant.tenantId)).toBe(12);
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

const at = '2026-03-28T12:00:00Z';
const given: Step = { kind: 'accommodate', student: 0, at, length: null, terms: { factor: 1, days: 2 } };
const handed: Step = { kind: 'handOut', student: 1, assignment: 0, at };
const merged: Step = { kind: 'merge', student: 2, into: 1, at };
const moved: Step = { kind: 'zone', zone: 'America/New_York' };

it.each([
  ['an accommodation that is given while the time zone moves', given, moved],
  ['a time zone that moves while an accommodation is given', moved, given],
  ['work that is handed out while the time zone moves', handed, moved],
  ['a time zone that moves while work is handed out', moved, handed],
  ['work that comes to another student while the time zone moves', merged, moved],
  ['a time zone that moves while work comes to another student', moved, merged],
])('waits for %s', async (_, first, second) => {
  const tenant = await createTenant(app.database);
  const instructor = await createInstructor(app.database, tenant);
  const students = await createStudents(app.database, instructor, Array(3).fill({}));
  // over the night in which clocks change in Europe, and no more in America
  const assignments = [await createAssignment(app.database, tenant, { dueAt: at })];
  const did = (one: Step): Promise<void> => take(one, tenant.tenantId, students, assignments);
  await did({ kind: 'handOut', student: 0, assignment: 0, at });
  await did({ kind: 'handOut', student: 2, assignment: 0, at });
  await did({ ...given, student: 1 });
  const [begun, ended] = [newGate(), newGate()];
  const doing = app.database.transaction(async () => {
    await did(first);
    begun.open();
    await ended.opened;
  });
  await begun.opened;
  const following = did(second);
  await untilBlocked(app.database, following);
  ended.open();
  await Promise.all([doing, following]);
  expect(await expectDueDates(app.database, tenant.tenantId)).toBeGreaterThan(0);
});
