import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { expectDerived } from '../../test/derived.js';
import { createCategory, createInstructor, createModule, createStudents, createTenant } from '../../test/factories.js';
import fc from '../../test/property.js';
import { localDate, type SentSession, type Universe } from '../../test/recomputed.js';
import { DayCloseService } from '../activity/day-close.service.js';
import { IngestionService } from '../activity/ingestion.service.js';

jest.setTimeout(300_000);

const now = Date.parse('2026-04-10T09:30:00Z');
const minute = 60_000;

/** Two processes on one database. */
let apps: TestApp[] = [];

beforeAll(async () => {
  const first = await startApp({ now: new Date(now).toISOString() });
  apps = [first, await startApp({ db: first.db, now: new Date(now).toISOString() })];
});
afterAll(async () => {
  for (const app of apps.reverse()) await app.stop();
});

const version = fc.record({
  // most of them on days that both have, and some that overlap
  daysAgo: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 40 })),
  minuteOfDay: fc.oneof(fc.integer({ min: -40, max: 120 }), fc.nat({ max: 1_439 })),
  lengthMinutes: fc.nat({ max: 150 }),
  hasTime: fc.boolean(),
  module: fc.nat({ max: 2 }),
  status: fc.constantFrom('completed', 'completed', 'in_progress', 'abandoned'),
  score: fc.option(fc.nat({ max: 100 }), { nil: undefined }),
  answered: fc.option(fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 20 })), { nil: undefined }),
});
const story = fc.record({
  sessions: fc.array(
    fc.record({ student: fc.nat({ max: 4 }), versions: fc.array(version, { minLength: 1, maxLength: 2 }) }),
    { minLength: 1, maxLength: 40, size: 'max' },
  ),
  /** Who goes into whom; those who went already are passed over. */
  merges: fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })), { minLength: 1, maxLength: 4 }),
  /** What has come in, in thousandths, before the first merge. */
  early: fc.nat({ max: 1_000 }),
});
type Version = typeof version extends fc.Arbitrary<infer T> ? T : never;

function toSession(universe: Universe, studentId: string, id: string, index: number, one: Version): SentSession {
  const raw = Math.floor(now / 86_400_000) * 86_400_000 - one.daysAgo * 86_400_000 + one.minuteOfDay * minute;
  const end = Math.min(raw, now);
  const iso = (at: number): string => new Date(at).toISOString();
  const [a, b] = one.answered ?? [];
  return {
    id,
    studentId,
    moduleId: universe.modules[one.module]!.moduleId,
    status: one.status as SentSession['status'],
    score: one.score,
    questions: a === undefined ? undefined : Math.max(a, b!),
    correct: a === undefined ? undefined : Math.min(a, b!),
    durationSeconds: one.hasTime ? undefined : one.lengthMinutes * 60,
    ...(one.hasTime
      ? { startedAt: iso(end - one.lengthMinutes * minute), completedAt: iso(end) }
      : { day: localDate(universe.timeZone, end) }),
    updatedAt: iso(now - 1_000_000 + index * 1000),
  };
}

async function createUniverse(): Promise<{ tenantId: string; universe: Universe }> {
  const { database } = apps[0]!;
  const tenant = await createTenant(database);
  const instructor = await createInstructor(database, tenant);
  const students = await createStudents(database, instructor, Array(5).fill({}));
  const [first, second] = [await createCategory(database, tenant), await createCategory(database, tenant)];
  const modules = [
    await createModule(database, first, { kind: 'quiz' }),
    await createModule(database, first, { kind: 'voice' }),
    await createModule(database, second, { kind: 'lesson' }),
  ];
  const universe: Universe = {
    timeZone: tenant.timeZone,
    capSeconds: 7_200,
    modules,
    students: students.map(({ userId }) => ({ userId, instructorId: instructor.userId })),
  };
  return { tenantId: tenant.tenantId, universe };
}

async function feed(tenantId: string, sent: readonly SentSession[]): Promise<void> {
  const viewer = { tenantId, userId: uuidv7(), role: 'service', departmentId: null } as const;
  let next = 0;
  const write = async (writer: number): Promise<void> => {
    while (next < sent.length) {
      const from = next;
      next += 3;
      const results = await apps[writer % 2]!.app.get(IngestionService).ingest(viewer, sent.slice(from, from + 3));
      expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    }
  };
  await Promise.all([0, 1, 2, 3].map(write));
}

const close = (tenantId: string, today: string): Promise<unknown> =>
  apps[0]!.app.get(DayCloseService).close(tenantId, today, new AbortController().signal);

it('makes of two students one who has done all that both have, while sessions come in for either', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ sessions, merges, early }) => {
      const { tenantId, universe } = await createUniverse();
      for (const { clock } of apps) clock.set(new Date(now).toISOString());
      const ids = universe.students.map(({ userId }) => userId);
      const sent = sessions.flatMap(({ student, versions }) => {
        const id = uuidv7();
        return versions.map((one, index) => toSession(universe, ids[student]!, id, index, one));
      });
      const cut = Math.floor((sent.length * early) / 1_000);
      const today = localDate(universe.timeZone, now);
      await feed(tenantId, sent.slice(0, cut));
      await close(tenantId, today);

      const into = new Map<string, string>();
      const merge = async (): Promise<void> => {
        for (const [from, to] of merges.map(([a, b]) => [ids[a]!, ids[b]!] as const)) {
          if (from === to || into.has(from) || into.has(to)) continue;
          into.set(from, to);
          const answer = await apps[1]!.as('admin', { tenantId }).post(`/users/${from}/merge`).send({ intoId: to });
          expect([answer.status, answer.body]).toMatchObject([200, { into: { id: to } }]);
        }
      };
      await Promise.all([feed(tenantId, sent.slice(cut)), merge()]);

      const finally_ = (id: string): string => (into.has(id) ? finally_(into.get(id)!) : id);
      const all = sent.map((session) => ({ ...session, studentId: finally_(session.studentId) }));
      const left = { ...universe, students: universe.students.filter(({ userId }) => !into.has(userId)) };
      const tomorrow = localDate(universe.timeZone, now + 86_400_000);
      for (const { clock } of apps) clock.set(new Date(now + 86_400_000).toISOString());
      await close(tenantId, tomorrow);
      await expectDerived(apps[0]!.database, tenantId, left, all, { today: tomorrow, closedBefore: tomorrow });

      // and what is sent once more is known, whoever it is sent for
      const viewer = { tenantId, userId: uuidv7(), role: 'service', departmentId: null } as const;
      const again = await apps[0]!.app.get(IngestionService).ingest(viewer, sent);
      expect(new Set(again.map(({ status }) => status))).toEqual(new Set(['duplicate']));
    }),
    { numRuns: 25, endOnFailure: true },
  );
});
