import { channelJobs } from './catalogue.channels.js';
import { retentionJobs } from './catalogue.retention.js';
import { privacyJobs } from './catalogue.privacy.js';
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

/** Months ahead for tables that are partitioned by month, and partitions for rows that came without one. */
export const preparePartitions = defineJob({
  name: 'operations.prepare-partitions',
  attempts: 5,
  backoffSeconds: 60,
  timeoutSeconds: 1_800,
  overlap: 'skip',
  on: ['operations.worker-started'],
  schedule: { cron: '43 1 * * *' },
});

export const deleteExpiredKeys = defineJob({
  name: 'operations.delete-expired-keys',
  attempts: 3,
  backoffSeconds: 30,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '27 * * * *' },
});

/** Links, devices and counted attempts. */
export const deleteExpiredAccess = defineJob({
  name: 'auth.delete-expired-access',
  attempts: 3,
  backoffSeconds: 30,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '37 * * * *' },
});

/** The event's key is the person. Each attempt mails a link of its own; the link of the last one counts. */
export const sendPasswordReset = defineJob({
  name: 'auth.send-password-reset',
  attempts: 6,
  backoffSeconds: 20,
  timeoutSeconds: 60,
  overlap: 'skip',
  on: ['auth.password-reset-requested'],
});

export const sendInvitation = defineJob({
  name: 'auth.send-invitation',
  attempts: 10,
  backoffSeconds: 30,
  timeoutSeconds: 60,
  overlap: 'skip',
  on: ['users.invited'],
});

/** Thresholds of tenant, department or instructor to the rows of the students who inherit them. */
export const applyThresholds = defineJob({
  name: 'students.apply-thresholds',
  attempts: 5,
  backoffSeconds: 5,
  timeoutSeconds: 1_800,
  overlap: 'skip',
  on: ['org.thresholds-changed', 'org.departments-moved'],
});

/** Enters work that completes itself, of the students whose sessions came in. */
export const completeFromSessions = defineJob({
  name: 'assignments.complete-from-sessions',
  attempts: 8,
  backoffSeconds: 2,
  timeoutSeconds: 60,
  overlap: 'skip',
  on: ['activity.sessions-recorded'],
});

/** Students who have come to match what was handed out to a filter. What changes a match and tells nobody is found late. */
export const followFilters = defineJob({
  name: 'assignments.follow-filters',
  attempts: 5,
  backoffSeconds: 5,
  timeoutSeconds: 540,
  overlap: 'skip',
  on: ['activity.day-closed', 'org.departments-moved'],
  schedule: { cron: '*/10 * * * *' },
});

/** Assignments that become available, due soon and overdue. */
export const followClock = defineJob({
  name: 'assignments.follow-clock',
  attempts: 3,
  backoffSeconds: 5,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '* * * * *' },
});

/** The scores of all students at the end of a day. */
export const evaluateNight = defineJob({
  name: 'risk.evaluate-night',
  attempts: 5,
  backoffSeconds: 30,
  timeoutSeconds: 3_600,
  overlap: 'skip',
  on: ['activity.day-closed'],
});

/** The scores of students about whom something has changed. Sessions in a row, of the delay's length, lead to one. */
export const evaluateStudents = defineJob({
  name: 'risk.evaluate-students',
  attempts: 8,
  backoffSeconds: 2,
  timeoutSeconds: 540,
  delaySeconds: 2,
  overlap: 'allow',
  on: [
    'activity.sessions-recorded',
    'assignments.graded',
    'assignments.handed-out',
    'assignments.opened',
    'assignments.overdue',
    'assignments.published',
    'assignments.submitted',
    'users.merged',
    'users.students-activated',
  ],
});

/** Cases from flags whose students have not been at risk for two evenings. */
export const closeCleared = defineJob({
  name: 'interventions.close-cleared',
  attempts: 5,
  backoffSeconds: 5,
  timeoutSeconds: 600,
  overlap: 'skip',
  on: ['risk.night-scored'],
});

/** Materialised views, after the days that have ended were closed. A quarter of an hour is what a reader may count on. */
export const refreshViews = defineJob({
  name: 'analytics.refresh-views',
  attempts: 4,
  backoffSeconds: 5,
  timeoutSeconds: 600,
  overlap: 'skip',
  on: ['operations.worker-started', 'analytics.views-asked-for'],
  schedule: { cron: '5,20,35,50 * * * *' },
});

/**
 * The event's key is the tenant: of each, one file is written at a time, and whoever asks for fifty holds up nobody of
 * another. What waits for its turn takes no place from others; and since a file can take an hour, the queue is its own.
 */
export const writeReport = defineJob({
  name: 'reportfiles.write-file',
  attempts: 6,
  backoffSeconds: 5,
  timeoutSeconds: 3_600,
  overlap: 'skip',
  on: ['reports.requested'],
});

/** Files that are no longer kept, and those that no job will finish. */
export const expireReports = defineJob({
  name: 'reports.expire-files',
  attempts: 3,
  backoffSeconds: 30,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '7,17,27,37,47,57 * * * *' },
});

/** Days that sessions have come to: however often that was within the minute, once. */
export const rollUpDays = defineJob({
  name: 'analytics.roll-up-days',
  attempts: 3,
  backoffSeconds: 5,
  timeoutSeconds: 1_800,
  overlap: 'skip',
  schedule: { cron: '* * * * *' },
});

/** A day that is over, whole. */
export const rollUpClosedDay = defineJob({
  name: 'analytics.roll-up-closed-day',
  attempts: 5,
  backoffSeconds: 30,
  timeoutSeconds: 3_600,
  overlap: 'skip',
  on: ['activity.day-closed'],
});

export const followPassMark = defineJob({
  name: 'analytics.follow-pass-mark',
  attempts: 5,
  backoffSeconds: 5,
  timeoutSeconds: 600,
  overlap: 'skip',
  on: ['org.pass-mark-changed'],
});

/** Asks for the reports that schedules are due for. */
export const runSchedules = defineJob({
  name: 'reports.run-schedules',
  attempts: 3,
  backoffSeconds: 5,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '* * * * *' },
});

/** Tells the recipients of a scheduled report. The event's key is the file. */
export const mailReady = defineJob({
  name: 'reports.mail-ready',
  attempts: 6,
  backoffSeconds: 20,
  timeoutSeconds: 900,
  overlap: 'skip',
  on: ['reports.ready'],
});

/** Lets students have what they have come to deserve. */
export const unlockAchievements = defineJob({
  name: 'activity.unlock-achievements',
  attempts: 8,
  backoffSeconds: 2,
  timeoutSeconds: 1_800,
  overlap: 'allow',
  on: ['activity.sessions-recorded', 'assignments.submitted', 'activity.day-closed'],
});

/** A job for each kind of thing that people are told of. */
const telling = { attempts: 8, backoffSeconds: 2, timeoutSeconds: 300, overlap: 'allow' } as const;
export const tellAssigned = defineJob({
  name: 'notifications.tell-assigned',
  ...telling,
  on: ['assignments.handed-out', 'assignments.opened'],
});
export const tellDueSoon = defineJob({
  name: 'notifications.tell-due-soon',
  ...telling,
  on: ['assignments.due-soon'],
});
export const tellOverdue = defineJob({
  name: 'notifications.tell-overdue',
  ...telling,
  on: ['assignments.overdue'],
});
export const tellGraded = defineJob({ name: 'notifications.tell-graded', ...telling, on: ['assignments.graded'] });
export const tellAtRisk = defineJob({ name: 'notifications.tell-at-risk', ...telling, on: ['risk.band-changed'] });
export const tellAchieved = defineJob({
  name: 'notifications.tell-achieved',
  ...telling,
  on: ['activity.achievements-unlocked'],
});
/** One for each chunk of recipients. */
export const tellMessage = defineJob({ name: 'notifications.tell-message', ...telling, on: ['messages.distributed'] });
export const tellReport = defineJob({ name: 'notifications.tell-report', ...telling, on: ['reports.ready', 'reports.failed'] }); // prettier-ignore
export const tellFailed = defineJob({ name: 'notifications.tell-failed', ...telling, on: ['jobs.failed'] });

export const deleteExpiredNotifications = defineJob({
  name: 'notifications.delete-expired',
  attempts: 3,
  backoffSeconds: 30,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '52 * * * *' },
});

/** Messages that are scheduled, and due. */
export const sendDueMessages = defineJob({
  name: 'messaging.send-due',
  attempts: 3,
  backoffSeconds: 5,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '* * * * *' },
});

/** The event's key is the message. Each chunk of recipients is kept, so an attempt goes on where the last one ended. */
export const fanOutMessage = defineJob({
  name: 'messaging.fan-out',
  attempts: 10,
  backoffSeconds: 2,
  timeoutSeconds: 900,
  overlap: 'skip',
  on: ['messages.accepted'],
});

/** Tells those who have lost a message that they had not opened. */
export const followRecall = defineJob({
  name: 'messaging.follow-recall',
  attempts: 5,
  backoffSeconds: 5,
  timeoutSeconds: 600,
  overlap: 'skip',
  on: ['messages.recalled'],
});

/** What streams of events told a day ago is told to nobody any more. */
export const deleteLiveEvents = defineJob({
  name: 'live.delete-events',
  attempts: 3,
  backoffSeconds: 30,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '13,43 * * * *' },
});

/** What is on record becomes part of the chain; until then it can be taken away unseen. */
export const sealAudit = defineJob({
  name: 'audit.seal-entries',
  attempts: 3,
  backoffSeconds: 2,
  timeoutSeconds: 600,
  overlap: 'skip',
  schedule: { cron: '* * * * *' },
});

/** Every job there is. A worker refuses to start unless each has exactly one handler. */
export const catalogue: readonly JobDefinition[] = [
  deleteExpired,
  closeDays,
  preparePartitions,
  deleteExpiredKeys,
  deleteExpiredAccess,
  sendPasswordReset,
  sendInvitation,
  applyThresholds,
  completeFromSessions,
  followFilters,
  followClock,
  evaluateNight,
  evaluateStudents,
  closeCleared,
  refreshViews,
  writeReport,
  expireReports,
  rollUpDays,
  rollUpClosedDay,
  followPassMark,
  runSchedules,
  mailReady,
  unlockAchievements,
  tellAssigned,
  tellDueSoon,
  tellOverdue,
  tellGraded,
  tellAtRisk,
  tellAchieved,
  tellMessage,
  tellReport,
  tellFailed,
  deleteExpiredNotifications,
  sendDueMessages,
  fanOutMessage,
  followRecall,
  ...channelJobs,
  ...privacyJobs,
  deleteLiveEvents,
  sealAudit,
  ...retentionJobs,
];
