import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { AssignmentsRepository, type LockedAssignment } from './assignments.repository.js';
import type { AttemptResponse, SaveAttempt, StartAttempt, SubmitAttempt } from './attempts.dto.js';
import { AttemptsRepository, type FoundAttempt, type WorkState } from './attempts.repository.js';
import { SubmissionRecord } from './submission-record.js';
import type { SubmissionKey } from './submission-scores.repository.js';

interface LockedWork extends WorkState {
  readonly assignment: LockedAssignment;
  readonly instructorId: string | null;
}

/** What students do with an assignment, or what a service in which they do it tells of them. */
@Injectable()
export class AttemptsService {
  constructor(
    private readonly database: Database,
    private readonly assignments: AssignmentsRepository,
    private readonly attempts: AttemptsRepository,
    private readonly progress: ProgressRepository,
    private readonly record: SubmissionRecord,
    private readonly clock: Clock,
  ) {}

  /**
   * Starting with an id that was used for this work before answers what became of it.
   * @throws Problem 404, 409 where no attempt can be begun now, each reason with its code
   */
  start(viewer: Viewer, { id = uuidv7(), assignmentId, studentId }: StartAttempt): Promise<AttemptResponse> {
    const { tenantId, role } = viewer;
    const key = { assignmentId: assignmentId.toLowerCase(), studentId: studentOf(viewer, studentId) };
    const now = this.clock.now();
    return this.database.transaction(async () => {
      const work = await this.lock(viewer, key, now);
      const known = await this.attempts.find(viewer, id);
      if (known && isOf(known, key)) return shown(known);
      demandOpen(work, now);
      demandAttempts(work);
      const source = role === 'service' ? 'service' : 'student';
      const number = await this.attempts.insert(tenantId, { ...key, id, source }, now);
      if (number === null) throw Problem.conflict('attempt_id_taken', 'This id is in use.', '/id');
      await this.record.started(viewer, { ...key, id, number, instructorId: work.instructorId }, now);
      return this.get(viewer, id);
    });
  }

  /** @throws Problem 404, 409 for what is submitted or over */
  save(viewer: Viewer, id: string, draft: SaveAttempt): Promise<AttemptResponse> {
    return this.database.transaction(async () => {
      const found = await this.demand(viewer, id);
      if (!['active', 'paused'].includes(found.assignmentStatus)) throw notOpen();
      if (!(await this.attempts.save(viewer.tenantId, { ...draft, id }, this.clock.now()))) {
        throw Problem.conflict('attempt_submitted', 'This has been submitted and does not change any more.');
      }
      await this.record.saved(viewer, found);
      return this.get(viewer, id);
    });
  }

  /**
   * Again it answers what was submitted. It counts by when it was asked for, not by when a lock was free.
   * @throws Problem 403 for a student with a score, 404, 409 where nothing can be handed in now
   */
  async submit(viewer: Viewer, id: string, { score, ...draft }: SubmitAttempt): Promise<AttemptResponse> {
    if (score !== undefined && viewer.role !== 'service') {
      throw new Problem(403, 'score_denied', {
        detail: 'A score comes from a service, and never from whoever did the work.',
      });
    }
    const { tenantId } = viewer;
    const now = this.clock.now();
    return this.database.transaction(async () => {
      const found = await this.demand(viewer, id);
      if (found.submittedAt !== null) return shown(found);
      const work = await this.lock(viewer, found, now);
      const attempt = await this.demand(viewer, id);
      if (attempt.submittedAt !== null) return shown(attempt);
      demandOpen(work, now);
      const { maxAttempts } = work.assignment;
      if (maxAttempts !== null && work.attemptsSubmitted >= maxAttempts) throw attemptsUsed(maxAttempts);
      await this.attempts.save(tenantId, { ...draft, id }, now);
      await this.attempts.submit(tenantId, id, score ?? null, now);
      await this.record.submitted(viewer, [{ ...attempt, instructorId: work.instructorId }], now);
      return this.get(viewer, id);
    });
  }

  /** In the order of all locks. @throws Problem 404 for what the viewer does not see, and for who has left */
  private async lock(viewer: Viewer, key: SubmissionKey, now: Date): Promise<LockedWork> {
    const { tenantId } = viewer;
    const assignment = await this.assignments.lockSeen(viewer, key.assignmentId, now);
    if (!assignment) throw Problem.notFound('assignment');
    const [student] = await this.progress.lock(tenantId, [key.studentId]);
    if (!student || !(await this.attempts.lockSubmission(tenantId, key))) throw Problem.notFound('submission');
    const work = await this.attempts.getWork(tenantId, key, now);
    return { ...work, assignment, instructorId: student.instructorId };
  }

  private async demand(viewer: Viewer, id: string): Promise<FoundAttempt> {
    const found = await this.attempts.find(viewer, id);
    if (!found) throw Problem.notFound('attempt');
    return found;
  }

  private async get(viewer: Viewer, id: string): Promise<AttemptResponse> {
    return shown(await this.demand(viewer, id));
  }
}

/** A student's own; a service says whose. */
function studentOf({ role, userId }: Viewer, studentId?: string): string {
  if (role === 'service') {
    if (studentId !== undefined) return studentId.toLowerCase();
    throw Problem.invalid([{ pointer: '/studentId', code: 'value_missing', detail: 'must be given' }]);
  }
  if (studentId === undefined || studentId.toLowerCase() === userId) return userId;
  throw Problem.notFound('submission');
}

function isOf(attempt: SubmissionKey, { assignmentId, studentId }: SubmissionKey): boolean {
  return attempt.assignmentId === assignmentId && attempt.studentId === studentId;
}

function shown({ instructorId: _, assignmentStatus: __, ...attempt }: FoundAttempt): AttemptResponse {
  return attempt;
}

const notOpen = (): Problem => Problem.conflict('assignment_not_open', 'Nothing can be handed in at present.');
const attemptsUsed = (most: number): Problem =>
  Problem.conflict('attempts_used', `There are no more than ${most} attempts.`);

/** @throws Problem 409 */
function demandOpen({ assignment: { status, availableFrom }, isClosed }: LockedWork, now: Date): void {
  if (status !== 'active' || (availableFrom !== null && new Date(availableFrom) > now)) throw notOpen();
  if (isClosed)
    throw Problem.conflict('assignment_closed', 'Nothing is taken any more: this was available until then.');
}

/** @throws Problem 409 where another attempt cannot be begun */
function demandAttempts({ assignment, ...work }: LockedWork): void {
  const { maxAttempts, retakePolicy } = assignment;
  if (work.openAttemptId !== null) {
    throw Problem.conflict('attempt_open', `Attempt ${work.openAttemptId} is open; submit that one first.`);
  }
  const isDenied = retakePolicy === 'never' || (retakePolicy === 'untilPassed' && work.isPassed);
  if (work.attemptsSubmitted > 0 && isDenied) {
    throw Problem.conflict('retake_denied', 'What has been submitted stands: this cannot be attempted again.');
  }
  if (maxAttempts !== null && work.attemptsSubmitted >= maxAttempts) throw attemptsUsed(maxAttempts);
}
