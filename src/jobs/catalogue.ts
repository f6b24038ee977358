import { defineJob, type JobDefinition } from './job.js';

export const deleteExpired = defineJob({
  name: 'jobs.delete-expired',
  attempts: 3,
  backoffSeconds: 30,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '17 * * * *' },
});

/** Every job there is. A worker refuses to start unless each has exactly one handler. */
export const catalogue: readonly JobDefinition[] = [deleteExpired];
