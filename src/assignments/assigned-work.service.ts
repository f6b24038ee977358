import { Injectable } from '@nestjs/common';
import { type Actor, type AuditEntry, AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { Outbox } from '../jobs/outbox.js';
import { type LockedStudent, ProgressRepository } from '../students/progress.repository.js';
import { eventsOf, tagsOf } from './affected-students.js';
import type { LockedAssignment } from './assignments.repository.js';
import { HandOutsRepository, type NewHandOut } from './hand-outs.repository.js';

/**
 * What is given to students and taken from them, with all that follows: their counts, the audit, events, caches. Runs in
 * a transaction of the caller's, which takes its time once it has locked the assignment: what is given before that opens
 * is counted by the job that opens it, and what is given later is counted here.
 */
@Injectable()
export class AssignedWork {
  constructor(
    private readonly database: Database,
    private readonly handOuts: HandOutsRepository,
    private readonly progress: ProgressRepository,
    private readonly audit: AuditRecorder,
    private readonly outbox: Outbox,
    private readonly cache: Cache,
  ) {}

  /**
   * @param students locked, like the assignment
   * @param restored ids of those from whom it had been withdrawn
   * @returns how many of the others were given it: those who did not have it
   */
  async give(
    actor: Actor,
    { status }: Pick<LockedAssignment, 'status'>,
    handOut: NewHandOut,
    {
      students,
      restored,
      now,
    }: {
      readonly students: readonly LockedStudent[];
      readonly restored: ReadonlySet<string>;
      readonly now: Date;
    },
  ): Promise<number> {
    const { tenantId } = actor;
    const { id: handOutId, assignmentId, filter, isDynamic } = handOut;
    const fresh = students.flatMap(({ studentId }) => (restored.has(studentId) ? [] : studentId));
    const given = fresh.length > 0 ? await this.handOuts.give(tenantId, handOut, fresh, now) : [];
    if (restored.size > 0) await this.handOuts.restore(tenantId, handOut, [...restored], now);
    const changed = new Set([...given, ...restored]);
    await this.audit.record(actor, {
      action: 'assignment.handed_out',
      targetType: 'assignment',
      targetId: assignmentId,
      after: { handOutId, filter, isDynamic, given: given.length, restored: restored.size },
    });
    const after = { assignmentId, handOutId };
    await this.follow(
      actor,
      students.filter(({ studentId }) => changed.has(studentId)),
      now,
      (targetId) => ({
        action: restored.has(targetId) ? 'submission.restored' : 'submission.given',
        targetType: 'student',
        targetId,
        after,
      }),
    );
    // whoever has a draft learns of it when it is published
    if (status !== 'draft') {
      await this.outbox.appendMany(tenantId, 'assignments.handed-out', eventsOf(assignmentId, [...changed]));
    }
    return given.length;
  }

  /** @param students locked, like their work */
  async withdraw(
    actor: Actor,
    assignmentId: string,
    students: readonly LockedStudent[],
    { reason, now }: { readonly reason?: string; readonly now: Date },
  ): Promise<void> {
    const ids = students.map(({ studentId }) => studentId);
    await this.handOuts.withdraw(actor.tenantId, assignmentId, ids, now);
    await this.follow(actor, students, now, (targetId) => ({
      action: 'submission.withdrawn',
      targetType: 'student',
      targetId,
      after: { assignmentId },
      reason,
    }));
  }

  /** Nobody gets it by this hand-out any more; who has it keeps it. */
  async end(actor: Actor, { id, assignmentId }: NewHandOut, now: Date, reason?: string): Promise<void> {
    if (!(await this.handOuts.end(actor.tenantId, id, now))) return;
    await this.audit.record(actor, {
      action: 'hand_out.ended',
      targetType: 'assignment',
      targetId: assignmentId,
      after: { handOutId: id },
      reason,
    });
  }

  private async follow(
    actor: Actor,
    students: readonly LockedStudent[],
    now: Date,
    entryOf: (studentId: string) => AuditEntry,
  ): Promise<void> {
    if (students.length === 0) return;
    const ids = students.map(({ studentId }) => studentId);
    await this.progress.refreshAssignments(actor.tenantId, ids, now);
    await this.audit.record(actor, ids.map(entryOf));
    await this.database.afterCommit(() => this.cache.bump(tagsOf(actor.tenantId, students)));
  }
}
