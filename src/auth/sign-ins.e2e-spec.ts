import request from 'supertest';
import { startApp, type TestApp } from '../../test/app.js';
import { auditTrail } from '../../test/audit-trail.js';
import { DoorsModule } from '../../test/doors.js';
import { createInstructor, createStudent, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { newGate, until } from '../../test/jobs.js';
import type { Page } from '../http/paging.js';
import type { SignedIn, SignInResponse } from './auth.dto.js';
import { OpaqueToken } from './opaque-token.js';
import type { Outcome } from '../jobs/job.js';
import { ExpiryJobs } from './expiry.jobs.js';
import { SignInsService } from './sign-ins.service.js';

let t: TestApp;
let tenant: Tenant;
let person: Member;
let signIns: SignInsService;

beforeAll(async () => {
  t = await startApp({ extra: [DoorsModule] });
  tenant = await createTenant(t.database);
  signIns = t.app.get(SignInsService, { strict: false });
});

afterAll(() => t.stop());

beforeEach(async () => {
  person = await createInstructor(t.database, tenant);
  await t.database.run(`-- test.forget
    delete from audit_entries_default`);
});

interface Answer<T> {
  readonly status: number;
  readonly body: T & { readonly code: string };
}

const open = (who: Member = person): Promise<SignedIn> => signIns.open(who);
const refresh = async ({ refreshToken }: Pick<SignedIn, 'refreshToken'>): Promise<Answer<SignedIn>> =>
  (await t.anonymous.post('/auth/refresh').send({ refreshToken })) as Answer<SignedIn>;
const good = async (token: Pick<SignedIn, 'refreshToken'>): Promise<SignedIn> => {
  const { status, body } = await refresh(token);
  expect(status).toBe(200);
  return body;
};
const refused = async (token: Pick<SignedIn, 'refreshToken'>): Promise<void> => {
  const { status, body } = await refresh(token);
  expect([status, body.code]).toEqual([401, 'refresh_token_invalid']);
};
const by = ({ accessToken }: SignedIn): ReturnType<typeof request.agent> =>
  request.agent(`${t.url}/api/v1`).set('authorization', `Bearer ${accessToken}`);
const reads = async (signedIn: SignedIn): Promise<number> => (await by(signedIn).get('/doors/signed-in')).status;
const writes = async (signedIn: SignedIn): Promise<number> => (await by(signedIn).post('/doors/signed-in')).status;
const listed = async (signedIn: SignedIn, query = ''): Promise<Page<SignInResponse>> =>
  (await by(signedIn).get(`/auth/sign-ins${query}`).expect(200)).body as Page<SignInResponse>;
const audited = async (): Promise<object[]> =>
  (await auditTrail(t.database, tenant.tenantId, 'sign_in.%')).map(
    ({ action, actorId, actorRole, targetId, reason }) => ({ action, actorId, actorRole, targetId, reason }),
  );
const tokensOf = ({ signInId }: SignedIn): Promise<{ used: boolean }[]> =>
  t.database.many(
    `-- test.tokens
    select used_at is not null as used from refresh_tokens where sign_in_id = $1 order by created_at, used_at`,
    [signInId],
  );

/** Refreshes that all wait at the sign-in before the first of them may go on. */
async function together({ signInId }: SignedIn, shown: readonly SignedIn[]): Promise<Answer<SignedIn>[]> {
  const [held, gate] = [newGate(), newGate()];
  const holding = t.database.transaction(async () => {
    await t.database.run(
      `-- test.hold
      select from sign_ins where id = $1 for update`,
      [signInId],
    );
    held.open();
    await gate.opened;
  });
  await held.opened;
  const refreshes = Promise.all(shown.map(refresh));
  const waiting = `-- test.waiting
    select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  await until(() => t.database.many(waiting), shown.length);
  gate.open();
  await holding;
  return refreshes;
}

describe('a refresh', () => {
  it('gives new tokens, of the same sign-in', async () => {
    const first = await open();
    t.clock.advance(300);
    const second = await good(first);
    expect(second).toEqual({
      accessToken: expect.any(String) as string,
      tokenType: 'Bearer',
      expiresInSeconds: 600,
      refreshToken: expect.stringMatching(/^[\w-]{64}$/) as string,
      refreshExpiresInSeconds: 1_209_600,
      signInId: first.signInId,
    });
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(await writes(second)).toBe(200);
    t.clock.advance(300);
    expect([await reads(first), await reads(second)]).toEqual([401, 200]);
    const entry = { actorId: person.userId, actorRole: 'instructor', targetId: first.signInId, reason: null };
    expect(await audited()).toEqual(['sign_in.opened', 'sign_in.refreshed'].map((action) => ({ action, ...entry })));
  });

  it('is answered in the same way again for ten seconds, and is one lineage', async () => {
    const first = await open();
    const second = await good(first);
    t.clock.advance(10);
    const again = await good(first);
    expect(again.refreshToken).toBe(second.refreshToken);
    expect(again.accessToken).not.toBe(second.accessToken);
    expect(await tokensOf(first)).toEqual([{ used: true }, { used: false }]);
    const third = await good(again);
    expect(await good(second)).toMatchObject({ refreshToken: third.refreshToken });
    expect(await tokensOf(first)).toHaveLength(3);
  });

  it('of a used token ends the sign-in, for whoever comes first and for whoever comes later', async () => {
    const first = await open();
    const other = await open();
    const second = await good(first);
    t.clock.advance(11);
    await refused(first);
    await refused(second);
    expect([await writes(second), await reads(second)]).toEqual([401, 200]);
    // another sign-in of the same person goes on
    expect(await writes(other)).toBe(200);
    await good(other);
    expect(await audited()).toContainEqual({
      action: 'sign_in.revoked',
      actorId: person.userId,
      actorRole: 'instructor',
      targetId: first.signInId,
      reason: 'refresh_token_reused',
    });
  });

  it('of a used token that is older than its successors ends it too', async () => {
    const first = await open();
    let last = first;
    for (let count = 0; count < 3; count++) {
      t.clock.advance(600);
      last = await good(last);
    }
    await refused(first);
    await refused(last);
  });

  it('by eight at the same moment is one lineage', async () => {
    const first = await open();
    const answers = await together(first, Array<SignedIn>(8).fill(first));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    expect(await tokensOf(first)).toEqual([{ used: true }, { used: false }]);
    expect(await audited()).toHaveLength(2);
    await good(answers[7]!.body);
  });

  it('by many at the moment when it is found out is good for nobody', async () => {
    const first = await open();
    const second = await good(first);
    t.clock.advance(11);
    const answers = await together(
      first,
      Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? first : second)),
    );
    // those who came before it was found out have tokens of a sign-in that has ended
    for (const { status, body } of answers) if (status === 200) await refused(body);
    await refused(second);
    const revoked = (await audited()).filter((entry) => 'action' in entry && entry.action === 'sign_in.revoked');
    expect(revoked).toHaveLength(1);
  });

  it('tells who the person is by now', async () => {
    const first = await open();
    expect((await by(first).get('/doors/signed-in')).body).not.toHaveProperty('rosters');
    await t.database.run(
      `-- test.promote
      update instructor_profiles set can_view_all = true where user_id = $1`,
      [person.userId],
    );
    const second = await good(first);
    expect((await by(second).get('/doors/signed-in')).body).toMatchObject({ role: 'supervisor' });
    expect((await by(first).get('/doors/signed-in')).body).toMatchObject({ role: 'instructor' });
  });

  it('is refused to who has been deactivated', async () => {
    const first = await open();
    await t.database.run(
      `-- test.deactivate
      update users set is_active = false where id = $1`,
      [person.userId],
    );
    await refused(first);
    await expect(open()).rejects.toMatchObject({ status: 401 });
  });

  it('moves the end, but not beyond the lifetime of the sign-in', async () => {
    const { signInIdleSeconds: idle, signInLifetimeSeconds: lifetime } = t.config.auth;
    let last = await open();
    let left = lifetime;
    while (left > 1) {
      const step = Math.min(left, idle) - 1;
      t.clock.advance(step);
      left -= step;
      last = await good(last);
      expect(last.refreshExpiresInSeconds).toBe(Math.min(left, idle));
      expect(last.expiresInSeconds).toBe(Math.min(left, 600));
    }
    t.clock.advance(1);
    await refused(last);
  });

  it('is refused when it was not used for too long', async () => {
    const first = await open();
    t.clock.advance(t.config.auth.signInIdleSeconds);
    await refused(first);
  });

  it('takes no text but those it gave', async () => {
    const { refreshToken } = await open();
    const elsewhere = await createTenant(t.database);
    const bytes = Buffer.from(refreshToken, 'base64url');
    const foreign = Buffer.concat([Buffer.from(elsewhere.tenantId.replaceAll('-', ''), 'hex'), bytes.subarray(16)]);
    const wrong = [
      'x',
      `${refreshToken}A`,
      refreshToken.slice(0, -1),
      `${refreshToken.slice(0, -1)}+`,
      '/'.repeat(64),
      'A'.repeat(64),
      foreign.toString('base64url'),
      OpaqueToken.create(tenant.tenantId).toString(),
    ];
    for (const text of wrong) await refused({ refreshToken: text });
    await t.anonymous.post('/auth/refresh').send({}).expect(400);
    await t.anonymous.post('/auth/refresh').send({ refreshToken, admin: true }).expect(400);
    await good({ refreshToken });
  });

  it('leaves nothing of a secret in the database', async () => {
    const first = await open();
    const second = await good(first);
    const { text } = await t.database.one<{ text: string }>(`-- test.everything
      select concat((select string_agg(r::text, '') from refresh_tokens r), (select string_agg(s::text, '') from sign_ins s),
        (select string_agg(e::text, '') from audit_entries e), (select string_agg(k::text, '') from idempotency_keys k)) as text`);
    for (const { refreshToken, accessToken } of [first, second]) {
      const secret = Buffer.from(refreshToken, 'base64url').subarray(16).toString('hex');
      for (const part of [refreshToken, accessToken, secret]) expect(text).not.toContain(part);
    }
  });
});

describe('sign-ins', () => {
  it('are listed, the latest first, with where they come from', async () => {
    const first = await open();
    t.clock.advance(60);
    const second = await open();
    const anotherPerson = await open(await createStudent(t.database, person));
    await request(t.url)
      .post('/api/v1/auth/refresh')
      .set('user-agent', 'Phone/1.0')
      .send({ refreshToken: second.refreshToken })
      .expect(200);
    const { data, pagination } = await listed(first);
    expect(pagination).toMatchObject({ total: 2, hasNext: false });
    const now = t.clock.now();
    expect(data).toMatchObject([
      {
        id: second.signInId,
        isCurrent: false,
        agent: 'Phone/1.0',
        address: expect.stringContaining('127.0.0.1') as string,
      },
      { id: first.signInId, isCurrent: true, agent: null, address: null },
    ]);
    expect(data.map(({ lastUsedAt }) => new Date(lastUsedAt))).toEqual([now, new Date(now.getTime() - 60_000)]);
    expect((await listed(anotherPerson)).data.map(({ id }) => id)).toEqual([anotherPerson.signInId]);
    const { data: page, pagination: more } = await listed(first, '?limit=1');
    expect([page[0]!.id, more.hasNext]).toEqual([second.signInId, true]);
    const rest = await listed(first, `?limit=1&cursor=${more.nextCursor}`);
    expect(rest.data.map(({ id }) => id)).toEqual([first.signInId]);
  });

  it('end one by one, by their owner alone', async () => {
    const first = await open();
    const second = await open();
    const stranger = await open(await createStudent(t.database, person));
    const foreign = await open(await createInstructor(t.database, await createTenant(t.database)));
    for (const other of [stranger, foreign]) {
      await by(other).delete(`/auth/sign-ins/${first.signInId}`).expect(404);
    }
    expect(await writes(first)).toBe(200);
    await by(second).delete(`/auth/sign-ins/${first.signInId}`).expect(204);
    await by(second).delete(`/auth/sign-ins/${first.signInId}`).expect(404);
    await by(second).delete('/auth/sign-ins/x').expect(400);
    expect([await reads(first), await writes(first), await writes(second)]).toEqual([200, 401, 200]);
    await refused(first);
    expect((await listed(second)).data.map(({ id }) => id)).toEqual([second.signInId]);
  });

  it('end by logging out, this one', async () => {
    const first = await open();
    const second = await open();
    await by(first).post('/auth/logout').expect(204);
    await by(first).post('/auth/logout').expect(401);
    // at the same time as another that was faster
    await signIns.logOut(person, { kind: 'sign-in', id: first.signInId });
    await refused(first);
    expect(await writes(second)).toBe(200);
    await t.as(person).post('/auth/logout').expect(409);
    expect(await audited()).toContainEqual({
      action: 'sign_in.revoked',
      actorId: person.userId,
      actorRole: 'instructor',
      targetId: first.signInId,
      reason: 'logged_out',
    });
  });

  it('end by logging out, everywhere', async () => {
    const all = [await open(), await open(), await open()];
    const other = await open(await createStudent(t.database, person));
    await by(all[1]!).post('/auth/logout-everywhere').expect(204);
    for (const one of all) {
      expect(await writes(one)).toBe(401);
      await refused(one);
    }
    expect(await writes(other)).toBe(200);
  });

  it('end when others say so, but for one if they like, and not twice', async () => {
    const kept = await open();
    const [first, second] = [await open(), await open()];
    const { tenantId, userId } = person;
    expect(await signIns.revokeAllOf(tenantId, [userId], 'password_changed', { except: kept.signInId })).toBe(2);
    expect([await writes(kept), await writes(first), await writes(second)]).toEqual([200, 401, 401]);
    const actor = { tenantId, userId: tenantId, role: 'admin' as const };
    expect(await signIns.revokeAllOf(tenantId, [userId], 'user_deactivated', { actor })).toBe(1);
    expect(await signIns.revokeAllOf(tenantId, [userId], 'user_deactivated', { actor })).toBe(0);
    expect(await writes(kept)).toBe(401);
    const revoked = (await audited()).filter((entry) => 'action' in entry && entry.action === 'sign_in.revoked');
    expect(revoked).toMatchObject([
      { actorRole: 'service', actorId: null, reason: 'password_changed' },
      { actorRole: 'service', actorId: null, reason: 'password_changed' },
      { actorRole: 'admin', actorId: tenantId, reason: 'user_deactivated', targetId: kept.signInId },
    ]);
  });
});

it('are cleared away with their tokens when they have expired, and only then', async () => {
  const other = await startApp();
  try {
    const student = await createStudent(other.database, await createTenant(other.database));
    const { signInIdleSeconds } = other.config.auth;
    const service = other.app.get(SignInsService, { strict: false });
    const revoked = await service.open(student);
    await service.revokeAllOf(student.tenantId, [student.userId], 'test_ended');
    const kept = await service.open(student);
    other.clock.advance(signInIdleSeconds - 1);
    await service.refresh(kept.refreshToken);
    const run = { job: '', tenantId: null, key: '', occasion: 'tick-1', payload: {}, attempt: 1 };
    const clear = (): Promise<Outcome> =>
      other.app.get(ExpiryJobs, { strict: false }).deleteExpired({ ...run, signal: new AbortController().signal });
    expect(await clear()).toMatchObject({ refreshTokensDeleted: 0, signInsDeleted: 0 });
    other.clock.advance(1);
    // of the one that goes on, the token that was used; of the one that ended, all
    expect(await clear()).toMatchObject({ refreshTokensDeleted: 2, signInsDeleted: 1 });
    const left = await other.database.many(`-- test.left
      select s.id, count(*) as tokens from sign_ins s join refresh_tokens r on r.sign_in_id = s.id group by s.id`);
    expect(left).toEqual([{ id: kept.signInId, tokens: 1 }]);
    expect(revoked.signInId).not.toBe(kept.signInId);
  } finally {
    await other.stop();
  }
});
