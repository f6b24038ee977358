import type request from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { createAdmin, createTenant, type Person, type Tenant } from '../../test/factories.js';
import { OpaqueToken } from './opaque-token.js';
import { AccountLinksRepository } from './account-links.repository.js';
import { Passwords } from './passwords.js';

const password = 'correct horse battery staple';
const another = 'an entirely different one';
let t: TestApp;
let tenant: Tenant;
let passwordHash: string;

beforeAll(async () => {
  t = await startApp({ environment: { ARGON2_MEMORY_KIB: '1024' } });
  passwordHash = await t.app.get(Passwords, { strict: false }).hash(password);
  tenant = await createTenant(t.database, { slug: 'north' });
});

afterAll(() => t.stop());

beforeEach(async () => {
  await t.database.run(`-- test.forgetAttempts
    truncate throttles`);
});

const createOwner = (options: object = {}): Promise<Person> =>
  createAdmin(t.database, tenant, { passwordHash, ...options });
const login = (email: string, secret = password): request.Test =>
  t.anonymous.post('/auth/login').send({ tenant: 'north', email, password: secret });

describe('a password of one’s own', () => {
  const signInTwice = async (email: string): Promise<string[]> => {
    const answers = [await login(email), await login(email)];
    return answers.map(({ body }) => (body as { accessToken: string }).accessToken);
  };
  const put = (token: string | undefined, body: object): request.Test =>
    t.anonymous
      .put('/auth/me/password')
      .set('authorization', `Bearer ${token}`)
      .send({ currentPassword: password, newPassword: another, ...body });

  it('is changed by who knows it; other sign-ins and links end', async () => {
    const owner = await createOwner();
    const link = OpaqueToken.create(tenant.tenantId);
    await t.app
      .get(AccountLinksRepository, { strict: false })
      .replace(tenant.tenantId, owner.userId, 'password_reset', { ...owner, hash: link.hash(), lifetimeSeconds: 60 });
    const [here, there] = await signInTwice(owner.email);
    await put(here, {}).expect(204);
    await login(owner.email).expect(401);
    expect((await put(there, { currentPassword: another, newPassword: password })).status).toBe(401);
    const reset = await t.anonymous
      .post('/auth/password-resets/confirm')
      .send({ token: String(link), password: another });
    expect(reset.body).toMatchObject({ code: 'link_invalid' });
    await put(here, { currentPassword: another, newPassword: password }).expect(204);
    const rows = await t.database.many<{ action: string; everything: string }>(
      `-- test.passwordAudit
      select action, e::text as everything from audit_entries e where actor_id = $1 and action like 'password.%'`,
      [owner.userId],
    );
    expect(rows.map(({ action }) => action)).toEqual(['password.changed', 'password.changed']);
    expect(rows.map(({ everything }) => everything).join()).not.toMatch(/horse|entirely|argon2/);
  });

  it('stays when the current one is wrong, and after a few mistakes even when it is right', async () => {
    const owner = await createOwner();
    const [token] = await signInTwice(owner.email);
    for (let attempt = 0; attempt < 5; attempt++) {
      const { status, body } = await put(token, { currentPassword: 'wrong' });
      expect([status, body]).toMatchObject([
        422,
        { code: 'password_wrong', errors: [{ pointer: '/currentPassword' }] },
      ]);
    }
    await put(token, {}).expect(429);
    await login(owner.email).expect(200);
    const refused = (await auditTrail(t.database, owner.tenantId, 'password_change.refused')).map(
      ({ result, reason, targetId }) => ({ result, reason, targetId }),
    );
    expect(refused).toEqual(
      Array.from({ length: 5 }, () => ({ result: 'refused', reason: 'password_wrong', targetId: owner.userId })),
    );
  });

  it('stays when the new one is too easy, or there is none', async () => {
    const owner = await createOwner();
    const [token] = await signInTwice(owner.email);
    const { status, body } = await put(token, { newPassword: 'password1234' });
    expect([status, body]).toMatchObject([400, { errors: [{ pointer: '/newPassword', code: 'password_too_easy' }] }]);
    expect(
      (await t.as('service', tenant).put('/auth/me/password').send({ currentPassword: 'x', newPassword: 'y' })).status,
    ).toBe(422);
    await put(undefined, {}).expect(401);
  });

  it('becomes one of two at the same time', async () => {
    const owner = await createOwner();
    const tokens = await signInTwice(owner.email);
    const chosen = [`${another} 0`, `${another} 1`];
    const answers = await Promise.all(tokens.map((token, index) => put(token, { newPassword: chosen[index] })));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    await login(owner.email, chosen[statuses.indexOf(204)]).expect(200);
  });
});

describe('the cost of a hash', () => {
  const hashOf = async ({ userId }: Person): Promise<string> =>
    (
      await t.database.one<{ hash: string }>(
        `-- test.hash
        select password_hash as hash from users where id = $1`,
        [userId],
      )
    ).hash;
  const cheaper = async (): Promise<Person> => {
    const config = { ...t.config, auth: { ...t.config.auth, argon2: { memoryKib: 1_024, passes: 1 } } };
    return createOwner({ passwordHash: await new Passwords(config).hash(password) });
  };

  it('becomes what is configured when the owner signs in, and the password stays', async () => {
    const owner = await cheaper();
    expect(await hashOf(owner)).toContain('m=1024,t=1,p=1');
    await login(owner.email, 'wrong').expect(401);
    expect(await hashOf(owner)).toContain('m=1024,t=1,p=1');
    const answers = await Promise.all([login(owner.email), login(owner.email), login(owner.email)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const hash = await hashOf(owner);
    expect(hash).toContain('m=1024,t=2,p=1');
    await login(owner.email).expect(200);
    expect(await hashOf(owner)).toBe(hash);
  });

  it('never brings an old password back', async () => {
    const owner = await cheaper();
    const passwords = t.app.get(Passwords, { strict: false });
    const replaced = await passwords.hash(another);
    // between the check and the new hash somebody sets another password
    const { isOutdated } = passwords;
    let replacing: Promise<number> | undefined;
    passwords.isOutdated = (hash) => {
      replacing = t.database.run(
        `-- test.replacePassword
        update users set password_hash = $2 where id = $1`,
        [owner.userId, replaced],
      );
      return isOutdated.call(passwords, hash);
    };
    try {
      await login(owner.email);
      expect(await replacing).toBe(1);
    } finally {
      passwords.isOutdated = isOutdated;
    }
    expect(await hashOf(owner)).toBe(replaced);
  });
});
