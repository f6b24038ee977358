import { randomUUID } from 'node:crypto';
import { startApp, type TestApp } from '../../test/app.js';
import { OperationsJobs } from './operations.jobs.js';

let app: TestApp;

beforeAll(async () => {
  app = await startApp({ now: '2026-03-02T08:00:00Z' });
});
afterAll(() => app.stop());

it('deletes answers that are kept no longer, in batches', async () => {
  await app.database.run(
    `-- test.insertKeys
    insert into idempotency_keys (tenant_id, user_id, key, route, request_hash, created_at, expires_at)
    select $1, $1, n::text, '/', '', now(), timestamptz '2026-03-02T08:00:00Z' + (n > 10001)::integer * interval '1 s'
    from generate_series(1, 10003) n`,
    [randomUUID()],
  );
  const run = { job: '', tenantId: null, key: '', occasion: 'tick-1', payload: {}, attempt: 1 };
  const signal = new AbortController().signal;
  expect(await app.app.get(OperationsJobs).deleteExpiredKeys({ ...run, signal })).toEqual({ keysDeleted: 10_001 });
  const left = await app.database.one(`-- test.keysLeft\nselect count(*) as count from idempotency_keys`);
  expect(left).toEqual({ count: 2 });
});
