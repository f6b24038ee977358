import { Injectable } from '@nestjs/common';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import type { Viewer } from '../http/viewer.js';
import type { GradeBatchResponse, UndoneChange, UndoResponse } from './grade-batches.dto.js';
import { type BatchChange, GradeBatchesRepository } from './grade-batches.repository.js';
import { GradeWriter, type PlannedChange } from './grade-writer.js';
import { GradesRepository } from './grades.repository.js';
import type { Grading, LockedWork } from './grading.js';

/** Grades that were given together, taken back together. */
@Injectable()
export class GradeUndo {
  constructor(
    private readonly database: Database,
    private readonly batches: GradeBatchesRepository,
    private readonly grades: GradesRepository,
    private readonly writer: GradeWriter,
    private readonly clock: Clock,
  ) {}

  async list(viewer: Viewer, query: PageQuery): Promise<Page<GradeBatchResponse>> {
    const listing = { scope: ['grade-batches', viewer.userId], keys: ['instant', 'id'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.batches.list(viewer, position),
      position.page === undefined ? undefined : this.batches.count(viewer),
    ]);
    return toPage(rows, position, { listing, keysOf: ({ createdAt, id }) => [createdAt, id], total });
  }

  /**
   * Makes the work of a batch what it was before, where nobody has graded it since, and within the students whom the
   * viewer may grade. Again it changes nothing.
   * @throws Problem 404, and 409 `grade_batch_expired` a day after
   */
  undo(viewer: Viewer, id: string): Promise<UndoResponse> {
    const { tenantId } = viewer;
    const now = this.clock.now();
    return this.database.transaction(async () => {
      const batch = await this.batches.find(tenantId, id);
      const reached = batch ? await this.batches.listChanges(viewer, id) : [];
      if (!batch || reached.length === 0) throw Problem.notFound('grade_batch');
      if (new Date(batch.undoableUntil) < now) {
        throw Problem.conflict('grade_batch_expired', 'Grades can be taken back together for 24 hours.');
      }
      const assignment = await this.writer.lockGradable(viewer, batch.assignmentId, now, 'grade_batch');
      const studentIds = reached.map(({ studentId }) => studentId);
      const locked = await this.grades.lockWork(tenantId, batch.assignmentId, studentIds);
      const works = new Map(locked.map((work) => [work.studentId, work]));
      const changes: PlannedChange[] = [];
      // once more, behind the lock: somebody else may have taken it back meanwhile
      const results = (await this.batches.listChanges(viewer, id)).map((change): UndoneChange => {
        const { studentId, instructorId } = change;
        const work = works.get(studentId);
        if (!work) return { studentId, result: 'submission_not_found' };
        if (change.isUndone) return { studentId, result: 'already_undone' };
        if (!isStill(work, change)) return { studentId, result: 'changed_since' };
        changes.push({ work, grading: before(work, change), instructorId, undoesId: change.id });
        return { studentId, result: 'undone' };
      });
      await this.writer.write(viewer, assignment, changes, { action: 'submission.grade_undone', now });
      if (changes.length > 0) await this.batches.markUndone(tenantId, id, now);
      return { undone: changes.length, results };
    });
  }
}

function isStill(work: LockedWork, change: BatchChange): boolean {
  return (
    work.grade === change.toGrade &&
    work.penalty === change.toPenalty &&
    work.feedback === change.toFeedback &&
    work.gradedAt === change.toGradedAt
  );
}

function before({ exemption }: LockedWork, change: BatchChange): Grading {
  return {
    grade: change.fromGrade,
    penalty: change.fromPenalty,
    feedback: change.fromFeedback,
    gradedAt: change.fromGradedAt,
    gradedBy: change.fromGradedBy,
    exemption,
  };
}
