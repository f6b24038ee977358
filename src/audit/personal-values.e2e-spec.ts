import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { createTestDatabase } from '../../test/database.js';
import {
  adminIdOf,
  createInstructor,
  createOperator,
  createStudent,
  createTenant,
  type Member,
  type Tenant,
} from '../../test/factories.js';
import { statementsDuring } from '../../test/statements.js';
import { migrations } from '../../migrations/migrations.js';
import { migrate, revertLast } from '../database/migrate.js';
import type { AuditLogEntry } from './audit-logs.dto.js';
import { type AuditEntry, AuditRecorder } from './audit.recorder.js';
import { AuditSeals } from './seals.service.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let student: Member;
const name = 'Zebedee Quartermain';
const agent = 'the own browser of Zebedee';

beforeEach(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, instructor);
});
afterEach(() => app.stop());

const list = async (query: object = {}): Promise<AuditLogEntry[]> =>
  ((await app.as('admin', tenant).get('/audit-logs').query(query).expect(200)).body as { data: AuditLogEntry[] }).data;
const record = (entry: Partial<AuditEntry>, userId: string | null = null): Promise<void> =>
  app.app
    .get(AuditRecorder, { strict: false })
    .record(
      { tenantId: tenant.tenantId, userId, role: userId === null ? 'service' : 'instructor' },
      { action: 'thing.made', targetType: 'thing', ...entry },
    );
const stored = async (): Promise<string> => {
  const { text } = await app.database.one<{ text: string }>(
    `-- test.stored
    select string_agg(e::text || coalesce(encode(details, 'escape'), '') || coalesce(encode(origin, 'escape'), ''), '') as text
    from audit_entries e where tenant_id = $1`,
    [tenant.tenantId],
  );
  return text;
};
const erase = (personId: string): Promise<number> =>
  app.database.run('-- test.eraseKey\ndelete from person_keys where tenant_id = $1 and person_id = $2', [
    tenant.tenantId,
    personId,
  ]);

it('keeps nothing in plain of what it says of people, and shows it to whoever may read it', async () => {
  const changed = app.as('admin', tenant).patch(`/users/${student.userId}`).set('user-agent', agent);
  await changed.send({ name }).expect(200);
  expect(await stored()).not.toMatch(/Zebedee|Quartermain|127\.0\.0\.1|::1/);
  const [entry] = await list({ action: 'user.changed' });
  expect(entry).toMatchObject({
    personId: student.userId,
    erased: false,
    agent: expect.stringContaining('own browser of'),
  });
  expect(entry!.address).toMatch(/127\.0\.0\.1|::1/);
  expect(entry!.changes).toContainEqual({ field: 'name', before: student.name, after: name });
});

it('says no more of a person whose key is gone, everything of others, and is still as it was sealed', async () => {
  const other = await createStudent(app.database, instructor);
  const entry = { before: { name: 'Old' }, after: { name }, reason: `for ${name}` };
  await record({ targetType: 'student', targetId: student.userId, ...entry });
  await record({ targetType: 'student', targetId: other.userId, ...entry });
  await app.as(instructor).get(`/students/${other.userId}`).set('user-agent', agent).expect(200);
  await app.app.get(AuditSeals, { strict: false }).seal(new AbortController().signal);
  await erase(student.userId);
  expect(await list({ personId: student.userId, action: 'thing.made' })).toMatchObject([
    { erased: true, changes: [], reason: null, personId: student.userId },
  ]);
  expect(await list({ personId: other.userId, action: 'thing.made' })).toMatchObject([
    { erased: false, changes: [{ before: 'Old', after: name }], reason: `for ${name}` },
  ]);
  await erase(instructor.userId);
  expect(await list({ action: 'student.viewed' })).toMatchObject([
    { erased: true, address: null, agent: null, actor: { id: instructor.userId } },
  ]);
  const { body } = await app.as('admin', tenant).post('/audit/verify').send({}).expect(200);
  expect(body).toMatchObject({ lastSeal: 1, fault: null });
  // and nothing new is kept of whoever has been erased, in plain least of all
  app.clock.advance(601);
  await record({ targetType: 'student', targetId: student.userId, ...entry });
  await app.as(instructor).get(`/students/${other.userId}`).set('user-agent', agent).expect(200);
  expect(await stored()).not.toMatch(/Zebedee|Quartermain|127\.0\.0\.1/);
  const { details } = await app.database.one<{ details: number }>(
    `-- test.countDetails
    select count(*) filter (where details is not null) as details from audit_entries
    where tenant_id = $1 and person_id = $2 and action = 'thing.made'`,
    [tenant.tenantId, student.userId],
  );
  expect(details).toBe(1);
});

it('is read in its own place only: not in another entry, not as something else', async () => {
  const about = { targetType: 'student', targetId: student.userId };
  await record({ ...about, after: { number: 1 } });
  await record({ ...about, after: { number: 2 } });
  const swap = (sql: string): Promise<void> =>
    app.database.transaction(async () => {
      await app.database.run('-- test.withoutTriggers\nset local session_replication_role = replica');
      await app.database.run(`-- test.swap\n${sql}`, [tenant.tenantId]);
    });
  expect((await list({ action: 'thing.made' })).map(({ changes }) => changes)).toEqual([
    [{ field: 'number', after: 2 }],
    [{ field: 'number', after: 1 }],
  ]);
  await swap(`update audit_entries e set details = o.details from audit_entries o
    where e.tenant_id = $1 and o.tenant_id = $1 and e.action = 'thing.made' and o.action = 'thing.made' and o.id <> e.id`);
  expect((await list({ action: 'thing.made' })).map(({ changes, erased }) => [changes, erased])).toEqual([
    [[], false],
    [[], false],
  ]);
});

it('is about whom the caller says, and of nobody where it is of nobody here', async () => {
  await record({ personId: student.userId.toUpperCase(), after: { is: 'said' } });
  await record({ targetType: 'student', targetId: student.userId, personId: null, after: { is: 'about nobody' } });
  await record({ targetType: 'user', targetId: 'nobody', after: { is: 'no id' } });
  const stranger = await createStudent(app.database, await createTenant(app.database));
  await record({ targetType: 'user', targetId: stranger.userId, after: { is: name } });
  const trail = await auditTrail(app.database, tenant.tenantId);
  expect(trail.map(({ personId, after }) => [personId, after])).toEqual([
    [student.userId, { is: 'said' }],
    [null, { is: 'about nobody' }],
    [null, { is: 'no id' }],
    [stranger.userId, null],
  ]);
  expect(await stored()).not.toContain(name);
});

it('asks for the keys of whoever acts again and again once, and for all others in one statement', async () => {
  await app.as(instructor).get(`/students/${student.userId}`).expect(200);
  const again = await statementsDuring(() => app.as(instructor).get(`/students/${student.userId}`).expect(200));
  expect(again).toContain('audit.insert');
  expect(again).not.toContain('audit.listPersonKeys');
  const students = await Promise.all([1, 2, 3].map(() => createStudent(app.database, instructor)));
  const many = await statementsDuring(() =>
    app.app.get(AuditRecorder, { strict: false }).record(
      instructor,
      students.map(({ userId }) => ({ action: 'thing.made', targetType: 'user', targetId: userId, after: { userId } })),
    ),
  );
  expect(many.filter((statement) => statement.startsWith('audit.'))).toEqual(['audit.listPersonKeys', 'audit.insert']);
});

it('looks up the key of whom a path names as the transaction begins, and not again', async () => {
  const sent = await statementsDuring(() =>
    app.as('admin', tenant).patch(`/users/${student.userId}`).send({ name }).expect(200),
  );
  expect(sent.filter((statement) => /^audit/.test(statement))).toEqual([
    'audit.listPersonKeys',
    'audit.listKeysBeside',
    'audit.insert',
  ]);
  expect((await auditTrail(app.database, tenant.tenantId)).at(-1)).toMatchObject({ after: { name } });
});

it('asks for no roster where the path names nobody: who writes for themselves says nothing of others', async () => {
  const sent = await statementsDuring(() =>
    app.as(student).put('/me/phone').send({ phone: '+441632960123' }).expect(200),
  );
  expect(sent.filter((statement) => /^audit/.test(statement))).toEqual(['audit.listPersonKeys', 'audit.insert']);
});

it('knows the keys of a roster once it has asked for the first of it', async () => {
  const others = [1, 2].map(() => createStudent(app.database, instructor));
  const [first, second] = [student, ...(await Promise.all(others))].sort((a, b) => (a.userId < b.userId ? -1 : 1));
  const change = ({ userId }: Member) => app.as('admin', tenant).patch(`/users/${userId}`).send({ name }).expect(200);
  expect(await statementsDuring(() => change(first!))).toContain('audit.listKeysBeside');
  const again = await statementsDuring(() => change(second!));
  expect(again.filter((statement) => statement.startsWith('audit'))).toEqual(['audit.insert']);
  const trail = (await auditTrail(app.database, tenant.tenantId)).filter(({ action }) => action === 'user.changed');
  expect(trail).toMatchObject([
    { personId: first!.userId, after: { name } },
    { personId: second!.userId, after: { name } },
  ]);
});

it('keeps the order of what is written down at one moment', async () => {
  const entries = Array.from({ length: 200 }, (_, n) => ({
    action: 'thing.made',
    targetType: 'thing',
    targetId: `${n}`,
  }));
  const recorder = app.app.get(AuditRecorder, { strict: false });
  await recorder.record({ tenantId: tenant.tenantId, userId: null, role: 'service' }, entries);
  const targets = (await auditTrail(app.database, tenant.tenantId)).map(({ targetId }) => targetId);
  expect(targets).toEqual(entries.map(({ targetId }) => targetId));
});

it('knows operators by the key they have in the installation, and services in plain', async () => {
  const operator = await createOperator(app.database);
  await app
    .as(operator)
    .patch(`/tenants/${tenant.tenantId}`)
    .set('user-agent', agent)
    .send({ name: 'North' })
    .expect(200);
  const [entry] = await list({ action: 'tenant.changed' });
  expect(entry).toMatchObject({ actor: { id: operator.userId, role: 'operator' }, erased: false });
  expect(entry!.agent).toContain('own browser of');
  expect(await stored()).not.toContain('Zebedee');
  const service = app.as('service', tenant).get(`/students/${student.userId}`);
  await service.set('user-agent', 'lms/7').expect(200);
  expect(await list({ action: 'student.viewed' })).toMatchObject([{ agent: 'lms/7' }]);
  expect(await stored()).toContain('lms/7');
});

it('has a key for everybody from the beginning, each another', async () => {
  const { people, keys } = await app.database.one<{ people: number; keys: number }>(
    `-- test.countKeys
    select (select count(*) from users) as people, count(distinct key) as keys from person_keys`,
  );
  expect([people, keys]).toEqual([3, 3]);
});

it('takes what was written before along, both ways, and begins the chain anew', async () => {
  const db = await createTestDatabase();
  try {
    const old = await createTenant(db.database);
    const teacher = await createInstructor(db.database, old);
    const pupil = await createStudent(db.database, teacher);
    const last = migrations.findIndex(({ name: migration }) => migration.startsWith('EncryptAuditEntries'));
    for (let count = migrations.length; count > last; count--) await revertLast(db.url, () => undefined);
    const attempt = { studentId: pupil.userId, number: 1 };
    await db.database.run(
      `-- test.oldEntries
      insert into audit_entries (tenant_id, at, id, actor_id, actor_role, action, target_type, target_id, address, agent,
        before, after, result, reason)
      select $1, timestamptz '2026-03-01' + n * interval '1 second', gen_random_uuid(), actor, role, 'thing.made', type,
        target, '192.0.2.7', 'browser', before::jsonb, after::jsonb, 'done', reason
      from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
        with ordinality as e (actor, role, type, target, before, after, reason, n)`,
      [
        old.tenantId,
        [teacher.userId, null, teacher.userId, adminIdOf(old), null],
        ['instructor', 'service', 'instructor', 'admin', 'service'],
        ['student', 'attempt', 'segment', 'tenant', 'student'],
        [pupil.userId, null, null, old.tenantId, '00000000-0000-7000-8000-00000000dead'],
        [JSON.stringify({ name }), null, null, JSON.stringify({ passMark: 70 }), null],
        [null, JSON.stringify(attempt), JSON.stringify({ name: 'Mine' }), null, JSON.stringify({ name })],
        [`for ${name}`, null, null, null, null],
      ],
    );
    await migrate(db.url, () => undefined);
    const plain = await db.database.many(
      `-- test.plain
      select before, after, reason, address, person_id from audit_entries where tenant_id = $1 order by at`,
      [old.tenantId],
    );
    const none = { before: null, after: null, reason: null };
    expect(plain).toEqual([
      { ...none, address: null, person_id: pupil.userId },
      { ...none, address: '192.0.2.7', person_id: pupil.userId },
      { ...none, address: null, person_id: teacher.userId },
      { ...none, before: { passMark: 70 }, address: null, person_id: null },
      { ...none, address: '192.0.2.7', person_id: '00000000-0000-7000-8000-00000000dead' },
    ]);
    const trail = await auditTrail(db.database, old.tenantId);
    expect(trail.map(({ before, after, reason, address }) => [before, after, reason, address])).toEqual([
      [{ name }, null, `for ${name}`, '192.0.2.7'],
      [null, attempt, null, '192.0.2.7'],
      [null, { name: 'Mine' }, null, '192.0.2.7'],
      [{ passMark: 70 }, null, null, '192.0.2.7'],
      [null, null, null, '192.0.2.7'],
    ]);
    const chain = await db.database.one(
      `-- test.chain
      select (select count(*) from audit_seals) as seals, (select count(*) from audit_pending) as pending`,
    );
    expect(chain).toEqual({ seals: 0, pending: 5 });
    for (let count = migrations.length; count > last; count--) await revertLast(db.url, () => undefined);
    const back = await db.database.many(
      `-- test.back
      select before, after, reason, address from audit_entries where tenant_id = $1 order by at limit 2`,
      [old.tenantId],
    );
    expect(back).toEqual([
      { before: { name }, after: null, reason: `for ${name}`, address: '192.0.2.7' },
      { before: null, after: attempt, reason: null, address: '192.0.2.7' },
    ]);
  } finally {
    await db.drop();
  }
});
