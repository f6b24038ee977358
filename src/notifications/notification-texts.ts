import { addDays } from '../org/local-day.js';
import type { RiskBand } from '../students/risk-bands.js';
import type { NewNotification } from './notification.js';
import type {
  Responsible,
  ToldAchievement,
  ToldGrade,
  ToldMessage,
  ToldReport,
  ToldWork,
} from './occasions.repository.js';

/** When it is told, where days and hours are those of the tenant. */
export interface Telling {
  readonly timeZone: string;
  readonly today: string;
  readonly now: Date;
}

const dayMilliseconds = 86_400_000;
const after = ({ now }: Telling, days: number): Date => new Date(now.getTime() + days * dayMilliseconds);

function localTime({ timeZone }: Telling, instant: string): string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'medium', timeStyle: 'short' });
  return format.format(new Date(instant));
}

/** How each kind of thing is told: data and words, all in this place. */
export const texts = {
  assigned(telling: Telling, assignmentId: string, { studentId, title, dueAt }: ToldWork): NewNotification {
    return {
      userId: studentId,
      type: 'assignment_created',
      priority: 'normal',
      title: `New assignment: ${title}`,
      body: dueAt === null ? 'It has no due date.' : `It is due on ${localTime(telling, dueAt)}.`,
      actionUrl: `/assignments/${assignmentId}`,
      cause: `assigned:${assignmentId}`,
      expiresAt: after(telling, 90),
    };
  },

  dueSoon(telling: Telling, assignmentId: string, { studentId, title, dueAt }: ToldWork): NewNotification {
    return {
      userId: studentId,
      type: 'assignment_due',
      priority: 'high',
      title: `Due soon: ${title}`,
      body: `Hand it in by ${localTime(telling, dueAt!)}.`,
      actionUrl: `/assignments/${assignmentId}`,
      cause: `due:${assignmentId}:${dueAt}`,
      expiresAt: new Date(dueAt!),
    };
  },

  overdue(telling: Telling, assignmentId: string, { studentId, title, dueAt }: ToldWork): NewNotification {
    return {
      userId: studentId,
      type: 'assignment_overdue',
      priority: 'high',
      title: `Overdue: ${title}`,
      body: `It was due on ${localTime(telling, dueAt!)}.`,
      actionUrl: `/assignments/${assignmentId}`,
      cause: `overdue:${assignmentId}:${dueAt}`,
      expiresAt: after(telling, 30),
    };
  },

  /** To staff: of one day one line, whatever the number of assignments and students. */
  overdueOfMany(
    telling: Telling,
    userId: string,
    { assignmentId, occasion, title, count }: { assignmentId: string; occasion: string; title: string; count: number },
  ): NewNotification {
    return {
      userId,
      type: 'assignment_overdue',
      priority: 'normal',
      title: 'Work is overdue',
      body: `${title}: ${count === 1 ? '1 student has' : `${count} students have`} not handed it in.`,
      actionUrl: `/students?assignmentId=${assignmentId}&assignmentState=overdue`,
      cause: `overdue:${occasion}`,
      collapseKey: `overdue:${telling.today}`,
      count,
      expiresAt: after(telling, 30),
    };
  },

  graded(telling: Telling, assignmentId: string, { studentId, title, gradedAt }: ToldGrade): NewNotification {
    return {
      userId: studentId,
      type: 'assignment_graded',
      priority: 'normal',
      title: `Graded: ${title}`,
      body: 'Your work has been graded.',
      actionUrl: `/assignments/${assignmentId}`,
      cause: `graded:${assignmentId}:${gradedAt}`,
      collapseKey: `graded:${assignmentId}`,
      expiresAt: after(telling, 90),
    };
  },

  /** Of one day one line, whatever the number of students; of the first who are in the greatest danger one for each. */
  atRisk(
    telling: Telling,
    { band, occasion }: { readonly band: RiskBand; readonly occasion: string },
    { userId, studentId, studentName }: Responsible,
  ): NewNotification {
    const ofDay = `risk:${telling.today}`;
    const isCritical = band === 'critical';
    return {
      userId,
      type: 'student_at_risk',
      priority: isCritical ? 'urgent' : 'high',
      title: `At risk: ${studentName}`,
      body: `The risk of ${studentName} is ${band} now.`,
      actionUrl: `/students/${studentId}`,
      cause: `risk:${studentId}:${occasion}`,
      collapseKey: isCritical ? `risk:${studentId}` : ofDay,
      crowdKey: ofDay,
      ofSeveral: (count) => ({
        title: `${count} students have come to be at risk`,
        body: `The last of them: ${studentName}, whose risk is ${band} now.`,
        actionUrl: '/students?band=high,critical',
      }),
      expiresAt: after(telling, 30),
    };
  },

  achieved(telling: Telling, { studentId, code, title, description }: ToldAchievement): NewNotification {
    return {
      userId: studentId,
      type: 'progress_milestone',
      priority: 'low',
      title: `Achieved: ${title}`,
      body: description,
      actionUrl: `/students/${studentId}/achievements`,
      cause: `achieved:${code}`,
      expiresAt: after(telling, 90),
    };
  },

  message(telling: Telling, messageId: string, { userId, threadId }: ToldMessage): NewNotification {
    return {
      userId,
      type: 'message_received',
      priority: 'normal',
      title: 'New message',
      body: 'You have a new message.',
      actionUrl: `/messages/${threadId}`,
      cause: `message:${messageId}`,
      collapseKey: `thread:${threadId}`,
      expiresAt: after(telling, 365),
    };
  },

  report(telling: Telling, { reportId, ownerId, kind, format, expiresAt, error }: ToldReport): NewNotification {
    const what = { userId: ownerId, actionUrl: `/reports/${reportId}` };
    if (expiresAt === null) {
      return {
        ...what,
        type: 'report_failed',
        priority: 'high',
        title: 'Your report could not be made',
        body: `${kind} (${format}): ${error}`,
        cause: `report-failed:${reportId}`,
        expiresAt: after(telling, 30),
      };
    }
    return {
      ...what,
      type: 'report_ready',
      priority: 'normal',
      title: 'Your report is ready',
      body: `${kind} (${format}), kept until ${expiresAt.slice(0, 10)}.`,
      cause: `report:${reportId}`,
      expiresAt: new Date(expiresAt),
    };
  },

  /** Of one job and day one line: what fails once mostly fails again. */
  failed({ today }: Telling, userId: string, { job, occasion }: { job: string; occasion: string }): NewNotification {
    return {
      userId,
      type: 'system_alert',
      priority: 'high',
      title: 'Work in the background has failed',
      body: `${job} was tried as often as it may be. Your operator can see why.`,
      actionUrl: null,
      cause: `failed:${job}:${occasion}`,
      collapseKey: `failed:${job}:${today}`,
      expiresAt: new Date(`${addDays(today, 30)}T00:00:00Z`),
    };
  },
} as const;
