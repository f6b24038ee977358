import { v7 as uuidv7 } from 'uuid';
import { createTestDatabase, type TestDatabase } from '../../test/database.js';
import { OutboxRepository } from './outbox.repository.js';
import { RunsRepository, type RunStart } from './runs.repository.js';

const now = new Date('2026-03-02T08:00:00Z');
const leaseSeconds = 60;

describe('what jobs leave in the database', () => {
  let test: TestDatabase;
  let outbox: OutboxRepository;
  let runs: RunsRepository;

  beforeAll(async () => {
    test = await createTestDatabase();
    outbox = new OutboxRepository(test.database);
    runs = new RunsRepository(test.database);
  });
  afterAll(() => test.drop());

  it('gives events back that a relay could not hand over, and not those it could', async () => {
    await outbox.insert(
      null,
      'activity.sessions-recorded',
      [1, 2].map(String).map((key) => ({ key, payload: {} })),
      now,
    );
    const events = await outbox.claim(10, leaseSeconds);
    expect(events.map(({ key }) => key)).toEqual(['1', '2']);
    expect(await outbox.claim(10, leaseSeconds)).toEqual([]);
    await outbox.markRelayed([events[0]!.id], now);
    await outbox.release(events.map(({ id }) => id));
    expect((await outbox.claim(10, leaseSeconds)).map(({ key }) => key)).toEqual(['2']);
  });

  const run = (occasion: string): RunStart => ({
    job: 'activity.close-day',
    occasion,
    key: '',
    tenantId: null,
    payload: {},
    exclusive: false,
    attempt: 1,
    claim: uuidv7(),
    now,
  });
  const statusOf = (occasion: string): Promise<object> =>
    test.database.one(
      `-- test.statusOfRun
      select status, error from job_runs where occasion = $1`,
      [occasion],
    );

  it('tells a second worker whether a run goes on or has ended', async () => {
    const first = run('tick-1');
    expect(await runs.start(first, leaseSeconds)).toBe('started');
    expect(await runs.start(run('tick-1'), leaseSeconds)).toBe('running');
    const end = { status: 'completed', finishedAt: now, durationSeconds: 1, outcome: null, error: null } as const;
    expect(await runs.finish(first.claim, first.job, first.occasion, end)).toBe(true);
    expect(await runs.start(run('tick-1'), leaseSeconds)).toBe('ended');
  });

  it('fails a run that the queue gave up, and never one that has ended', async () => {
    const given = run('tick-2');
    await runs.start(given, leaseSeconds);
    await runs.fail(given.job, 'tick-2', 'its workers died', now);
    expect(await statusOf('tick-2')).toEqual({ status: 'failed', error: 'its workers died' });
    await runs.fail(given.job, 'tick-1', 'too late', now);
    expect(await statusOf('tick-1')).toEqual({ status: 'completed', error: null });
  });

  it('tells a tenant of its runs that failed for good, once, and of nothing else', async () => {
    const tenantId = uuidv7();
    const ended = { finishedAt: now, durationSeconds: 1, outcome: null, error: 'broken' };
    const begin = async (occasion: string, tenant: string | null = tenantId): Promise<RunStart> => {
      const begun = { ...run(occasion), tenantId: tenant };
      await runs.start(begun, leaseSeconds);
      return begun;
    };
    const [again, failed, ours] = [await begin('outbox-11'), await begin('outbox-12'), await begin('outbox-13', null)];
    await runs.finish(again.claim, again.job, again.occasion, { ...ended, status: 'queued' });
    expect(await runs.finish(failed.claim, failed.job, failed.occasion, { ...ended, status: 'failed' })).toBe(true);
    expect(await runs.finish(failed.claim, failed.job, failed.occasion, { ...ended, status: 'failed' })).toBe(false);
    await runs.finish(ours.claim, ours.job, ours.occasion, { ...ended, status: 'failed' });
    await begin('outbox-14');
    for (let times = 0; times < 2; times++) await runs.fail(failed.job, 'outbox-14', 'its workers died', now);
    const told = await test.database.many(
      `-- test.failuresTold
      select tenant_id as "tenantId", key, payload from outbox where topic = 'jobs.failed' order by id`,
    );
    const job = 'activity.close-day';
    expect(told).toEqual([
      { tenantId, key: job, payload: { job, occasion: 'outbox-12' } },
      { tenantId, key: job, payload: { job, occasion: 'outbox-14' } },
    ]);
  });
});
