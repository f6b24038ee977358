import { setTimeout as sleep } from 'node:timers/promises';
import { WarmUp } from './analytics/warm-up.js';
import { createApp } from './app.js';
import { Streams } from './live/streams.js';
import { Readiness } from './operations/health.readiness.js';
import { runProcess } from './process.js';

/** The API. Embedded it works off the jobs too; with `DATABASE_URL` that is what `worker.ts` is for. */
await runProcess('api', async ({ config, log, database }) => {
  const { source, owner, embedded } = database;
  const app = await createApp(config, { source, owner, log, worker: embedded, listen: true });
  log.info({ url: await app.getUrl() }, 'listening');
  void app.get(WarmUp, { strict: false }).start();
  return async () => {
    app.get(Readiness).drain();
    // nobody balances load over a developer's machine
    await sleep(config.environment === 'development' ? 0 : config.http.drainSeconds * 1000);
    // they would never finish
    await app.get(Streams, { strict: false }).end();
    // what is in flight finishes before any module is told to stop
    await app.getHttpAdapter().close();
    await app.close();
  };
});
