import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { startApp, type TestApp } from '../../test/app.js';
import { createTenant } from '../../test/factories.js';
import { Partitions } from '../operations/partitions.js';
import { grantRights, mayChangeAudit } from './roles.js';

let app: TestApp;
let tenant: { readonly tenantId: string };
let client: pg.Client;

beforeAll(async () => {
  app = await startApp();
  tenant = await createTenant(app.database);
  await app.app.get(Partitions, { strict: false }).prepare();
  await app.as('admin', tenant).get('/audit-logs').expect(200);
  client = new pg.Client({ connectionString: app.db.applicationUrl });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await app.stop();
});

const entries = (): Promise<{ readonly count: number }> =>
  app.database.one(`-- test.countEntries
    select count(*)::integer as count from audit_entries`);

describe('the role of the application', () => {
  it.each([
    'update audit_entries set reason = null',
    'delete from audit_entries',
    'truncate audit_entries',
    'delete from audit_entries_2026_03',
    'select from audit_entries_default',
    `insert into audit_entries_2026_03 select * from audit_entries`,
    'select from audit_entries for update',
    'update audit_seals set number = number + 1',
    'delete from audit_seals',
    'truncate audit_seals',
    'alter table audit_entries disable trigger all',
    'drop trigger audit_entries_final on audit_entries',
    'drop table audit_entries',
    'set session_replication_role = replica',
    'create table mine (id integer)',
    'create function mine() returns integer language sql as $$ select 1 $$',
    `insert into migrations (timestamp, name) values (0, 'Mine')`,
    `select set_config('app.removed_tenant', '${randomUUID()}', false); delete from audit_entries`,
  ])('may not: %s', async (statement) => {
    const before = await entries();
    expect(before.count).toBeGreaterThan(0);
    await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
    expect(await entries()).toEqual(before);
  });

  it('may write entries, also into a month whose partition was made after it was given its rights', async () => {
    app.clock.set('2026-05-20T12:00:00Z');
    await app.app.get(Partitions, { strict: false }).prepare();
    await app.as('admin', tenant).get('/audit-logs').expect(200);
    expect(
      await app.database.one(`-- test.countInMonth
        select count(*)::integer as count from audit_entries_2026_05`),
    ).toEqual({ count: 1 });
    await expect(client.query('delete from audit_entries_2026_05')).rejects.toMatchObject({ code: '42501' });
  });

  it('keeps its rights, and gets back those that it should not have lost, at each migration', async () => {
    const { applicationUrl: url, url: ownerUrl } = app.db;
    const role = new URL(url).username;
    await app.db.source.query(`grant all on audit_entries to ${role}; revoke all on users from ${role}`);
    await expect(client.query('select from users')).rejects.toMatchObject({ code: '42501' });
    await Promise.all([1, 2].map(() => grantRights({ url, ownerUrl }, () => undefined)));
    await expect(client.query('update audit_entries set reason = null')).rejects.toMatchObject({ code: '42501' });
    await client.query('select from users');
  });

  it('is made where it is not there yet, with its password, and only by an owner who may', async () => {
    const { applicationUrl, url: ownerUrl } = app.db;
    const role = `role_${randomUUID().replaceAll('-', '')}`;
    const url = new URL(ownerUrl);
    url.username = role;
    url.password = encodeURIComponent(`p'w "%`);
    const grant = (owner: string): Promise<void> => grantRights({ url: url.href, ownerUrl: owner }, () => undefined);
    await expect(grant(applicationUrl)).rejects.toThrow(
      `the role "${role}" of DATABASE_URL is not there and cannot be made`,
    );
    try {
      await grant(ownerUrl);
      const its = new pg.Client({ connectionString: url.href });
      await its.connect();
      await its.query('select from users');
      await its.end();
    } finally {
      await app.db.source.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('is known from one that owns the tables', async () => {
    expect(await mayChangeAudit(app.db.source)).toBe(true);
    expect(await mayChangeAudit(app.app.get(DataSource, { strict: false }))).toBe(false);
  });
});
