import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { ownPredicate, seenPredicate } from './assignment-scope.js';

/** An assignment that does not change while this transaction lasts. */
export interface LockedAssignment {
  readonly id: string;
  readonly ownerId: string | null;
  readonly title: string;
  readonly status: 'draft' | 'active' | 'paused' | 'completed' | 'archived';
  readonly isTemplate: boolean;
  readonly needsGrading: boolean;
  readonly gradeRelease: 'automatic' | 'manual';
  readonly targetScore: number | null;
  readonly maxAttempts: number | null;
  readonly retakePolicy: 'never' | 'untilPassed' | 'always';
  readonly attemptPolicy: 'best' | 'last' | 'mean';
  readonly latePenalty: number;
  readonly latePenaltyLimit: number;
  readonly lateGraceSeconds: number;
  readonly availableFrom: string | null;
  readonly availableUntil: string | null;
  readonly dueAt: string | null;
  readonly version: number;
}

const lockedColumns = `a.id, a.owner_id as "ownerId", a.title, a.status, a.is_template as "isTemplate",
  a.needs_grading as "needsGrading", a.grade_release as "gradeRelease", a.target_score as "targetScore",
  a.max_attempts as "maxAttempts", a.retake_policy as "retakePolicy", a.attempt_policy as "attemptPolicy",
  a.late_penalty as "latePenalty", a.late_penalty_limit as "latePenaltyLimit",
  a.late_grace_seconds as "lateGraceSeconds", a.available_from as "availableFrom",
  a.available_until as "availableUntil", a.due_at as "dueAt", a.version`;

/** Locks are taken in this order everywhere: assignments, students, submissions, each by id. */
@Injectable()
export class AssignmentsRepository {
  constructor(private readonly database: Database) {}

  /** One that the viewer may see; others may lock it in this way too, and nobody changes it meanwhile. */
  lockSeen(viewer: Viewer, id: string, now: Date): Promise<LockedAssignment | null> {
    const { sql, parameters } = seenPredicate(viewer, now);
    return this.database.maybeOne<LockedAssignment>(
      `-- assignments.lockSeen
      select ${lockedColumns} from assignments a
      where a.tenant_id = $1 and ${sql} and a.id = $${parameters.push(id)} for share`,
      parameters,
    );
  }

  /** The same for one of the viewer's own. */
  lockOwn(viewer: Viewer, id: string): Promise<LockedAssignment | null> {
    const { sql, parameters } = ownPredicate(viewer);
    return this.database.maybeOne<LockedAssignment>(
      `-- assignments.lockOwn
      select ${lockedColumns} from assignments a
      where a.tenant_id = $1 and ${sql} and a.id = $${parameters.push(id)} for share`,
      parameters,
    );
  }

  /** One of the viewer's own, to change it. */
  lockForChange(viewer: Viewer, id: string): Promise<LockedAssignment | null> {
    const { sql, parameters } = ownPredicate(viewer);
    return this.database.maybeOne<LockedAssignment>(
      `-- assignments.lockForChange
      select ${lockedColumns} from assignments a
      where a.tenant_id = $1 and ${sql} and a.id = $${parameters.push(id)} for no key update`,
      parameters,
    );
  }
}
