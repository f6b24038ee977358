import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp, type TestApp } from '../../test/app.js';
import { createTenant, type Tenant } from '../../test/factories.js';
import { AuditRecorder } from './audit.recorder.js';
import { AuditSeals } from './seals.service.js';

// the process that is killed compiles the sources first
jest.setTimeout(90_000);

let app: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
});
afterAll(() => app.stop());

const count = async (table: 'audit_entries' | 'audit_pending' | 'audit_seals'): Promise<number> =>
  (
    await app.database.one<{ count: number }>(
      `-- test.count
      select count(*)::integer as count from ${table} where tenant_id = $1`,
      [tenant.tenantId],
    )
  ).count;

it('seals later what a killed process left, each entry once', async () => {
  const recorder = app.app.get(AuditRecorder, { strict: false });
  const actor = { tenantId: tenant.tenantId, userId: null, role: 'admin' } as const;
  const entries = Array.from({ length: 10_000 }, (_, n) => ({
    action: 'thing.made',
    targetType: 'thing',
    targetId: String(n),
  }));
  for (let round = 0; round < 3; round++) await recorder.record(actor, entries);
  const env = { ...process.env, ...app.db.environment, NODE_OPTIONS: '', DATA_DIR: app.config.dataDir };
  const child = spawn(process.execPath, ['--import', './test/typescript.js', 'test/sealing-process.ts'], {
    env: { ...env, NODE_ENV: 'test', LOG_LEVEL: 'silent' },
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  for (let tries = 0; tries < 6_000 && (await count('audit_seals')) === 0; tries++) await sleep(5);
  child.kill('SIGKILL');
  await exited;

  // it was in the middle of it
  const left = await count('audit_pending');
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(30_000);
  const whole = { fault: null, next: null };
  const verify = async (): Promise<object> =>
    (await app.as('admin', tenant).post('/audit/verify').send({}).expect(200)).body as object;
  expect(await verify()).toMatchObject(whole);
  await app.app.get(AuditSeals, { strict: false }).seal(new AbortController().signal);
  expect(await count('audit_pending')).toBe(0);
  expect(await verify()).toMatchObject({ ...whole, lastSeal: await count('audit_seals') });
  expect(
    await app.database.one(
      `-- test.countSealed
      select count(*)::integer as sealed, count(distinct id)::integer as entries
      from audit_seals, unnest(ids) as t (id) where tenant_id = $1`,
      [tenant.tenantId],
    ),
  ).toMatchObject({ sealed: 30_001, entries: 30_001 });
});
