import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import { personOf, type Viewer } from '../http/viewer.js';
import { withChange } from '../org/changes.js';
import { scopeOf } from '../students/student-filter.js';
import { AssignmentChanges } from './assignment-changes.js';
import { AssignmentReads } from './assignment-reads.js';
import type { AssignmentDetail, ChangeAssignment, CopyAssignment, CreateAssignment } from './assignments.dto.js';
import { type Assignment, AssignmentsRepository } from './assignments.repository.js';
import { refuseRetired, refuseRewriting, refuseState } from './edit-rules.js';

/** What no copy takes over. */
const fresh = {
  availableFrom: null, availableUntil: null, dueAt: null, status: 'draft', isTemplate: false, isShared: false,
  publishedAt: null, openedAt: null, gradesReleasedAt: null, version: 1,
} as const; // prettier-ignore

const unsaid: Omit<Assignment, 'id' | 'ownerId' | 'title'> = {
  description: '', instructions: '', category: null, tags: [], priority: 'normal', estimatedDurationSeconds: null,
  moduleIds: [], targetScore: null, maxAttempts: 3, retakePolicy: 'always', attemptPolicy: 'best', weight: 1,
  needsGrading: false, gradeRelease: 'automatic', latePenalty: 0, latePenaltyLimit: 100, lateGraceSeconds: 0,
  feedbackRules: [], copiedFromId: null, ...fresh,
}; // prettier-ignore

@Injectable()
export class AssignmentsService {
  constructor(
    private readonly database: Database,
    private readonly assignments: AssignmentsRepository,
    private readonly reads: AssignmentReads,
    private readonly changes: AssignmentChanges,
    private readonly clock: Clock,
  ) {}

  /** A draft. Creating with an id that its owner has used before answers what is there. */
  create(viewer: Viewer, body: CreateAssignment): Promise<AssignmentDetail> {
    return this.database.transaction(async () => {
      const said = asStored(body);
      const { id = uuidv7(), ownerId = personOf(viewer) } = said;
      await this.demandOwner(viewer, ownerId);
      return this.insert(viewer, withChange<Assignment>({ ...unsaid, id, ownerId, title: body.title }, said));
    });
  }

  /** Of anything that one may see: a draft of one's own, without the dates of the original unless they are told. */
  copy(viewer: Viewer, id: string, body: CopyAssignment): Promise<AssignmentDetail> {
    return this.database.transaction(async () => {
      const seen = await this.assignments.lockSeen(viewer, id, this.clock.now());
      if (!seen) throw Problem.notFound('assignment');
      const original = (await this.assignments.find(viewer.tenantId, seen.id))!;
      const copy: Assignment = {
        ...original, ...fresh, id: uuidv7(), ownerId: personOf(viewer), copiedFromId: original.id,
      }; // prettier-ignore
      return this.insert(viewer, withChange(copy, asStored(body)));
    });
  }

  /**
   * @param version that the client has read; undefined where it does not mind
   * @throws Problem 404, 409 for what would change what students have done, 412 for another version, 422
   */
  change(viewer: Viewer, id: string, body: ChangeAssignment, version?: number): Promise<AssignmentDetail> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      const before = await this.changes.lock(viewer, id);
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      const wanted = withChange(before, sameInstants(before, asStored(body)));
      if (wanted !== before) {
        refuseState(before.status, ['draft', 'active', 'paused', 'completed']);
        if (wanted.ownerId !== before.ownerId) await this.demandOwner(viewer, wanted.ownerId);
        if (before.publishedAt !== null) {
          refuseRewriting(before, wanted, await this.assignments.workDone(tenantId, before.id));
          const added = wanted.moduleIds.filter((moduleId) => !before.moduleIds.includes(moduleId));
          refuseRetired(await this.assignments.listRetired(tenantId, added));
        }
        await this.changes.save(viewer, 'assignment.changed', before, wanted, this.clock.now());
      }
      return this.reads.get(viewer, before.id);
    });
  }

  /** Only a draft that nobody ever got. */
  delete(viewer: Viewer, id: string): Promise<void> {
    return this.database.transaction(async () => {
      const before = await this.changes.lock(viewer, id);
      refuseState(before.status, ['draft']);
      if ((await this.assignments.delete(viewer.tenantId, before.id)) === 0) {
        throw Problem.conflict('assignment_handed_out', 'Students have been given it.');
      }
      await this.changes.record(viewer, 'assignment.deleted', { before });
    });
  }

  private async insert(viewer: Viewer, wanted: Assignment): Promise<AssignmentDetail> {
    const { id, ownerId, copiedFromId } = wanted;
    if (await this.assignments.insert(viewer.tenantId, wanted, this.clock.now())) {
      await this.changes.record(viewer, 'assignment.created', { after: wanted });
    } else {
      const existing = await this.assignments.find(viewer.tenantId, id);
      if (existing?.ownerId !== ownerId || existing.copiedFromId !== copiedFromId) {
        throw Problem.conflict('assignment_id_taken', 'This id is in use.', '/id');
      }
    }
    return this.reads.get(viewer, id);
  }

  private async demandOwner(viewer: Viewer, ownerId: string | null): Promise<void> {
    if (ownerId === personOf(viewer)) return;
    const isAllowed = ownerId === null ? scopeOf(viewer) === 'tenant' : await this.assignments.isOwner(viewer, ownerId);
    if (isAllowed) return;
    const detail = 'There is nobody of this id who teaches and whom you are, stand in for or oversee.';
    throw Problem.unprocessable('owner_not_found', detail, '/ownerId');
  }
}

type Said = Partial<Pick<Assignment, 'id' | 'ownerId' | 'moduleIds' | 'feedbackRules' | DateField>>;
type DateField = 'availableFrom' | 'availableUntil' | 'dueAt';
const dateFields = ['availableFrom', 'availableUntil', 'dueAt'] as const;

/** As it is kept: ids in lower case, each module once, rules without their class. @throws Problem 400 for odd dates */
function asStored<T extends Said>(said: T): T {
  const odd = dateFields.filter((field) => !isNear(said[field]));
  if (odd.length > 0) {
    const detail = 'must lie between the years 2000 and 2200';
    throw Problem.invalid(odd.map((field) => ({ pointer: `/${field}`, code: 'value_invalid', detail })));
  }
  const { id, ownerId, moduleIds, feedbackRules } = said;
  return {
    ...said,
    id: id?.toLowerCase(),
    ownerId: ownerId?.toLowerCase() ?? ownerId,
    moduleIds: moduleIds && [...new Set(moduleIds.map((moduleId) => moduleId.toLowerCase()))],
    feedbackRules: feedbackRules?.map(({ minScore, text }) => ({ minScore, text })),
  };
}

/** A day away from either end no offset leads out of what PostgreSQL and JavaScript both can say. */
function isNear(instant: string | null | undefined): boolean {
  if (instant === undefined || instant === null) return true;
  const moment = Date.parse(instant);
  return moment >= Date.UTC(2000) && moment < Date.UTC(2200);
}

/** The same moment in other words is no change. */
function sameInstants<T extends Said>(before: Assignment, said: T): T {
  const kept = dateFields.filter((field) => {
    const [was, is] = [before[field], said[field]];
    return was !== null && typeof is === 'string' && Date.parse(was) === Date.parse(is);
  });
  return { ...said, ...Object.fromEntries(kept.map((field) => [field, before[field]])) };
}
