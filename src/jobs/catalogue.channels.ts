import { defineJob, type JobDefinition } from './job.js';

export const deleteOldBounces = defineJob({
  name: 'channels.delete-old-bounces',
  attempts: 3,
  backoffSeconds: 30,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '34 4 * * *' },
});

export const channelJobs: readonly JobDefinition[] = [deleteOldBounces];
