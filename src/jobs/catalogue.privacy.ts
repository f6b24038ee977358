import { defineJob, type JobDefinition } from './job.js';

/** The event's key is the request. */
export const writeAccessFiles = defineJob({
  name: 'privacy.write-access-files',
  attempts: 5,
  backoffSeconds: 5,
  timeoutSeconds: 3_600,
  overlap: 'skip',
  on: ['privacy.access-requested'],
});

export const expireAccessFiles = defineJob({
  name: 'privacy.expire-access-files',
  attempts: 3,
  backoffSeconds: 30,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '23 * * * *' },
});

/** What is due by the clock; the event's key is the tenant. Those that a dead worker left are gone on with. */
export const erasePeople = defineJob({
  name: 'privacy.erase-people',
  attempts: 8,
  backoffSeconds: 10,
  timeoutSeconds: 3_600,
  overlap: 'skip',
  on: ['privacy.erasures-due'],
  schedule: { cron: '*/5 * * * *' },
});

export const privacyJobs: readonly JobDefinition[] = [writeAccessFiles, expireAccessFiles, erasePeople];
