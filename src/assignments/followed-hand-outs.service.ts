import { Injectable } from '@nestjs/common';
import { NIL } from 'uuid';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { TenantsService } from '../org/tenants.service.js';
import { StudentsRepository } from '../students/students.repository.js';
import { mostPerEvent } from './affected-students.js';
import { AssignedWork } from './assigned-work.service.js';
import { AssignmentsRepository } from './assignments.repository.js';
import { type FollowedHandOut, HandOutsRepository } from './hand-outs.repository.js';

/** Dynamic hand-outs: students who come to match later get the assignment too. */
@Injectable()
export class FollowedHandOuts {
  constructor(
    private readonly database: Database,
    private readonly assignments: AssignmentsRepository,
    private readonly handOuts: HandOutsRepository,
    private readonly students: StudentsRepository,
    private readonly tenants: TenantsService,
    private readonly work: AssignedWork,
  ) {}

  /** Ending one that has ended changes nothing. @throws Problem 404, 409 for one that is not dynamic */
  end(viewer: Viewer, assignmentId: string, id: string): Promise<void> {
    return this.database.transaction(async () => {
      if (!(await this.assignments.lockOwn(viewer, assignmentId))) throw Problem.notFound('assignment');
      const handOut = await this.handOuts.find(viewer.tenantId, assignmentId, id);
      if (!handOut) throw Problem.notFound('hand_out');
      if (!handOut.isDynamic) {
        throw Problem.conflict('hand_out_frozen', 'It was for the students of that moment; there is nothing to end.');
      }
      const { now } = await this.tenants.moment(viewer.tenantId);
      await this.work.end(viewer, handOut, now);
    });
  }

  /**
   * Gives it to the next students who match and never had it. Who had it withdrawn does not get it back: somebody
   * wanted it so.
   * @param viewer whoever handed out, as they are now; null when they are not active any more
   * @param after the last student of the chunk before
   * @returns the last student of the chunk, null where there may be no more
   */
  followNext(
    tenantId: string,
    viewer: Viewer | null,
    handOut: FollowedHandOut,
    after: string = NIL,
  ): Promise<{ readonly given: number; readonly last: string | null }> {
    const actor = { tenantId, userId: null, role: 'service' } as const;
    const done = { given: 0, last: null };
    return this.database.transaction(async () => {
      const assignment = viewer && (await this.assignments.lockOwn(viewer, handOut.assignmentId));
      if (!(await this.handOuts.lockFollowed(tenantId, handOut.id))) return done;
      const moment = await this.tenants.moment(tenantId);
      if (!assignment || !(await this.students.mayAssign(viewer))) {
        await this.work.end(actor, handOut, moment.now, 'whoever handed out may no longer do so');
        return done;
      }
      if (assignment.status === 'completed' || assignment.status === 'archived') return done;
      const ids = await this.handOuts.listNew(viewer, handOut, moment, { after, limit: mostPerEvent });
      if (ids.length === 0) return done;
      const students = await this.students.lockReachable(viewer, ids);
      const given = await this.work.give(actor, assignment, handOut, {
        students,
        restored: new Set(),
        now: moment.now,
      });
      return { given, last: ids.length < mostPerEvent ? null : ids.at(-1)! };
    });
  }
}
