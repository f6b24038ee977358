import type { AssignmentRow, AttemptRow, SubmissionRow } from './work.repository.js';

/** What is not said is as usual: open to everybody it was given to, marked by itself, and not punished when late. */
export function assignmentRow(
  row: Pick<AssignmentRow, 'id' | 'ownerId' | 'title' | 'availableFrom' | 'dueAt'> & Partial<AssignmentRow>,
): AssignmentRow {
  return {
    description: '',
    category: null,
    tags: [],
    priority: 'normal',
    estimatedDurationSeconds: null,
    moduleIds: [],
    targetScore: null,
    maxAttempts: null,
    attemptPolicy: 'best',
    weight: 1,
    needsGrading: false,
    gradeRelease: 'automatic',
    gradesReleasedAt: null,
    latePenalty: 0,
    latePenaltyLimit: 100,
    status: 'active',
    isTemplate: false,
    createdAt: row.availableFrom,
    ...row,
  };
}

export function attemptRow(
  row: Pick<AttemptRow, 'id' | 'source' | 'startedAt' | 'submittedAt'> & Partial<AttemptRow>,
): AttemptRow {
  return { score: null, penalty: 0, timeSpentSeconds: 0, sessionIds: [], ...row };
}

/** Adds what the attempts come to. @param attempts in the order in which they were begun */
export function submissionRow(
  { id: assignmentId, attemptPolicy }: Pick<AssignmentRow, 'id' | 'attemptPolicy'>,
  attempts: readonly AttemptRow[],
  row: Pick<SubmissionRow, 'studentId' | 'assignedAt'> & Partial<SubmissionRow>,
): SubmissionRow {
  const submitted = attempts.filter(({ submittedAt }) => submittedAt !== null);
  // in whole hundredths of a point, which sum without error
  const points = submitted.flatMap(({ score, penalty }) =>
    score === null ? [] : (Math.round(score * 100) * (100 - penalty)) / 100,
  );
  return {
    assignmentId,
    withdrawnAt: null,
    exemption: null,
    extendedUntil: null,
    extensionReason: null,
    startedAt: attempts[0]?.startedAt ?? null,
    firstSubmittedAt: submitted[0]?.submittedAt ?? null,
    lastSubmittedAt: submitted.at(-1)?.submittedAt ?? null,
    isCompletedBySessions: submitted.some(({ source }) => source === 'sessions'),
    attemptsStarted: attempts.length,
    attemptsSubmitted: submitted.length,
    totalTimeSeconds: attempts.reduce((sum, { timeSpentSeconds }) => sum + timeSpentSeconds, 0),
    attemptScore: points.length === 0 ? null : Math.round(standing[attemptPolicy](points)) / 100,
    grade: null,
    gradePenalty: 0,
    feedback: null,
    gradedAt: null,
    gradedBy: null,
    attempts,
    ...row,
  };
}

const standing: Readonly<Record<AssignmentRow['attemptPolicy'], (points: readonly number[]) => number>> = {
  best: (points) => Math.max(...points),
  last: (points) => points.at(-1)!,
  mean,
};

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
