import { defineJob, type JobDefinition } from './job.js';

export const deleteExpired = defineJob({
  name: 'jobs.delete-expired',
  attempts: 3,
  backoffSeconds: 30,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '17 * * * *' },
});

/** Midnight comes to some time zone every quarter of an hour. */
export const closeDays = defineJob({
  name: 'activity.close-days',
  attempts: 3,
  backoffSeconds: 30,
  timeoutSeconds: 3_600,
  overlap: 'skip',
  schedule: { cron: '1,16,31,46 * * * *' },
});

/** Every job there is. A worker refuses to start unless each has exactly one handler. */
export const catalogue: readonly JobDefinition[] = [deleteExpired, closeDays];
