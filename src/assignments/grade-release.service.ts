import { Injectable } from '@nestjs/common';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { assignmentsTag } from './assignment-reads.js';
import { AssignmentsRepository } from './assignments.repository.js';
import { GradeWriter, refuseUngradable } from './grade-writer.js';
import type { GradeReleaseResponse } from './grades.dto.js';
import { GradesRepository } from './grades.repository.js';

/** From when on students see the scores, grades and feedback of an assignment. */
@Injectable()
export class GradeRelease {
  constructor(
    private readonly database: Database,
    private readonly assignments: AssignmentsRepository,
    private readonly grades: GradesRepository,
    private readonly writer: GradeWriter,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 404 for what is not the viewer's own, 409 where grades are released as they are given */
  set(viewer: Viewer, assignmentId: string, isReleased: boolean): Promise<GradeReleaseResponse> {
    const { tenantId } = viewer;
    const now = this.clock.now();
    return this.database.transaction(async () => {
      const assignment = await this.assignments.lockForChange(viewer, assignmentId);
      if (!assignment) throw Problem.notFound('assignment');
      refuseUngradable(assignment);
      if (assignment.gradeRelease === 'automatic') {
        throw Problem.conflict('grade_release_automatic', 'Grades of this assignment are shown as they are given.');
      }
      const { gradesReleasedAt, version } = assignment;
      if ((gradesReleasedAt !== null) === isReleased) return { assignmentId, gradesReleasedAt, version };
      const after = await this.grades.updateRelease(tenantId, assignmentId, isReleased ? now : null, now);
      await this.audit.record(viewer, {
        action: isReleased ? 'assignment.grades_released' : 'assignment.grades_hidden',
        targetType: 'assignment',
        targetId: assignmentId,
        before: { gradesReleasedAt },
        after: { gradesReleasedAt: after.gradesReleasedAt },
      });
      const work = await this.grades.listReleased(tenantId, assignmentId);
      if (isReleased) {
        const graded = work.filter(({ isGraded }) => isGraded).map(({ studentId }) => studentId);
        await this.writer.announce(tenantId, assignmentId, graded);
      }
      // whoever owns it need not have any of these students
      await this.writer.bump(tenantId, work, assignmentsTag(tenantId));
      return { assignmentId, ...after };
    });
  }
}
