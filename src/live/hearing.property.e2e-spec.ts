import { v7 as uuidv7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '../../test/database.js';
import fc from '../../test/property.js';
import type { Viewer } from '../http/viewer.js';
import { hearing, kindsFor } from './hearing.js';
import { type Audience, liveKinds, toldKinds } from './live-event.js';
import { LiveEventsRepository } from './live-events.repository.js';

let db: TestDatabase;
let events: LiveEventsRepository;

beforeAll(async () => {
  db = await createTestDatabase();
  events = new LiveEventsRepository(db.database);
});
afterAll(() => db.drop());

/** Few of each, so that they meet. */
const ids = (count: number): string[] => Array.from({ length: count }, () => uuidv7());
const [tenants, people, departments] = [ids(2), ids(4), ids(3)];
const person = fc.constantFrom(...people);
const tenantId = fc.constantFrom(...tenants);
const path = fc.subarray(departments, { minLength: 1 });

const audience: fc.Arbitrary<Audience> = fc.oneof(
  fc.record({
    tenantId,
    subjectId: person,
    userId: fc.constant(null),
    instructorId: fc.option(person),
    departmentPath: path,
  }),
  fc.record({
    tenantId,
    subjectId: person,
    userId: person,
    instructorId: fc.constant(null),
    departmentPath: fc.constant(null),
  }),
);
const viewer: fc.Arbitrary<Viewer> = fc.record(
  {
    tenantId,
    userId: person,
    role: fc.constantFrom('student', 'instructor', 'supervisor', 'admin', 'service'),
    departmentId: fc.option(fc.constantFrom(...departments)),
    rosters: fc.subarray(people),
    scopes: fc.subarray(['students:read', 'risk:read', 'submissions:read', 'reports:read']),
  },
  { requiredKeys: ['tenantId', 'userId', 'role', 'departmentId'] },
);
const asked = fc.option(fc.subarray([...toldKinds], { minLength: 1 }), { nil: undefined });

it('the law: what is told again is what would have been told at once', async () => {
  const written = fc.array(fc.record({ kind: fc.constantFrom(...liveKinds), audience }), { maxLength: 30 });
  let outboxId = 0;
  await fc.assert(
    fc.asyncProperty(written, viewer, asked, async (list, who, wanted) => {
      const { newest: after } = await events.findBounds();
      await events.insert(
        list.map(({ kind, audience: whose }) => ({ kind, ...whose, outboxId: ++outboxId, payload: { n: outboxId } })),
        new Date(),
      );
      const { newest: upTo } = await events.findBounds();
      const all = await events.listAfter(after, 100);
      const kinds = kindsFor(who, wanted);
      const hears = hearing(who);
      const atOnce = all.filter((event) => kinds.some((kind) => kind === event.kind) && hears(event));
      expect(await events.listHeard(who, kinds, { after, upTo }, 100)).toEqual(atOnce);
      // as it was written: whose each is, and in which order
      expect(all.map(({ payload }) => payload)).toEqual(list.map((_, i) => ({ n: outboxId - list.length + i + 1 })));
    }),
    { numRuns: 300 },
  );
});
