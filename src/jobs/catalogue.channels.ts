import { defineJob, type JobDefinition } from './job.js';

/** What people are told of goes into the queues of other channels. */
export const queueDeliveries = defineJob({
  name: 'channels.queue-deliveries',
  attempts: 8,
  backoffSeconds: 2,
  timeoutSeconds: 120,
  overlap: 'allow',
  on: ['messages.distributed', 'notifications.told'],
});

export const findDueDeliveries = defineJob({
  name: 'channels.find-due-deliveries',
  attempts: 3,
  backoffSeconds: 5,
  timeoutSeconds: 120,
  overlap: 'skip',
  schedule: { cron: '* * * * *' },
});

/**
 * The event's key is the channel: of each tenant and channel one turn is taken at a time. Turns wait for others' servers,
 * so there are more of them at once, in a queue of their own.
 */
export const sendDueDeliveries = defineJob({
  name: 'deliveries.send-due',
  attempts: 5,
  backoffSeconds: 2,
  timeoutSeconds: 180,
  overlap: 'skip',
  parallel: 8,
  on: ['channels.deliveries-due'],
});

export const deleteOldDeliveries = defineJob({
  name: 'channels.delete-old-deliveries',
  attempts: 3,
  backoffSeconds: 60,
  timeoutSeconds: 3_600,
  overlap: 'skip',
  schedule: { cron: '33 3 * * *' },
});

export const deleteOldBounces = defineJob({
  name: 'channels.delete-old-bounces',
  attempts: 3,
  backoffSeconds: 30,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '34 4 * * *' },
});

export const channelJobs: readonly JobDefinition[] = [
  queueDeliveries,
  findDueDeliveries,
  sendDueDeliveries,
  deleteOldDeliveries,
  deleteOldBounces,
];
