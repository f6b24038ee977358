import { execFile } from 'node:child_process';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { startApp, type TestApp } from '../../test/app.js';
import { createTenant, type Tenant } from '../../test/factories.js';
import { AuditSeals } from '../audit/seals.service.js';

// a command is a process that compiles the sources first
jest.setTimeout(90_000);

let app: TestApp;
let tenant: Tenant;
let other: Tenant;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database, { slug: 'kept' });
  other = await createTenant(app.database, { slug: 'other' });
});
afterAll(() => app.stop());

interface Checkpoint {
  readonly seal: number;
  readonly hash: string;
  readonly signed: string;
}
const seal = (): Promise<number> => app.app.get(AuditSeals, { strict: false }).seal(new AbortController().signal);
const checkpointOf = async (of: Tenant): Promise<Checkpoint> =>
  (await app.as('admin', of).get('/audit/checkpoint').expect(200)).body as Checkpoint;

function verify(
  slug: string,
  checkpoint: string,
  ...more: string[]
): Promise<{ readonly code: number; readonly said: string }> {
  const { PATH, TEST_TEMPLATE } = process.env;
  const env = { PATH, TEST_TEMPLATE, NODE_ENV: 'test', DATA_DIR: app.config.dataDir, ...app.db.environment };
  const args = ['--import', './test/typescript.js', 'src/audit/verify.command.ts', '--tenant', slug];
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...args, '--checkpoint', checkpoint, ...more],
      { env, timeout: 40_000 },
      (error, output, errors) => resolve({ code: error ? Number(error.code) : 0, said: output + errors }),
    );
  });
}

it('has nothing to sign before anything is sealed', async () => {
  const { body } = await app.as('admin', tenant).get('/audit/checkpoint').expect(404);
  expect(body).toMatchObject({ code: 'seal_not_found' });
});

it('signs the last seal, for others to verify with the published keys, and says so in the audit', async () => {
  await app.as('admin', tenant).get('/audit-logs').expect(200);
  await seal();
  const { seal: number, hash, signed } = await checkpointOf(tenant);
  const keys = (await (await fetch(`${app.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
  const { payload, protectedHeader } = await jwtVerify(signed, createLocalJWKSet(keys), {
    issuer: app.config.auth.issuer,
    typ: 'audit-checkpoint+jwt',
  });
  expect(protectedHeader.alg).toBe('ES256');
  expect(payload).toMatchObject({ sub: tenant.tenantId, seal: number, hash });
  const { body } = await app.as('admin', tenant).get('/audit-logs?action=checkpoint.exported').expect(200);
  expect(body).toMatchObject({ data: [{ action: 'checkpoint.exported' }] });
});

it('is no access token, and an access token no checkpoint', async () => {
  const { signed } = await checkpointOf(tenant);
  await app.anonymous.get('/audit-logs').set('authorization', `Bearer ${signed}`).expect(401);
  const viewer = { tenantId: tenant.tenantId, userId: tenant.tenantId, role: 'admin', departmentId: null } as const;
  expect(await verify('kept', app.token(viewer))).toMatchObject({
    code: 1,
    said: expect.stringContaining('it is no checkpoint') as string,
  });
});

it('lets the command compare the trail with it, and shows that a trail was made anew', async () => {
  await seal();
  const { signed, seal: number } = await checkpointOf(tenant);
  expect(await verify('kept', signed)).toMatchObject({ code: 0 });

  const [header, , signature] = signed.split('.');
  const forged = Buffer.from(JSON.stringify({ sub: tenant.tenantId, seal: 1, hash: 'ab' })).toString('base64url');
  const said = expect.stringContaining('the checkpoint cannot be believed: invalid signature') as string;
  expect(await verify('kept', [header, forged, signature].join('.'))).toMatchObject({ code: 1, said });

  await app.as('admin', other).get('/audit-logs').expect(200);
  await seal();
  const theirs = (await checkpointOf(other)).signed;
  expect(await verify('kept', theirs)).toMatchObject({ code: 1, said: expect.stringContaining("another tenant's") as string });

  // its owner makes the whole chain anew
  await app.database.transaction(async () => {
    await app.database.run('-- test.withoutTriggers\nset local session_replication_role = replica');
    for (const sql of [
      `update audit_entries set actor_role = 'viewer' where tenant_id = $1`,
      'delete from audit_seals where tenant_id = $1',
      'insert into audit_pending (tenant_id, at, id) select tenant_id, at, id from audit_entries where tenant_id = $1 on conflict do nothing',
    ]) {
      await app.database.run(`-- test.makeAnew\n${sql}`, [tenant.tenantId]);
    }
  });
  await seal();
  const { body } = await app.as('admin', tenant).post('/audit/verify').send({}).expect(200);
  expect(body).toMatchObject({ fault: null });
  expect(await verify('kept', signed)).toMatchObject({
    code: 1,
    said: expect.stringContaining(`chain cut, seal ${number}`) as string,
  });
}); // prettier-ignore

it('lets the command go on behind a fault that is known', async () => {
  await app.as('admin', tenant).get('/audit-logs').expect(200);
  await seal();
  const { signed, seal: number } = await checkpointOf(tenant);
  await app.database.transaction(async () => {
    await app.database.run('-- test.withoutTriggers\nset local session_replication_role = replica');
    await app.database.run(
      `-- test.takeAway
      delete from audit_entries where tenant_id = $1 and id in (select unnest(ids) from audit_seals where tenant_id = $1)`,
      [tenant.tenantId],
    );
  });
  const said = expect.stringContaining('entry missing, seal 1') as string;
  expect(await verify('kept', signed)).toMatchObject({ code: 1, said });
  expect(await verify('kept', signed, '--after', `${number}`)).toMatchObject({ code: 0 });
  expect(await verify('kept', signed, '--after', 'x')).toMatchObject({ code: 2 });
});
