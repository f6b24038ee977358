import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Viewer } from '../http/viewer.js';
import { scopePredicate } from '../students/student-filter.js';
import type { AttemptResponse } from './attempts.dto.js';
import { shownTo } from './submission-list.repository.js';
import type { SubmissionKey } from './submission-scores.repository.js';

/** How far a student has come, as it is once the submission is locked. */
export interface WorkState {
  readonly attemptsSubmitted: number;
  readonly openAttemptId: string | null;
  readonly isPassed: boolean;
  readonly isClosed: boolean;
}

export interface FoundAttempt extends AttemptResponse {
  readonly assignmentStatus: string;
  readonly instructorId: string | null;
}

const attemptColumns = (viewer: Viewer): string => `t.id, t.assignment_id as "assignmentId",
  t.student_id as "studentId", t.number, t.source, t.started_at as "startedAt", t.saved_at as "savedAt",
  t.submitted_at as "submittedAt", case when ${shownTo(viewer)} then t.score end as score,
  t.late_seconds as "lateSeconds", t.penalty, t.time_spent_seconds as "timeSpentSeconds",
  t.session_ids as "sessionIds", t.content`;

@Injectable()
export class AttemptsRepository {
  constructor(private readonly database: Database) {}

  /** One of a student whom the viewer has, on work that was not withdrawn. */
  find(viewer: Viewer, id: string): Promise<FoundAttempt | null> {
    const { sql, parameters } = scopePredicate(viewer);
    return this.database.maybeOne<FoundAttempt>(
      `-- assignments.findAttempt
      select ${attemptColumns(viewer)}, a.status as "assignmentStatus", p.instructor_id as "instructorId"
      from attempts t
      join assignments a on a.tenant_id = $1 and a.id = t.assignment_id
      join submissions s on s.tenant_id = $1 and s.assignment_id = t.assignment_id and s.student_id = t.student_id
      join student_progress p on p.tenant_id = $1 and p.student_id = t.student_id
      where t.tenant_id = $1 and ${sql} and t.id = $${parameters.push(id)}
        and p.is_active and s.withdrawn_at is null`,
      parameters,
    );
  }

  /** The newest 100, oldest first. The caller has found the submission within the viewer's reach. */
  listOf(viewer: Viewer, { assignmentId, studentId }: SubmissionKey): Promise<AttemptResponse[]> {
    return this.database.read().many<AttemptResponse>(
      `-- assignments.listAttempts
      select ${attemptColumns(viewer)}
      from (
        select * from attempts where tenant_id = $1 and assignment_id = $2 and student_id = $3
        order by number desc limit 100
      ) t
      join assignments a on a.tenant_id = $1 and a.id = t.assignment_id
      order by t.number`,
      [viewer.tenantId, assignmentId, studentId],
    );
  }

  /** Holds everybody off who changes this work. @returns false where it is not set to this student */
  async lockSubmission(tenantId: string, { assignmentId, studentId }: SubmissionKey): Promise<boolean> {
    const locked = await this.database.maybeOne(
      `-- assignments.lockSubmission
      select from submissions
      where tenant_id = $1 and assignment_id = $2 and student_id = $3 and withdrawn_at is null
      for no key update`,
      [tenantId, assignmentId, studentId],
    );
    return locked !== null;
  }

  /** Asked after the lock, because only a new statement sees what others have done before it. */
  getWork(tenantId: string, { assignmentId, studentId }: SubmissionKey, now: Date): Promise<WorkState> {
    return this.database.one<WorkState>(
      `-- assignments.getWork
      select s.attempts_submitted as "attemptsSubmitted",
        open.id as "openAttemptId", coalesce(s.score >= coalesce(a.target_score, z.pass_mark), false) as "isPassed",
        coalesce(w.closes_at < $4, false) as "isClosed"
      from submissions s
      join assignments a on a.tenant_id = $1 and a.id = $2
      join tenants z on z.id = $1
      left join work_at($1, $4) w on w.assignment_id = $2 and w.student_id = $3
      left join attempts open
        on open.tenant_id = $1 and open.assignment_id = $2 and open.student_id = $3 and open.submitted_at is null
      where s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = $3`,
      [tenantId, assignmentId, studentId, now],
    );
  }

  /** The next one, open. @returns its number; null when the id is taken */
  async insert(
    tenantId: string,
    { id, assignmentId, studentId, source }: SubmissionKey & { readonly id: string; readonly source: string },
    now: Date,
  ): Promise<number | null> {
    const made = await this.database.maybeOne<{ number: number }>(
      `-- assignments.insertAttempt
      insert into attempts (tenant_id, id, assignment_id, student_id, number, source, started_at)
      select $1, $2, $3, $4, coalesce(max(number), 0) + 1, $5, $6
      from attempts where tenant_id = $1 and assignment_id = $3 and student_id = $4
      on conflict (tenant_id, id) do nothing
      returning number`,
      [tenantId, id, assignmentId, studentId, source, now],
    );
    return made?.number ?? null;
  }

  /** What is undefined stays. @returns false when it has been submitted */
  async save(
    tenantId: string,
    { id, content, timeSpentSeconds }: { id: string; content?: object | null; timeSpentSeconds?: number },
    now: Date,
  ): Promise<boolean> {
    const saved = await this.database.run(
      `-- assignments.saveAttempt
      update attempts
      set content = case when $3 then $4 else content end,
        time_spent_seconds = coalesce($5, time_spent_seconds), saved_at = $6
      where tenant_id = $1 and id = $2 and submitted_at is null`,
      [tenantId, id, content !== undefined, content ?? null, timeSpentSeconds ?? null, now],
    );
    return saved > 0;
  }

  /** Hands an open one in, late where it is. The caller holds the lock of the submission. */
  async submit(tenantId: string, id: string, score: number | null, now: Date): Promise<void> {
    await this.database.run(
      `-- assignments.submitAttempt
      update attempts t
      -- another process, which began it, may have a clock that is ahead
      set submitted_at = greatest($4, t.started_at), score = $3, late_seconds = late_seconds(s.effective_due_at, $4),
        penalty = late_penalty(
          a.late_penalty, a.late_penalty_limit, a.late_grace_seconds, s.effective_due_at, $4, z.time_zone
        )
      from submissions s, assignments a, tenants z
      where t.tenant_id = $1 and t.id = $2 and t.submitted_at is null
        and s.tenant_id = $1 and s.assignment_id = t.assignment_id and s.student_id = t.student_id
        and a.tenant_id = $1 and a.id = t.assignment_id and z.id = $1`,
      [tenantId, id, score, now],
    );
  }
}
