import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import { ProgressRepository } from '../students/progress.repository.js';
import { type AffectedStudent, tagsOf } from './affected-students.js';
import { assignmentsTag } from './assignment-reads.js';
import { type Assignment, AssignmentsRepository } from './assignments.repository.js';

/** Locks and writes assignments, and all that follows from it: counts, events, the audit and the cache. */
@Injectable()
export class AssignmentChanges {
  constructor(
    private readonly database: Database,
    private readonly assignments: AssignmentsRepository,
    private readonly progress: ProgressRepository,
    private readonly outbox: Outbox,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
  ) {}

  /** One of the viewer's own, all of it, to change it. @throws Problem 404 */
  async lock(viewer: Viewer, id: string): Promise<Assignment> {
    const locked = await this.assignments.lockForChange(viewer, id);
    if (!locked) throw Problem.notFound('assignment');
    return (await this.assignments.find(viewer.tenantId, locked.id))!;
  }

  /** @param action `assignment.past` */
  async save(viewer: Viewer, action: string, before: Assignment, wanted: Assignment, now: Date): Promise<void> {
    const { tenantId } = viewer;
    const { id } = before;
    const after: Assignment = {
      ...wanted,
      openedAt: isOpen(wanted, now) ? (before.openedAt ?? now.toISOString()) : null,
      version: before.version + 1,
    };
    const affected = await this.assignments.listAffected(tenantId, id);
    const studentIds = affected.map(({ studentId }) => studentId);
    const opens = before.openedAt === null && after.openedAt !== null;
    const closes = before.openedAt !== null && after.openedAt === null;
    // before the dates move, which touches submissions
    if (opens || closes) await this.progress.lockAll(tenantId, studentIds);
    await this.assignments.update(tenantId, after, now);
    if (after.moduleIds !== before.moduleIds) await this.assignments.setModules(tenantId, after);
    if (opens || closes) await this.progress.refreshAssignments(tenantId, studentIds, now);
    if (opens) await this.outbox.append(tenantId, 'assignments.opened', id, { assignmentId: id });
    await this.audit.record(viewer, { action, targetType: 'assignment', targetId: id, before, after });
    await this.forget(tenantId, [before.ownerId, after.ownerId], affected);
  }

  /** Of one that begins or ends, which no student has. */
  async record(viewer: Viewer, action: string, { before, after }: { before?: Assignment; after?: Assignment }) {
    const { id, ownerId } = (after ?? before)!;
    await this.audit.record(viewer, { action, targetType: 'assignment', targetId: id, before, after });
    await this.forget(viewer.tenantId, [ownerId], []);
  }

  private async forget(tenantId: string, owners: readonly (string | null)[], affected: readonly AffectedStudent[]) {
    const rosters = owners.map((ownerId) => `roster:${ownerId}`);
    const tags = new Set([assignmentsTag(tenantId), ...rosters, ...tagsOf(tenantId, affected)]);
    await this.database.afterCommit(() => this.cache.bump([...tags]));
  }
}

function isOpen({ publishedAt, availableFrom }: Assignment, now: Date): boolean {
  return publishedAt !== null && (availableFrom === null || Date.parse(availableFrom) <= now.getTime());
}
