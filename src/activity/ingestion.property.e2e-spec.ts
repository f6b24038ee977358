import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { expectDerived, stateOf } from '../../test/derived.js';
import { createCategory, createInstructor, createModule, createStudents, createTenant } from '../../test/factories.js';
import fc from '../../test/property.js';
import { localDate, type SentSession, type Universe } from '../../test/recomputed.js';
import type { Viewer } from '../http/viewer.js';
import { DayCloseService } from './day-close.service.js';
import { IngestionService } from './ingestion.service.js';

jest.setTimeout(300_000);

const writers = 8;
const minute = 60_000;
const cap = 7_200;

/** Two processes on one database: within one, batches that wait share a transaction. */
let apps: TestApp[] = [];

beforeAll(async () => {
  const first = await startApp();
  apps = [first, await startApp({ db: first.db })];
});
afterAll(async () => {
  for (const app of apps.reverse()) await app.stop();
});

/** 40 days before each of these, clocks are put forward or back; Santiago does so at midnight, which then is not. */
const places = [
  { timeZone: 'Europe/London', now: '2026-04-10T09:30:00Z' },
  { timeZone: 'Europe/London', now: '2026-11-09T00:10:00Z' },
  { timeZone: 'America/Santiago', now: '2026-09-20T03:30:00Z' },
  { timeZone: 'Pacific/Kiritimati', now: '2026-04-10T10:20:00Z' },
  { timeZone: 'Pacific/Marquesas', now: '2026-06-30T23:59:00Z' },
] as const;

const time = fc.record({
  // half of them close together: days that meet, and meet again after they were closed
  daysAgo: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 3 })),
  // half of them close to some midnight
  minuteOfDay: fc.oneof(fc.nat({ max: 1_439 }), fc.integer({ min: -70, max: 70 })),
  seconds: fc.nat({ max: 59 }),
});
const version = fc.record({
  end: time,
  shape: fc.constantFrom('interval', 'interval', 'interval', 'end', 'begin', 'day'),
  lengthMinutes: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 400 })),
  durationSeconds: fc.option(fc.nat({ max: 12_000 }), { nil: undefined }),
  module: fc.nat({ max: 2 }),
  kind: fc.option(fc.constantFrom('quiz', 'voice', 'exercise'), { nil: undefined }),
  status: fc.constantFrom('completed', 'completed', 'completed', 'in_progress', 'abandoned'),
  score: fc.option(
    fc.nat({ max: 10_000 }).map((hundredths) => hundredths / 100),
    { nil: undefined },
  ),
  answered: fc.option(fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 20 })), { nil: undefined }),
  interactions: fc.option(fc.nat({ max: 100 }), { nil: undefined }),
});
const story = fc.record({
  place: fc.constantFrom(...places),
  students: fc.integer({ min: 3, max: 6 }),
  /** Each session with its corrections, the oldest first. */
  sessions: fc.array(
    fc.record({ student: fc.nat({ max: 5 }), versions: fc.array(version, { minLength: 1, maxLength: 3 }) }),
    { minLength: 1, maxLength: 50, size: 'max' },
  ),
  order: fc.infiniteStream(fc.nat({ max: 1_000_000 })),
  batchSize: fc.integer({ min: 1, max: 8 }),
  /** What has come in, in thousandths, before the first close. */
  early: fc.nat({ max: 1_000 }),
  daysBetween: fc.constantFrom(0, 1, 2, 9, 31),
});

type Version = typeof version extends fc.Arbitrary<infer T> ? T : never;

function toSession(universe: Universe, now: number, studentId: string, id: string, index: number, one: Version) {
  const { timeZone, modules } = universe;
  // no time of it may lie in the future: the beginning alone says that the session goes on
  const length = Math.max(one.lengthMinutes * 60, one.durationSeconds ?? 0);
  const raw = Math.floor(now / 86_400_000) * 86_400_000 - one.end.daysAgo * 86_400_000;
  const at = Math.min(raw + one.end.minuteOfDay * minute + one.end.seconds * 1000, now - length * 1000);
  const iso = (milliseconds: number): string => new Date(milliseconds).toISOString();
  const begin = iso(at - one.lengthMinutes * minute);
  const { status } = one;
  const times = {
    interval: { startedAt: begin, completedAt: iso(at) },
    end: { completedAt: iso(at) },
    begin: status === 'completed' ? { completedAt: iso(at) } : { startedAt: iso(at) },
    day: { day: localDate(timeZone, at) },
  }[one.shape as 'interval' | 'end' | 'begin' | 'day'];
  const [a, b] = one.answered ?? [];
  return {
    id,
    studentId,
    moduleId: modules[one.module]!.moduleId,
    kind: one.kind,
    status,
    score: one.score,
    questions: a === undefined ? undefined : Math.max(a, b!),
    correct: a === undefined ? undefined : Math.min(a, b!),
    durationSeconds: one.durationSeconds,
    interactions: one.interactions,
    ...times,
    updatedAt: iso(now - 1_000_000 + index * 1000),
  } as SentSession;
}

async function createUniverse(timeZone: string, count: number): Promise<{ tenantId: string; universe: Universe }> {
  const { database } = apps[0]!;
  const tenant = await createTenant(database, { timeZone });
  const instructor = await createInstructor(database, tenant);
  const own = await createStudents(
    database,
    instructor,
    Array.from({ length: count - 1 }, () => ({})),
  );
  const others = await createStudents(database, tenant, [{}]);
  const [first, second] = [await createCategory(database, tenant), await createCategory(database, tenant)];
  const modules = [
    await createModule(database, first, { kind: 'quiz' }),
    await createModule(database, first, { kind: 'voice' }),
    await createModule(database, second, { kind: 'lesson' }),
  ];
  const students = [
    ...own.map(({ userId }) => ({ userId, instructorId: instructor.userId })),
    ...others.map(({ userId }) => ({ userId, instructorId: null })),
  ];
  return { tenantId: tenant.tenantId, universe: { timeZone, capSeconds: cap, modules, students } };
}

/** Everything, in batches, by all writers at once. @returns the results' states, in the order of `sent` */
async function feed(tenantId: string, sent: readonly SentSession[], batchSize: number): Promise<string[]> {
  const viewer: Viewer = { tenantId, userId: uuidv7(), role: 'service', departmentId: null };
  const states: string[] = [];
  let next = 0;
  const write = async (writer: number): Promise<void> => {
    const ingestion = apps[writer % apps.length]!.app.get(IngestionService);
    while (next < sent.length) {
      const from = next;
      next += batchSize;
      const results = await ingestion.ingest(viewer, sent.slice(from, from + batchSize));
      results.forEach((result, index) => (states[from + index] = result.status));
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  return states;
}

async function close(tenantId: string, today: string): Promise<void> {
  // two at once, as after a lost lock
  await Promise.all(
    apps.map((app) => app.app.get(DayCloseService).close(tenantId, today, new AbortController().signal)),
  );
}

it('derives every number from the sessions alone, in whatever order, batches and nights they come', async () => {
  await fc.assert(
    fc.asyncProperty(story, async ({ place, students, sessions, order, batchSize, early, daysBetween }) => {
      const { timeZone } = place;
      const now = Date.parse(place.now);
      for (const { clock } of apps) clock.set(place.now);
      const { tenantId, universe } = await createUniverse(timeZone, students);
      const sent = sessions.flatMap(({ student, versions }) => {
        const { userId } = universe.students[student % students]!;
        const id = uuidv7();
        return versions.map((one, index) => toSession(universe, now, userId, id, index, one));
      });
      const shuffled = [...sent, ...sent.slice(0, Math.ceil(sent.length / 3))]
        .map((session) => ({ session, rank: order.next().value as number }))
        .sort((a, b) => a.rank - b.rank)
        .map(({ session }) => session);
      const cut = Math.floor((shuffled.length * early) / 1_000);
      const [first, rest] = [shuffled.slice(0, cut), shuffled.slice(cut)];

      const today = localDate(timeZone, now);
      expect(await feed(tenantId, first, batchSize)).not.toContain('rejected');
      await close(tenantId, today);
      await expectDerived(apps[0]!.database, tenantId, universe, first, { today, closedBefore: today });

      const later = now + daysBetween * 86_400_000;
      for (const { clock } of apps) clock.set(new Date(later).toISOString());
      const laterDay = localDate(timeZone, later);
      await feed(tenantId, rest, batchSize);
      await close(tenantId, laterDay);
      await expectDerived(apps[0]!.database, tenantId, universe, shuffled, { today: laterDay, closedBefore: laterDay });

      const before = await stateOf(apps[0]!.database, tenantId);
      expect(new Set(await feed(tenantId, shuffled, batchSize))).toEqual(new Set(['duplicate']));
      expect(await stateOf(apps[0]!.database, tenantId)).toEqual(before);
    }),
    { numRuns: 30, endOnFailure: true },
  );
});
