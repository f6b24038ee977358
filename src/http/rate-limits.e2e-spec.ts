import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import request, { type Response } from 'supertest';
import { type Client, startApp, type TestApp } from '../../test/app.js';
import { createInstructor, createTenant, type Member, type Tenant } from '../../test/factories.js';
import { freePort, hasRedis, startRedis } from '../../test/redis.js';
import { networkOf } from './rate-limits.js';

const limits = {
  RATE_LIMIT_USER: '5',
  RATE_LIMIT_SERVICE: '7',
  RATE_LIMIT_EXPENSIVE: '3',
  RATE_LIMIT_ADDRESS: '6',
  RATE_LIMIT_SIGN_IN: '4',
};

/** Statuses of requests one after the other. */
async function statuses(times: number, send: () => PromiseLike<Response>): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < times; i++) found.push((await send()).status);
  return found;
}

/** How many requests are let in before the first that is not. */
async function admitted(send: () => PromiseLike<Response>): Promise<number> {
  for (let count = 0; count < 100; count++) if ((await send()).status === 429) return count;
  throw new Error('there is no limit');
}

describe('in one process', () => {
  let app: TestApp;
  let tenant: Tenant;
  let instructor: Member;
  beforeEach(async () => {
    app = await startApp({ environment: limits });
    tenant = await createTenant(app.database);
    instructor = await createInstructor(app.database, tenant);
  });
  afterEach(() => app.stop());

  it('says with every answer what is left, and when there is none, until when', async () => {
    const client = app.as(instructor);
    const first = await client.get('/segments').expect(200);
    expect(first.headers).toMatchObject({ 'ratelimit-policy': '"user";q=5;w=60', ratelimit: '"user";r=4;t=60' });
    expect(first.headers['retry-after']).toBeUndefined();
    app.clock.advance(20);
    expect(await statuses(4, () => client.get('/segments'))).toEqual([200, 200, 200, 200]);

    const refused = await client.get('/segments');
    expect(refused.status).toBe(429);
    expect(refused.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'ratelimit-policy': '"user";q=5;w=60',
      ratelimit: '"user";r=0;t=40',
      'retry-after': '40',
    });
    expect(refused.body).toMatchObject({ code: 'rate_exceeded', status: 429, type: 'urn:problem:rate_exceeded' });

    app.clock.advance(39);
    expect((await client.get('/segments')).status).toBe(429);
    app.clock.advance(1);
    expect((await client.get('/segments').expect(200)).headers.ratelimit).toBe('"user";r=4;t=60');
  });

  it('counts each user alone, whoever else is behind the same address', async () => {
    const client = app.as(instructor);
    const other = app.as(await createInstructor(app.database, tenant));
    expect(await admitted(() => client.get('/segments'))).toBe(5);
    expect(await statuses(5, () => other.get('/segments'))).toEqual([200, 200, 200, 200, 200]);
  });

  it('counts what is refused as well, because asking who writes by now costs a statement', async () => {
    const client = app.as(instructor);
    const write = (): PromiseLike<Response> => client.post('/departments').send({});
    expect(await statuses(6, write)).toEqual([403, 403, 403, 403, 403, 429]);
    const other = app.as(await createInstructor(app.database, tenant));
    await app.database.run('-- test.deactivate\nupdate users set is_active = false where tenant_id = $1', [
      tenant.tenantId,
    ]);
    expect(await statuses(6, () => other.post('/segments').send({}))).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('gives services an allowance of their own, and what is expensive another one', async () => {
    const service: Client = app.as('service', tenant);
    expect(await admitted(() => service.get('/modules'))).toBe(7);
    const client = app.as(instructor);
    expect(await admitted(() => client.get('/students?search=anna'))).toBe(3);
    const listed = await client.get('/students').expect(200);
    expect(listed.headers['ratelimit-policy']).toBe('"user";q=5;w=60');
  });

  it.each([
    ['post', '/users/imports'],
    ['post', '/users/0198f000-0000-7000-8000-000000000004/merge'],
    ['post', '/departments/0198f000-0000-7000-8000-000000000004/merge'],
    ['put', '/auth/me/password'],
  ] as const)('takes %s %s for expensive', async (method, path) => {
    const { headers } = await app.as('admin', tenant)[method](path).send({});
    expect(headers['ratelimit-policy']).toBe('"expensive";q=3;w=60');
  });

  it('limits attempts to become somebody by address, whatever account they name', async () => {
    let account = 0;
    const attempt = (): PromiseLike<Response> => {
      const email = `nobody-${account++}@example.org`;
      return app.anonymous.post('/auth/login').send({ tenant: tenant.slug, email, password: 'wrong-password' });
    };
    expect(await statuses(5, attempt)).toEqual([401, 401, 401, 401, 429]);
    // who is signed in already goes on
    await app.as(instructor).get('/segments').expect(200);
  });

  it.each([
    ['true', '192.0.2.7'],
    ['2', '192.0.2.7, 203.0.113.1'],
  ])('takes the address from TRUST_PROXY=%s proxies, and none that the client has written', async (proxies, added) => {
    const proxied = await startApp({ environment: { ...limits, TRUST_PROXY: proxies }, db: app.db });
    let count = 0;
    const attempt = (): PromiseLike<Response> =>
      proxied.anonymous
        .post('/auth/refresh')
        .set('x-forwarded-for', `198.51.100.${++count}, ${added}`)
        .send({ refreshToken: 'none' });
    const found = await statuses(5, attempt);
    await proxied.stop();
    expect(found).toEqual([401, 401, 401, 401, 429]);
  });

  it('looks at a bounded number of unknown tokens of one address, and knows those it has seen', async () => {
    const known = app.as(instructor);
    await known.get('/segments').expect(200);
    let count = 0;
    const guess = (): PromiseLike<Response> =>
      app.anonymous.get('/segments').set('authorization', `Bearer e30.e30.${count++}`);
    expect(await statuses(6, guess)).toEqual([401, 401, 401, 401, 401, 429]);
    await known.get('/segments').expect(200);
  });

  it('never refuses a probe', async () => {
    const probe = (): PromiseLike<Response> => request(app.url).get('/health/live');
    expect(new Set(await statuses(20, probe))).toEqual(new Set([200]));
  });

  it('lets in no more of what arrives at once', async () => {
    const client = app.as(instructor);
    const all = await Promise.all(Array.from({ length: 20 }, () => client.get('/segments')));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(5);
  });
});

it('takes a network for one address', () => {
  expect(
    ['192.0.2.7', '::ffff:192.0.2.7', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::9', '2001:db8::1', '::1'].map(networkOf),
  ).toEqual(['192.0.2.7', '192.0.2.7', '2001:db8:1:2', '2001:db8:1:2', '2001:db8:0:0', '0:0:0:0']);
});

(hasRedis ? describe : describe.skip)('in several processes with a Redis', () => {
  let redis: ChildProcess;
  let port: number;
  let first: TestApp;
  let second: TestApp;
  let askFirst: () => PromiseLike<Response>;
  let askSecond: () => PromiseLike<Response>;

  beforeEach(async () => {
    port = await freePort();
    redis = await startRedis(port);
    const environment = {
      ...limits,
      RATE_LIMIT_USER: '20',
      RATE_LIMIT_SERVICE: '1000',
      REDIS_URL: `redis://127.0.0.1:${port}`,
    };
    first = await startApp({ environment });
    second = await startApp({ environment, db: first.db });
    const instructor = await createInstructor(first.database, await createTenant(first.database));
    const [inFirst, inSecond] = [first.as(instructor), second.as(instructor)];
    askFirst = () => inFirst.get('/segments');
    askSecond = () => inSecond.get('/segments');
    await shared(first);
    await shared(second);
  });
  afterEach(async () => {
    redis.kill('SIGKILL');
    await once(redis, 'exit');
    await second.stop();
    await first.stop();
  });

  /** The first of these asks Redis; alone a process would let in twenty, as fast or slow as they come. */
  const slowly = (ask: () => PromiseLike<Response>) => async (): Promise<Response> => {
    await sleep(100);
    return ask();
  };

  /** Until what a service asks this application is counted in Redis. */
  async function shared(app: TestApp): Promise<void> {
    const client = new Redis({ host: '127.0.0.1', port });
    const stranger = app.as('service', await createTenant(app.database));
    const before = (await client.keys('rate:service:*')).length;
    let now = before;
    for (let asked = 0; asked < 200 && now === before; asked++) {
      await stranger.get('/modules');
      await sleep(50);
      now = (await client.keys('rate:service:*')).length;
    }
    client.disconnect();
    expect(now).toBe(before + 1);
  }

  it('shares what is left among them', async () => {
    expect(await admitted(askFirst)).toBe(20);
    expect(await admitted(slowly(askSecond))).toBeLessThan(10);
  });

  it('goes on in each process alone while Redis is frozen or gone, and together again after', async () => {
    redis.kill('SIGSTOP');
    expect(await admitted(askFirst)).toBe(20);
    expect(await admitted(askSecond)).toBe(20);
    redis.kill('SIGKILL');
    await once(redis, 'exit');
    first.clock.advance(60);
    second.clock.advance(60);
    expect(await admitted(askFirst)).toBe(20);
    expect(await admitted(askSecond)).toBe(20);
    redis = await startRedis(port);
    first.clock.advance(60);
    second.clock.advance(60);
    await shared(first);
    await shared(second);
    expect(await admitted(askFirst)).toBe(20);
    expect(await admitted(slowly(askSecond))).toBeLessThan(10);
  });
});
