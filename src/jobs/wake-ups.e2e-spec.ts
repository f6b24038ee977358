import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '../../test/database.js';
import { freePort, hasRedis, startRedis } from '../../test/redis.js';
import { readConfig } from '../config.js';
import { WakeUps } from './wake-ups.js';

let db: TestDatabase;
const open: WakeUps[] = [];

const process = (redisUrl?: string): WakeUps => {
  const wakeUps = new WakeUps(readConfig({ ...db.environment, REDIS_URL: redisUrl }), db.database);
  open.push(wakeUps);
  return wakeUps;
};
/** How often it was woken, and by what. */
const counted = (wakeUps: WakeUps, ...names: ('outbox' | 'live')[]): Record<string, number> => {
  const counts: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  for (const name of names) wakeUps.on(name, () => counts[name]!++);
  return counts;
};
const until = async (holds: () => boolean, meanwhile: () => void = () => undefined): Promise<void> => {
  for (let tries = 0; tries < 2_000 && !holds(); tries++) {
    meanwhile();
    await sleep(20);
  }
  expect(holds()).toBe(true);
};
/** Whoever begins to listen is woken once, for what may have been missed. */
const ready = (counts: Record<string, number>): Promise<void> =>
  until(() => Object.values(counts).every((count) => count > 0));

beforeAll(async () => {
  db = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((wakeUps) => wakeUps.onApplicationShutdown()));
});
afterAll(() => db.drop());

const ways = [{ way: 'PostgreSQL', isRedis: false }, ...(hasRedis ? [{ way: 'Redis', isRedis: true }] : [])];

describe.each(ways)('through $way', ({ isRedis }) => {
  let redis: ChildProcess | undefined;
  let port: number;
  let url: string | undefined;

  beforeAll(async () => {
    if (!isRedis) return;
    port = await freePort();
    url = `redis://127.0.0.1:${port}`;
    redis = await startRedis(port);
  });
  afterAll(async () => {
    if (!redis) return;
    redis.kill('SIGKILL');
    await once(redis, 'exit');
  });
  const breakOff = async (): Promise<void> => {
    if (!redis) {
      await db.database.run(
        `-- test.endNotices
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'notices'`,
      );
      return;
    }
    redis.kill('SIGKILL');
    await once(redis, 'exit');
    redis = await startRedis(port);
  };

  it('wakes the others, each of what it listens to, and itself', async () => {
    const [a, b, c] = [process(url), process(url), process(url)];
    const [both, live] = [counted(b, 'outbox', 'live'), counted(c, 'live')];
    await Promise.all([ready(both), ready(live)]);
    const before = { ...both };
    a.send('outbox');
    await until(() => both.outbox! > before.outbox!);
    const [heard, of] = [both.live!, live.live!];
    a.send('live');
    await until(() => both.live! > heard && live.live! > of);
    expect(live.outbox).toBeUndefined();
    const own = live.live!;
    c.send('live');
    await until(() => live.live! > own);
  });

  it('sends many at once as few', async () => {
    const [a, b] = [process(url), process(url)];
    const counts = counted(b, 'outbox', 'live');
    await ready(counts);
    const before = counts.outbox!;
    for (let i = 0; i < 1_000; i++) a.send('outbox');
    await until(() => counts.outbox! > before);
    const heard = counts.live!;
    a.send('live');
    await until(() => counts.live! > heard);
    expect(counts.outbox! - before).toBeLessThan(5);
  });

  it('is there again after the connection was lost, and has whoever listens look for what was missed', async () => {
    const [a, b] = [process(url), process(url)];
    const counts = counted(b, 'live');
    await ready(counts);
    a.send('live');
    const before = counts.live!;
    await breakOff();
    await until(() => counts.live! > before);
    const again = counts.live!;
    await until(
      () => counts.live! > again,
      () => a.send('live'),
    );
  });
});

it('reaches nobody but its own process behind a pooler', async () => {
  const config = readConfig({ ...db.environment, DATABASE_POOLER: 'true' });
  const wakeUps = new WakeUps(config, db.database);
  const counts = counted(wakeUps, 'live');
  wakeUps.send('live');
  await wakeUps.onApplicationShutdown();
  expect(counts.live).toBe(1);
});
