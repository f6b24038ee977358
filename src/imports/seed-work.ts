import { addDays } from '../org/local-day.js';
import { Random } from './random.js';
import { instantOf } from './wall-clock.js';
import { assignmentRow, attemptRow, submissionRow } from './work-rows.js';
import type { AssignmentRow, AttemptRow, SubmissionRow } from './work.repository.js';

const daysToDo = 14;
/** The last ones are due after the last day of history. */
const daysAhead = 14;
/** Takes places in turn without two that are close together, however many there will be. */
const goldenRatio = 0.618_033_988_75;

export interface SeededStudent {
  readonly studentId: string;
  readonly joinedOn: string;
  /** Mean score, 0–100; null: never started. */
  readonly ability: number | null;
}

export interface Term {
  readonly start: string;
  readonly days: number;
  readonly timeZone: string;
  readonly now: Date;
}

/** The work that one instructor sets. Every second assignment is marked by hand. */
export function seedAssignments(
  instructorId: string,
  count: number,
  { start, days, timeZone }: Term,
  id: (number: number) => string,
): AssignmentRow[] {
  return Array.from({ length: count }, (_, i): AssignmentRow => {
    const dueDay = addDays(start, Math.floor(((i * goldenRatio) % 1) * (days + daysAhead)));
    return assignmentRow({
      id: id(i),
      ownerId: instructorId,
      title: `Assignment ${i}`,
      category: i % 2 === 0 ? 'practice' : 'paper',
      maxAttempts: 3,
      targetScore: 60,
      needsGrading: i % 2 === 1,
      availableFrom: new Date(instantOf(timeZone, addDays(dueDay, -daysToDo), '00:00:00')).toISOString(),
      dueAt: new Date(instantOf(timeZone, dueDay, '23:59:59')).toISOString(),
    });
  });
}

/** What one student has made of it by now: most of it is in time, some late, some not done, some not marked yet. */
export function seedSubmissions(
  random: Random,
  { studentId, joinedOn, ability }: SeededStudent,
  assignments: readonly AssignmentRow[],
  { timeZone, now }: Term,
): SubmissionRow[] {
  const joinedAt = instantOf(timeZone, joinedOn, '00:00:00');
  return assignments.map((assignment): SubmissionRow => {
    const [from, due] = [Date.parse(assignment.availableFrom), Date.parse(assignment.dueAt!)];
    // drawn in any case: what one has become of does not depend on another
    const fate = random.next();
    const score = Math.round(Math.min(100, Math.max(0, random.normal(ability ?? 0, 12))));
    const lateness = random.next() * 4 * 86_400_000;
    const inTime = from + random.next() * (due - from);
    const attemptId = random.uuid(from);
    const assigned = { studentId, assignedAt: new Date(Math.max(joinedAt, from)).toISOString() };
    const submitted = fate < 0.72 ? inTime : fate < 0.85 ? due + lateness : Infinity;
    if (ability === null || submitted > now.getTime() || submitted < joinedAt) {
      return submissionRow(assignment, [], assigned);
    }
    const submittedAt = new Date(submitted).toISOString();
    const graded = submitted + 3 * 86_400_000;
    const attempt: AttemptRow = attemptRow({
      id: attemptId,
      source: 'student',
      startedAt: new Date(submitted - 1_800_000).toISOString(),
      submittedAt,
      score: assignment.needsGrading ? null : score,
      timeSpentSeconds: 1_800,
    });
    const isGraded = assignment.needsGrading && graded <= now.getTime();
    return submissionRow(assignment, [attempt], {
      ...assigned,
      ...(isGraded ? { grade: score, gradedAt: new Date(graded).toISOString(), gradedBy: assignment.ownerId } : {}),
    });
  });
}
