export const notificationTypes = [
  'assignment_created', 'assignment_due', 'assignment_overdue', 'assignment_graded', 'student_at_risk',
  'progress_milestone', 'system_alert', 'message_received', 'report_ready', 'report_failed',
] as const; // prettier-ignore
export type NotificationType = (typeof notificationTypes)[number];

export const notificationPriorities = ['low', 'normal', 'high', 'urgent'] as const;
export type NotificationPriority = (typeof notificationPriorities)[number];

/** What a person is to be told, once for each cause. */
export interface NewNotification {
  readonly userId: string;
  readonly type: NotificationType;
  readonly priority: NotificationPriority;
  /** Cut to `longestTitle`, `longestBody`; plain text. */
  readonly title: string;
  readonly body: string;
  /** A path of the application. */
  readonly actionUrl: string | null;
  /** What this tells of, within the person's tray: who has been told of it is not told again. */
  readonly cause: string;
  /** While the last line with the same key is unread, this goes into it. Left out: it has a line of its own. */
  readonly collapseKey?: string;
  /** How many things it tells of; 1 unless told. */
  readonly count?: number;
  /** What the line says once it tells of several. Left out: what the last of them says. */
  readonly ofSeveral?: (count: number) => Pick<NewNotification, 'title' | 'body' | 'actionUrl'>;
  /** Of what is urgent: the key of the line it goes into when a day has brought enough such lines. */
  readonly crowdKey?: string;
  readonly expiresAt: Date;
}

export const longestTitle = 200;
export const longestBody = 500;
