import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Database } from '../database/database.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { personOf, type Viewer } from '../http/viewer.js';
import { StudentChoice } from '../students/student-choice.service.js';
import { StudentsRepository } from '../students/students.repository.js';
import { AssignedWork } from './assigned-work.service.js';
import { AssignmentsRepository, type LockedAssignment } from './assignments.repository.js';
import { refuseArchived } from './edit-rules.js';
import type {
  CreateHandOut,
  HandedOut,
  HandOut,
  HandOutResult,
  Withdraw,
  WithdrawalResult,
  Withdrawn,
} from './hand-outs.dto.js';
import { HandOutsRepository, type NewHandOut } from './hand-outs.repository.js';

@Injectable()
export class HandOutsService {
  constructor(
    private readonly database: Database,
    private readonly assignments: AssignmentsRepository,
    private readonly handOuts: HandOutsRepository,
    private readonly students: StudentsRepository,
    private readonly choice: StudentChoice,
    private readonly work: AssignedWork,
  ) {}

  async list(viewer: Viewer, assignmentId: string, query: PageQuery): Promise<Page<HandOut>> {
    const { tenantId } = viewer;
    if (!(await this.handOuts.isOwn(viewer, assignmentId))) throw Problem.notFound('assignment');
    const listing = { scope: ['handOuts', tenantId, assignmentId], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.handOuts.list(tenantId, assignmentId, position),
      position.page === undefined ? undefined : this.handOuts.count(tenantId, assignmentId),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ createdAt, id }) => [createdAt, id], total });
  }

  /** @throws Problem 403 where the profile forbids it, 404, 409 for what is handed out to nobody, 422 for too many */
  create(viewer: Viewer, assignmentId: string, request: CreateHandOut): Promise<HandedOut> {
    const { id = uuidv7(), isDynamic, dryRun, allOrNothing } = request;
    if (isDynamic && request.studentIds) {
      const detail = 'who is named stays the same: only a filter, a segment or a department can be followed';
      throw Problem.invalid([{ pointer: '/isDynamic', code: 'field_forbidden', detail }]);
    }
    return this.database.transaction(async () => {
      const assignment = await this.lockOwn(viewer, assignmentId);
      if (!(await this.students.mayAssign(viewer))) {
        throw new Problem(403, 'assigning_denied', { detail: 'Your profile does not let you hand out assignments.' });
      }
      refuseClosed(assignment);
      const { ids, filter, moment } = await this.choice.choose(viewer, request);
      const students = await this.students.lockReachable(viewer, ids);
      const results = await this.plan(viewer.tenantId, assignmentId, ids, new Set(students.map(byId)));
      const planned = { given: of(results, 'given'), restored: of(results, 'restored') };
      const answer = {
        id: null,
        dryRun,
        given: planned.given.size,
        restored: planned.restored.size,
        alreadyGiven: of(results, 'already_given').size,
        rejected: of(results, 'student_not_found').size,
        results,
      };
      if (dryRun) return answer;
      if (allOrNothing && answer.rejected > 0) return { ...answer, given: 0, restored: 0 };
      const chosen = students.filter(
        ({ studentId }) => planned.given.has(studentId) || planned.restored.has(studentId),
      );
      if (chosen.length === 0 && !isDynamic) return answer;
      const createdById = personOf(viewer);
      const wanted = { id, assignmentId, filter, isDynamic, createdById };
      const { isNew, handOut } = await this.enter(viewer.tenantId, wanted, moment.now);
      if (isNew || chosen.length > 0) {
        const { restored } = planned;
        await this.work.give(viewer, assignment, handOut, { students: chosen, restored, now: moment.now });
      }
      return { ...answer, id: handOut.id };
    });
  }

  /** @throws Problem 404, 409 for an archived one, 422 for too many */
  withdraw(viewer: Viewer, assignmentId: string, request: Withdraw): Promise<Withdrawn> {
    const { includeSubmitted, dryRun, reason } = request;
    return this.database.transaction(async () => {
      refuseArchived(await this.lockOwn(viewer, assignmentId));
      const { ids, moment } = await this.choice.choose(viewer, request);
      const students = await this.students.lockReachable(viewer, ids);
      const work = await this.handOuts.lockGiven(viewer.tenantId, assignmentId, students.map(byId));
      const known = new Map(work.map((one) => [one.studentId, one]));
      const results = ids.map((studentId): WithdrawalResult => {
        const one = known.get(studentId);
        if (!one || one.isWithdrawn) return { studentId, result: 'not_given' };
        return { studentId, result: one.isSubmitted && !includeSubmitted ? 'work_submitted' : 'withdrawn' };
      });
      const withdrawn = of(results, 'withdrawn');
      if (!dryRun && withdrawn.size > 0) {
        const chosen = students.filter(({ studentId }) => withdrawn.has(studentId));
        await this.work.withdraw(viewer, assignmentId, chosen, { reason, now: moment.now });
      }
      return {
        dryRun,
        withdrawn: withdrawn.size,
        notGiven: of(results, 'not_given').size,
        rejected: of(results, 'work_submitted').size,
        results,
      };
    });
  }

  private async lockOwn(viewer: Viewer, id: string): Promise<LockedAssignment> {
    const assignment = await this.assignments.lockOwn(viewer, id);
    if (!assignment) throw Problem.notFound('assignment');
    return assignment;
  }

  private async plan(
    tenantId: string,
    assignmentId: string,
    ids: readonly string[],
    reachable: ReadonlySet<string>,
  ): Promise<HandOutResult[]> {
    const work = await this.handOuts.lockGiven(tenantId, assignmentId, [...reachable]);
    const known = new Map(work.map(({ studentId, isWithdrawn }) => [studentId, isWithdrawn]));
    return ids.map((studentId): HandOutResult => {
      if (!reachable.has(studentId)) return { studentId, result: 'student_not_found' };
      const isWithdrawn = known.get(studentId);
      if (isWithdrawn === undefined) return { studentId, result: 'given' };
      return { studentId, result: isWithdrawn ? 'restored' : 'already_given' };
    });
  }

  /** Handing out with an id that one has used before, or with a filter that one has followed, goes on with that. */
  private async enter(
    tenantId: string,
    wanted: NewHandOut,
    now: Date,
  ): Promise<{ isNew: boolean; handOut: NewHandOut }> {
    if (await this.handOuts.insert(tenantId, wanted, now)) return { isNew: true, handOut: wanted };
    const id = await this.handOuts.findEqual(tenantId, wanted);
    if (id === null) throw Problem.conflict('hand_out_id_taken', 'This id is in use.', '/id');
    return { isNew: false, handOut: { ...wanted, id } };
  }
}

/** Templates are copied, and what is over is set to nobody any more. */
function refuseClosed({ status, isTemplate }: Pick<LockedAssignment, 'status' | 'isTemplate'>): void {
  if (isTemplate) throw Problem.conflict('assignment_template', 'A template is copied and never handed out.');
  if (status === 'completed' || status === 'archived') {
    throw Problem.conflict('assignment_closed', `An assignment that is ${status} is handed out to nobody any more.`);
  }
}

const byId = ({ studentId }: { readonly studentId: string }): string => studentId;

function of<T extends string>(results: readonly { studentId: string; result: T }[], wanted: T): Set<string> {
  return new Set(results.filter(({ result }) => result === wanted).map(byId));
}
