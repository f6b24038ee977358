import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import { AssignmentChanges } from './assignment-changes.js';
import { AssignmentReads } from './assignment-reads.js';
import type { AssignmentDetail, PublishAssignment } from './assignments.dto.js';
import { type Assignment, AssignmentsRepository } from './assignments.repository.js';
import { refuseRetired, refuseState } from './edit-rules.js';

type Status = Assignment['status'];

interface Step {
  readonly from: readonly Status[];
  readonly to: (before: Assignment) => Status;
  readonly past: string;
}

const steps = {
  pause: { from: ['active'], to: () => 'paused', past: 'paused' },
  resume: { from: ['paused'], to: () => 'active', past: 'resumed' },
  complete: { from: ['active', 'paused'], to: () => 'completed', past: 'completed' },
  archive: { from: ['draft', 'completed'], to: () => 'archived', past: 'archived' },
  restore: {
    from: ['archived'],
    to: ({ publishedAt }) => (publishedAt === null ? 'draft' : 'completed'),
    past: 'restored',
  },
} as const satisfies Readonly<Record<string, Step>>;

/** From draft to archive. */
@Injectable()
export class AssignmentStates {
  constructor(
    private readonly database: Database,
    private readonly assignments: AssignmentsRepository,
    private readonly reads: AssignmentReads,
    private readonly changes: AssignmentChanges,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 404, 409 for another state, a template, or a date that is over, 422 for a retired module */
  publish(viewer: Viewer, id: string, { confirmPastDue }: PublishAssignment): Promise<AssignmentDetail> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      const draft = await this.changes.lock(viewer, id);
      refuseState(draft.status, ['draft']);
      const now = this.clock.now();
      if (draft.isTemplate) throw Problem.conflict('assignment_template', 'A template is copied and never published.');
      refuseRetired(await this.assignments.listRetired(tenantId, draft.moduleIds));
      const end = draft.dueAt ?? draft.availableUntil;
      if (!confirmPastDue && end !== null && Date.parse(end) < now.getTime()) {
        throw Problem.conflict('due_in_past', 'It is over before it begins; confirm that.', '/confirmPastDue');
      }
      const published: Assignment = { ...draft, status: 'active', publishedAt: now.toISOString() };
      await this.changes.save(viewer, 'assignment.published', draft, published, now);
      await this.outbox.append(tenantId, 'assignments.published', draft.id, { assignmentId: draft.id });
      return this.reads.get(viewer, draft.id);
    });
  }

  /** @throws Problem 404, 409 for another state */
  move(viewer: Viewer, id: string, name: keyof typeof steps): Promise<AssignmentDetail> {
    const { from, to, past }: Step = steps[name];
    return this.database.transaction(async () => {
      const before = await this.changes.lock(viewer, id);
      refuseState(before.status, from);
      const after: Assignment = { ...before, status: to(before) };
      await this.changes.save(viewer, `assignment.${past}`, before, after, this.clock.now());
      return this.reads.get(viewer, before.id);
    });
  }
}
