import { startApp, type TestApp } from '../../test/app.js';
import { createAssignment } from '../../test/factories.assignments.js';
import { createInstructor, createStudents, createTenant, type Member, type Tenant } from '../../test/factories.js';
import fc from '../../test/property.js';
import { Cache } from '../cache/cache.js';
import { ProgressRepository } from './progress.repository.js';
import { type AssignmentState, assignmentStates } from './student-filter.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let students: Member[];

const hour = 3_600_000;
const begin = Date.parse('2026-03-02T08:00:00Z');
const instant = (hours: number | null): string | null =>
  hours === null ? null : new Date(begin + hours * hour).toISOString();

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  students = await createStudents(app.database, instructor, [{}, {}, {}]);
});
afterAll(() => app.stop());

interface Assignment {
  readonly status: 'draft' | 'active' | 'paused' | 'completed' | 'archived';
  readonly from: number | null;
  readonly due: number | null;
  readonly until: number | null;
  readonly needsGrading: boolean;
}
interface Work {
  readonly assignment: number;
  readonly student: number;
  readonly exemption: 'excused' | 'exempt' | null;
  readonly isWithdrawn: boolean;
  /** In hours after the beginning, as all times here. */
  readonly extended: number | null;
  readonly submitted: number | null;
  readonly graded: number | null;
}

/** What the words mean, of one piece of work. */
function statesOf(set: Assignment, work: Work, now: number): Set<AssignmentState> {
  const states = new Set<AssignmentState>();
  if (work.isWithdrawn || set.status === 'draft') return states;
  const isAvailable = set.from === null || set.from <= now;
  const isExcused = work.exemption === 'excused';
  const due = set.due === null ? null : Math.max(set.due, work.extended ?? -Infinity);
  const isDone = work.submitted !== null;
  if (isAvailable && !isExcused) {
    states.add('assigned').add(isDone ? 'completed' : 'open');
    if (!isDone && due !== null) {
      if (set.status === 'active' && due >= now && due < now + 72) states.add('dueSoon');
      if ((set.status === 'active' || set.status === 'completed') && due < now) {
        states.add('overdue');
        const isClosed = set.until !== null && Math.max(set.until, due) < now;
        if (set.status === 'completed' || isClosed) states.add('missing');
      }
    }
  }
  const isGraded = work.graded !== null && work.graded >= (work.submitted ?? Infinity);
  if (set.needsGrading && work.exemption === null && isDone && !isGraded) states.add('awaitingGrade');
  return states;
}

const hours = fc.integer({ min: -200, max: 200 });
const maybeHours = fc.option(hours, { freq: 2 });
const assignment: fc.Arbitrary<Assignment> = fc.record({
  status: fc.constantFrom('draft', 'active', 'active', 'active', 'paused', 'completed', 'archived'),
  from: fc.option(fc.integer({ min: -300, max: 100 }), { freq: 1 }),
  due: fc.option(fc.integer({ min: 101, max: 200 }), { freq: 8 }),
  until: fc.option(fc.integer({ min: 200, max: 250 }), { freq: 1 }),
  needsGrading: fc.boolean(),
});
const work: fc.Arbitrary<Work> = fc.record({
  assignment: fc.integer({ min: 0, max: 3 }),
  student: fc.integer({ min: 0, max: 2 }),
  exemption: fc.constantFrom(null, null, null, 'excused', 'exempt'),
  isWithdrawn: fc.constantFrom(false, false, false, true),
  extended: fc.option(fc.integer({ min: 50, max: 300 }), { freq: 1 }),
  submitted: maybeHours,
  graded: maybeHours,
});

async function arrange(assignments: readonly Assignment[], works: readonly Work[]): Promise<string[]> {
  await app.database.run(
    `-- test.clearWork
    delete from submissions where tenant_id = $1`,
    [tenant.tenantId],
  );
  const ids: string[] = [];
  for (const { status, from, due, until, needsGrading } of assignments) {
    const { assignmentId } = await createAssignment(app.database, instructor, {
      status,
      availableFrom: instant(from),
      dueAt: instant(due),
      availableUntil: instant(until),
      needsGrading,
    });
    ids.push(assignmentId);
  }
  for (const one of works) {
    await app.database.run(
      `-- test.insertWork
      insert into submissions (tenant_id, assignment_id, student_id, assigned_at, updated_at, exemption, withdrawn_at,
        extended_until, attempts_started, attempts_submitted, first_submitted_at, last_submitted_at, graded_at)
      values ($1, $2, $3, '2026-02-01', '2026-02-01', $4, $5, $6, $7, $7, $8, $8, $9)`,
      [
        tenant.tenantId, ids[one.assignment], students[one.student]!.userId, one.exemption,
        one.isWithdrawn ? instant(0) : null, instant(one.extended), one.submitted === null ? 0 : 1,
        instant(one.submitted), instant(one.graded),
      ],
    ); // prettier-ignore
  }
  return ids;
}

it('says the same in counts, lists, the dashboard and a recount, whatever happened (property)', async () => {
  const works = fc.uniqueArray(work, {
    maxLength: 12,
    selector: (one) => `${one.assignment} ${one.student}`,
  });
  const assignments = fc.array(assignment, { minLength: 4, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(assignments, works, fc.integer({ min: -310, max: 310 }), async (set, given, now) => {
      const ids = await arrange(set, given);
      app.clock.set(instant(now)!);
      const studentIds = students.map(({ userId }) => userId);
      await app.app.get(ProgressRepository).refreshAssignments(tenant.tenantId, studentIds, app.clock.now());
      // what is written behind the application's back is not announced to its cache
      await app.app.get(Cache).bump([`roster:${instructor.userId}`]);

      const known = given.map((one) => ({ ...one, states: statesOf(set[one.assignment]!, one, now) }));
      const client = app.as(instructor);
      const { body } = await client.get('/students').expect(200);
      for (const [student, { userId }] of students.entries()) {
        const count = (state: AssignmentState): number =>
          known.filter((one) => one.student === student && one.states.has(state)).length;
        const [assigned, completed] = [count('assigned'), count('completed')];
        expect(body.data.find(({ id }: { id: string }) => id === userId)).toMatchObject({
          assignmentsAssigned: assigned,
          assignmentsCompleted: completed,
          assignmentsOverdue: count('overdue'),
          completionRate: assigned === 0 ? null : Math.round((completed * 10_000) / assigned) / 100,
        });
      }
      const { statistics } = (await client.get('/dashboard/statistics').expect(200)).body;
      for (const state of assignmentStates) {
        const having = (those: typeof known): string[] =>
          students
            .filter((_, index) => those.some(({ student, states }) => student === index && states.has(state)))
            .map(({ userId }) => userId)
            .sort();
        const listed = async (query: string): Promise<string[]> => {
          const { body: page } = await client.get(`/students?assignmentState=${state}${query}`).expect(200);
          expect(page.pagination.total).toBe(page.data.length);
          return page.data.map(({ id }: { id: string }) => id).sort();
        };
        expect([state, await listed('')]).toEqual([state, having(known)]);
        const of = known.filter((one) => one.assignment === 0);
        expect([state, await listed(`&assignmentId=${ids[0]}`)]).toEqual([state, having(of)]);
        if (state in statistics) expect([state, statistics[state]]).toEqual([state, having(known).length]);
      }
      const { dueSoon, overdue } = (await client.get('/dashboard').expect(200)).body;
      for (const [state, shown] of [
        ['dueSoon', dueSoon],
        ['overdue', overdue],
      ] as const) {
        const counts = ids.map((id, index) => ({
          assignmentId: id,
          students: known.filter((one) => one.assignment === index && one.states.has(state)).length,
        }));
        const seen = (shown as typeof counts).map((one) => ({
          assignmentId: one.assignmentId,
          students: one.students,
        }));
        const byId = (one: { assignmentId: string }, other: { assignmentId: string }): number =>
          one.assignmentId < other.assignmentId ? -1 : 1;
        expect(seen.sort(byId)).toEqual(counts.filter((one) => one.students > 0).sort(byId));
      }
    }),
    { numRuns: 40 },
  );
}, 120_000);
