import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { type Moment, TenantsService } from '../org/tenants.service.js';
import { StudentChoice } from '../students/student-choice.service.js';
import { StudentsRepository } from '../students/students.repository.js';
import { InterventionRecord } from './intervention-record.js';
import {
  Intervention,
  OpenedInterventions,
  OpenIntervention,
  OpeningResult,
  OpenInterventions,
} from './interventions.dto.js';
import { type OpenedCase, type OpeningTerms, InterventionsRepository } from './interventions.repository.js';
import { alreadyOpen, ownerUnsuitable, refusePast, shown } from './interventions.service.js';

/** One transaction writes them all, and holds the locks of the students meanwhile. */
const mostOpened = 1_000;

/** New cases: of one student, or of many. */
@Injectable()
export class InterventionOpenings {
  constructor(
    private readonly database: Database,
    private readonly interventions: InterventionsRepository,
    private readonly students: StudentsRepository,
    private readonly choice: StudentChoice,
    private readonly record: InterventionRecord,
    private readonly tenants: TenantsService,
  ) {}

  /** @throws Problem 404, 409 where there is one that names it, 422 for who cannot own it and for a day that is past */
  open(viewer: Viewer, request: OpenIntervention): Promise<Intervention> {
    return this.database.transaction(async () => {
      const moment = await this.tenants.moment(viewer.tenantId);
      const terms = termsOf(viewer, request, moment.today);
      const studentId = request.studentId.toLowerCase();
      const [planned] = await this.plan(viewer, [studentId], terms, moment);
      const { result, interventionId } = planned!;
      if (result === 'student_not_found') throw Problem.notFound('student');
      if (result === 'open_already') throw alreadyOpen(interventionId!);
      if (result === 'owner_unsuitable') throw ownerUnsuitable();
      if (result === 'student_not_flagged') {
        throw Problem.conflict(result, 'The student is not at risk; open the case by hand.', '/origin');
      }
      const [opened] = await this.write(viewer, [studentId], terms, moment);
      return shown((await this.interventions.find(viewer, opened!.id, moment.today))!);
    });
  }

  async openMany(viewer: Viewer, request: OpenInterventions): Promise<OpenedInterventions> {
    const { studentIds, filter, segmentId, dryRun, allOrNothing } = request;
    return this.database.transaction(async () => {
      const { ids, moment } = await this.choice.choose(viewer, { studentIds, filter, segmentId });
      if (ids.length > mostOpened) {
        const detail = `This means more than ${mostOpened} students; narrow it.`;
        throw Problem.unprocessable('selection_too_large', detail, filter ? '/filter' : '/segmentId');
      }
      const terms = termsOf(viewer, request, moment.today);
      const planned = await this.plan(viewer, ids, terms, moment);
      const chosen = planned.filter(({ result }) => result === 'opened').map(({ studentId }) => studentId);
      const unchanged = planned.filter(({ result }) => result === 'open_already').length;
      const rejected = planned.length - chosen.length - unchanged;
      const applies = !dryRun && !(allOrNothing && rejected > 0);
      const opened = applies ? await this.write(viewer, chosen, terms, moment) : [];
      const made = new Map(opened.map(({ id, studentId }) => [studentId, id]));
      return {
        dryRun,
        opened: dryRun || applies ? chosen.length : 0,
        unchanged,
        rejected,
        results: planned.map(({ interventionId, ...one }) => ({
          ...one,
          interventionId: interventionId ?? made.get(one.studentId),
        })),
      };
    });
  }

  /** The students are locked first, so that of two who open at the same time the second finds what the first opened. */
  private async plan(
    viewer: Viewer,
    studentIds: readonly string[],
    terms: OpeningTerms,
    { now }: Moment,
  ): Promise<OpeningResult[]> {
    const locked = await this.students.lockReachable(viewer, studentIds);
    const reachable = locked.map(({ studentId }) => studentId);
    const plan = await this.interventions.planOpening(viewer.tenantId, reachable, terms, now);
    const planned = new Map(plan.map((one) => [one.studentId, one]));
    return studentIds.map((studentId) => {
      const { result = 'student_not_found', interventionId } = planned.get(studentId) ?? {};
      return { studentId, result, interventionId: interventionId ?? undefined };
    });
  }

  private async write(
    viewer: Viewer,
    studentIds: readonly string[],
    terms: OpeningTerms,
    moment: Moment,
  ): Promise<OpenedCase[]> {
    const cases = studentIds.map((studentId) => ({ id: uuidv7(), studentId }));
    const opened = await this.interventions.insert(viewer, cases, terms, moment);
    const { ownerId, dueOn } = terms;
    await this.record.happened(
      viewer,
      opened.map(({ id, origin, ...student }) => ({
        after: { ...student, status: 'open', ownerId, dueOn, origin },
        entry: {
          id: uuidv7(),
          interventionId: id,
          actorId: viewer.userId,
          kind: 'opened',
          note: '',
          details: { origin },
        },
      })),
      { event: 'opened', now: moment.now },
    );
    return opened;
  }
}

/** @throws Problem 422 */
function termsOf(viewer: Viewer, request: OpenIntervention | OpenInterventions, today: string): OpeningTerms {
  const { ownerId = viewer.userId, origin = null, reason = '', action = null, dueOn = null } = request;
  refusePast(dueOn, today);
  return { ownerId: ownerId.toLowerCase(), origin, reason, action, dueOn };
}
