import { startApp, type TestApp } from '../../test/app.js';
import {
  createCategory,
  createInstructor,
  createModule,
  createStudent,
  createTenant,
  type Member,
  type Module,
  sessionBody,
  type Tenant,
} from '../../test/factories.js';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { AuditSeals } from '../audit/seals.service.js';
import type { AuditVerification } from '../audit/seals.dto.js';
import { RollUps } from '../analytics/roll-ups.service.js';
import { Partitions } from '../operations/partitions.js';
import type { RetentionFigures, RetentionPreview, RetentionRunResponse } from './retention.dto.js';
import { RetentionService } from './retention.service.js';

let app: TestApp;
let tenant: Tenant;
let instructor: Member;
let student: Member;
let practice: Module;
const { signal } = new AbortController();

beforeEach(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  instructor = await createInstructor(app.database, tenant);
  student = await createStudent(app.database, instructor);
  practice = await createModule(app.database, await createCategory(app.database, tenant));
});
afterEach(() => app.stop());

const run = (): Promise<Record<string, number>> => app.app.get(RetentionService, { strict: false }).run(signal);
const preview = async (of = tenant): Promise<RetentionFigures[]> =>
  ((await app.as('admin', of).post('/retention/dry-runs').expect(200)).body as RetentionPreview).categories;
const runs = async (): Promise<RetentionRunResponse[]> =>
  (await app.as('admin', tenant).get('/retention/runs').expect(200)).body.data as RetentionRunResponse[];
const settings = (change: object, of = tenant) => app.as('admin', of).patch('/settings').send(change).expect(200);
const hold = async (body: object): Promise<string> =>
  ((await app.as('admin', tenant).post('/legal-holds').send({ reason: 'an appeal', ...body }).expect(201)).body as { id: string }).id; // prettier-ignore
const lift = (id: string) =>
  app.as('admin', tenant).post(`/legal-holds/${id}/lift`).send({ reason: 'over' }).expect(200);
const count = async (table: string, where = 'true'): Promise<number> =>
  (
    await app.database.one<{ count: number }>(
      `-- test.countRows
      select count(*)::integer as count from ${table} where tenant_id = $1 and ${where}`,
      [tenant.tenantId],
    )
  ).count;
const of = (figures: readonly RetentionFigures[], category: string): RetentionFigures =>
  figures.find((one) => one.category === category)!;
/** One session on each of these days. */
async function practise(who: Member, what: Module, ...days: string[]): Promise<string[]> {
  const sessions = days.map((day) =>
    sessionBody(what, { studentId: who.userId, completedAt: `${day}T07:00:00Z`, startedAt: undefined, score: 80 }),
  );
  const { body } = await app.as('service', who).post('/activity/sessions').send({ sessions }).expect(200);
  await app.app.get(RollUps, { strict: false }).rollUp(who.tenantId, signal);
  return (body.results as { status: string }[]).map(({ status }) => status);
}
const daysOf = (table: string): Promise<object[]> =>
  app.database.many(
    `-- test.daysOf
    select * from ${table} where tenant_id = $1 order by day`,
    [tenant.tenantId],
  );

describe('sessions and snapshots', () => {
  it('go by the setting of their tenant, but for those of a person that is held, as the dry run says', async () => {
    const held = await createStudent(app.database, instructor);
    const other = await createTenant(app.database);
    const stranger = await createStudent(app.database, await createInstructor(app.database, other));
    const days = ['2025-12-30', '2025-12-31', '2026-01-01', '2026-03-02'];
    for (const who of [student, held]) await practise(who, practice, ...days);
    await practise(stranger, await createModule(app.database, await createCategory(app.database, other)), ...days);
    await settings({ snapshotRetentionDays: 60 });
    const holdId = await hold({ personId: held.userId });
    const foreseen = of(await preview(), 'snapshots');
    expect(foreseen).toEqual({
      category: 'snapshots',
      keptFrom: '2026-01-01',
      rows: 4,
      oldest: '2025-12-30',
      newest: '2025-12-31',
      partitions: [],
      heldBack: [{ holdId, reason: 'an appeal', rows: 4 }],
    });
    expect(await run()).toMatchObject({ snapshots: 4 });
    expect(await run()).toMatchObject({ snapshots: 0 });
    expect([await count('sessions'), await count('progress_snapshots'), await count('session_keys')]).toEqual([
      6, 6, 6,
    ]);
    expect(await count('sessions', `student_id = '${held.userId}'`)).toBe(4);
    const [last, first] = await runs();
    expect([of(first!.categories, 'snapshots'), of(last!.categories, 'snapshots').rows]).toEqual([foreseen, 0]);
    const [entry] = (
      await app
        .as('admin', tenant)
        .get('/audit-logs')
        .query({ action: 'retention.ran', targetId: first!.id })
        .expect(200)
    ).body.data as { changes: { field: string; after: unknown }[] }[];
    expect(JSON.stringify(entry)).toContain('2025-12-30');
    await lift(holdId);
    expect(await run()).toMatchObject({ snapshots: 4 });
    expect(await count('sessions', `student_id = '${held.userId}'`)).toBe(2);
  });

  it('leave all sums as they were, also when more comes in, and when they are kept for longer again', async () => {
    await practise(student, practice, '2025-12-31', '2026-01-05');
    const tables = ['roster_days', 'module_days', 'hour_days'];
    const sums = async (): Promise<object[]> => (await Promise.all(tables.map(daysOf))).flat();
    const before = await sums();
    expect(before).toHaveLength(6);
    await settings({ snapshotRetentionDays: 60 });
    expect(await run()).toMatchObject({ snapshots: 2 });
    expect(await sums()).toEqual(before);
    await settings({ snapshotRetentionDays: 730 });
    const rollUps = app.app.get(RollUps, { strict: false });
    await rollUps.markStudents(tenant.tenantId, signal);
    await rollUps.markDays(tenant.tenantId, { from: '2025-12-01', to: '2026-03-02' }, signal);
    await rollUps.rollUp(tenant.tenantId, signal);
    expect(await sums()).toEqual(before);
    // the first time was on a day that is gone
    expect(await practise(student, practice, '2025-12-31', '2026-01-06')).toEqual(['rejected', 'accepted']);
    const module = await app.database.one(
      `-- test.studentModule
      select first_on, last_on, sessions from student_modules where tenant_id = $1`,
      [tenant.tenantId],
    );
    expect(module).toEqual({ first_on: '2025-12-31', last_on: '2026-01-06', sessions: 3 });
    expect((await sums()).slice(0, 2)).toEqual(before.slice(0, 2));
    const started = (await daysOf('module_days')).map((row) => (row as { students_started: number }).students_started);
    expect(started).toEqual([1, 0, 0]);
  });

  it('are counted for the one of two students who turns out to be both', async () => {
    const double = await createStudent(app.database, instructor);
    await practise(double, practice, '2025-12-30', '2025-12-31', '2026-03-01');
    await practise(student, practice, '2025-12-31', '2026-03-01');
    await settings({ snapshotRetentionDays: 60 });
    await run();
    const into = { intoId: student.userId };
    await app.as('admin', tenant).post(`/users/${double.userId}/merge`).send(into).expect(200);
    await app.app.get(RollUps, { strict: false }).rollUp(tenant.tenantId, signal);
    expect(
      await app.database.many(
        `-- test.studentModules
        select student_id, first_on, last_on, sessions, past_sessions from student_modules where tenant_id = $1`,
        [tenant.tenantId],
      ),
    ).toEqual([
      { student_id: student.userId, first_on: '2025-12-30', last_on: '2026-03-01', sessions: 5, past_sessions: 3 },
    ]);
  });
});

it('drops months that are past their time in all tenants that have any of them, and under no hold', async () => {
  const months = app.app.get(Partitions, { strict: false });
  await months.ensureMonths('2025-10-01', '2025-12-31', ['sessions', 'progress_snapshots', 'risk_evaluations']);
  const other = await createTenant(app.database);
  const stranger = await createStudent(app.database, await createInstructor(app.database, other));
  await practise(student, practice, '2025-10-05', '2025-11-05', '2026-03-01');
  await practise(stranger, await createModule(app.database, await createCategory(app.database, other)), '2025-11-05');
  await settings({ snapshotRetentionDays: 60 });
  const exists = async (): Promise<string[]> =>
    (
      await app.database.many<{ name: string }>(
        `-- test.partitions
        select inhrelid::regclass::text as name from pg_inherits
        where inhparent = 'sessions'::regclass and inhrelid::regclass::text ~ '_2025_' order by 1`,
      )
    ).map(({ name }) => name);
  const holdId = await hold({ category: 'snapshots', personId: student.userId });
  expect(of(await preview(), 'snapshots').partitions).toEqual([]);
  expect(await run()).toMatchObject({ snapshots: 0 });
  expect(await exists()).toHaveLength(3);
  await lift(holdId);
  const foreseen = of(await preview(), 'snapshots');
  expect(foreseen.partitions).toEqual(['sessions_2025_10', 'progress_snapshots_2025_10']);
  expect(await run()).toMatchObject({ snapshots: 4 });
  // that of November has a session of the other tenant, which keeps it
  expect(await exists()).toEqual(['sessions_2025_11', 'sessions_2025_12']);
  expect(of((await runs())[0]!.categories, 'snapshots')).toEqual(foreseen);
  expect([await count('sessions'), await count('session_keys')]).toEqual([1, 1]);
  await settings({ snapshotRetentionDays: 60 }, other);
  await run();
  expect(await exists()).toEqual([]);
});

it('is told to administrators, of their own tenant', async () => {
  await app.as(instructor).post('/retention/dry-runs').expect(403);
  await app.as(student).get('/retention/runs').expect(403);
  await run();
  const other = await createTenant(app.database);
  const { body } = await app.as('admin', other).get('/retention/runs').expect(200);
  expect(body.data).toEqual([]);
  expect(await runs()).toHaveLength(1);
});

describe('the audit', () => {
  const seals = (): AuditSeals => app.app.get(AuditSeals, { strict: false });
  const record = async (at: string, from: number, entries: number, actor: string | null = null): Promise<void> => {
    app.clock.set(at);
    await app.app.get(AuditRecorder, { strict: false }).record(
      { tenantId: tenant.tenantId, userId: actor, role: 'admin' },
      Array.from({ length: entries }, (_, n) => ({
        action: 'thing.made',
        targetType: 'thing',
        targetId: String(from + n),
      })),
    );
    await seals().seal(signal);
  };
  const verify = async (): Promise<AuditVerification> => {
    await seals().seal(signal);
    return (await app.as('admin', tenant).post('/audit/verify').send({}).expect(200)).body as AuditVerification;
  };
  const tamper = (sql: string): Promise<void> =>
    app.database.transaction(async () => {
      await app.database.run('-- test.withoutTriggers\nset local session_replication_role = replica');
      await app.database.run(`-- test.tamper\n${sql}`, [tenant.tenantId]);
    });
  const things = (): Promise<number> => count('audit_entries', `action = 'thing.made'`);

  /** Six entries of 2024, of which three have gone, and five of now. */
  async function trimmed(): Promise<void> {
    await record('2024-01-10T08:00:00Z', 0, 3);
    await record('2025-02-10T08:00:00Z', 3, 3);
    await record('2026-03-01T08:00:00Z', 6, 5);
    await settings({ auditRetentionDays: 400 });
    app.clock.set('2026-03-02T08:00:00Z');
    expect(await run()).toMatchObject({ audit: 3 });
    expect(await things()).toBe(8);
  }

  it('is whole without what retention has removed, and says what that was', async () => {
    await record('2024-01-10T08:00:00Z', 0, 3, student.userId);
    await record('2025-02-10T08:00:00Z', 3, 3);
    app.clock.set('2026-02-01T08:00:00Z');
    await settings({ auditRetentionDays: 365 });
    const holdId = await hold({ personId: student.userId });
    expect(of(await preview(), 'audit')).toMatchObject({ rows: 0, heldBack: [{ holdId, rows: 3 }] });
    expect(await run()).toMatchObject({ audit: 0 });
    expect(await verify()).toMatchObject({ fault: null, removed: null });
    await lift(holdId);
    expect(await run()).toMatchObject({ audit: 3 });
    const [{ id: runId }] = (await runs()) as [RetentionRunResponse];
    expect(await verify()).toMatchObject({
      fault: null,
      removed: { runId, before: '2025-02-01T08:00:00.000Z', entries: 3 },
    });
    app.clock.set('2026-03-02T08:00:00Z');
    expect(await run()).toMatchObject({ audit: 3 });
    expect(await verify()).toMatchObject({ fault: null, removed: { entries: 6 } });
  });

  it('goes with its month, which is whole then, too', async () => {
    await app.app.get(Partitions, { strict: false }).ensureMonths('2024-01-01', '2024-02-01', ['audit_entries']);
    await record('2024-01-10T08:00:00Z', 0, 3);
    await record('2026-03-01T08:00:00Z', 3, 2);
    await settings({ auditRetentionDays: 365 });
    expect(of(await preview(), 'audit').partitions).toEqual(['audit_entries_2024_01']);
    expect(await run()).toMatchObject({ audit: 3 });
    expect(await verify()).toMatchObject({ fault: null, removed: { entries: 3 } });
    const { gone } = await app.database.one<{ gone: boolean }>(
      `-- test.partition
      select to_regclass('audit_entries_2024_01') is null as gone`,
    );
    expect(gone).toBe(true);
  });

  it('leaves entries that are not sealed', async () => {
    await record('2024-01-10T08:00:00Z', 0, 1);
    app.clock.set('2024-01-11T08:00:00Z');
    await app.app
      .get(AuditRecorder, { strict: false })
      .record(
        { tenantId: tenant.tenantId, userId: null, role: 'admin' },
        { action: 'thing.made', targetType: 'thing' },
      );
    app.clock.set('2026-03-02T08:00:00Z');
    await settings({ auditRetentionDays: 365 });
    expect(await run()).toMatchObject({ audit: 1 });
    expect(await verify()).toMatchObject({ fault: null });
    expect(await things()).toBe(1);
  });

  const claim = (cutOff: string): string => `
    insert into audit_pending (tenant_id, at, id) values ($1, '2026-03-02T09:00:00Z', '0198f000-0000-7000-8000-0000000000aa');
    insert into audit_entries (tenant_id, at, id, actor_role, action, target_type, target_id, result, after)
    select $1, '2026-03-02T09:00:00Z', '0198f000-0000-7000-8000-0000000000aa', 'service', 'audit.trimmed', 'retention_run',
      gen_random_uuid()::text, 'done', after || jsonb_build_object('cutOff', '${cutOff}', 'before', '${cutOff}', 'removals', (
        select encode(sha256(convert_to(string_agg(concat(seal, ':', entries), ',' order by seal), 'UTF8')), 'hex')
        from audit_removals where tenant_id = $1))
    from audit_entries where tenant_id = $1 and action = 'audit.trimmed' limit 1`;
  const more = `
    insert into audit_removals (tenant_id, seal, entries) values ($1, 2, 1)
    on conflict (tenant_id, seal) do update set entries = audit_removals.entries + 1`;

  it.each([
    [
      'one just after the last that was removed',
      [`delete from audit_entries where tenant_id = $1 and target_id = '3'`],
      'entry_missing',
    ],
    ['one of now', [`delete from audit_entries where tenant_id = $1 and target_id = '7'`], 'entry_missing'],
    [
      'that more was removed than was said',
      [`delete from audit_entries where tenant_id = $1 and target_id = '3'`, more],
      'removal_unfounded',
    ],
    [
      'a claim that goes further than the setting',
      [
        `delete from audit_entries where tenant_id = $1 and target_id = '3'`,
        more,
        ...claim('2025-02-20T00:00:00Z').split(';'),
      ],
      'removal_unfounded',
    ],
    [
      'that the claim is gone',
      [`delete from audit_entries where tenant_id = $1 and action = 'audit.trimmed'`],
      'removal_unfounded',
    ],
    [
      'that the claim was changed',
      [`update audit_entries set after = after || '{"removed": 4}' where tenant_id = $1 and action = 'audit.trimmed'`],
      'entry_changed',
    ],
  ])('still finds %s', async (_, statements, kind) => {
    await trimmed();
    expect(await verify()).toMatchObject({ fault: null, removed: { entries: 3 } });
    for (const statement of statements) {
      await tamper(statement.includes('$1') ? statement : `${statement} -- $1`);
    }
    expect((await verify()).fault).toMatchObject({ kind });
  });

  it('finds an entry that was deleted before retention came to it', async () => {
    await record('2024-01-10T08:00:00Z', 0, 3);
    await record('2026-03-01T08:00:00Z', 6, 5);
    await tamper(`delete from audit_entries where tenant_id = $1 and target_id = '1'`);
    await settings({ auditRetentionDays: 400 });
    expect(await run()).toMatchObject({ audit: 2 });
    expect((await verify()).fault).toMatchObject({ kind: 'entry_missing', seal: 1 });
  });
});
