import { Controller, Get, Module } from '@nestjs/common';
import request from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail, type TrailEntry } from '../../test/audit-trail.js';
import { DoorsModule } from '../../test/doors.js';
import {
  createAdmin,
  createInstructor,
  createStudent,
  createTenant,
  type Member,
  type Tenant,
} from '../../test/factories.js';
import { Operation } from '../http/operation.js';
import { Public } from '../http/public.js';
import { Passwords } from './passwords.js';
import { permissionsOf } from './permissions.js';
import { SigningKeys } from './signing-keys.js';

interface AuditRow {
  readonly action: string;
  readonly actorId: string | null;
  readonly actorRole: string;
  readonly result: string;
  readonly reason: string | null;
  readonly everything: string;
}

const password = 'correct horse battery staple';
let t: TestApp;
let tenant: Tenant;
let instructor: Member;
let passwordHash: string;

beforeAll(async () => {
  t = await startApp({ extra: [DoorsModule], environment: { LOGIN_FREE_ATTEMPTS: '100' } });
  passwordHash = await t.app.get(Passwords, { strict: false }).hash(password);
  tenant = await createTenant(t.database, { slug: 'north' });
  instructor = await createInstructor(t.database, tenant, { email: 'ada@example.org', passwordHash });
});

afterAll(() => t.stop());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    readonly accessToken: string;
    readonly signInId: string;
    readonly code: string;
    readonly errors: readonly { readonly pointer: string }[];
  };
}

const ask = async (test: request.Test): Promise<Answer> => (await test) as Answer;
const login = (fields: Record<string, unknown> = {}): request.Test =>
  t.anonymous.post('/auth/login').send({ tenant: 'north', email: 'ada@example.org', password, ...fields });
const knock = (token: string, scheme = 'Bearer'): request.Test =>
  t.anonymous.get('/doors/signed-in').set('authorization', `${scheme} ${token}`);
const audited = async (): Promise<AuditRow[]> =>
  (await auditTrail(t.database, null, 'login.%')).map((entry) => ({
    ...pick(entry),
    everything: JSON.stringify(entry).replaceAll('password_wrong', ''),
  }));
const pick = ({ action, actorId, actorRole, result, reason }: TrailEntry): Omit<AuditRow, 'everything'> => ({
  ...{ action, actorId, actorRole, result, reason },
});

/** Replaces the hash in the moment between its comparison and the sign-in that follows from it. */
function replaceWhenCompared(hash: string): void {
  const passwords = t.app.get(Passwords, { strict: false });
  const matches = passwords.matches.bind(passwords);
  jest.spyOn(passwords, 'matches').mockImplementationOnce(async (...given) => {
    const isSame = await matches(...given);
    const update = '-- test.replaceHash\nupdate users set password_hash = $3 where tenant_id = $1 and id = $2';
    await t.database.run(update, [tenant.tenantId, instructor.userId, hash]);
    return isSame;
  });
}

describe('signing in', () => {
  it('goes by the password that there is in the end', async () => {
    const passwords = t.app.get(Passwords, { strict: false });
    replaceWhenCompared(await passwords.hash('another one altogether'));
    await login().expect(401);
    await login({ password: 'another one altogether' }).expect(200);
    // the same one, hashed anew by another process
    const hashedAnew = await passwords.hash(password);
    await t.database.run('-- test.resetHash\nupdate users set password_hash = $3 where tenant_id = $1 and id = $2', [
      tenant.tenantId,
      instructor.userId,
      passwordHash,
    ]);
    replaceWhenCompared(hashedAnew);
    await login().expect(200);
  });

  it('answers with a token that is good for its lifetime', async () => {
    const { body, headers, status } = await ask(login());
    const { accessToken, ...rest } = body;
    expect(status).toBe(200);
    expect(rest).toEqual({
      tokenType: 'Bearer',
      expiresInSeconds: 600,
      refreshToken: expect.stringMatching(/^[\w-]{64}$/) as string,
      refreshExpiresInSeconds: 1_209_600,
      signInId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      deviceToken: expect.stringMatching(/^[\w-]{43}$/) as string,
    });
    expect(headers['cache-control']).toBe('no-store');
    const viewer = { tenantId: tenant.tenantId, userId: instructor.userId, role: 'instructor' };
    expect((await knock(accessToken)).body).toEqual({ ...viewer, departmentId: tenant.departmentId });
    t.clock.advance(599);
    expect((await knock(accessToken)).status).toBe(200);
    // remembered, and refused all the same
    t.clock.advance(1);
    expect((await knock(accessToken)).status).toBe(401);
  });

  it('says what the token holds', async () => {
    const { body } = await ask(login());
    const [head, claims] = body.accessToken.split('.').map((part) => decode(part));
    const kid = t.app.get(SigningKeys, { strict: false }).signer().kid;
    expect(head).toEqual({ alg: 'ES256', typ: 'JWT', kid });
    const iat = t.clock.now().getTime() / 1000;
    expect(claims).toEqual({
      sub: instructor.userId,
      tid: tenant.tenantId,
      role: 'instructor',
      dept: tenant.departmentId,
      sid: body.signInId,
      iat,
      nbf: iat,
      exp: iat + 600,
      iss: 'instructor-dashboard',
      aud: 'instructor-dashboard-api',
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  it('takes the address in any case, and tells a supervisor from an instructor', async () => {
    await createInstructor(t.database, tenant, { email: 'head@example.org', passwordHash, canViewAll: true });
    const { body } = await ask(login({ email: 'Head@Example.ORG' }));
    expect((await knock(body.accessToken)).body).toMatchObject({ role: 'supervisor' });
  });

  it('gives one answer to everybody whom it refuses, and keeps the reason for the audit', async () => {
    await createStudent(t.database, tenant, { email: 'gone@example.org', passwordHash, isActive: false });
    await createStudent(t.database, tenant, { email: 'never@example.org' });
    await createTenant(t.database, { slug: 'south' });
    await t.database.run(`-- test.forget
      delete from audit_entries_default`);
    const refused: Record<string, unknown>[] = [
      { password: 'wrong' },
      { email: 'nobody@example.org' },
      { tenant: 'nowhere' },
      { tenant: 'south' },
      { email: 'gone@example.org' },
      { email: 'gone@example.org', password: 'wrong' },
      { email: 'never@example.org' },
      { email: 'never@example.org', password: 'null' },
    ];
    for (const fields of refused) {
      const { body, status, headers } = await ask(login(fields));
      expect([status, headers['www-authenticate']]).toEqual([401, 'Bearer']);
      expect(body).toEqual({
        requestId: headers['x-request-id'],
        type: 'urn:problem:credentials_invalid',
        code: 'credentials_invalid',
        title: 'Authentication is required',
        status: 401,
        detail: 'Tenant, e-mail address and password do not match.',
      });
    }
    const rows = await audited();
    expect(rows.map(({ reason }) => reason)).toEqual([
      'password_wrong',
      'account_unknown',
      'account_unknown',
      'account_unknown',
      'account_closed',
      'password_wrong',
      'password_wrong',
      'password_wrong',
    ]);
    expect(rows[0]).toMatchObject({ actorId: instructor.userId, actorRole: 'instructor', result: 'refused' });
    expect(rows.map(({ everything }) => everything).join()).not.toMatch(/wrong"|horse|argon2/);
  });

  it('is on record, and on the account', async () => {
    await t.database.run(`-- test.forget
      delete from audit_entries_default`);
    await login();
    const [row, ...others] = await audited();
    expect(others).toEqual([]);
    expect(row).toMatchObject({ action: 'login.succeeded', actorId: instructor.userId, result: 'done' });
    expect(row!.everything).not.toContain('horse');
    const { at } = await t.database.one<{ at: Date }>(
      `-- test.lastLogin
      select last_login_at as at from users where id = $1`,
      [instructor.userId],
    );
    expect(new Date(at)).toEqual(t.clock.now());
  });

  it('is refused to people who have been deactivated since', async () => {
    const { userId } = await createStudent(t.database, tenant, { email: 'leaver@example.org', passwordHash });
    expect((await login({ email: 'leaver@example.org' })).status).toBe(200);
    await t.database.run(
      `-- test.deactivate
      update users set is_active = false where id = $1`,
      [userId],
    );
    expect((await login({ email: 'leaver@example.org' })).status).toBe(401);
  });

  it('wants all three, and nothing else', async () => {
    const { status, body } = await ask(t.anonymous.post('/auth/login').send({ tenant: '', email: 1, admin: true }));
    expect(status).toBe(400);
    const pointers = body.errors.map(({ pointer }) => pointer);
    expect(pointers).toEqual(['/admin', '/tenant', '/email', '/password']);
  });

  it('keeps nothing of the answer for an Idempotency-Key', async () => {
    const [first, second] = [await login().set('idempotency-key', 'k'), await login().set('idempotency-key', 'k')];
    expect((first.body as { accessToken: string }).accessToken).not.toBe(
      (second.body as { accessToken: string }).accessToken,
    );
  });
});

describe('me', () => {
  it('is the person, the tenant and what may be done', async () => {
    const { body } = await ask(t.as(instructor).get('/auth/me').expect(200));
    expect(body).toEqual({
      userId: instructor.userId,
      role: 'instructor',
      name: instructor.name,
      email: 'ada@example.org',
      departmentId: tenant.departmentId,
      permissions: permissionsOf({ role: 'instructor' }),
      tenant: { id: tenant.tenantId, slug: 'north', name: tenant.name, timeZone: 'Europe/London' },
    });
    const admin = await createAdmin(t.database, tenant);
    expect((await t.as(admin).get('/auth/me')).body).toMatchObject({ role: 'admin', departmentId: null });
  });

  it('is nobody by name for a service', async () => {
    const { body } = await ask(t.as('service', tenant).get('/auth/me').expect(200));
    expect(body).toMatchObject({ role: 'service', name: null, email: null, tenant: { slug: 'north' } });
  });
});

describe('routes', () => {
  it.each([
    ['demands what nobody can hold', 'DoorController.odd demands doors:open', { permission: 'doors:open' }],
    [
      'is public and not',
      'DoorController.odd is public and demands rosters',
      { permission: 'rosters:write', public: true },
    ],
  ])('keep the application from starting when one %s', async (_, message, options) => {
    @Controller('odd')
    class DoorController {
      @Get()
      @Operation({ summary: 'Odd', ...options })
      odd(): object {
        return {};
      }
    }
    @Module({ controllers: [DoorController] })
    class OddModule {}
    await expect(startApp({ db: t.db, extra: [OddModule] })).rejects.toThrow(message);
  });

  it('are not opened for all by a handler that is inherited by a public controller', async () => {
    class Base {
      @Get()
      @Operation({ summary: 'Inherited' })
      read(): object {
        return {};
      }
    }
    @Public()
    @Controller('lax')
    class LaxController extends Base {}
    @Controller('strict')
    class StrictController extends Base {}
    @Module({ controllers: [LaxController, StrictController] })
    class OddModule {}
    await expect(startApp({ db: t.db, extra: [OddModule] })).rejects.toThrow('StrictController.read is inherited');
  });
});

function decode(part: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  } catch {
    return {};
  }
}
