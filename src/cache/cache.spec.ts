import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import fc from '../../test/property.js';
import { Config } from '../config.js';
import { Clock } from '../database/clock.js';
import { DatabaseUnavailable } from '../database/errors.js';
import { Cache } from './cache.js';
import { toJsonBytes } from '../http/answer.js';
import { MemoryBodies } from './memory-bodies.js';
import { MemoryVersions } from './versions.js';

class MovedClock extends Clock {
  aheadSeconds = 0;
  override now(): Date {
    return new Date(Date.parse('2026-11-20T08:00:00Z') + this.aheadSeconds * 1000);
  }
}

const clock = new MovedClock();
const open = (cache: Config['cache'], requestTimeoutSeconds = 5): Cache =>
  new Cache({ cache, redisUrl: undefined, http: { requestTimeoutSeconds } as Config['http'] }, clock);
const options = { tags: ['roster:ada'], lifetimeSeconds: 60 };
const numberIn = (value: { body: Buffer }): number => (JSON.parse(value.body.toString()) as { n: number }).n;

describe('a cache in memory', () => {
  let produced: number;
  const produce = () => Promise.resolve({ n: ++produced });
  beforeEach(() => {
    produced = 0;
    clock.aheadSeconds = 0;
  });

  it('answers the same bytes and the same strong ETag until a tag is bumped', async () => {
    const cache = open('memory');
    const first = await cache.bytes('list', options, produce);
    expect(first.body.toString()).toBe('{"n":1}');
    expect(first.etag).toMatch(/^[\w-]{27}$/);
    expect(await cache.bytes('list', options, produce)).toBe(first);

    await cache.bump(['roster:grace']);
    expect(await cache.bytes('list', options, produce)).toBe(first);
    await cache.bump(['student:1', 'roster:ada']);
    const second = await cache.bytes('list', options, produce);
    expect(numberIn(second)).toBe(2);
    expect(second.etag).not.toBe(first.etag);
  });

  it('keeps days and keys apart', async () => {
    const cache = open('memory');
    const monday = await cache.bytes('today', { ...options, day: '2026-11-23' }, produce);
    const tuesday = await cache.bytes('today', { ...options, day: '2026-11-24' }, produce);
    const other = await cache.bytes('week', { ...options, day: '2026-11-24' }, produce);
    expect([monday, tuesday, other].map(numberIn)).toEqual([1, 2, 3]);
  });

  it('lets a value go after its lifetime, give or take a tenth, and after 15 minutes at most', async () => {
    const cache = open('memory');
    const long = { ...options, lifetimeSeconds: 3600 };
    await cache.bytes('short', options, produce);
    await cache.bytes('long', long, produce);
    clock.aheadSeconds = 53;
    await cache.bytes('short', options, produce);
    expect(produced).toBe(2);
    clock.aheadSeconds = 67;
    await cache.bytes('short', options, produce);
    expect(produced).toBe(3);
    clock.aheadSeconds = 809;
    await cache.bytes('long', long, produce);
    expect(produced).toBe(3);
    clock.aheadSeconds = 991;
    await cache.bytes('long', long, produce);
    expect(produced).toBe(4);
  });

  it('does not keep under the new version what was produced while a bump happened', async () => {
    const cache = open('memory');
    const old = cache.bytes('list', options, async () => {
      await cache.bump(['roster:ada']);
      return { n: -1 };
    });
    expect(numberIn(await old)).toBe(-1);
    expect(numberIn(await cache.bytes('list', options, produce))).toBe(1);
  });

  it('produces once for a hundred who ask at the same time', async () => {
    const cache = open('memory');
    const slow = async () => {
      await turn();
      return produce();
    };
    const answers = await Promise.all(Array.from({ length: 100 }, () => cache.bytes('list', options, slow)));
    expect(produced).toBe(1);
    expect(new Set(answers).size).toBe(1);
  });

  it('counts what came of requests, by the first word of the key', async () => {
    const cache = open('memory');
    await cache.bytes('students.list a', options, produce);
    await cache.bytes('students.list a', options, produce);
    await cache.bytes('students.list b', options, produce);
    // ten at once: one produces, nine share it
    await Promise.all(Array.from({ length: 10 }, () => cache.bytes('students.detail c', options, produce)));
    const counts = { sharedHits: 0, bypasses: 0 };
    expect(cache.report).toMatchObject({ entries: 3 });
    expect(cache.report.values).toEqual([
      { name: 'students.detail', requests: 10, hits: 9, misses: 1, bytes: 7, ...counts },
      { name: 'students.list', requests: 3, hits: 1, misses: 2, bytes: 14, ...counts },
    ]);

    const off = open('off');
    await off.bytes('students.list a', options, produce);
    await off.bytes('students.list a', options, produce);
    expect(off.report.values[0]).toMatchObject({ requests: 2, hits: 0, misses: 0, bypasses: 2 });
  });

  it('tells an error to all who wait and forgets it', async () => {
    const cache = open('memory');
    const fail = async () => {
      await turn();
      throw new Error('no luck');
    };
    const answers = await Promise.allSettled([1, 2, 3].map(() => cache.bytes('list', options, fail)));
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(numberIn(await cache.bytes('list', options, produce))).toBe(1);
  });

  it('lets nobody wait for ever, and tries again for the next', async () => {
    const cache = open('memory', 0.05);
    const never = () => new Promise<object>(() => undefined);
    await expect(cache.bytes('list', options, never)).rejects.toBeInstanceOf(DatabaseUnavailable);
    expect(numberIn(await cache.bytes('list', options, produce))).toBe(1);
  });
});

describe('a cache that is off', () => {
  it('produces for every read, also after a write that it cannot know of', async () => {
    const cache = open('off');
    let n = 1;
    const produce = () => Promise.resolve({ n: n++ });
    expect(numberIn(await cache.bytes('list', options, produce))).toBe(1);
    expect(numberIn(await cache.bytes('list', options, produce))).toBe(2);
    expect(cache.serving).toBe(false);
  });

  it('shares one production among those who came before it began', async () => {
    const cache = open('off');
    let n = 0;
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const produce = async () => {
      const mine = ++n;
      await gate;
      return { n: mine };
    };
    const first = cache.bytes('list', options, produce);
    await turn();
    const others = Array.from({ length: 99 }, () => cache.bytes('list', options, produce));
    await turn();
    release();
    expect(numberIn(await first)).toBe(1);
    expect(new Set((await Promise.all(others)).map(numberIn))).toEqual(new Set([2]));
    expect(n).toBe(2);
  });
});

describe('bounds', () => {
  const value = toJsonBytes({ x: 'x'.repeat(92) });

  it('drops what was not used for longest, by number', () => {
    const bodies = new MemoryBodies(2, 10_000);
    bodies.set('a', value, 10);
    bodies.set('b', value, 10);
    bodies.get('a', 0);
    bodies.set('c', value, 10);
    expect(['a', 'b', 'c'].map((key) => bodies.get(key, 0) !== undefined)).toEqual([true, false, true]);
  });

  it('drops by size, counts replacing and expiry, and does not take one huge value', () => {
    const bodies = new MemoryBodies(1000, 1020);
    for (let i = 0; i < 50; i++) bodies.set(`${i}`, value, 10);
    expect(bodies.size.bytes).toBeLessThanOrEqual(1020);
    expect(bodies.size.entries).toBe(9); // 9 × (100 + 2 × 2) = 936, a tenth would make 1040
    bodies.set('49', value, 10);
    expect(bodies.size).toEqual({ entries: 9, bytes: 936 });
    expect(bodies.get('49', 10)).toBeUndefined();
    expect(bodies.size).toEqual({ entries: 8, bytes: 832 });
    bodies.set('huge', toJsonBytes({ x: 'x'.repeat(900) }), 10);
    expect(bodies.size).toEqual({ entries: 8, bytes: 832 });
  });

  it('never gives a forgotten tag a version it had before', () => {
    const versions = new MemoryVersions(3);
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      seen.add(versions.read(['tag:x']));
      versions.bump(['tag:x']);
      for (let other = 0; other <= i % 7; other++) versions.bump([`tag:${other}`]);
    }
    expect(seen.size).toBe(40);
  });
});

describe('the law: a read that starts after a bump has returned sees what was written before it', () => {
  const step = fc.record({
    write: fc.boolean(),
    key: fc.constantFrom('a', 'b'),
    pause: fc.nat(3),
    slowness: fc.nat(4),
  });

  it.each(['memory', 'off'] as const)('%s', async (kind) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 30 }), async (steps) => {
        const cache = open(kind);
        const committed = { a: 0, b: 0 };
        const reads: Promise<void>[] = [];
        for (const { write, key, pause, slowness } of steps) {
          for (let i = 0; i < pause; i++) await turn();
          if (write) {
            committed[key as 'a']++;
            await cache.bump([key]);
            continue;
          }
          const atLeast = committed[key as 'a'];
          const produce = async () => {
            const n = committed[key as 'a'];
            for (let i = 0; i < slowness; i++) await turn();
            return { n };
          };
          reads.push(
            cache.bytes(key, { tags: [key], lifetimeSeconds: 60 }, produce).then((answer) => {
              expect(numberIn(answer)).toBeGreaterThanOrEqual(atLeast);
            }),
          );
        }
        await Promise.all(reads);
        await sleep(0);
      }),
      { numRuns: 200 },
    );
  });
});
