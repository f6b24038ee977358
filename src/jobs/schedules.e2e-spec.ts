import { Outbox } from './outbox.js';
import { OutboxRepository } from './outbox.repository.js';
import { RunsRepository } from './runs.repository.js';
import { latestTick, Schedules } from './schedules.js';
import type { JobDefinition } from './job.js';
import { db, clock, stopAll, openJobs, closeJobs, newJob, runsOf } from '../../test/jobs.js';

beforeAll(openJobs);
afterEach(stopAll);
afterAll(closeJobs);

describe('schedules', () => {
  const schedulers = (count: number): Schedules[] =>
    Array.from({ length: count }, () => {
      const outbox = new Outbox(new OutboxRepository(db.database), db.database, clock);
      return new Schedules(new RunsRepository(db.database), outbox, clock);
    });
  const check = (all: readonly Schedules[]) => Promise.all(all.map((each) => each.check()));
  const ticksOf = ({ name }: JobDefinition) =>
    db.database.many<{ key: string; payload: unknown }>(
      `-- test.ticks
      select key, payload from outbox where topic = $1 order by id`,
      [name],
    );

  it('claim a tick once, however many there are', async () => {
    const job = newJob({ on: undefined, schedule: { cron: '30 2 * * *' } });
    const ten = schedulers(10);
    ten.forEach((each) => each.start([job]));

    clock.set('2026-03-02T02:29:59.999Z');
    await check(ten);
    expect(await ticksOf(job)).toEqual([]);

    clock.set('2026-03-02T02:30:00.000Z');
    await check(ten);
    clock.set('2026-03-02T02:30:01.000Z');
    await check(ten);
    expect(await ticksOf(job)).toEqual([
      { key: 'tick-20260302T023000Z', payload: { tick: '2026-03-02T02:30:00.000Z' } },
    ]);
    expect(await runsOf(job)).toMatchObject([{ occasion: 'tick-20260302T023000Z', status: 'queued' }]);
  });

  it('make up for the last tick that all of them slept through, but not for those before the first', async () => {
    const job = newJob({ on: undefined, schedule: { cron: '30 2 * * *' } });
    const [first] = schedulers(1);
    clock.set('2026-03-02T12:00:00Z');
    first!.start([job]);
    await first!.check();
    expect(await ticksOf(job)).toEqual([]);
    clock.set('2026-03-03T02:30:00Z');
    await first!.check();

    const [second] = schedulers(1);
    clock.set('2026-03-06T12:00:00Z');
    second!.start([job]);
    await second!.check();

    expect((await ticksOf(job)).map(({ key }) => key)).toEqual(['tick-20260303T023000Z', 'tick-20260306T023000Z']);
  });

  it.each([
    ['* * * * *', '2026-03-02T08:00:00.000Z', '2026-03-02T08:00:00.000Z'],
    ['*/5 * * * * *', '2026-03-02T08:00:04.999Z', '2026-03-02T08:00:00.000Z'],
    ['17 * * * *', '2026-03-02T08:16:59.000Z', '2026-03-02T07:17:00.000Z'],
    ['0 0 * * 1', '2026-03-08T23:59:59.000Z', '2026-03-02T00:00:00.000Z'],
    ['0 3 1 * *', '2026-03-31T12:00:00.000Z', '2026-03-01T03:00:00.000Z'],
    ['0 0 1 1 *', '2026-12-31T23:59:59.000Z', '2026-01-01T00:00:00.000Z'],
  ])('%s was last due before %s at %s', (cron, now, tick) => {
    expect(latestTick(cron, new Date(now))?.toISOString()).toBe(tick);
  });
});
