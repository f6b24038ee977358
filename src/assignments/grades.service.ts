import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { AuditRecorder } from '../audit/audit.recorder.js';
import { Clock } from '../database/clock.js';
import { Database } from '../database/database.js';
import { type Page, type PageQuery, positionOf, toPage } from '../http/paging.js';
import { Problem } from '../http/problem.js';
import { personOf, type Viewer } from '../http/viewer.js';
import { delegationOf } from '../students/student-filter.js';
import { GradeBatchesRepository } from './grade-batches.repository.js';
import type { GradeRow } from './grade-rows.js';
import { GradeWriter, type PlannedChange } from './grade-writer.js';
import type {
  BulkOptions,
  GiveGrade,
  GiveGradesResponse,
  GradeChangeResponse,
  GradedRow,
  GradingResponse,
  RowResult,
} from './grades.dto.js';
import { type ChangedWork, GradesRepository } from './grades.repository.js';
import { decideGrade, type Grading } from './grading.js';

/** What becomes of a row: its result, and what is to be written where that is `graded`. */
interface Verdict {
  readonly asked: GradeRow;
  readonly studentId?: string;
  readonly result: RowResult;
  readonly change?: PlannedChange;
}

@Injectable()
export class GradesService {
  constructor(
    private readonly database: Database,
    private readonly grades: GradesRepository,
    private readonly batches: GradeBatchesRepository,
    private readonly writer: GradeWriter,
    private readonly audit: AuditRecorder,
    private readonly clock: Clock,
  ) {}

  /**
   * Grades one student's work. Without a version what is there is not replaced, so that of two graders the second
   * always knows of the first.
   * @throws Problem 404, 409 `grade_exists` without a version, 412 for another one, 422 `reason_required`
   */
  give(
    viewer: Viewer,
    assignmentId: string,
    studentId: string,
    request: GiveGrade,
    version?: number,
  ): Promise<GradingResponse> {
    const now = this.clock.now();
    return this.database.transaction(async () => {
      const assignment = await this.writer.lockGradable(viewer, assignmentId, now, 'submission');
      const [student] = await this.grades.listStudents(viewer, [studentId]);
      const [work] = student ? await this.grades.lockWork(viewer.tenantId, assignmentId, [studentId]) : [];
      if (!student || !work) throw Problem.notFound('submission');
      const penalties = await this.grades.listLatePenalties(viewer.tenantId, assignmentId, [studentId]);
      const latePenalty = penalties.get(work.studentId) ?? 0;
      const terms = { latePenalty, graderId: personOf(viewer), now, needsVersion: true };
      const decided = decideGrade(work, { ...request, version }, terms);
      if (decided === 'unchanged') return toResponse(assignmentId, work, work);
      if (typeof decided === 'string') throw refusals[decided]();
      const change = { work, grading: decided, instructorId: student.instructorId, reason: request.reason };
      const written = await this.writer.write(viewer, assignment, [change], { action: 'submission.graded', now });
      return toResponse(assignmentId, decided, written.get(work.studentId)!);
    });
  }

  /** Grades the work of many, in one transaction: the same rows again change nothing. A row at fault is a result. */
  giveMany(
    viewer: Viewer,
    assignmentId: string,
    rows: readonly GradeRow[],
    { dryRun, allOrNothing }: BulkOptions,
  ): Promise<GiveGradesResponse> {
    const now = this.clock.now();
    return this.database.transaction(async () => {
      const assignment = await this.writer.lockGradable(viewer, assignmentId, now);
      const verdicts = await this.judge(viewer, assignmentId, rows, now);
      const changes = verdicts.flatMap(({ change }) => change ?? []);
      const unchanged = verdicts.filter(({ result }) => result === 'unchanged').length;
      const rejected = rows.length - changes.length - unchanged;
      const applied = !dryRun && !(allOrNothing && rejected > 0);
      const batchId = applied && changes.length > 0 ? uuidv7() : null;
      if (batchId !== null) {
        await this.batches.insert(viewer, { id: batchId, assignmentId, changes: changes.length }, now);
      }
      const occasion = { action: 'submission.graded', batchId: batchId ?? undefined, now };
      const written = await this.writer.write(viewer, assignment, applied ? changes : [], occasion);
      const results = verdicts.map(({ asked, studentId, result }): GradedRow => {
        const version = written.get(studentId ?? '')?.version;
        return { row: asked.row, studentId: studentId ?? asked.studentId, pid: asked.pid, result, version };
      });
      return { dryRun, applied, batchId, graded: dryRun || applied ? changes.length : 0, unchanged, rejected, results };
    });
  }

  /** What became of a student's grade. For those who grade; students see what holds, once it is released. */
  async history(
    viewer: Viewer,
    assignmentId: string,
    studentId: string,
    query: PageQuery,
  ): Promise<Page<GradeChangeResponse>> {
    const work = await this.grades.findWork(viewer, assignmentId, studentId);
    if (!work) throw Problem.notFound('submission');
    const listing = { scope: ['grades', viewer.tenantId, assignmentId, studentId], keys: ['number'] as const };
    const position = positionOf(query, listing);
    const [rows, total] = await Promise.all([
      this.grades.listHistory(viewer.tenantId, { assignmentId, studentId }, position),
      position.page === undefined ? undefined : this.grades.countHistory(viewer.tenantId, assignmentId, studentId),
    ]);
    const after = { assignmentId, ...delegationOf(viewer, work.instructorId) };
    const entry = { action: 'grades.viewed', targetType: 'student', targetId: studentId, after };
    await this.audit.recordRead(viewer, entry);
    const page = toPage(rows, position, { listing, keysOf: (row) => [row.position], total });
    return { ...page, data: page.data.map(({ position: _, ...row }) => row) };
  }

  private async judge(viewer: Viewer, assignmentId: string, rows: readonly GradeRow[], now: Date): Promise<Verdict[]> {
    const numbers = await this.grades.listNumbers(
      viewer.tenantId,
      rows.flatMap(({ pid }) => pid ?? []),
    );
    const byPid = new Map(numbers.map(({ pid, studentId }) => [pid, studentId]));
    const ids = rows.map((row) => idOf(row, byPid));
    const students = await this.grades.listStudents(
      viewer,
      ids.flatMap((id) => id ?? []),
    );
    const byId = new Map(students.map((student) => [student.studentId, student]));
    const named = rows.map((asked, index) => ({ asked, student: byId.get(ids[index] ?? '') }));
    const rowsOf = new Map<string, number>();
    for (const { student } of named) {
      if (student) rowsOf.set(student.studentId, (rowsOf.get(student.studentId) ?? 0) + 1);
    }
    const studentIds = [...rowsOf.keys()];
    const locked = await this.grades.lockWork(viewer.tenantId, assignmentId, studentIds);
    const works = new Map(locked.map((work) => [work.studentId, work]));
    const penalties = await this.grades.listLatePenalties(viewer.tenantId, assignmentId, studentIds);

    return named.map(({ asked, student }): Verdict => {
      if (asked.fault) return { asked, result: asked.fault };
      if (!student) return { asked, result: 'student_not_found' };
      const { studentId, instructorId } = student;
      if (rowsOf.get(studentId)! > 1) return { asked, studentId, result: 'duplicate_row' };
      const work = works.get(studentId);
      if (!work) return { asked, studentId, result: 'submission_not_found' };
      const terms = { latePenalty: penalties.get(studentId) ?? 0, graderId: personOf(viewer), now };
      const decided = decideGrade(work, asked.wanted, terms);
      if (typeof decided === 'string') return { asked, studentId, result: decided };
      const change = { work, grading: decided, instructorId, reason: asked.wanted.reason };
      return { asked, studentId, result: 'graded', change };
    });
  }
}

/** Who is given by both, id and number, must be the same by both. */
function idOf({ studentId, pid }: GradeRow, byPid: ReadonlyMap<string, string>): string | undefined {
  if (pid === undefined) return studentId;
  const id = byPid.get(pid);
  return studentId === undefined || studentId === id ? id : undefined;
}

const refusals = {
  version_mismatch: () => Problem.versionMismatch(),
  grade_exists: () =>
    Problem.conflict(
      'grade_exists',
      'There is a grade or feedback already. Send the version you have read in If-Match.',
    ),
  reason_required: () => Problem.unprocessable('reason_required', 'Say why a grade that was given changes.', '/reason'),
} as const;

export function toResponse(
  assignmentId: string,
  { grade, penalty: gradePenalty, feedback, exemption }: Grading,
  { studentId, score, status, gradedAt, version }: ChangedWork,
): GradingResponse {
  return { assignmentId, studentId, grade, gradePenalty, score, feedback, exemption, status, gradedAt, version };
}
