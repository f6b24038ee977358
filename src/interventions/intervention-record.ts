import { Injectable } from '@nestjs/common';
import { type Actor, AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import { delegationOf } from '../students/student-filter.js';
import type { EntryKind } from './intervention-states.js';
import { type Case, InterventionsRepository, type NewEntry } from './interventions.repository.js';

export type CaseEvent = 'opened' | 'contacted' | 'closed' | 'reopened';

type Terms = Partial<Pick<Case, 'status' | 'ownerId' | 'dueOn' | 'snoozedUntil' | 'outcome' | 'dismissal' | 'origin'>>;

export interface Happening {
  readonly before?: Terms;
  readonly after: Terms & Pick<Case, 'studentId' | 'instructorId'>;
  readonly entry: NewEntry;
}

const actions: Readonly<Record<EntryKind, string>> = {
  opened: 'intervention.opened',
  contacted: 'intervention.contacted',
  note: 'intervention.noted',
  changed: 'intervention.changed',
  snoozed: 'intervention.snoozed',
  resolved: 'intervention.resolved',
  dismissed: 'intervention.dismissed',
  reopened: 'intervention.reopened',
  closed_itself: 'intervention.closed_itself',
};

/** What follows from every write to a case: its entry, the audit, an event, and caches that forget. */
@Injectable()
export class InterventionRecord {
  constructor(
    private readonly database: Database,
    private readonly interventions: InterventionsRepository,
    private readonly outbox: Outbox,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
  ) {}

  /** In the caller's transaction. What people have written of a student stays in the case: no audit repeats it. */
  async happened(
    actor: Actor | Viewer,
    happenings: readonly Happening[],
    { event, now }: { readonly event?: CaseEvent; readonly now: Date },
  ): Promise<void> {
    if (happenings.length === 0) return;
    const { tenantId } = actor;
    await this.interventions.insertEntries(
      tenantId,
      happenings.map(({ entry }) => entry),
      now,
    );
    await this.audit.record(
      actor,
      happenings.map(({ before, after, entry }) => ({
        action: actions[entry.kind],
        targetType: 'student',
        targetId: after.studentId,
        before: before && termsOf(before),
        after: {
          id: entry.interventionId,
          ...termsOf(after),
          ...('departmentId' in actor ? delegationOf(actor, after.instructorId) : {}),
        },
      })),
    );
    if (event) {
      await this.outbox.appendMany(
        tenantId,
        `interventions.${event}`,
        happenings.map(({ after: { studentId }, entry: { interventionId } }) => ({
          key: studentId,
          payload: { interventionId, studentId },
        })),
      );
    }
    const tags = happenings.flatMap(({ after }) => [`student:${after.studentId}`, `roster:${after.instructorId}`]);
    await this.database.afterCommit(() => this.cache.bump([`tenant:${tenantId}`, ...new Set(tags)]));
  }
}

function termsOf({ status, ownerId, dueOn, snoozedUntil, outcome, dismissal, origin }: Terms): Terms {
  return { status, ownerId, dueOn, snoozedUntil, outcome, dismissal, origin };
}
