import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import { ProgressRepository } from '../students/progress.repository.js';
import type { ExemptedStudent, SetExemption, SetExemptions, SetExemptionsResponse } from './exemptions.dto.js';
import type { LockedAssignment } from './assignments.repository.js';
import { GradeWriter } from './grade-writer.js';
import type { GradingResponse } from './grades.dto.js';
import { GradesRepository } from './grades.repository.js';
import { toResponse } from './grades.service.js';
import { gradingOf, type LockedWork } from './grading.js';

/** Work that a student need not do, or that does not count. */
@Injectable()
export class ExemptionsService {
  constructor(
    private readonly database: Database,
    private readonly grades: GradesRepository,
    private readonly progress: ProgressRepository,
    private readonly writer: GradeWriter,
    private readonly clock: Clock,
  ) {}

  /** @param version of the submission that the client has read; undefined where it does not mind */
  async set(
    viewer: Viewer,
    assignmentId: string,
    studentId: string,
    request: SetExemption,
    version?: number,
  ): Promise<GradingResponse> {
    return this.database.transaction(async () => {
      const id = studentId.toLowerCase();
      const options = { ...request, studentIds: [id], dryRun: false, allOrNothing: false };
      const now = this.clock.now();
      const assignment = await this.writer.lockGradable(viewer, assignmentId, now, 'submission');
      const { works } = await this.write(viewer, assignment, options, { now, version });
      const work = works.get(id);
      if (!work) throw Problem.notFound('submission');
      return toResponse(assignmentId, work, work);
    });
  }

  /** The same for many, with a result for each. */
  setMany(viewer: Viewer, assignmentId: string, request: SetExemptions): Promise<SetExemptionsResponse> {
    return this.database.transaction(async () => {
      const now = this.clock.now();
      const assignment = await this.writer.lockGradable(viewer, assignmentId, now);
      return (await this.write(viewer, assignment, request, { now })).response;
    });
  }

  private async write(
    viewer: Viewer,
    assignment: LockedAssignment,
    { studentIds, exemption, reason, dryRun, allOrNothing }: SetExemptions,
    { now, version }: { now: Date; version?: number },
  ): Promise<{ response: SetExemptionsResponse; works: ReadonlyMap<string, LockedWork> }> {
    const { tenantId } = viewer;
    const wanted = [...new Set(studentIds.map((id) => id.toLowerCase()))];
    const students = new Map(
      (await this.grades.listStudents(viewer, wanted)).map((student) => [student.studentId, student]),
    );
    await this.progress.lock(tenantId, [...students.keys()]);
    const locked = await this.grades.lockWork(tenantId, assignment.id, [...students.keys()]);
    const works = new Map(locked.map((work) => [work.studentId, work]));
    const results = wanted.map((studentId): ExemptedStudent => {
      const work = works.get(studentId);
      if (!work) return { studentId, result: students.has(studentId) ? 'submission_not_found' : 'student_not_found' };
      return { studentId, result: work.exemption === exemption ? 'unchanged' : 'changed' };
    });
    const changing = locked.filter((work) => work.exemption !== exemption);
    if (version !== undefined && changing.some((work) => work.version !== version)) throw Problem.versionMismatch();
    const unchanged = locked.length - changing.length;
    const rejected = wanted.length - locked.length;
    const applied = !dryRun && !(allOrNothing && rejected > 0);
    if (applied && changing.length > 0) {
      const changes = changing.map((work) => {
        const { instructorId } = students.get(work.studentId)!;
        return { work, grading: { ...gradingOf(work), exemption }, instructorId, reason };
      });
      const written = await this.writer.write(viewer, assignment, changes, { action: 'submission.exempted', now });
      for (const work of changing) works.set(work.studentId, { ...work, exemption, ...written.get(work.studentId)! });
      const ids = changing.map(({ studentId }) => studentId);
      await this.progress.refreshAssignments(tenantId, ids, now);
    }
    const changed = dryRun || applied ? changing.length : 0;
    return { response: { dryRun, applied, changed, unchanged, rejected, results }, works };
  }
}
