import type { MetricDefinition } from './metric-definition.js';

/** What people are told, and what students are rewarded for. */
export const notificationMetrics: readonly MetricDefinition[] = [
  {
    id: 'unreadNotifications',
    title: 'Unread notifications',
    unit: 'count',
    meaning: 'Notifications of a person that are not read and have not expired.',
    formula: 'notifications of the viewer without readAt whose expiresAt is still to come',
    fields: ['UnreadNotifications.unread'],
  },
  {
    id: 'notificationCount',
    title: 'Things in a notification',
    unit: 'count',
    meaning: 'How many things of one kind a notification tells of.',
    formula: 'causes since the notification was last read',
    fields: ['NotificationResponse.count'],
  },
  {
    id: 'achievementThreshold',
    title: 'Threshold of an achievement',
    unit: 'number',
    meaning: 'From which number on it is achieved: days, sessions, seconds, modules or assignments, by its kind.',
    formula: 'as the rule has it',
    fields: ['AchievementResponse.threshold'],
  },
  {
    id: 'achievementValue',
    title: 'Progress towards an achievement',
    unit: 'number',
    meaning: 'How far a student is, in the same unit as the threshold and never beyond it.',
    formula:
      'the smaller of the threshold and longestStreak, sessionsCompleted, totalTimeSpentSeconds, modules passed or ' +
      'assignmentsCompleted',
    fields: ['AchievementResponse.value'],
  },
];
