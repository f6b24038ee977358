import { NIL } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createStudent, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { planOf, readWhole } from '../../test/plans.js';
import { sentDuring } from '../../test/sent.js';
import type { AuditLogEntry } from './audit-logs.dto.js';
import { AuditLogsRepository } from './audit-logs.repository.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let student: Member;

beforeEach(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, instructor);
});
afterEach(() => app.stop());

interface Listed {
  readonly data: AuditLogEntry[];
  readonly pagination: { readonly hasNext: boolean; readonly nextCursor?: string };
}
const list = async (query: object = {}): Promise<Listed> =>
  (await app.as('admin', tenant).get('/audit-logs').query(query).expect(200)).body as Listed;
const actions = ({ data }: Listed): string[] => data.map(({ action }) => action);

it('shows who did what to whom, what changed by it, and that it was looked at', async () => {
  const other = await createInstructor(app.database, tenant);
  await app
    .as('admin', tenant)
    .put(`/students/${student.userId}/instructor`)
    .set('x-request-id', 'request-of-a-move')
    .set('user-agent', 'a browser')
    .send({ instructorId: other.userId })
    .expect(204);
  const { data } = await list({ requestId: 'request-of-a-move' });
  expect(data).toEqual([
    {
      id: expect.any(String) as string,
      at: '2026-03-02T08:00:00Z',
      actor: expect.objectContaining({ role: 'admin' }) as object,
      action: 'student.reassigned',
      target: { type: 'student', id: student.userId },
      personId: student.userId,
      result: 'done',
      reason: null,
      erased: false,
      changes: expect.arrayContaining([
        { field: 'instructorId', before: instructor.userId, after: other.userId },
      ]) as object[],
      requestId: 'request-of-a-move',
      address: expect.any(String) as string,
      agent: 'a browser',
    },
  ]);
  expect(data[0]!.changes).toHaveLength(1);
  const [looked] = (await list({ action: 'audit.viewed' })).data.slice(1);
  expect(looked).toMatchObject({ changes: [{ field: 'requestId', after: 'request-of-a-move' }] });
});

it('finds what was done to a student, what a person did, and what was refused, within a time', async () => {
  app.clock.set('2026-03-02T09:00:00Z');
  await app.as(instructor).get(`/students/${student.userId}`).expect(200);
  app.clock.set('2026-03-02T10:00:00Z');
  await app.as('admin', tenant).get(`/students/${student.userId}`).expect(200);
  expect(actions(await list({ targetId: student.userId }))).toEqual(['student.viewed', 'student.viewed']);
  expect((await list({ targetId: student.userId, targetType: 'user' })).data).toEqual([]);
  const own = await list({ actorId: instructor.userId.toUpperCase() });
  expect(own.data).toMatchObject([{ actor: { id: instructor.userId, role: 'instructor' }, action: 'student.viewed' }]);
  const early = { targetId: student.userId, from: '2026-03-02T09:00:00Z', to: '2026-03-02T10:00:00Z' };
  expect((await list(early)).data).toMatchObject([{ actor: { id: instructor.userId } }]);
  expect(actions(await list({ result: 'refused' }))).toEqual([]);
});

it('pages through all of it, each entry once, whatever comes in meanwhile', async () => {
  await app.database.run(
    `-- test.entries
    insert into audit_entries (tenant_id, at, id, actor_role, action, target_type, result)
    select $1, timestamptz '2026-03-01' + n / 3 * interval '1 minute', gen_random_uuid(), 'admin', 'thing.made', 'thing',
      'done'
    from generate_series(1, 50) n`,
    [tenant.tenantId],
  );
  const found: AuditLogEntry[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const { data, pagination }: Listed = await list({ action: 'thing.made', limit: 7, cursor });
    found.push(...data);
    ({ nextCursor: cursor, hasNext: more } = pagination);
  }
  expect(new Set(found.map(({ id }) => id)).size).toBe(50);
  expect(found.map(({ at }) => at)).toEqual(found.map(({ at }) => at).sort().reverse()); // prettier-ignore
});

it('finds by one and by two filters what meets them', async () => {
  const values = {
    actorId: [instructor.userId, student.userId],
    personId: [instructor.userId, student.userId],
    action: ['thing.made', 'thing.found'],
    targetType: ['thing', 'rarity'],
    targetId: ['1', '2'],
    result: ['done', 'refused', 'failed'],
    requestId: ['a', 'b'],
  };
  type Name = keyof typeof values;
  const names = Object.keys(values) as Name[];
  const pick = (name: Name, n: number): string => values[name][n % values[name].length]!;
  await app.database.run(
    `-- test.mixed
    insert into audit_entries (tenant_id, at, id, actor_role, actor_id, person_id, action, target_type, target_id, result, request_id)
    select $1, timestamptz '2026-03-01', gen_random_uuid(), 'admin', t.* from unnest($2::uuid[], $3::uuid[], $4::text[],
      $5::text[], $6::text[], $7::text[], $8::text[]) t`,
    [
      tenant.tenantId,
      ...names.map((name, index) => Array.from({ length: 90 }, (_, n) => pick(name, n >> (index % 3)))),
    ],
  );
  const day = { from: '2026-03-01T00:00:00Z', to: '2026-03-01T00:00:01Z', limit: 100 };
  const all = (await list(day)).data;
  expect(all).toHaveLength(90);
  const flat = ({ actor, target, ...entry }: AuditLogEntry): Record<string, unknown> => ({
    ...{ ...entry, actorId: actor.id, targetType: target.type, targetId: target.id },
  });
  const meeting = (filter: object): object[] =>
    all.filter((entry) => Object.entries(filter).every(([name, value]) => flat(entry)[name] === value));
  for (const one of names) {
    for (const other of names) {
      for (const n of [0, 1, 2]) {
        const filter = { [one]: pick(one, n), [other]: pick(other, n + 1) };
        expect((await list({ ...day, ...filter })).data).toEqual(meeting(filter));
      }
    }
  }
});

/** The numbers of those of 36,000 entries, from the newest on, that are both: half of all were made, a sixth are rarities. */
const both = [101, 29_989, 29_991, 35_999];
/** The second of them is the last rarity that is looked at, and the third the first one behind it. */
const createSeldom = (): Promise<unknown> =>
  app.database.run(
    `-- test.seldom
    insert into audit_entries (tenant_id, at, id, actor_role, action, target_type, target_id, result)
    select $1, timestamptz '2026-03-01' - n / 2 * interval '1 second', lpad(to_hex(40000 - n), 32, '0')::uuid, 'admin',
      case when n % 2 = 1 then 'thing.made' else 'thing.found' end,
      case when n % 6 = 0 or n = any ($2) then 'rarity' else 'thing' end, n, 'done'
    from generate_series(1, 36000) n`,
    [tenant.tenantId, both],
  );

it('ends a page early where two filters seldom meet, and goes on behind it', async () => {
  await createSeldom();
  const pages: (string | null)[][] = [];
  for (let query: object | null = {}; query;) {
    const { data, pagination }: Listed = await list({ action: 'thing.made', targetType: 'rarity', limit: 3, ...query });
    pages.push(data.map(({ target }) => target.id));
    expect(pagination).toMatchObject({ hasNext: pagination.nextCursor !== undefined });
    query = pagination.nextCursor === undefined ? null : { cursor: pagination.nextCursor };
  }
  expect(pages).toEqual([
    ['101', '29989'],
    ['29991', '35999'],
  ]);
  const early = { action: 'thing.made', targetType: 'rarity', limit: 1 };
  const { headers } = await app
    .as('admin', tenant)
    .get('/audit-logs')
    .query({ ...early, page: 3 })
    .expect(200);
  expect(headers['link']).toMatch(/cursor=[^>]+>; rel="next"/);
  expect((await list({ ...early, page: 2 })).data).toMatchObject([{ target: { id: '29989' } }]);
});

it('passes no entry over when others come in while it looks', async () => {
  await createSeldom();
  const { database } = app;
  const many = async (sql: string, parameters: unknown[]): Promise<object[]> => {
    const rows = await database.many(sql, parameters);
    await database.run(
      `-- test.comeIn
      insert into audit_entries (tenant_id, at, id, actor_role, action, target_type, result)
      select $1, timestamptz '2026-03-02', gen_random_uuid(), 'admin', 'thing.found', 'rarity', 'done'
      from generate_series(1, 9)`,
      [tenant.tenantId],
    );
    return rows;
  };
  const entries = new AuditLogsRepository({ read: () => ({ many }) } as never);
  const position = { limit: 3, offset: 0, page: 1, after: null };
  const { rows, cutAt } = await entries.list(tenant.tenantId, { action: 'thing.made', targetType: 'rarity' }, position);
  expect(rows.map(({ targetId }) => targetId)).toEqual(['101', '29989']);
  expect(cutAt).toEqual([rows[1]!.at, NIL]);
});

it('is for administrators, of their own organisation', async () => {
  await app.as(instructor).get('/audit-logs').expect(403);
  const stranger = await createTenant(app.database);
  await app.as('admin', stranger).get('/students').expect(200);
  const { body } = await app.as('admin', stranger).get('/audit-logs').expect(200);
  expect((body as Listed).data).toMatchObject([{ action: 'audit.viewed' }]);
});

it.each([
  [{ from: '2026-03-02T00:00:00Z', to: '2026-03-02T00:00:00Z' }, '/query/from'],
  [{ result: 'maybe' }, '/query/result'],
  [{ actorId: 'me' }, '/query/actorId'],
  [{ cursor: 'x' }, '/query/cursor'],
])('refuses %j', async (query, pointer) => {
  const { body } = await app.as('admin', tenant).get('/audit-logs').query(query).expect(400);
  expect(body).toMatchObject({ errors: [{ pointer }] });
});

it('looks entries up and does not go through all of them, whatever is asked', async () => {
  await app.database.run(
    `-- test.manyEntries
    insert into audit_entries
      (tenant_id, at, id, actor_id, actor_role, action, target_type, target_id, request_id, result, person_id)
    select case when n % 10 = 0 then $1 else gen_random_uuid() end, timestamptz '2026-03-01' + n * interval '1 second',
      gen_random_uuid(), gen_random_uuid(), 'admin', 'thing.made_' || chr(97 + n % 20), 'thing', gen_random_uuid()::text,
      gen_random_uuid()::text, case when n % 500 = 0 then 'refused' else 'done' end,
      case when n % 3 = 0 then gen_random_uuid() end
    from generate_series(1, 40000) n`,
    [tenant.tenantId],
  );
  await app.database.run('-- test.analyzeEntries\nanalyze audit_entries');
  const queries = [
    {}, { actorId: student.userId }, { personId: student.userId }, { personId: student.userId, result: 'refused' }, { action: 'thing.made_a' }, { targetId: student.userId }, { requestId: 'r' },
    { result: 'refused' }, { result: 'done' }, { action: 'thing.made_a', targetType: 'thing' }, { from: '2026-03-01T03:00:00Z', to: '2026-03-01T03:10:00Z' },
  ]; // prettier-ignore
  for (const query of queries) {
    const sent = (await sentDuring(() => list(query))).filter(({ name }) => /^audit\.list/.test(name));
    expect(sent.map(({ name }) => name)).toContain('audit.list');
    for (const one of sent) expect(readWhole(await planOf(app.db.source, one))).toEqual([]);
  }
});
