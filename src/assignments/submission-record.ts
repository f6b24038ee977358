import { Injectable } from '@nestjs/common';
import { type Actor, AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { type AffectedStudent, tagsOf } from './affected-students.js';
import { type SubmissionKey, SubmissionScoresRepository } from './submission-scores.repository.js';

/** An attempt that was begun or submitted, and on whose roster its student is. */
export interface RecordedAttempt extends SubmissionKey, AffectedStudent {
  readonly id: string;
  readonly number: number;
}

/** What follows from every attempt: scores, counts, the audit, the event, and what readers see. */
@Injectable()
export class SubmissionRecord {
  constructor(
    private readonly scores: SubmissionScoresRepository,
    private readonly progress: ProgressRepository,
    private readonly audit: AuditRecorder,
    private readonly outbox: Outbox,
    private readonly database: Database,
    private readonly cache: Cache,
  ) {}

  /** In the transaction in which it began. */
  async started(actor: Actor, attempt: RecordedAttempt, now: Date): Promise<void> {
    await this.scores.refresh(actor.tenantId, [attempt], now);
    await this.entries(actor, 'attempt.started', [attempt]);
  }

  /** In the transaction in which somebody saved it; what they wrote is not on record. */
  async saved(actor: Actor, attempt: RecordedAttempt): Promise<void> {
    await this.entries(actor, 'attempt.saved', [attempt]);
  }

  /** In the transaction in which they were submitted; no two of the same submission. */
  async submitted(actor: Actor, attempts: readonly RecordedAttempt[], now: Date): Promise<void> {
    const { tenantId } = actor;
    await this.scores.refresh(tenantId, attempts, now);
    const studentIds = [...new Set(attempts.map(({ studentId }) => studentId))];
    await this.progress.refreshAssignments(tenantId, studentIds, now);
    await this.outbox.appendMany(
      tenantId,
      'assignments.submitted',
      attempts.map(({ id, assignmentId, studentId }) => ({
        key: id,
        payload: { attemptId: id, assignmentId, studentId },
      })),
    );
    await this.entries(actor, 'attempt.submitted', attempts);
  }

  private async entries(actor: Actor, action: string, attempts: readonly RecordedAttempt[]): Promise<void> {
    await this.audit.record(
      actor,
      attempts.map(({ id, assignmentId, studentId, number }) => ({
        action,
        targetType: 'attempt',
        targetId: id,
        personId: studentId,
        after: { assignmentId, studentId, number },
      })),
    );
    await this.database.afterCommit(() => this.cache.bump(tagsOf(actor.tenantId, attempts)));
  }
}
