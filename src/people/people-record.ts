import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { LinkRequestsService } from '../auth/link-requests.service.js';
import { SignInsService } from '../auth/sign-ins.service.js';
import { Cache } from '../cache/cache.js';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { Outbox } from '../jobs/outbox.js';
import type { PersonRow } from '../org/people.repository.js';
import { organisationTag } from '../org/organisation-tags.js';

/** A person, known as far as whoever makes the change knows. */
type Facts = Pick<PersonRow, 'id' | 'role' | 'email' | 'departmentId' | 'instructorId'>;

export interface PersonChange {
  readonly action: 'user.created' | 'user.changed' | 'user.activated' | 'user.deactivated' | 'user.merged';
  /** Null: there was nobody. */
  readonly before: Facts | null;
  readonly after: Facts;
}

/** By one event. */
const mostTold = 1_000;

/** What follows from every change of people: the audit, invitations, the end of sign-ins and links, and what readers see. */
@Injectable()
export class PeopleRecord {
  constructor(
    private readonly audit: AuditRecorder,
    private readonly outbox: Outbox,
    private readonly signIns: SignInsService,
    private readonly links: LinkRequestsService,
    private readonly database: Database,
    private readonly cache: Cache,
  ) {}

  /** In the transaction of the changes; any number of people in one insert. */
  async changes(viewer: Viewer, changes: readonly PersonChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.audit.record(
      viewer,
      changes.map(({ action, before, after }) => {
        const earlier = new Map<string, unknown>(Object.entries(before ?? {}));
        const changed = Object.entries(after).filter(([key, value]) => key !== 'version' && earlier.get(key) !== value);
        return {
          action,
          targetType: 'user',
          targetId: after.id,
          before: before && Object.fromEntries(changed.map(([key]) => [key, earlier.get(key)])),
          after: Object.fromEntries(changed),
        };
      }),
    );
    const left = changes.filter(({ action }) => action === 'user.deactivated' || action === 'user.merged');
    if (left.length > 0) {
      const ids = left.map(({ after }) => after.id);
      await this.signIns.revokeAllOf(viewer.tenantId, ids, 'user_deactivated', { actor: viewer });
    }
    const others = changes.filter((one) => left.includes(one) || isAnotherViewer(one)).map(({ after }) => after.id);
    for (let from = 0; from < others.length; from += mostTold) {
      const userIds = others.slice(from, from + mostTold);
      await this.outbox.append(viewer.tenantId, 'users.changed', userIds[0]!, { userIds });
    }
    const readdressed = changes.filter(({ before, after }) => before && before.email !== after.email);
    if (readdressed.length > 0) {
      await this.links.withdraw(
        viewer.tenantId,
        readdressed.map(({ after }) => after.id),
      );
    }
    const back = changes.filter(({ action, after }) => action === 'user.activated' && after.role === 'student');
    if (back.length > 0) {
      const studentIds = back.map(({ after }) => after.id);
      await this.outbox.append(viewer.tenantId, 'users.students-activated', studentIds[0]!, { studentIds });
    }
    const tags = new Set([`tenant:${viewer.tenantId}`]);
    // students see the name of their instructor
    if (changes.some(({ after }) => after.role !== 'student')) tags.add(organisationTag(viewer.tenantId));
    for (const { before, after } of changes) {
      tags.add(after.role === 'student' ? `student:${after.id}` : `roster:${after.id}`);
      // lists of a roster show the student, too
      if (after.role === 'student') {
        tags.add(`roster:${before?.instructorId ?? null}`).add(`roster:${after.instructorId}`);
      }
    }
    await this.database.afterCommit(() => this.cache.bump([...tags]));
  }

  /** Of students who go from one roster to another. */
  async reassignments(viewer: Viewer, studentIds: readonly string[], fromId: string, intoId: string): Promise<void> {
    await this.audit.record(
      viewer,
      studentIds.map((studentId) => ({
        action: 'student.reassigned',
        targetType: 'student',
        targetId: studentId,
        before: { instructorId: fromId },
        after: { instructorId: intoId },
      })),
    );
    const tags = [`roster:${fromId}`, `roster:${intoId}`, ...studentIds.map((id) => `student:${id}`)];
    await this.database.afterCommit(() => this.cache.bump([`tenant:${viewer.tenantId}`, ...tags]));
  }

  /** The mail itself is a job's. */
  async invitations(viewer: Viewer, userIds: readonly string[]): Promise<void> {
    if (userIds.length === 0) return;
    await this.links.invite(viewer.tenantId, userIds);
    await this.audit.record(
      viewer,
      userIds.map((userId) => ({ action: 'user.invited', targetType: 'user', targetId: userId })),
    );
  }

  /** For whoever keeps something of people: what was of the one is the other's. */
  merged(tenantId: string, userId: string, intoId: string): Promise<void> {
    return this.outbox.append(tenantId, 'users.merged', userId, { userId, intoId });
  }
}

function isAnotherViewer({ before, after }: PersonChange): boolean {
  return before !== null && (before.role !== after.role || before.departmentId !== after.departmentId);
}
