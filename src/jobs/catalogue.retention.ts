import { defineJob, type JobDefinition } from './job.js';

/** What is past the time that its tenant keeps it. */
export const runRetention = defineJob({
  name: 'retention.run',
  attempts: 3,
  backoffSeconds: 60,
  timeoutSeconds: 10_800,
  overlap: 'skip',
  schedule: { cron: '53 2 * * *' },
});

export const deleteOldLogs = defineJob({
  name: 'retention.delete-old-logs',
  attempts: 3,
  backoffSeconds: 60,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '23 3 * * *' },
});

export const retentionJobs: readonly JobDefinition[] = [runRetention, deleteOldLogs];
