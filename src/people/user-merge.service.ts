import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { PeopleRepository, type PersonRow } from '../org/people.repository.js';
import { BelongingsMerge } from './belongings-merge.js';
import { InstructorMergeService } from './instructor-merge.service.js';
import { PeopleRecord } from './people-record.js';
import { refuseMerged } from './refusals.js';
import { StudentMerge } from './student-merge.js';
import type { MergedUser } from './users.dto.js';

@Injectable()
export class UserMergeService {
  constructor(
    private readonly database: Database,
    private readonly people: PeopleRepository,
    private readonly students: StudentMerge,
    private readonly instructors: InstructorMergeService,
    private readonly belongings: BelongingsMerge,
    private readonly record: PeopleRecord,
  ) {}

  /**
   * One transaction, because whatever is read or sent meanwhile must find either two people or one.
   * @throws Problem 404, 409 for who was merged into somebody else, 422 for two who cannot be one
   */
  merge(viewer: Viewer, fromId: string, intoId: string): Promise<MergedUser> {
    const { tenantId } = viewer;
    return this.database.transaction(async () => {
      await this.students.lock(tenantId, [fromId, intoId]);
      const locked = await this.people.lock(tenantId, [fromId, intoId]);
      const from = locked.find(({ id }) => id === fromId.toLowerCase());
      const into = locked.find(({ id }) => id === intoId);
      if (!from) throw Problem.notFound('user');
      const isRepeated = from.mergedIntoId === intoId;
      if (!isRepeated) refuseMerged(from);
      demandTarget(from, into);

      const isMoving = from.role === 'student' && !isRepeated;
      const sessions = isMoving ? await this.students.merge(tenantId, from.id, into.id) : 0;
      const students = from.role === 'instructor' ? await this.moveRoster(viewer, from.id, into.id) : 0;
      if (!isRepeated) await this.end(viewer, from, into);
      return { into: (await this.people.find(tenantId, into.id))!, sessions, students };
    });
  }

  private async moveRoster(viewer: Viewer, fromId: string, intoId: string): Promise<number> {
    const studentIds = await this.instructors.moveRoster(viewer.tenantId, fromId, intoId);
    await this.record.reassignments(viewer, studentIds, fromId, intoId);
    return studentIds.length;
  }

  private async end(viewer: Viewer, from: PersonRow, into: PersonRow): Promise<void> {
    const { tenantId } = viewer;
    if (from.role === 'instructor') await this.instructors.moveBelongings(tenantId, from.id, into.id);
    await this.belongings.merge(viewer, from.id, into.id);
    await this.people.markMerged(tenantId, from.id, into.id);
    await this.people.takeOver(tenantId, into.id, from);
    const ended = { ...from, isActive: false, email: null, pid: null, hasPassword: false, mergedIntoId: into.id };
    const kept = (await this.people.find(tenantId, into.id))!;
    await this.record.changes(viewer, [
      { action: 'user.merged', before: from, after: ended },
      { action: 'user.changed', before: into, after: kept },
    ]);
    await this.record.merged(tenantId, from.id, into.id);
  }
}

function demandTarget(from: PersonRow, into: PersonRow | undefined): asserts into is PersonRow {
  const refuse = (code: string, detail: string): never => {
    throw Problem.unprocessable(code, detail, '/intoId');
  };
  if (!into) refuse('user_unknown', 'There is no such person.');
  else if (into.id === from.id) refuse('user_same', 'Nobody is a duplicate of themselves.');
  else if (into.role !== from.role || into.role === 'admin') {
    refuse('role_mismatch', 'Only two students or two instructors can be merged.');
  } else if (!into.isActive) refuse('user_inactive', 'Whoever stays must be active.');
}
