import { closeJobs, newGate, newJob, openJobs, start, stopAll, tenant } from '../../test/jobs.js';
import { Outbox } from './outbox.js';

beforeAll(openJobs);
afterEach(stopAll);
afterAll(closeJobs);

it('runs as many of a queue at once as its job says', async () => {
  const job = newJob({ parallel: 3 });
  const [all, end] = [newGate(), newGate()];
  let running = 0;
  const app = await start('postgres', [
    [
      job,
      async () => {
        if (++running === 3) all.open();
        await end.opened;
      },
    ],
  ]);
  const outbox = app.get(Outbox, { strict: false });
  for (const key of ['a', 'b', 'c', 'd']) await outbox.append(tenant, job.on![0]!, key, {});
  await all.opened;
  expect(running).toBe(3);
  end.open();
});
