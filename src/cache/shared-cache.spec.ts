import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@keyv/redis';
import { Logger } from '@nestjs/common';
import fc from '../../test/property.js';
import { freePort, hasRedis as installed, startRedis } from '../../test/redis.js';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { Cache } from './cache.js';
import { RollCall } from './roll-call.js';
import { SharedCache } from './shared-cache.js';

const given = process.env.REDIS_URL;

const http = { requestTimeoutSeconds: 5 } as Config['http'];
const numberIn = (value: { body: Buffer }): number => (JSON.parse(value.body.toString()) as { n: number }).n;
const inUse = async (...caches: Cache[]) => {
  for (let i = 0; i < 400 && !caches.every((cache) => cache.serving); i++) await sleep(25);
  expect(caches.map((cache) => cache.serving)).toEqual(caches.map(() => true));
};
const bypassed = async (cache: Cache) => {
  for (let i = 0; i < 400 && cache.serving; i++) await sleep(25);
  expect(cache.serving).toBe(false);
};

let tests = 0;
/** Tests on a server that others may use, too, must not meet each other's keys. */
const unique = (name: string) => `${name}:${process.pid}:${Date.now()}:${tests++}`;

(installed || given ? describe : describe.skip)('a cache shared through Redis', () => {
  let server: ChildProcess | undefined;
  let port: number;
  let a: Cache;
  let b: Cache;
  const open = () => {
    const redisUrl = installed ? `redis://127.0.0.1:${port}` : given;
    return new Cache({ cache: 'redis', redisUrl, http }, new Clock());
  };
  const command = async (...words: string[]) => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    await client.connect();
    await client.sendCommand(words);
    client.destroy();
  };
  const ownServer = installed ? it : it.skip;

  beforeAll(async () => {
    Logger.overrideLogger(false);
    if (!installed) return;
    port = await freePort();
    server = await startRedis(port);
  });
  afterAll(async () => {
    if (!server) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  });
  beforeEach(async () => {
    // whoever an earlier test has left behind would be missed in this one
    if (installed) await command('FLUSHALL');
    a = open();
    b = open();
    await inUse(a, b);
  });
  afterEach(async () => {
    await Promise.all([a.onApplicationShutdown(), b.onApplicationShutdown()]);
  });

  it('carries a value from one process to another, and a bump as well', async () => {
    const key = unique('list');
    const options = { tags: [unique('roster')], lifetimeSeconds: 60 };
    const fromA = await a.bytes(key, options, () => Promise.resolve({ n: 1, name: 'Žofie "🦊"' }));
    await sleep(50);
    const fromB = await b.bytes(key, options, () => Promise.reject(new Error('should have been there')));
    expect(fromB).toEqual(fromA);
    expect(a.report.values[0]).toMatchObject({ requests: 1, hits: 0, sharedHits: 0, misses: 1 });
    expect(b.report.values[0]).toMatchObject({ requests: 1, hits: 0, sharedHits: 1, misses: 0, bytes: 0 });

    await b.bump(options.tags);
    expect(numberIn(await a.bytes(key, options, () => Promise.resolve({ n: 2 })))).toBe(2);
  });

  it('does not keep under the new version what was produced while another process bumped', async () => {
    const key = unique('list');
    const options = { tags: [unique('roster')], lifetimeSeconds: 60 };
    await a.bytes(key, options, async () => {
      await b.bump(options.tags);
      return { n: -1 };
    });
    await sleep(50);
    expect(numberIn(await b.bytes(key, options, () => Promise.resolve({ n: 1 })))).toBe(1);
    expect(numberIn(await a.bytes(key, options, () => Promise.resolve({ n: 2 })))).toBe(1);
  });

  it('produces once for a hundred who ask at the same time', async () => {
    const bypasses = (): number => a.report.values.reduce((sum, { bypasses: count }) => sum + count, 0);
    const options = { tags: [unique('roster')], lifetimeSeconds: 60 };
    // on a busy machine Redis may take longer than the cache waits for it, and then each flight is its own
    for (let tries = 0; tries < 20; tries++) {
      await inUse(a);
      const [before, key] = [bypasses(), unique('list')];
      let produced = 0;
      const slow = async () => {
        await sleep(50);
        return { n: ++produced };
      };
      await Promise.all(Array.from({ length: 100 }, () => a.bytes(key, options, slow)));
      if (bypasses() > before) continue;
      expect(produced).toBe(1);
      return;
    }
    throw new Error('Redis was too slow each time');
  });

  it('the law: a read that starts after a bump has returned sees what was written before it', async () => {
    const step = fc.record({
      write: fc.boolean(),
      onA: fc.boolean(),
      key: fc.constantFrom(0, 1),
      pause: fc.nat(6),
      slowness: fc.nat(10),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 30 }), async (steps) => {
        const keys = [unique('a'), unique('b')];
        const committed = [0, 0];
        const announced = [0, 0];
        const done: Promise<void>[] = [];
        for (const { write, onA, key, pause, slowness } of steps) {
          for (let i = 0; i < pause; i++) await turn();
          const cache = onA ? a : b;
          const tags = [keys[key]!];
          if (write) {
            const mine = ++committed[key]!;
            done.push(cache.bump(tags).then(() => void (announced[key] = Math.max(announced[key]!, mine))));
            continue;
          }
          const atLeast = announced[key]!;
          const produce = async () => {
            const n = committed[key]!;
            for (let i = 0; i < slowness; i++) await turn();
            return { n };
          };
          done.push(
            cache.bytes(keys[key]!, { tags, lifetimeSeconds: 60 }, produce).then((answer) => {
              expect(numberIn(answer)).toBeGreaterThanOrEqual(atLeast);
            }),
          );
        }
        await Promise.all(done);
      }),
      { numRuns: 150 },
    );
    await inUse(a, b);
  });

  ownServer('misses who is gone without a word, every three minutes anew, and nobody who said goodbye', async () => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    await client.connect();
    await command('FLUSHALL');
    const [first, second, third] = ['1', '2', '3'].map((name) => new RollCall(client, name));
    const start = Date.parse('2026-11-20T08:00:00Z');
    for (const one of [first, second, third]) expect(await one!.answer(start)).toBe(false);
    await third!.leave();
    expect(await second!.answer(start + 20_000)).toBe(false);
    expect(await first!.answer(start + 70_000)).toBe(false);
    expect(await first!.answer(start + 90_000)).toBe(true);
    // once is enough for all of them, for a while
    expect(await first!.answer(start + 110_000)).toBe(false);
    expect(await client.pTTL('cache:renewed')).toBeLessThanOrEqual(180_000);
    await client.del('cache:renewed');
    expect(await first!.answer(start + 300_000)).toBe(true);
    await client.del('cache:renewed');
    expect(await second!.answer(start + 300_001)).toBe(false);
    expect(await first!.answer(start + 2 * 86_400_000)).toBe(false);
    expect(await client.zCard('cache:processes')).toBe(1);
    client.destroy();
  });

  ownServer('makes good for a process that was killed before it could announce', async () => {
    const cache = new SharedCache(`redis://127.0.0.1:${port}`, 25);
    const versions = async (): Promise<string | null> => cache.read(['roster:ada']);
    for (let i = 0; i < 400 && !cache.serving; i++) await sleep(25);
    const before = await versions();
    await sleep(100);
    expect(await versions()).toBe(before);
    await command('ZADD', 'cache:processes', `${Date.now() - 61_000}`, 'killed');
    for (let i = 0; i < 400 && (await versions()) === before; i++) await sleep(25);
    expect(await versions()).not.toBe(before);
    expect(cache.serving).toBe(true);
    await cache.close();
    await command('FLUSHALL');
  });

  ownServer('survives FLUSHALL without an old value coming back', async () => {
    const key = unique('list');
    const options = { tags: [unique('roster')], lifetimeSeconds: 60 };
    let n = 1;
    const produce = () => Promise.resolve({ n });
    await command('FLUSHALL');
    await a.bytes(key, options, produce);
    await b.bytes(key, options, produce);
    n = 2;
    await b.bump(options.tags);
    await command('FLUSHALL');
    expect(numberIn(await a.bytes(key, options, produce))).toBe(2);
    expect(numberIn(await b.bytes(key, options, produce))).toBe(2);
  });

  ownServer('makes good for a bump that Redis refused', async () => {
    const key = unique('list');
    const options = { tags: [unique('roster')], lifetimeSeconds: 60 };
    let n = 1;
    const produce = () => Promise.resolve({ n });
    await a.bytes(key, options, produce);
    await b.bytes(key, options, produce);
    await command('REPLICAOF', '127.0.0.1', '1');
    n = 2;
    await a.bump(options.tags);
    expect(a.serving).toBe(false);
    expect(numberIn(await a.bytes(key, options, produce))).toBe(2);
    await command('REPLICAOF', 'NO', 'ONE');
    await inUse(a, b);
    expect(numberIn(await b.bytes(key, options, produce))).toBe(2);
  });

  ownServer('announces writes through a Redis that has no memory left', async () => {
    const key = unique('list');
    const options = { tags: [unique('roster')], lifetimeSeconds: 60 };
    let n = 1;
    const produce = () => Promise.resolve({ n });
    await a.bytes(key, options, produce);
    await b.bytes(key, options, produce);
    await command('CONFIG', 'SET', 'maxmemory', '1');
    n = 2;
    await a.bump(options.tags);
    expect(a.serving).toBe(true);
    expect(numberIn(await b.bytes(key, options, produce))).toBe(2);
    await command('CONFIG', 'SET', 'maxmemory', '0');
    await inUse(a, b);
    expect(numberIn(await a.bytes(key, options, produce))).toBe(2);
  });

  ownServer('bypasses a frozen Redis, and is right when it wakes', async () => {
    const key = unique('list');
    const options = { tags: [unique('roster')], lifetimeSeconds: 60 };
    let n = 1;
    const produce = () => Promise.resolve({ n });
    await a.bytes(key, options, produce);
    await b.bytes(key, options, produce);

    server!.kill('SIGSTOP');
    const started = performance.now();
    const answers = await Promise.all([1, 2, 3, 4].map(() => a.bytes(key, options, produce)));
    const waited = performance.now() - started;
    expect(answers.map(numberIn)).toEqual([1, 1, 1, 1]);
    expect(waited).toBeLessThan(300);
    expect(a.serving).toBe(false);

    // the write cannot be announced; b has noticed nothing yet
    n = 2;
    await a.bump(options.tags);
    expect(numberIn(await a.bytes(key, options, produce))).toBe(2);
    expect(b.serving).toBe(true);

    server!.kill('SIGCONT');
    // what others had sent before is done by the time that a new connection is answered
    await command('PING');
    expect(numberIn(await b.bytes(key, options, produce))).toBe(2);
    await inUse(a, b);
    expect(numberIn(await a.bytes(key, options, produce))).toBe(2);
    expect(numberIn(await b.bytes(key, options, produce))).toBe(2);
  });

  ownServer('is right after a restart of Redis, and works meanwhile', async () => {
    const key = unique('list');
    const options = { tags: [unique('roster')], lifetimeSeconds: 60 };
    let n = 1;
    const produce = () => Promise.resolve({ n });
    await a.bytes(key, options, produce);
    await b.bytes(key, options, produce);
    server!.kill('SIGKILL');
    await bypassed(a);
    await bypassed(b);
    n = 2;
    await b.bump(options.tags);
    expect(numberIn(await a.bytes(key, options, produce))).toBe(2);
    server = await startRedis(port);
    await inUse(a, b);
    expect(numberIn(await a.bytes(key, options, produce))).toBe(2);
    expect(numberIn(await b.bytes(key, options, produce))).toBe(2);
    n = 3;
    await b.bump(options.tags);
    expect(numberIn(await a.bytes(key, options, produce))).toBe(3);
  });
});
