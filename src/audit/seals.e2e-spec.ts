import { createHash } from 'node:crypto';
import { startApp, type TestApp } from '../../test/app.js';
import { untilBlocked } from '../../test/blocked.js';
import { adminIdOf, createTenant, type Tenant } from '../../test/factories.js';
import { Database } from '../database/database.js';
import { AuditRecorder } from './audit.recorder.js';
import type { AuditVerification } from './seals.dto.js';
import { SealsRepository } from './seals.repository.js';
import { AuditSeals } from './seals.service.js';

let app: TestApp;
let tenant: Tenant;
const { signal } = new AbortController();

beforeEach(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
});
afterEach(() => app.stop());

const seals = (): AuditSeals => app.app.get(AuditSeals, { strict: false });
const record = (from: number, count: number, of = tenant): Promise<void> =>
  app.app.get(AuditRecorder, { strict: false }).record(
    { tenantId: of.tenantId, userId: null, role: 'admin' },
    Array.from({ length: count }, (_, n) => ({
      action: 'thing.made',
      targetType: 'thing',
      targetId: String(from + n),
      personId: n % 2 === 1 ? adminIdOf(of) : null,
      before: { number: 1.1, name: 'ä "quoted"\n\u0007' },
      after: { big: 12345678901234567n.toString(), list: [1, { a: null }] },
    })),
  );
const verify = async (body: object = {}): Promise<AuditVerification> =>
  (await app.as('admin', tenant).post('/audit/verify').send(body).expect(200)).body as AuditVerification;
/** As one who owns the tables, past everything that the application would say to it. */
const tamper = (sql: string, parameters: readonly unknown[] = []): Promise<void> =>
  app.database.transaction(async () => {
    await app.database.run('-- test.withoutTriggers\nset local session_replication_role = replica');
    await app.database.run(`-- test.tamper\n${sql}`, [tenant.tenantId, ...parameters]);
  });
interface Entry {
  readonly id: string;
  readonly at: string;
}
const entry = (target: number): Promise<Entry> =>
  app.database.one<Entry>(
    '-- test.findEntry\nselect id, at from audit_entries where tenant_id = $1 and target_id = $2',
    [tenant.tenantId, String(target)],
  );

/** Three seals of five entries. */
async function sealed(): Promise<void> {
  for (const from of [0, 5, 10]) {
    app.clock.advance(60);
    await record(from, 5);
    await seals().seal(signal);
  }
}

it('seals everything once, of each organisation in a chain of its own, and finds nothing wrong with it', async () => {
  const other = await createTenant(app.database);
  await record(0, 2_500);
  await record(0, 3, other);
  expect(await seals().seal(signal)).toBe(2_503);
  expect(await seals().seal(signal)).toBe(0);
  expect(await verify()).toMatchObject({ lastSeal: 3, next: null, fault: null });
  // what looking has put on record is not sealed yet, and not missed
  expect(await verify()).toMatchObject({ lastSeal: 3, fault: null });
  await seals().seal(signal);
  expect(await verify()).toMatchObject({ lastSeal: 4, fault: null });
});

it('makes hashes that others can make from the same entries', async () => {
  await record(7, 2);
  await seals().seal(signal);
  const [seal, rows] = [
    await app.database.one<{ hash: string; sealedAt: string }>(
      `-- test.readSeal
      select encode(hash, 'hex') as hash, sealed_at as "sealedAt" from audit_seals where tenant_id = $1`,
      [tenant.tenantId],
    ),
    await app.database.many<Record<string, string | null>>(
      `-- test.readEntries
      select action, actor_id as "actorId", actor_role as "actorRole", address, after::text, agent,
        to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, before::text,
        delegation_id as "delegationId", encode(details, 'hex') as details, id, key_id as "keyId",
        encode(origin, 'hex') as origin, person_id as "personId", reason, request_id as "requestId", result, target_id as "targetId", target_type as "targetType", tenant_id as "tenantId"
      from audit_entries where tenant_id = $1 order by audit_entries.at, id`,
      [tenant.tenantId],
    ),
  ];
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  // the names of each object are in order already, and strings are written as RFC 8785 has them
  const entries = rows.map((row) => ({ at: row['at'], digest: sha256(JSON.stringify(row)), id: row['id'] }));
  const sealedAt = '2026-03-02T08:00:00.000000Z';
  const { tenantId } = tenant;
  const chain = { entries, number: 1, previousHash: '0'.repeat(64), sealedAt, tenantId };
  expect(seal.hash).toBe(sha256(JSON.stringify(chain)));
});

it.each([
  ['changed', `update audit_entries set reason = 'none' where tenant_id = $1 and target_id = '7'`, 'entry_changed'],
  [
    'changed in its JSON',
    `update audit_entries set before = jsonb_set(before, '{number}', '1.10') where tenant_id = $1 and target_id = '7'`,
    'entry_changed',
  ],
  [
    'changed in what is encrypted',
    `update audit_entries set details = set_byte(details, 40, 255 - get_byte(details, 40))
      where tenant_id = $1 and target_id = '8'`,
    'entry_changed',
  ],
  [
    'told of another person',
    `update audit_entries set person_id = gen_random_uuid() where tenant_id = $1 and target_id = '8'`,
    'entry_changed',
  ],
  [
    'changed in its time',
    `update audit_entries set at = at + interval '1 microsecond' where tenant_id = $1 and target_id = '7'`,
    'entry_missing',
  ],
  ['deleted', `delete from audit_entries where tenant_id = $1 and target_id = '7'`, 'entry_missing'],
] as const)('finds an entry that was %s', async (_, sql, kind) => {
  await sealed();
  const { id } = await entry(Number(/target_id = '(\d)'/.exec(sql)![1]));
  await tamper(sql);
  expect(await verify()).toMatchObject({ fault: { kind, seal: 2, entryId: id } });
  expect(await verify({ after: 2 })).toMatchObject({ fault: null });
});

it('finds entries that changed places', async () => {
  await sealed();
  await tamper(`update audit_entries set target_id = case target_id when '6' then '8' else '6' end
    where tenant_id = $1 and target_id in ('6', '8')`);
  expect(await verify()).toMatchObject({ fault: { kind: 'entry_changed', seal: 2 } });
});

it('finds an entry that was put in, and one that was taken away before it was sealed', async () => {
  await sealed();
  await tamper(`insert into audit_entries (tenant_id, at, id, actor_role, action, target_type, target_id, result)
    select tenant_id, at, gen_random_uuid(), 'admin', 'thing.made', 'thing', 'false', 'done' from audit_entries
    where tenant_id = $1 and target_id = '7'`);
  const inserted = await app.database.one<Entry>(
    `-- test.findInserted
    select id, at from audit_entries where tenant_id = $1 and target_id = 'false'`,
    [tenant.tenantId],
  );
  expect(await verify()).toMatchObject({ fault: { kind: 'entry_unsealed', seal: null, entryId: inserted.id } });
  await tamper(`delete from audit_entries where tenant_id = $1 and target_id = 'false'`);
  await record(20, 2);
  await tamper(`delete from audit_entries where tenant_id = $1 and target_id = '20'`);
  await seals().seal(signal);
  expect(await verify()).toMatchObject({ fault: { kind: 'entry_missing', seal: 4 } });
});

it('finds an entry that was put in with a time of before, whoever put it in', async () => {
  await sealed();
  app.clock.advance(3_700);
  await record(15, 5);
  await seals().seal(signal);
  const put = (late: string): Promise<Entry> =>
    app.database.one<Entry>(
      `-- test.putIn
      insert into audit_entries (tenant_id, at, id, actor_role, action, target_type, target_id, result)
      select tenant_id, at + $2::interval, gen_random_uuid(), 'admin', 'thing.made', 'thing', 'false', 'done'
      from audit_entries where tenant_id = $1 and target_id = '7'
      returning id, at`,
      [tenant.tenantId, late],
    );
  await put('1 hour');
  await seals().seal(signal);
  expect(await verify()).toMatchObject({ lastSeal: 5, fault: null });
  const { id } = await put('0');
  await record(20, 5);
  await seals().seal(signal);
  const fault = { kind: 'entry_backdated', seal: 6, entryId: id };
  expect(await verify()).toMatchObject({ fault });
  expect(await verify({ after: 5 })).toMatchObject({ fault });
  expect(await verify({ after: 6 })).toMatchObject({ fault: null });
});

it.each([
  [`update audit_seals set sealed_at = sealed_at + interval '1 second' where tenant_id = $1 and number = 2`, 'seal_changed', 2],
  [`update audit_seals set digests = digests[2:] || digests[1:1] where tenant_id = $1 and number = 2`, 'seal_changed', 2],
  [`update audit_seals set first_at = first_at - interval '1 day' where tenant_id = $1 and number = 2`, 'seal_changed', 2],
  [`update audit_seals set last_at = last_at - interval '1 second' where tenant_id = $1 and number = 2`, 'seal_changed', 2],
  [`delete from audit_seals where tenant_id = $1 and number = 2`, 'seal_missing', 2],
  [`delete from audit_seals where tenant_id = $1 and number = 1`, 'seal_missing', 1],
] as const)('finds %s', async (sql, kind, seal) => {
  await sealed();
  await tamper(sql);
  expect(await verify()).toMatchObject({ fault: { kind, seal } });
}); // prettier-ignore

it('finds by a checkpoint that the trail was cut, as by a backup, or made anew', async () => {
  await sealed();
  const { lastSeal: seal, hash } = await verify();
  const checkpoint = { seal, hash };
  expect(await verify({ checkpoint })).toMatchObject({ fault: null });
  await tamper('delete from audit_seals where tenant_id = $1 and number = 3');
  await tamper('delete from audit_pending where tenant_id = $1');
  await tamper(`delete from audit_entries where tenant_id = $1 and at > (
    select sealed_at from audit_seals where tenant_id = $1 and number = 2)`);
  expect(await verify()).toMatchObject({ lastSeal: 2, fault: null });
  expect(await verify({ checkpoint })).toMatchObject({ fault: { kind: 'chain_cut', seal: 3 } });
  await record(30, 1);
  await seals().seal(signal);
  expect(await verify({ checkpoint })).toMatchObject({ fault: { kind: 'chain_cut', seal: 3 } });
});

it('takes no change and no deletion through the application', async () => {
  await sealed();
  const { id } = await entry(7);
  for (const sql of [
    `update audit_entries set reason = '' where tenant_id = $1 and id = $2`,
    'delete from audit_entries where tenant_id = $1 and id = $2',
    'update audit_seals set number = 9 where tenant_id = $1 and ids[1] = $2',
    'delete from audit_seals where tenant_id = $1 and ids[1] = $2',
  ]) {
    const change = app.database.run(`-- test.change\n${sql}`, [tenant.tenantId, id]);
    await expect(change).rejects.toThrow('audit_final_check');
  }
});

it('makes one chain of it when two processes seal at once, and does not hold up who writes', async () => {
  await record(0, 1_500);
  const others = app.app.get(Database, { strict: false });
  let both: Promise<number[]>;
  await app.database.transaction(async () => {
    // the first waits here, the second for the first
    await app.database.run('-- test.holdSeals\nlock table audit_seals in share row exclusive mode');
    both = Promise.all([seals().seal(signal), seals().seal(signal)]);
    await untilBlocked(others, both);
    await record(2_000, 10);
  });
  const counts = await both!;
  expect(counts[0]! + counts[1]!).toBe(1_510);
  expect(await verify()).toMatchObject({ lastSeal: 2, fault: null });
});

it('lets who comes second go on behind the first, also with what has come in between', async () => {
  await record(0, 10);
  const first = new SealsRepository(app.database);
  let second: Promise<number>;
  await app.database.transaction(async () => {
    await first.lock(tenant.tenantId);
    expect(await first.seal(tenant.tenantId, 1_000, app.clock.now())).toBe(10);
    app.clock.advance(-60);
    await record(10, 5);
    second = seals().seal(signal);
    await untilBlocked(app.app.get(Database, { strict: false }), second);
  });
  expect(await second!).toBe(5);
  app.clock.advance(120);
  expect(await verify()).toMatchObject({ lastSeal: 2, fault: null });
});

it('seals in order of time also when the clock went back', async () => {
  await record(0, 5);
  await seals().seal(signal);
  app.clock.set('2026-02-01T00:00:00Z');
  await record(5, 5);
  await seals().seal(signal);
  app.clock.set('2026-03-03T00:00:00Z');
  expect(await verify()).toMatchObject({ lastSeal: 2, fault: null });
  const { id } = await entry(7);
  await tamper(`delete from audit_entries where tenant_id = $1 and target_id = '7'`);
  expect(await verify()).toMatchObject({ fault: { kind: 'entry_missing', seal: 2, entryId: id } });
});

it('takes no offence at entries that waited a day for their seal', async () => {
  await sealed();
  await record(15, 5);
  app.clock.advance(86_400);
  await record(20, 5);
  await seals().seal(signal);
  for (const after of [0, 3]) expect(await verify({ after })).toMatchObject({ lastSeal: 4, fault: null });
});

it('goes on where an answer ended', async () => {
  await sealed();
  const found = await seals().verify(tenant.tenantId, { most: 2 }, signal);
  expect(found).toMatchObject({ lastSeal: 2, next: 2, fault: null });
  expect(await seals().verify(tenant.tenantId, { after: 2, most: 2 }, signal)).toMatchObject({
    lastSeal: 3,
    next: null,
  });
});
