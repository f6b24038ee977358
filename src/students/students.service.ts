import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Cache } from '../cache/cache.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { declareConstraint, Problem } from '../http/problem.js';
import { Viewer } from '../http/viewer.js';
import { StudentChoice } from './student-choice.service.js';
import { delegationOf } from './student-filter.js';
import {
  AssignInstructor,
  AssignStudents,
  AssignStudentsResponse,
  ChangeStudent,
  StudentGoals,
} from './students.dto.js';
import { StudentsRepository } from './students.repository.js';

declareConstraint('student_progress__instructor_department_check', {
  status: 422,
  code: 'instructor_department_mismatch',
  detail: "The instructor must belong to the student's department or to one above it.",
});

@Injectable()
export class StudentsService {
  constructor(
    private readonly database: Database,
    private readonly students: StudentsRepository,
    private readonly choice: StudentChoice,
    private readonly audit: AuditRecorder,
    private readonly cache: Cache,
    private readonly clock: Clock,
  ) {}

  /** @param version of the goals that the client has read; undefined where it does not mind */
  async changeGoals(viewer: Viewer, studentId: string, change: ChangeStudent, version?: number): Promise<StudentGoals> {
    return this.database.transaction(async () => {
      const locked = await this.students.lockGoals(viewer, studentId);
      if (!locked) throw Problem.notFound('student');
      const { instructorId, ...before } = locked;
      if (version !== undefined && version !== before.version) throw Problem.versionMismatch();
      const { targetScore = before.targetScore, targetOn = before.targetOn } = change;
      const after = await this.students.updateGoals(viewer.tenantId, { id: studentId, targetScore, targetOn });
      await this.audit.record(viewer, {
        action: 'student.goals_changed',
        targetType: 'student',
        targetId: studentId,
        before,
        after: { ...after, ...delegationOf(viewer, instructorId) },
      });
      await this.database.afterCommit(() => this.cache.bump([`student:${studentId}`]));
      return after;
    });
  }

  /** One student; refusals are problems. */
  async assignOne(viewer: Viewer, studentId: string, { instructorId, reason }: AssignInstructor): Promise<void> {
    const { results } = await this.assign(viewer, {
      studentIds: [studentId],
      instructorId,
      reason,
      dryRun: false,
      allOrNothing: false,
    });
    const { result } = results[0]!;
    if (result === 'student_not_found') throw Problem.notFound('student');
    if (result === 'instructor_department_mismatch') {
      const detail = "The instructor must belong to the student's department or to one above it.";
      throw Problem.unprocessable(result, detail, '/instructorId');
    }
  }

  async assign(asked: Viewer, request: AssignStudents): Promise<AssignStudentsResponse> {
    const { instructorId, dryRun, allOrNothing, reason } = request;
    // a substitute does what the instructor could, and no instructor can give students away
    const viewer = { ...asked, rosters: undefined };
    return this.database.transaction(async () => {
      if (!(await this.students.mayAssign(viewer))) {
        throw new Problem(403, 'assigning_denied', { detail: 'Your profile does not let you assign students.' });
      }
      const { ids, moment } = await this.choice.choose(viewer, request);
      const department = viewer.role === 'supervisor' ? viewer.departmentId : null;
      if (instructorId !== null && !(await this.students.isInstructor(viewer.tenantId, instructorId, department))) {
        throw Problem.unprocessable('instructor_not_found', 'There is no such active instructor.', '/instructorId');
      }
      const plan = await this.students.planAssignment(viewer, ids, instructorId);
      const chosen = plan.filter(({ result }) => result === 'assigned');
      const count = (...kinds: string[]): number => plan.filter(({ result }) => kinds.includes(result)).length;
      const rejected = count('student_not_found', 'instructor_department_mismatch');
      const applies = !dryRun && chosen.length > 0 && !(allOrNothing && rejected > 0);
      if (applies) {
        const moved = chosen.map(({ studentId }) => studentId);
        const assignments = moved.map((studentId) => ({ studentId, instructorId }));
        await this.students.assign(viewer.tenantId, assignments, { now: this.clock.now(), today: moment.today });
        await this.audit.record(
          viewer,
          chosen.map(({ studentId, formerInstructorId }) => ({
            action: 'student.reassigned',
            targetType: 'student',
            targetId: studentId,
            before: { instructorId: formerInstructorId },
            after: { instructorId },
            reason,
          })),
        );
        const rosters = new Set([instructorId, ...chosen.map(({ formerInstructorId }) => formerInstructorId)]);
        const tags = [
          `tenant:${viewer.tenantId}`,
          ...[...rosters].map((id) => `roster:${id}`),
          ...moved.map((id) => `student:${id}`),
        ];
        await this.database.afterCommit(() => this.cache.bump(tags));
      }
      return {
        dryRun,
        assigned: dryRun || applies ? chosen.length : 0,
        unchanged: count('unchanged'),
        rejected,
        results: plan.map(({ studentId, result }) => ({ studentId, result })),
      };
    });
  }
}
