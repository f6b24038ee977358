import { v7 as uuidv7 } from 'uuid';
import { type AddedUp, addUp, type RawPlace, type RawSession } from '../../test/added-up.js';
import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory,
  createDepartment,
  createInstructor,
  createModule,
  createStudents,
  createTenant,
} from '../../test/factories.js';
import fc from '../../test/property.js';
import { DayCloseService } from '../activity/day-close.service.js';
import type { Payload } from '../jobs/job.js';
import { addDays, localDay } from '../org/local-day.js';
import { Rebuild } from './rebuild.service.js';
import { RollUpJobs } from './roll-ups.jobs.js';
import { RollUps } from './roll-ups.service.js';

jest.setTimeout(600_000);

let app: TestApp;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.stop());

const { signal } = new AbortController();
const timeZone = 'Europe/London';
/** Around the night in which clocks are put forward. */
const begin = '2026-03-28T09:30:00Z';

const version = fc.record({
  minutesAgo: fc.oneof(fc.nat({ max: 1_500 }), fc.nat({ max: 12_000 })),
  lengthMinutes: fc.option(fc.nat({ max: 200 }), { nil: undefined }),
  hasTime: fc.integer({ min: 0, max: 4 }).map((one) => one > 0),
  module: fc.nat({ max: 2 }),
  status: fc.constantFrom('completed', 'completed', 'in_progress', 'abandoned'),
  score: fc.option(
    fc.integer({ min: 0, max: 10_000 }).map((hundredths) => hundredths / 100),
    { nil: undefined },
  ),
  durationSeconds: fc.option(fc.nat({ max: 120 }), { nil: undefined }),
  questions: fc.option(fc.nat({ max: 6 }), { nil: undefined }),
  answers: fc.option(
    fc.array(
      fc.record(
        {
          questionId: fc.oneof(fc.constantFrom('q-1', 'q-2', ''), fc.nat({ max: 3 })),
          correct: fc.oneof(fc.boolean(), fc.constant('yes')),
          score: fc.nat({ max: 100 }),
          durationSeconds: fc.oneof(fc.nat({ max: 100 }), fc.constantFrom(-1, 604_801, 'long')),
        },
        { requiredKeys: [] },
      ),
      { maxLength: 6 },
    ),
    { nil: undefined },
  ),
});
const pick = fc.nat({ max: 1_000 });
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ what: fc.constant('send' as const), student: pick, version }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('correct' as const), session: pick, version }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('move' as const), student: pick, to: pick }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('merge' as const), student: pick, into: pick }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('mergeDepartments' as const) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 1_500 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('passMark' as const), mark: fc.nat({ max: 100 }) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('tell' as const), share: fc.nat({ max: 100 }) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('rollUp' as const), at: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('closeDay' as const) }) },
); // prettier-ignore

interface Event {
  readonly id: number;
  readonly topic: string;
  readonly payload: Payload;
}

it('adds up to what the sessions say, whatever comes in between and however often it is added up', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30, size: 'max' }), async (steps) => {
      app.clock.set(begin);
      const tenant = await createTenant(app.database, { timeZone });
      const { tenantId } = tenant;
      const side = await createDepartment(app.database, tenant);
      const instructors = [
        await createInstructor(app.database, tenant),
        await createInstructor(app.database, tenant),
        await createInstructor(app.database, side),
      ];
      const students = [
        ...(await createStudents(app.database, instructors[0]!, [{}, {}])),
        ...(await createStudents(app.database, instructors[2]!, [{}])),
        ...(await createStudents(app.database, tenant, [{}])),
      ].map(({ userId }) => userId);
      const category = await createCategory(app.database, tenant);
      const modules = [0, 1, 2].map(() => createModule(app.database, category));
      const moduleIds = (await Promise.all(modules)).map(({ moduleId }) => moduleId);
      const [jobs, rollUps] = [app.app.get(RollUpJobs, { strict: false }), app.app.get(RollUps, { strict: false })];
      const admin = app.as('admin', tenant);
      const sent: { id: string; studentId: string }[] = [];
      const owner = new Map(students.map((id) => [id, id]));
      let version = 0;
      let heard = 0;
      const told: Event[] = [];

      const post = async (
        id: string,
        studentId: string,
        v: (typeof step extends fc.Arbitrary<infer S> ? Extract<S, { what: 'send' }> : never)['version'],
      ): Promise<void> => {
        const end = app.clock.now().getTime() - v.minutesAgo * 60_000;
        const start = v.lengthMinutes === undefined ? undefined : new Date(end - v.lengthMinutes * 60_000);
        const session = {
          id,
          studentId,
          moduleId: moduleIds[v.module],
          status: v.status,
          score: v.score,
          durationSeconds: v.durationSeconds,
          questions: v.questions,
          correct: v.questions && Math.floor(v.questions / 2),
          answers: v.answers,
          updatedAt: new Date(Date.parse('2026-03-01T00:00:00Z') + ++version * 1000).toISOString(),
          ...(v.hasTime
            ? { startedAt: start?.toISOString(), completedAt: new Date(end).toISOString() }
            : { day: localDay(timeZone, new Date(end)) }),
        };
        await app
          .as('service', tenant)
          .post('/activity/sessions')
          .send({ sessions: [session] })
          .expect(200);
      };
      const hear = async (): Promise<Event[]> => {
        const events = await app.database.many<Event>(
          `-- test.events
          select id, topic, payload from outbox where tenant_id = $1 and id > $2
            and topic in ('activity.day-closed', 'org.pass-mark-changed') order by id`,
          [tenantId, heard],
        );
        heard = events.at(-1)?.id ?? heard;
        told.push(...events);
        return events;
      };
      const handle = async ({ id, topic, payload }: Event): Promise<void> => {
        const run = { job: '', tenantId, key: '', occasion: `outbox-${id}`, payload, attempt: 1, signal };
        if (topic === 'activity.day-closed') await jobs.rollUpClosedDay(run);
        else await jobs.followPassMark(run);
      };
      const waiting: Event[] = [];
      const today = (): string => localDay(timeZone, app.clock.now());
      const instructorOf = (to: number) => instructors[to % instructors.length]!;

      for (const one of steps) {
        switch (one.what) {
          case 'send': {
            const studentId = students[one.student % students.length]!;
            const id = uuidv7();
            sent.push({ id, studentId });
            await post(id, studentId, one.version);
            break;
          }
          case 'correct': {
            const session = sent[one.session % sent.length];
            if (session) await post(session.id, session.studentId, one.version);
            break;
          }
          case 'move': {
            const studentId = students[one.student % students.length]!;
            const { userId: instructorId } = instructorOf(one.to);
            const { status } = await admin.put(`/students/${studentId}/instructor`).send({ instructorId });
            expect([204, 404, 409, 422]).toContain(status);
            break;
          }
          case 'merge': {
            const [from, into] = [one.student, one.into].map((n) => students[n % students.length]!);
            if (from === into || owner.get(from!) !== from || owner.get(into!) !== into) break;
            await admin.post(`/users/${from}/merge`).send({ intoId: into }).expect(200);
            owner.set(from!, into!);
            break;
          }
          case 'mergeDepartments':
            await admin.post(`/departments/${side.departmentId}/merge`).send({ intoId: tenant.departmentId });
            break;
          case 'wait':
            app.clock.advance(one.minutes * 60);
            break;
          case 'passMark':
            await admin.patch('/settings').send({ passMark: one.mark }).expect(200);
            break;
          case 'closeDay':
            await app.app.get(DayCloseService, { strict: false }).close(tenantId, today(), signal);
            break;
          case 'tell': {
            waiting.push(...(await hear()));
            const now = waiting.splice(0, Math.ceil((waiting.length * one.share) / 100));
            await Promise.all(now.map(handle));
            break;
          }
          case 'rollUp':
            await Promise.all(Array.from({ length: one.at }, () => rollUps.rollUp(tenantId, signal)));
        }
      }

      await hear();
      // all of them, those that were told before for a second time
      const work = told.map((event) => handle(event));
      await Promise.all([...work, rollUps.rollUp(tenantId, signal), rollUps.rollUp(tenantId, signal)]);
      await rollUps.rollUp(tenantId, signal);
      const found = await rowsOf(tenantId);
      const { pass_mark: passMark } = await app.database.one<{ pass_mark: number }>(
        `-- test.passMark\nselect pass_mark from tenants where id = $1`,
        [tenantId],
      );
      const sessions = await app.database.many<RawSession>(
        `-- test.rawSessions\nselect * from sessions where tenant_id = $1`,
        [tenantId],
      );
      const places = await app.database.many<RawPlace>(
        `-- test.rawPlaces\nselect * from progress_snapshots where tenant_id = $1`,
        [tenantId],
      );
      expect(sorted(found)).toEqual(sorted(addUp(sessions, places, { passMark, timeZone })));
      expect(await stale(tenantId)).toEqual({ students: 0, cells: 0 });

      const bytes = await bytesOf(tenantId);
      await rollUps.markDays(tenantId, { from: addDays(today(), -40), to: today() }, signal);
      await rollUps.markStudents(tenantId, signal);
      await Promise.all([rollUps.rollUp(tenantId, signal), rollUps.rollUp(tenantId, signal)]);
      await rollUps.rollUp(tenantId, signal);
      expect(await bytesOf(tenantId)).toEqual(bytes);

      for (const table of tables) {
        await app.database.run(`-- test.forget\ndelete from ${table} where tenant_id = $1`, [tenantId]);
      }
      await app.app.get(Rebuild, { strict: false }).run(tenantId, undefined, signal);
      expect(sorted(await rowsOf(tenantId))).toEqual(sorted(found));
    }),
    { numRuns: 15, endOnFailure: true },
  );
});

const tables = ['module_days', 'hour_days', 'question_days', 'student_modules'] as const;

async function rowsOf(tenantId: string): Promise<AddedUp> {
  const [modules, hours, questions, studentModules] = await Promise.all(
    tables.map(async (table) => {
      const rows = await app.database.many<{ tenant_id?: string }>(
        `-- test.rolledUp\nselect * from ${table} where tenant_id = $1`,
        [tenantId],
      );
      return rows.map(({ tenant_id: _, ...row }) => row);
    }),
  );
  return { modules: modules!, hours: hours!, questions: questions!, studentModules: studentModules! };
}

async function bytesOf(tenantId: string): Promise<unknown> {
  return Promise.all(
    tables.map((table) =>
      app.database.many(
        `-- test.bytes\nselect md5(t::text) as row, ctid::text from ${table} t where tenant_id = $1 order by 1`,
        [tenantId],
      ),
    ),
  );
}

function stale(tenantId: string): Promise<object> {
  return app.app.get(RollUps, { strict: false }).countStale(tenantId);
}

/** In one order, of rows and of columns. */
function sorted(added: AddedUp): Record<string, string[]> {
  const text = (row: object): string => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
  return Object.fromEntries(Object.entries(added).map(([name, rows]) => [name, (rows as object[]).map(text).sort()]));
}
