import type { OutboxEvent } from '../../src/jobs/outbox.repository.js';
import type { Payload } from '../../src/jobs/job.js';
import type { Place, Row } from './plan.js';

/** Something that happened to each row of which streams of events tell, as the relay of a worker carries it out. */
export function happeningsTo(rows: readonly Row[]): OutboxEvent[] {
  const tenantOf = (place: Place): string =>
    rows.find((row) => row.kind === 'tenant' && (row.place === 'otherTenant') === (place === 'otherTenant'))!.id;
  const found = rows.flatMap(({ kind, place, id, studentId, assignmentId }) => {
    const of = (topic: string, payload: Payload) => ({ tenantId: tenantOf(place), topic, key: id, payload });
    switch (kind) {
      case 'student':
        return [
          of('activity.sessions-recorded', { studentIds: [id] }),
          of('risk.band-changed', { studentId: id, from: null, to: 'critical', score: 90, isAtRisk: true }),
          of('notifications.created', { userId: id, notificationIds: [id] }),
        ];
      case 'staff':
      case 'admin':
        return [of('messages.received', { userId: id, messageId: id, threadId: id })];
      case 'submission':
        return [of('assignments.graded', { assignmentId: assignmentId!, studentIds: [studentId!] })];
      case 'report':
        return [of('reports.ready', { fileId: id, reportIds: [id] })];
      default:
        return [];
    }
  });
  return found.map((event, index) => ({ id: index + 1, ...event }));
}
