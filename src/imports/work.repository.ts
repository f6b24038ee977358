import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** Instants are ISO 8601. Nothing of it is news when it arrives: it is published, and opened once it is available. */
export interface AssignmentRow {
  readonly id: string;
  /** Null: the organisation's own. */
  readonly ownerId: string | null;
  readonly title: string;
  readonly description: string;
  readonly category: string | null;
  readonly tags: readonly string[];
  readonly priority: 'low' | 'normal' | 'high' | 'urgent';
  readonly estimatedDurationSeconds: number | null;
  /** In the order of practice. */
  readonly moduleIds: readonly string[];
  readonly targetScore: number | null;
  readonly maxAttempts: number | null;
  readonly attemptPolicy: 'best' | 'last' | 'mean';
  readonly weight: number;
  readonly needsGrading: boolean;
  readonly gradeRelease: 'automatic' | 'manual';
  readonly gradesReleasedAt: string | null;
  readonly latePenalty: number;
  readonly latePenaltyLimit: number;
  readonly availableFrom: string;
  readonly dueAt: string | null;
  readonly status: 'draft' | 'active' | 'completed';
  readonly isTemplate: boolean;
  readonly createdAt: string;
}

export interface AttemptRow {
  readonly id: string;
  readonly source: 'student' | 'sessions' | 'import';
  readonly content?: Readonly<Record<string, unknown>>;
  readonly startedAt: string;
  /** Null: still open. */
  readonly submittedAt: string | null;
  readonly score: number | null;
  /** Per cent taken off for being late. */
  readonly penalty: number;
  readonly timeSpentSeconds: number;
  readonly sessionIds: readonly string[];
}

/** One student's work on one assignment, with what its attempts come to. */
export interface SubmissionRow {
  readonly assignmentId: string;
  readonly studentId: string;
  readonly assignedAt: string;
  readonly withdrawnAt: string | null;
  readonly exemption: 'excused' | 'exempt' | null;
  readonly extendedUntil: string | null;
  readonly extensionReason: string | null;
  readonly startedAt: string | null;
  readonly firstSubmittedAt: string | null;
  readonly lastSubmittedAt: string | null;
  readonly isCompletedBySessions: boolean;
  readonly attemptsStarted: number;
  readonly attemptsSubmitted: number;
  readonly totalTimeSeconds: number;
  readonly attemptScore: number | null;
  readonly grade: number | null;
  readonly gradePenalty: number;
  readonly feedback: string | null;
  readonly gradedAt: string | null;
  readonly gradedBy: string | null;
  readonly attempts: readonly AttemptRow[];
}

export interface WrittenWork {
  /** Whose work it is. */
  readonly studentIds: readonly string[];
  readonly submissions: number;
  readonly attempts: number;
}

/** Writes tables of `assignments`, in bulk and with ids that the source determines. */
@Injectable()
export class WorkRepository {
  constructor(private readonly database: Database) {}

  /** What is there already stays as it is. @returns how many are new */
  insertAssignments(tenantId: string, assignments: readonly AssignmentRow[], now: Date): Promise<number> {
    return this.database.run(
      `-- imports.insertAssignments
      with given as (
        select * from json_to_recordset($2::json) as g (id uuid, "ownerId" uuid, title text, description text,
          category text, tags text[], priority text, "estimatedDurationSeconds" integer, "moduleIds" uuid[],
          "targetScore" numeric, "maxAttempts" integer, "attemptPolicy" text, weight numeric, "needsGrading" boolean,
          "gradeRelease" text, "gradesReleasedAt" timestamptz, "latePenalty" numeric, "latePenaltyLimit" numeric,
          "availableFrom" timestamptz, "dueAt" timestamptz, status text, "isTemplate" boolean, "createdAt" timestamptz)
      ), written as (
        insert into assignments (tenant_id, id, owner_id, title, description, category, tags, priority,
          estimated_duration_seconds, target_score, max_attempts, attempt_policy, weight, needs_grading, grade_release,
          grades_released_at, late_penalty, late_penalty_limit, available_from, due_at, status, is_template,
          published_at, opened_at, created_at, updated_at)
        select $1, id, "ownerId", title, description, category, tags, priority,
          "estimatedDurationSeconds", "targetScore", "maxAttempts", "attemptPolicy", weight, "needsGrading",
          "gradeRelease", "gradesReleasedAt", "latePenalty", "latePenaltyLimit", "availableFrom", "dueAt", status,
          "isTemplate", case when status <> 'draft' then "createdAt" end,
          case when status <> 'draft' and "availableFrom" <= $3 then "availableFrom" end, "createdAt", "createdAt"
        from given
        on conflict (tenant_id, id) do nothing
        returning id
      ), modules as (
        insert into assignment_modules (tenant_id, assignment_id, module_id, position)
        select $1, g.id, m.id, m.position
        from written join given g using (id) cross join unnest(g."moduleIds") with ordinality as m (id, position)
      )
      select id from written`,
      [tenantId, JSON.stringify(assignments), now],
    );
  }

  /** So that nothing about them changes while work on them is written. */
  async lockAssignments(tenantId: string, ids: readonly string[]): Promise<void> {
    await this.database.many(
      `-- imports.lockAssignments
      select from assignments where tenant_id = $1 and id = any ($2) order by id for share`,
      [tenantId, ids],
    );
  }

  /**
   * Adds what is missing. Of work that is there only what has come to it since is written: attempts where there was
   * none, and that it was withdrawn. People who have been merged into others get nothing. Nobody is told later of due
   * dates that have passed by now.
   */
  writeSubmissions(tenantId: string, submissions: readonly SubmissionRow[], now: Date): Promise<WrittenWork> {
    return this.database.one<WrittenWork>(
      `-- imports.writeSubmissions
      with given as (
        select g.* from json_to_recordset($2::json) as g ("assignmentId" uuid, "studentId" uuid,
          "assignedAt" timestamptz, "withdrawnAt" timestamptz, exemption text, "extendedUntil" timestamptz,
          "extensionReason" text, "startedAt" timestamptz, "firstSubmittedAt" timestamptz,
          "lastSubmittedAt" timestamptz, "isCompletedBySessions" boolean, "attemptsStarted" integer,
          "attemptsSubmitted" integer, "totalTimeSeconds" integer, "attemptScore" numeric, grade numeric,
          "gradePenalty" numeric, feedback text, "gradedAt" timestamptz, "gradedBy" uuid, attempts json)
        join users u on u.tenant_id = $1 and u.id = g."studentId" and u.merged_into_id is null
      ), written as (
        insert into submissions as s (tenant_id, assignment_id, student_id, assigned_at, withdrawn_at, exemption,
          extended_until, extension_reason, started_at, first_submitted_at, last_submitted_at,
          is_completed_by_sessions, attempts_started, attempts_submitted, total_time_seconds, attempt_score, grade,
          grade_penalty, feedback, graded_at, graded_by, due_soon_sent_for, overdue_sent_for, updated_at)
        select $1, "assignmentId", "studentId", "assignedAt", "withdrawnAt", exemption,
          "extendedUntil", "extensionReason", "startedAt", "firstSubmittedAt", "lastSubmittedAt",
          "isCompletedBySessions", "attemptsStarted", "attemptsSubmitted", "totalTimeSeconds", "attemptScore", grade,
          "gradePenalty", feedback, "gradedAt", "gradedBy", due.passed, due.passed, $3
        from given
        join assignments a on a.tenant_id = $1 and a.id = "assignmentId"
        left join lateral (
          select greatest(a.due_at, "extendedUntil") where a.due_at < $3 and coalesce("extendedUntil" < $3, true)
        ) due (passed) on true
        on conflict (tenant_id, assignment_id, student_id) do update
        set withdrawn_at = excluded.withdrawn_at, started_at = excluded.started_at,
          first_submitted_at = excluded.first_submitted_at, last_submitted_at = excluded.last_submitted_at,
          is_completed_by_sessions = excluded.is_completed_by_sessions, attempts_started = excluded.attempts_started,
          attempts_submitted = excluded.attempts_submitted, total_time_seconds = excluded.total_time_seconds,
          attempt_score = excluded.attempt_score, version = s.version + 1, updated_at = excluded.updated_at
        where s.attempts_started = 0
          and (excluded.attempts_started > 0 or (s.withdrawn_at is null and excluded.withdrawn_at is not null))
        returning assignment_id, student_id, effective_due_at
      ), tried as (
        insert into attempts (tenant_id, id, assignment_id, student_id, number, source, content, started_at,
          submitted_at, score, late_seconds, penalty, time_spent_seconds, session_ids)
        select $1, t.id, w.assignment_id, w.student_id, t.number, t.source, t.content, t."startedAt",
          t."submittedAt", t.score, late_seconds(w.effective_due_at, t."submittedAt"), t.penalty, t."timeSpentSeconds",
          t."sessionIds"
        from written w
        join given g on g."assignmentId" = w.assignment_id and g."studentId" = w.student_id
        cross join rows from (json_to_recordset(g.attempts) as (id uuid, source text, content jsonb,
          "startedAt" timestamptz, "submittedAt" timestamptz, score numeric, penalty numeric,
          "timeSpentSeconds" integer, "sessionIds" uuid[])) with ordinality
          as t (id, source, content, "startedAt", "submittedAt", score, penalty, "timeSpentSeconds", "sessionIds",
            number)
        returning id
      )
      select array(select distinct student_id from written) as "studentIds",
        (select count(*) from written) as submissions, (select count(*) from tried) as attempts`,
      [tenantId, JSON.stringify(submissions), now],
    );
  }

  /** Tells the planner of all this. */
  async analyzeWork(): Promise<void> {
    await this.database.run(`-- imports.analyzeWork
      analyze assignments, submissions, attempts, student_progress`);
  }
}
