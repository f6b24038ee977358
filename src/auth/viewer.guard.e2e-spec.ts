import type request from 'supertest';
import { v7 as uuidv7 } from 'uuid';
import { startApp, type TestApp } from '../../test/app.js';
import { DoorsModule } from '../../test/doors.js';
import { createAdmin, createDepartment, createInstructor, createStudent, createTenant } from '../../test/factories.js';
import { type Member, type Tenant } from '../../test/factories.js';
import { statementsDuring } from '../../test/statements.js';
import type { Viewer } from '../http/viewer.js';
import type { SignedIn } from './auth.dto.js';
import { Authenticators } from './authenticators.js';
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
});

const path = '/doors/signed-in';
const knock = (method: 'get' | 'post', { accessToken }: Pick<SignedIn, 'accessToken'>, to = path): request.Test =>
  t.anonymous[method](to).set('authorization', `Bearer ${accessToken}`);
const seen = async (method: 'get' | 'post', token: SignedIn): Promise<Viewer> =>
  (await knock(method, token).expect(200)).body as Viewer;
const change = (assignments: string): Promise<number> =>
  t.database.run(
    `-- test.changeUser
    update users set ${assignments} where id = $1`,
    [person.userId],
  );
describe('a read', () => {
  it('asks the database nothing about a valid token, remembered or new', async () => {
    const signedIn = await signIns.open(person);
    expect(await statementsDuring(() => knock('get', signedIn).expect(200))).toEqual([]);
    expect(await statementsDuring(() => knock('get', signedIn).expect(200))).toEqual([]);
    const students = await statementsDuring(() => knock('get', signedIn, '/students').expect(200));
    expect(students.filter((name) => !name.startsWith('students.'))).toEqual(['org.findTenant']);
    const again = await statementsDuring(() => knock('get', signedIn, '/students').expect(200));
    expect(again.filter((name) => !name.startsWith('students.'))).toEqual([]);
  });

  it('goes on with what the token says until it ends', async () => {
    const signedIn = await signIns.open(person);
    await change('is_active = false');
    expect(await seen('get', signedIn)).toMatchObject({ role: 'instructor' });
    t.clock.advance(600);
    await knock('get', signedIn).expect(401);
  });
});

describe('a write', () => {
  it('asks once who the viewer is by now', async () => {
    const signedIn = await signIns.open(person);
    const ran = await statementsDuring(() => knock('post', signedIn).expect(200));
    expect(ran).toEqual(['auth.listCurrentViewers']);
  });

  it('shares the question with others of its tenant', async () => {
    const people = await Promise.all(Array.from({ length: 40 }, () => createStudent(t.database, person)));
    const all = await Promise.all(people.map((one) => signIns.open(one)));
    const elsewhere = await signIns.open(await createAdmin(t.database, await createTenant(t.database)));
    const everybody = [...all, elsewhere];
    const answers = await Promise.all(everybody.map((one) => seen('post', one)));
    // each is answered as the one who asked
    expect(answers.slice(0, -1).map(({ userId }) => userId)).toEqual(people.map(({ userId }) => userId));
    // what arrives in the same turn of the event loop, as HTTP cannot promise it
    const authenticators = t.app.get(Authenticators, { strict: false });
    const credentials = everybody.map(({ signInId }) => ({ kind: 'sign-in', id: signInId }) as const);
    const ran = await statementsDuring(() =>
      Promise.all(
        answers.map(async (viewer, index) => {
          const verified = { viewer, credential: credentials[index]!, expiresAt: Infinity };
          expect(await authenticators.recall(verified)).toEqual(viewer);
        }),
      ),
    );
    expect(ran).toEqual(['auth.listCurrentViewers', 'auth.listCurrentViewers']);
  });

  it('is refused together with others only for what is wrong with itself', async () => {
    const [gone, kept] = [await createStudent(t.database, person), await createStudent(t.database, person)];
    const [a, b] = [await signIns.open(gone), await signIns.open(kept)];
    await signIns.revokeAllOf(gone.tenantId, [gone.userId], 'test_ended');
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => knock('post', index % 2 ? a : b)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map((_, index) => (index % 2 ? 401 : 200)));
  });

  it.each([
    ['the person was deactivated', () => change('is_active = false')],
    ['the sign-in has ended', () => signIns.revokeAllOf(person.tenantId, [person.userId], 'test_ended')],
  ])('is refused at once when %s', async (_, happen) => {
    const signedIn = await signIns.open(person);
    await knock('post', signedIn).expect(200);
    await happen();
    const { status, body, headers } = await knock('post', signedIn);
    expect([status, (body as { code: string }).code]).toEqual([401, 'token_invalid']);
    expect(headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  });

  it('is refused when the sign-in is of somebody else, or of another tenant', async () => {
    const [own, other] = [await signIns.open(person), await createInstructor(t.database, tenant)];
    const foreign = await createInstructor(t.database, await createTenant(t.database));
    for (const viewer of [other, foreign, { ...foreign, userId: person.userId }]) {
      const accessToken = t.tokenOf(viewer, { kind: 'sign-in', id: own.signInId });
      await knock('get', { accessToken }).expect(200);
      await knock('post', { accessToken }).expect(401);
    }
  });

  it('is judged by the role, the department and the rosters of now', async () => {
    const signedIn = await signIns.open(person);
    await knock('post', signedIn, '/doors/rosters').expect(403);
    await t.database.run(
      `-- test.promote
      update instructor_profiles set can_view_all = true where user_id = $1`,
      [person.userId],
    );
    await knock('post', signedIn, '/doors/rosters').expect(200);
    const { departmentId } = await createDepartment(t.database, tenant);
    await change(`department_id = '${departmentId}'`);
    expect(await seen('post', signedIn)).toEqual({
      tenantId: person.tenantId,
      userId: person.userId,
      role: 'supervisor',
      departmentId,
    });
    expect(await seen('get', signedIn)).toMatchObject({ role: 'instructor', departmentId: person.departmentId });
  });
});

describe('a substitute', () => {
  const delegate = async (from: number, to: number): Promise<string> => {
    const { userId } = await createInstructor(t.database, tenant);
    const now = t.clock.now().getTime();
    await t.database.run(
      `-- test.delegate
      insert into delegations
        (tenant_id, id, instructor_id, substitute_id, valid_from, valid_to, created_by, reason, created_at)
      values ($1, $2, $3, $4, $5, $6, $3, 'ill', $7)`,
      [
        tenant.tenantId,
        uuidv7(),
        userId,
        person.userId,
        new Date(now + from * 1000),
        new Date(now + to * 1000),
        new Date(now),
      ],
    );
    return userId;
  };

  it('carries the rosters stood in for, no longer than that holds', async () => {
    const [long, short] = [await delegate(-60, 86_400), await delegate(-60, 120)];
    await delegate(-120, -60);
    const signedIn = await signIns.open(person);
    expect(signedIn.expiresInSeconds).toBe(120);
    const rosters = [long, short].sort();
    for (const method of ['get', 'post'] as const) {
      const viewer = await seen(method, signedIn);
      expect({ ...viewer, rosters: [...viewer.rosters!].sort() }).toMatchObject({ userId: person.userId, rosters });
    }
    t.clock.advance(120);
    await knock('get', signedIn).expect(401);
    const next = (await t.anonymous.post('/auth/refresh').send({ refreshToken: signedIn.refreshToken }))
      .body as SignedIn;
    expect(next.expiresInSeconds).toBe(600);
    expect((await seen('get', next)).rosters).toEqual([long]);
  });

  it('gets a new roster at its time, and loses one that is taken back', async () => {
    const later = await delegate(300, 86_400);
    const first = await signIns.open(person);
    expect([first.expiresInSeconds, (await seen('get', first)).rosters]).toEqual([300, undefined]);
    t.clock.advance(300);
    const second = await signIns.open(person);
    expect([second.expiresInSeconds, (await seen('get', second)).rosters]).toEqual([600, [later]]);
    await t.database.run(
      `-- test.takeBack
      update delegations set revoked_at = $2 where substitute_id = $1`,
      [person.userId, t.clock.now()],
    );
    expect(await seen('post', second)).not.toHaveProperty('rosters');
  });
});

describe('credentials of other shapes', () => {
  it('are known by whoever was added for them, and recalled by their kind', async () => {
    const { database, app } = t;
    const authenticators = app.get(Authenticators, { strict: false });
    const viewer: Viewer = { tenantId: tenant.tenantId, userId: uuidv7(), role: 'service', departmentId: null };
    authenticators.add({
      recognises: (token) => token.startsWith('test_'),
      verify: async (token) => {
        const { good } = await database.one<{ good: boolean }>(`-- test.verify\nselect $1 = 'test_good' as good`, [
          token,
        ]);
        const expiresAt = t.clock.now().getTime() + 60_000;
        return good ? { viewer, credential: { kind: 'key', id: viewer.userId }, expiresAt } : null;
      },
    });
    const good = { accessToken: 'test_good' };
    expect(await statementsDuring(() => knock('get', good).expect(200))).toEqual(['test.verify']);
    expect(await statementsDuring(() => knock('get', good).expect(200))).toEqual([]);
    await knock('get', { accessToken: 'test_bad' }).expect(401);
    t.clock.advance(60);
    expect(await statementsDuring(() => knock('get', good).expect(200))).toEqual(['test.verify']);
    expect(() => authenticators.recallWith('sign-in', () => Promise.resolve(null))).toThrow('recalled in two ways');
  });
});
