import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** One student's work on one assignment. */
export interface SubmissionKey {
  readonly assignmentId: string;
  readonly studentId: string;
}

/** Of attempts `t`, whose scores less their penalties are `net`, under the policy of their assignment `a`. */
export const scoreOfAttempts = `round(case a.attempt_policy
  when 'best' then max(net.score)
  when 'mean' then avg(net.score)
  else (array_agg(net.score order by t.submitted_at desc, t.number desc) filter (where net.score is not null))[1]
end, 2)`;

@Injectable()
export class SubmissionScoresRepository {
  constructor(private readonly database: Database) {}

  /**
   * All that a submission says of its attempts, worked out anew from them: counts, times, the score under the policy
   * of the assignment and the feedback that goes with it. Grades are left alone. The caller holds the locks.
   */
  refresh(tenantId: string, keys: readonly SubmissionKey[], now: Date): Promise<number> {
    return this.database.run(
      `-- assignments.refreshScores
      update submissions s
      set started_at = made.started_at, attempts_started = made.started, attempts_submitted = made.submitted,
        first_submitted_at = made.first_submitted_at, last_submitted_at = made.last_submitted_at,
        is_completed_by_sessions = made.by_sessions, total_time_seconds = made.time_seconds,
        attempt_score = made.score,
        auto_feedback = (
          select rule ->> 'text' from jsonb_array_elements(a.feedback_rules) rule
          where (rule ->> 'minScore')::numeric <= made.score
          order by (rule ->> 'minScore')::numeric desc limit 1
        ),
        version = s.version + 1, updated_at = $4
      from unnest($2::uuid[], $3::uuid[]) as wanted (assignment_id, student_id)
      join assignments a on a.tenant_id = $1 and a.id = wanted.assignment_id
      cross join lateral (
        select min(t.started_at) as started_at, count(*) as started, count(t.submitted_at) as submitted,
          min(t.submitted_at) as first_submitted_at, max(t.submitted_at) as last_submitted_at,
          coalesce(bool_or(t.source = 'sessions'), false) as by_sessions,
          least(coalesce(sum(t.time_spent_seconds), 0), 2147483647) as time_seconds,
          ${scoreOfAttempts} as score
        from attempts t
        -- an open one may have none yet, and a null counts nowhere
        cross join lateral (
          select case when t.submitted_at is not null then t.score * (100 - t.penalty) / 100 end as score
        ) net
        where t.tenant_id = $1 and t.assignment_id = wanted.assignment_id and t.student_id = wanted.student_id
      ) made
      where s.tenant_id = $1 and s.assignment_id = wanted.assignment_id and s.student_id = wanted.student_id`,
      [tenantId, keys.map(({ assignmentId }) => assignmentId), keys.map(({ studentId }) => studentId), now],
    );
  }
}
