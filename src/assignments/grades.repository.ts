import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { scopePredicate } from '../students/student-filter.js';
import type { AffectedStudent } from './affected-students.js';
import type { GradeChangeResponse } from './grades.dto.js';
import type { Grading, LockedWork } from './grading.js';

/** What becomes of one student's work; what it was is read where it is written. */
export interface GradeChange extends Grading {
  readonly id: string;
  readonly studentId: string;
  readonly reason: string | null;
  readonly undoesId: string | null;
}

export interface ChangedWork {
  readonly studentId: string;
  readonly gradedAt: string | null;
  readonly score: number | null;
  readonly status: string;
  readonly version: number;
}

export interface ReleasedWork extends AffectedStudent {
  readonly isGraded: boolean;
}

@Injectable()
export class GradesRepository {
  constructor(private readonly database: Database) {}

  /** Whose these numbers are, whether the viewer may see them or not: only together with `listStudents`. */
  listNumbers(tenantId: string, pids: readonly string[]): Promise<{ studentId: string; pid: string }[]> {
    return this.database.many<{ studentId: string; pid: string }>(
      `-- assignments.listNumbers
      select id as "studentId", pid from users where tenant_id = $1 and pid = any ($2)`,
      [tenantId, pids],
    );
  }

  /** Of these, the active students whom the viewer may see. */
  listStudents(viewer: Viewer, studentIds: readonly string[]): Promise<AffectedStudent[]> {
    const { sql, parameters } = scopePredicate(viewer);
    return this.database.many<AffectedStudent>(
      `-- assignments.listGradedStudents
      select p.student_id as "studentId", p.instructor_id as "instructorId" from student_progress p
      where p.tenant_id = $1 and p.student_id = any ($${parameters.push(studentIds)}::uuid[]) and p.is_active and ${sql}`,
      parameters,
    );
  }

  /** The work of these students on an assignment, locked; what was withdrawn is not there. */
  lockWork(tenantId: string, assignmentId: string, studentIds: readonly string[]): Promise<LockedWork[]> {
    return this.database.many<LockedWork>(
      `-- assignments.lockWork
      select student_id as "studentId", grade, grade_penalty as penalty, feedback, exemption, graded_at as "gradedAt",
        graded_by as "gradedBy", score, status, version,
        coalesce(graded_at < last_submitted_at, false) as "isResubmitted"
      from submissions
      where tenant_id = $1 and assignment_id = $2 and student_id = any ($3) and withdrawn_at is null
      order by student_id for no key update`,
      [tenantId, assignmentId, studentIds],
    );
  }

  /** What being late with the last submitted attempt costs, per cent. A statement of its own, to read behind the lock. */
  async listLatePenalties(
    tenantId: string,
    assignmentId: string,
    studentIds: readonly string[],
  ): Promise<ReadonlyMap<string, number>> {
    const rows = await this.database.many<{ studentId: string; penalty: number }>(
      `-- assignments.listLatePenalties
      select distinct on (student_id) student_id as "studentId", penalty from attempts
      where tenant_id = $1 and assignment_id = $2 and student_id = any ($3) and submitted_at is not null
      order by student_id, submitted_at desc, number desc`,
      [tenantId, assignmentId, studentIds],
    );
    return new Map(rows.map(({ studentId, penalty }) => [studentId, penalty]));
  }

  /** Writes what becomes of work that is locked, and its history. */
  write(
    viewer: Viewer,
    assignmentId: string,
    changes: readonly GradeChange[],
    { batchId, now }: { batchId: string | null; now: Date },
  ): Promise<ChangedWork[]> {
    return this.database.many<ChangedWork>(
      `-- assignments.writeGrades
      with change as (
        select * from jsonb_to_recordset($3::jsonb) as new (id uuid, "studentId" uuid, grade numeric, penalty numeric,
          feedback text, exemption text, "gradedAt" timestamptz, "gradedBy" uuid, reason text, "undoesId" uuid)
      ), history as (
        insert into grade_changes (tenant_id, id, assignment_id, student_id, from_grade, to_grade, from_penalty,
          to_penalty, from_feedback, to_feedback, from_exemption, to_exemption, from_graded_at, to_graded_at,
          from_graded_by, to_graded_by, reason, batch_id, undoes_id, actor_id, actor_role, created_at)
        select $1, c.id, $2, c."studentId", s.grade, c.grade, s.grade_penalty, c.penalty, s.feedback, c.feedback,
          s.exemption, c.exemption, s.graded_at, c."gradedAt", s.graded_by, c."gradedBy", c.reason, $4, c."undoesId",
          $5, $6, $7
        from change c
        join submissions s on s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = c."studentId"
      )
      update submissions s
      set grade = c.grade, grade_penalty = c.penalty, feedback = c.feedback, exemption = c.exemption,
        graded_at = c."gradedAt", graded_by = c."gradedBy", version = s.version + 1, updated_at = $7
      from change c
      where s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = c."studentId"
      returning s.student_id as "studentId", s.graded_at as "gradedAt", s.score, s.status, s.version`,
      [viewer.tenantId, assignmentId, JSON.stringify(changes), batchId, viewer.userId, viewer.role, now],
    );
  }

  /** Whether there is such work, not withdrawn, of a student whom the viewer may see; and whose student that is. */
  findWork(viewer: Viewer, assignmentId: string, studentId: string): Promise<{ instructorId: string | null } | null> {
    const { sql, parameters } = scopePredicate(viewer);
    return this.database.read().maybeOne<{ instructorId: string | null }>(
      `-- assignments.findWork
      select p.instructor_id as "instructorId" from student_progress p
      join submissions s on s.tenant_id = $1 and s.assignment_id = $${parameters.push(assignmentId)}
        and s.student_id = p.student_id and s.withdrawn_at is null
      where p.tenant_id = $1 and p.student_id = $${parameters.push(studentId)} and p.is_active and ${sql}`,
      parameters,
    );
  }

  /** Latest first; `after` is the position of the last one of the page before. */
  listHistory(
    tenantId: string,
    { assignmentId, studentId }: { assignmentId: string; studentId: string },
    { limit, offset, after }: Position,
  ): Promise<(GradeChangeResponse & { readonly position: number })[]> {
    return this.database.read().many<GradeChangeResponse & { readonly position: number }>(
      `-- assignments.listGradeChanges
      select c.id, c.position, c.created_at as "createdAt", c.actor_id as "actorId", c.actor_role as "actorRole",
        coalesce(u.name, v.name) as "actorName", c.reason, c.batch_id as "batchId", c.undoes_id as "undoesId",
        exists (select from grade_changes o where o.tenant_id = $1 and o.undoes_id = c.id) as "isUndone",
        json_build_object('grade', c.from_grade, 'gradePenalty', c.from_penalty, 'feedback', c.from_feedback,
          'exemption', c.from_exemption) as "from",
        json_build_object('grade', c.to_grade, 'gradePenalty', c.to_penalty, 'feedback', c.to_feedback,
          'exemption', c.to_exemption) as "to"
      from grade_changes c
      left join users u on u.tenant_id = $1 and u.id = c.actor_id
      left join services v on v.tenant_id = $1 and v.id = c.actor_id
      where c.tenant_id = $1 and c.assignment_id = $2 and c.student_id = $3
        and ($4::numeric is null or c.position < $4)
      order by c.position desc limit $5 offset $6`,
      [tenantId, assignmentId, studentId, after?.[0] ?? null, limit + 1, offset],
    );
  }

  async countHistory(tenantId: string, assignmentId: string, studentId: string): Promise<number> {
    const { count } = await this.database.read().one<{ count: number }>(
      `-- assignments.countGradeChanges
      select count(*) as count from grade_changes where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
      [tenantId, assignmentId, studentId],
    );
    return count;
  }

  /** Shows grades to students from `releasedAt` on, or, with null, no longer. */
  updateRelease(
    tenantId: string,
    assignmentId: string,
    releasedAt: Date | null,
    now: Date,
  ): Promise<{ gradesReleasedAt: string | null; version: number }> {
    return this.database.one<{ gradesReleasedAt: string | null; version: number }>(
      `-- assignments.updateGradeRelease
      update assignments set grades_released_at = $3, version = version + 1, updated_at = $4
      where tenant_id = $1 and id = $2
      returning grades_released_at as "gradesReleasedAt", version`,
      [tenantId, assignmentId, releasedAt, now],
    );
  }

  /** Everybody who has work on an assignment, and whether it was graded. */
  listReleased(tenantId: string, assignmentId: string): Promise<ReleasedWork[]> {
    return this.database.many<ReleasedWork>(
      `-- assignments.listReleasedWork
      select s.student_id as "studentId", p.instructor_id as "instructorId", s.graded_at is not null as "isGraded"
      from submissions s join student_progress p on p.tenant_id = $1 and p.student_id = s.student_id
      where s.tenant_id = $1 and s.assignment_id = $2 and s.withdrawn_at is null
      order by s.student_id`,
      [tenantId, assignmentId],
    );
  }
}
