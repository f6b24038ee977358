import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { RecordedAttempt } from './submission-record.js';
import type { SubmissionKey } from './submission-scores.repository.js';

/**
 * Work that the sessions of these students (`$2`) have completed by now (`$3`) and that is not entered yet: the first
 * moment by which each module has a completed session, and the mean of the best score of each reaches the target.
 * Sessions count by when they happened, whenever they come in: of one with a day alone that is the day's beginning, or
 * when the work was there on that day.
 */
const completed = `open as (
    select w.assignment_id, w.student_id, w.closes_at, w.effective_due_at, z.time_zone, m.modules,
      greatest(s.assigned_at, a.available_from) as begins, coalesce(a.target_score, z.pass_mark) as target
    from unnest($2::uuid[]) as given (student_id)
    join work_at($1, $3) w on w.student_id = given.student_id and w.is_assigned
    join submissions s on s.tenant_id = $1 and s.assignment_id = w.assignment_id and s.student_id = w.student_id
    join assignments a on a.tenant_id = $1 and a.id = w.assignment_id
    join tenants z on z.id = $1
    cross join lateral (
      select array_agg(module_id) as modules from assignment_modules where tenant_id = $1 and assignment_id = a.id
    ) m
    where a.status = 'active' and m.modules is not null and not s.is_completed_by_sessions
      -- an open attempt has its place among those there may be
      and (a.max_attempts is null or s.attempts_started < a.max_attempts)
      and (s.attempts_started = 0 or a.retake_policy = 'always'
        or a.retake_policy = 'untilPassed' and (s.score is null or s.score < coalesce(a.target_score, z.pass_mark)))
  ), counting as (
    select o.*, n.id, n.module_id, n.score, happened.at, least(coalesce(n.started_at, lower(n.busy)), happened.at) as started_at,
      coalesce(extract(epoch from upper(n.busy) - lower(n.busy)), n.duration_seconds, 0) as seconds
    from open o
    join sessions n on n.tenant_id = $1 and n.student_id = o.student_id and n.module_id = any (o.modules)
      and n.day >= (o.begins at time zone o.time_zone)::date and n.status = 'completed'
    cross join lateral (
      select coalesce(n.completed_at, greatest(n.day::timestamp at time zone o.time_zone, o.begins)) as at
    ) happened
    where happened.at >= o.begins and (o.closes_at is null or happened.at <= o.closes_at)
  ), improving as (
    select c.*, max(score) over module as best,
      max(score) over (module rows between unbounded preceding and 1 preceding) as former,
      row_number() over module = 1 as is_first
    from counting c
    window module as (partition by assignment_id, student_id, module_id order by at, id)
  ), running as (
    select i.*, count(*) filter (where is_first) over earlier as modules_done,
      count(*) filter (where former is null and score is not null) over earlier as modules_scored,
      sum(best - coalesce(former, 0)) over earlier as total,
      min(started_at) over earlier as first_started_at, sum(seconds) over earlier as time_seconds
    from improving i
    window earlier as (partition by assignment_id, student_id order by at, id)
  ), done as (
    select distinct on (assignment_id, student_id) r.*, round(total / nullif(modules_scored, 0), 2) as mean
    from running r
    where modules_done = cardinality(modules)
      and (modules_scored = 0 or round(total / nullif(modules_scored, 0), 2) >= target)
    order by assignment_id, student_id, at, id
  )`;

@Injectable()
export class SessionCompletionRepository {
  constructor(private readonly database: Database) {}

  /** Which work of theirs is completed and not entered yet; nothing is locked. */
  list(tenantId: string, studentIds: readonly string[], now: Date): Promise<SubmissionKey[]> {
    return this.database.many<SubmissionKey>(
      `-- assignments.listCompleted
      with ${completed}
      select assignment_id as "assignmentId", student_id as "studentId" from done`,
      [tenantId, studentIds, now],
    );
  }

  /** So that nobody changes these while the transaction lasts. */
  async lockAssignments(tenantId: string, ids: readonly string[]): Promise<void> {
    await this.database.run(
      `-- assignments.lockAll
      select from assignments where tenant_id = $1 and id = any ($2) order by id for share`,
      [tenantId, ids],
    );
  }

  async lockSubmissions(
    tenantId: string,
    assignmentIds: readonly string[],
    studentIds: readonly string[],
  ): Promise<void> {
    await this.database.run(
      `-- assignments.lockSubmissions
      select from submissions
      where tenant_id = $1 and assignment_id = any ($2) and student_id = any ($3)
      order by assignment_id, student_id
      for no key update`,
      [tenantId, assignmentIds, studentIds],
    );
  }

  /** Enters what is completed as submitted, of these students and on these assignments, whose locks the caller holds. */
  insert(
    tenantId: string,
    studentIds: readonly string[],
    assignmentIds: readonly string[],
    now: Date,
  ): Promise<Omit<RecordedAttempt, 'instructorId'>[]> {
    return this.database.many<Omit<RecordedAttempt, 'instructorId'>>(
      `-- assignments.insertCompleted
      with ${completed}
      insert into attempts (tenant_id, id, assignment_id, student_id, number, source, started_at, submitted_at, score,
        late_seconds, penalty, time_spent_seconds, session_ids)
      select $1, gen_random_uuid(), d.assignment_id, d.student_id, coalesce(former.number, 0) + 1, 'sessions',
        d.first_started_at, d.at, d.mean, late_seconds(d.effective_due_at, d.at),
        late_penalty(a.late_penalty, a.late_penalty_limit, a.late_grace_seconds, d.effective_due_at, d.at, d.time_zone),
        least(d.time_seconds, 2147483647)::integer,
        -- here and not beside the sums above, where each session would make a list of all before it
        (
          select array_agg(c.id order by c.at, c.id) from counting c
          where c.assignment_id = d.assignment_id and c.student_id = d.student_id and (c.at, c.id) <= (d.at, d.id)
        )
      from done d
      join assignments a on a.tenant_id = $1 and a.id = d.assignment_id
      cross join lateral (
        select max(number) as number from attempts
        where tenant_id = $1 and assignment_id = d.assignment_id and student_id = d.student_id
      ) former
      where d.assignment_id = any ($4)
      returning id, assignment_id as "assignmentId", student_id as "studentId", number`,
      [tenantId, studentIds, now, assignmentIds],
    );
  }
}
