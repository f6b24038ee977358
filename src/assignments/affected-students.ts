/** A student whose work changes, and on whose roster they are. */
export interface AffectedStudent {
  readonly studentId: string;
  readonly instructorId: string | null;
}

/** Of one event, and of one chunk of a job. */
export const mostPerEvent = 1_000;

/** What has happened to the work of these students on one assignment, in as many events as it takes. */
export function eventsOf(assignmentId: string, studentIds: readonly string[]) {
  const events = [];
  for (let from = 0; from < studentIds.length; from += mostPerEvent) {
    const chunk = studentIds.slice(from, from + mostPerEvent);
    events.push({ key: assignmentId, payload: { assignmentId, studentIds: chunk } });
  }
  return events;
}

/** Of all that shows something of these students. */
export function tagsOf(tenantId: string, students: readonly AffectedStudent[]): string[] {
  const tags = students.flatMap(({ studentId, instructorId }) => [`student:${studentId}`, `roster:${instructorId}`]);
  return [`tenant:${tenantId}`, ...new Set(tags)];
}
