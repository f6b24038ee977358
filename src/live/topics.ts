import { isId } from '../http/fields.js';
import type { Payload } from '../jobs/job.js';
import type { OutboxEvent } from '../jobs/outbox.repository.js';
import type { PublishedKind } from './live-event.js';

/** A live event to be, before it is known who may hear of it. */
export interface Told {
  readonly tenantId: string;
  readonly outboxId: number;
  readonly kind: PublishedKind;
  readonly about: 'student' | 'person' | 'report';
  readonly subjectId: string;
  readonly payload: object;
}

interface Topic {
  readonly kind: PublishedKind;
  /** A student is for those who see them, a report for its owner, a person for themselves. */
  readonly about: Told['about'];
  /** Where in the payload their ids stand. */
  readonly subjects: string;
  /** Ids and figures that whoever reads the same over REST is shown at least. */
  readonly tells: (payload: Payload, subjectId: string) => object;
}

const mostIds = 100;
const idsOf = ({ notificationIds }: Payload): object => {
  return { notificationIds: [notificationIds ?? []].flat().slice(0, mostIds) };
};

/** What is told of the events of the outbox. */
const topics: Readonly<Record<string, Topic>> = {
  'activity.sessions-recorded': {
    kind: 'progress',
    about: 'student',
    subjects: 'studentIds',
    tells: (_, studentId) => ({ studentId }),
  },
  'risk.band-changed': {
    kind: 'risk',
    about: 'student',
    subjects: 'studentId',
    tells: ({ to, score }, studentId) => ({ studentId, riskBand: to, riskScore: score }),
  },
  'assignments.submitted': {
    kind: 'submission',
    about: 'student',
    subjects: 'studentId',
    tells: ({ assignmentId }, studentId) => ({ studentId, assignmentId, change: 'submitted' }),
  },
  // written once students may see the grade, and not before
  'assignments.graded': {
    kind: 'submission',
    about: 'student',
    subjects: 'studentIds',
    tells: ({ assignmentId }, studentId) => ({ studentId, assignmentId, change: 'graded' }),
  },
  'messages.received': {
    kind: 'message',
    about: 'person',
    subjects: 'userId',
    tells: ({ messageId = null, threadId = null }) => ({ change: 'received', messageId, threadId }),
  },
  'messages.changed': {
    kind: 'message',
    about: 'person',
    subjects: 'userId',
    tells: ({ messageId = null, threadId = null }) => ({ change: 'changed', messageId, threadId }),
  },
  'notifications.created': {
    kind: 'notification',
    about: 'person',
    subjects: 'userId',
    tells: (payload) => ({ change: 'created', ...idsOf(payload) }),
  },
  'notifications.changed': {
    kind: 'notification',
    about: 'person',
    subjects: 'userId',
    tells: (payload) => ({ change: 'changed', ...idsOf(payload) }),
  },
  'reports.progressed': {
    kind: 'report',
    about: 'report',
    subjects: 'reportIds',
    tells: ({ percent }, reportId) => ({ reportId, status: 'running', progress: percent }),
  },
  'reports.ready': {
    kind: 'report',
    about: 'report',
    subjects: 'reportIds',
    tells: (_, reportId) => ({ reportId, status: 'ready', progress: 100 }),
  },
  'users.changed': { kind: 'viewer', about: 'person', subjects: 'userIds', tells: () => ({}) },
};

/** What an event of the outbox has to tell; nothing, most of the time. */
export function toldBy({ id: outboxId, tenantId, topic, payload }: OutboxEvent): Told[] {
  const found = Object.hasOwn(topics, topic) ? topics[topic] : undefined;
  if (!found || tenantId === null) return [];
  const { kind, about, subjects, tells } = found;
  const ids = [payload[subjects] ?? []].flat().filter((id): id is string => isId(id));
  return [...new Set(ids)].map((subjectId) => {
    return { tenantId, outboxId, kind, about, subjectId, payload: tells(payload, subjectId) };
  });
}
