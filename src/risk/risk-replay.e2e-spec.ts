import { startApp, type TestApp } from '../../test/app.js';
import { type Assignment, createAssignment, handOut } from '../../test/factories.assignments.js';
import fc from '../../test/property.js';
import { createCategory, createInstructor, createModule, createStudents, createTenant, sessionBody } from '../../test/factories.js'; // prettier-ignore
import { RiskNight } from './risk-night.service.js';
import { RiskNow } from './risk-now.service.js';
import { RiskReplay } from './risk-replay.service.js';

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const day = '2026-03-01';
const later = fc.array(
  fc.record({
    what: fc.constantFrom('session', 'submission', 'resubmission', 'grade', 'assignment', 'score'),
    student: fc.nat(4),
    piece: fc.nat(3),
    minutes: fc.integer({ min: 0, max: 470 }),
    score: fc.nat(100),
  }),
  { maxLength: 12 },
);

it('gives the same bytes for a past day, whatever comes in after it, and tells what came in late', async () => {
  await fc.assert(
    fc.asyncProperty(later, async (happenings) => {
      const tenant = await createTenant(app.database, { timeZone: 'Etc/UTC' });
      const { tenantId } = tenant;
      const instructor = await createInstructor(app.database, tenant);
      const students = await createStudents(app.database, instructor, Array(5).fill({}));
      const module = await createModule(app.database, await createCategory(app.database, tenant));
      const practise = (index: number, at: string, score: number): Promise<unknown> =>
        app
          .as('service', tenant)
          .post('/activity/sessions')
          .send({
            sessions: [
              sessionBody(module, { studentId: students[index]!.userId, score, startedAt: undefined, completedAt: at }),
            ],
          }) // prettier-ignore
          .expect(200);
      await practise(0, '2026-02-20T10:00:00Z', 50);
      await practise(1, '2026-03-01T23:59:59Z', 90);
      const pieces: Assignment[] = [];
      for (const dueAt of [
        '2026-02-10T12:00:00Z',
        '2026-02-25T12:00:00Z',
        '2026-03-01T23:59:59Z',
        '2026-03-02T00:00:00Z',
      ]) {
        // prettier-ignore
        const piece = await createAssignment(app.database, tenant, { dueAt });
        await handOut(app.database, piece, students);
        pieces.push(piece);
      }
      const submit = async (student: number, piece: number, at: string, score: number): Promise<void> => {
        await app.database.run(
          `-- test.handInAt
          with attempt as (
            insert into attempts (tenant_id, assignment_id, student_id, id, number, source, started_at,
              submitted_at, score)
            select $1, $2, $3, gen_random_uuid(), 1 + count(*), 'student', $4::timestamptz, $4::timestamptz, $5::numeric from attempts
            where tenant_id = $1 and assignment_id = $2 and student_id = $3
          )
          update submissions set started_at = coalesce(started_at, $4::timestamptz), first_submitted_at = coalesce(first_submitted_at, $4::timestamptz),
            last_submitted_at = $4::timestamptz, attempts_started = attempts_started + 1, attempts_submitted = attempts_submitted + 1,
            attempt_score = greatest(attempt_score, $5::numeric)
          where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
          [tenantId, pieces[piece]!.assignmentId, students[student]!.userId, at, score],
        );
      };
      await submit(0, 0, '2026-02-09T10:00:00Z', 60);
      await submit(1, 1, '2026-02-26T10:00:00Z', 40);
      await app.app.get(RiskNight, { strict: false }).score(tenantId, day, new AbortController().signal);

      for (const { what, student, piece, minutes, score } of happenings) {
        const at = new Date(Date.parse('2026-03-02T00:00:00Z') + minutes * 60_000).toISOString();
        const { userId } = students[student]!;
        if (what === 'session') await practise(student, at, score);
        else if (what === 'submission' || what === 'resubmission') await submit(student, piece, at, score);
        else if (what === 'assignment')
          await handOut(app.database, await createAssignment(app.database, tenant, { dueAt: '2026-02-01T12:00:00Z' }), []); // prettier-ignore
        else if (what === 'score') await app.app.get(RiskNow, { strict: false }).score(tenantId, [userId], null);
        else if (what === 'grade') {
          await app.database.run(
            `-- test.gradeAt
            update submissions set grade = $4, graded_at = $5
            where tenant_id = $1 and assignment_id = $2 and student_id = $3 and attempts_submitted > 0`,
            [tenantId, pieces[piece]!.assignmentId, userId, score, at],
          );
        }
      }
      const replay = await app.app.get(RiskReplay, { strict: false }).day(tenantId, day);
      expect(replay).toEqual({ rows: 5, otherModel: 0, differing: [], late: [] });
      const live = await app.app.get(RiskReplay, { strict: false }).day(tenantId, '2026-03-02');
      expect(live).toMatchObject({ otherModel: 0, differing: [] });

      await practise(2, '2026-02-28T10:00:00Z', 70);
      expect(await app.app.get(RiskReplay, { strict: false }).day(tenantId, day)).toEqual({
        rows: 5,
        otherModel: 0,
        differing: [],
        late: [students[2]!.userId],
      });
    }),
    { numRuns: 8 },
  );
}, 120_000);
