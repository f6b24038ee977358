import { createApp } from './app.js';
import { runProcess } from './process.js';

/** Works off jobs and does not listen. */
await runProcess('worker', async ({ config, log, database }) => {
  const app = await createApp(config, { source: database.source, owner: database.owner, log, worker: true });
  log.info('working');
  return () => app.close();
});
