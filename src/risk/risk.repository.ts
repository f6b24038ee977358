import { Injectable } from '@nestjs/common';
import { scoreOfAttempts } from '../assignments/submission-scores.repository.js';
import { NIL } from 'uuid';
import { Database } from '../database/database.js';
import type { CohortCounts, RiskInputs } from './risk-model.js';

/**
 * The moment that inputs are of. At the end of a day that is over, `moment` is the first instant of the next one. During
 * a day, a student who has not been active on it yet is taken as of the evening before, so that the morning is no gap.
 */
export interface AsOf {
  /** Local day, `YYYY-MM-DD`. */
  readonly day: string;
  readonly moment: Date;
  readonly isOver: boolean;
}

export interface StudentInputs extends RiskInputs {
  readonly studentId: string;
  readonly departmentId: string;
  readonly instructorId: string | null;
}

export interface Cohort {
  readonly departmentId: string;
  readonly day: string;
  readonly students: number;
  readonly counts: CohortCounts;
}

/** Which students, all of them active ones: a page by id of a tenant's or of a department's, all of a department, or these. */
export type Whose =
  | { readonly after: string; readonly limit: number }
  | { readonly departmentId: string; readonly after?: string; readonly limit?: number }
  | { readonly studentIds: readonly string[] };

/** Of each piece of a student's work, what inputs are made of; beside `worksOf`. */
export const workColumns = `a.weight, done.is_done,
    -- what was due before somebody was there is nothing that they missed
    coalesce(s.effective_due_at < $3
      and (done.is_done or a.status in ('active', 'completed') and due.day > p.joined_on), false) as is_due,
    case when done.is_done and was.exemption is null then coalesce(
      round(was.grade * (100 - was.penalty) / 100, 2),
      case when s.last_submitted_at < $3 then s.attempt_score else (
        select ${scoreOfAttempts}
        from attempts t cross join lateral (select t.score * (100 - t.penalty) / 100 as score) net
        where t.tenant_id = $1 and t.assignment_id = s.assignment_id and t.student_id = s.student_id
          and t.submitted_at < $3
      ) end
    ) end as score,
    -- what is due in the course and was handed in before it began was carried over from an earlier one
    case when done.is_done and due.day is not null and (done.day >= began.day or due.day < began.day)
      then least(greatest(due.day - done.day, -14), 14)
    end as lead`;

/**
 * The work that `p` had at the moment, beside `began` and the tenant `t`.
 * @param joins to `s` and `a`, the submission and its assignment
 */
export const worksOf = (joins = ''): string => `from submissions s
  join assignments a on a.tenant_id = $1 and a.id = s.assignment_id
  cross join lateral (
    select coalesce(s.first_submitted_at < $3, false) as is_done,
      (s.first_submitted_at at time zone t.time_zone)::date as day
  ) done
  cross join lateral (select (s.effective_due_at at time zone t.time_zone)::date as day) due
  -- what was changed since: as it was before
  left join lateral (
    select true as is_found, c.from_grade, c.from_penalty, c.from_exemption from grade_changes c
    where s.updated_at >= $3 and c.tenant_id = $1 and c.assignment_id = s.assignment_id
      and c.student_id = s.student_id and c.created_at >= $3
    order by c.position limit 1
  ) later on true
  cross join lateral (
    select case when later.is_found then later.from_grade when s.graded_at >= $3 then null else s.grade end as grade,
      case when later.is_found then later.from_penalty else s.grade_penalty end as penalty,
      case when later.is_found then later.from_exemption else s.exemption end as exemption
  ) was
  ${joins}
  where s.tenant_id = $1 and s.student_id = p.student_id and s.assigned_at < $3
    and (s.withdrawn_at is null or s.withdrawn_at >= $3) and was.exemption is distinct from 'excused'
    and a.published_at is not null and a.status <> 'draft' and (a.available_from is null or a.available_from < $3)`;

/**
 * Only what had happened before the moment counts, so that a day that is past reads as it did then. Exceptions are due
 * dates that were moved and assignments that were cancelled, which keep no history, and what came in late. That is why
 * this does not ask `work_at`, which says what is true of rows as they are now.
 */
const inputsOf = (whose: string): string => `
  select p.student_id as "studentId", p.department_id as "departmentId", p.instructor_id as "instructorId",
    greatest($2::date - began.day, 0) as "daysInCourse",
    coalesce(activity.days, 0)::integer as "activeDays",
    least(greatest(coalesce(activity.anchor, $2::date) - coalesce(activity.last_day, p.joined_on), 0), 365)
      as "daysSinceActive",
    coalesce(work.mean_score, practice.mean_score) as "meanScore", work.lowest_score as "lowestScore",
    work.missed_share as "missedShare", work.lead as "handInLead", work.due, work.missed
  from student_progress p
  join tenants t on t.id = p.tenant_id
  join departments d on d.tenant_id = p.tenant_id and d.id = p.department_id
  cross join lateral (
    select greatest(p.joined_on, (d.created_at at time zone t.time_zone)::date) as day
  ) began
  left join lateral (
    select window_end.anchor, upper(known.days) - 1 as last_day,
      (select sum(upper(run) - lower(run))
        from unnest(known.days * datemultirange(daterange(window_end.anchor - 27, window_end.anchor + 1))) run) as days
    from active_days a
    cross join lateral (
      select case when $4::boolean or a.days @> $2::date then $2::date else $2::date - 1 end as anchor
    ) window_end
    cross join lateral (select a.days * datemultirange(daterange(null, window_end.anchor + 1)) as days) known
    where a.tenant_id = $1 and a.student_id = p.student_id
  ) activity on true
  cross join lateral (
    select count(*) filter (where is_due)::integer as due,
      count(*) filter (where is_due and not is_done)::integer as missed,
      round(100 * coalesce(
        sum(weight) filter (where is_due and not is_done) / nullif(sum(weight) filter (where is_due), 0),
        count(*) filter (where is_due and not is_done)::numeric / nullif(count(*) filter (where is_due), 0)
      ), 2) as missed_share,
      round(avg(score)) as mean_score, min(score) as lowest_score, round(avg(lead) * 2) / 2 as lead
    from (select ${workColumns} ${worksOf()}) piece
  ) work
  left join lateral (
    select round(sum(score_sum) / nullif(sum(score_count), 0)) as mean_score
    from progress_snapshots
    where work.mean_score is null and tenant_id = $1 and student_id = p.student_id
      and day > $2::date - 28 and day <= $2::date
  ) practice on true
  where p.tenant_id = $1 and p.is_active and ${whose}
  order by p.student_id`;

@Injectable()
export class RiskRepository {
  constructor(private readonly database: Database) {}

  /** What is known of active students at a moment, by their ids. Of nobody who had not joined by then. */
  listInputs(tenantId: string, { day, moment, isOver }: AsOf, whose: Whose): Promise<StudentInputs[]> {
    const parameters = [tenantId, day, moment, isOver];
    if ('studentIds' in whose) {
      return this.database.many<StudentInputs>(
        `-- risk.listInputsOfStudents
        ${inputsOf('p.joined_on <= $2 and p.student_id = any ($5::uuid[])')}`,
        [...parameters, whose.studentIds],
      );
    }
    if ('departmentId' in whose) {
      return this.database.many<StudentInputs>(
        `-- risk.listInputsOfDepartment
        ${inputsOf('p.joined_on <= $2 and p.department_id = $5 and p.student_id > $6')} limit $7`,
        [...parameters, whose.departmentId, whose.after ?? NIL, whose.limit ?? null],
      );
    }
    return this.database.many<StudentInputs>(
      `-- risk.listInputs
      ${inputsOf('p.joined_on <= $2 and p.student_id > $5')} limit $6`,
      [...parameters, whose.after, whose.limit],
    );
  }

  /** The latest of each department of the days `[since, day]`. */
  listCohorts(
    tenantId: string,
    departmentIds: readonly string[],
    { since, day }: { readonly since: string; readonly day: string },
  ): Promise<Cohort[]> {
    return this.database.many<Cohort>(
      `-- risk.listCohorts
      select distinct on (department_id) department_id as "departmentId", day, students, counts
      from risk_cohorts
      where tenant_id = $1 and department_id = any ($2::uuid[]) and day between $4 and $3
      order by department_id, day desc`,
      [tenantId, departmentIds, day, since],
    );
  }

  /** Those that are there already stay as they are. */
  insertCohorts(tenantId: string, cohorts: readonly Cohort[], now: Date): Promise<number> {
    return this.database.run(
      `-- risk.insertCohorts
      insert into risk_cohorts (tenant_id, department_id, day, students, counts, created_at)
      select $1, "departmentId", day, students, counts, $3
      from jsonb_to_recordset($2::jsonb) as cohort ("departmentId" uuid, day date, students integer, counts jsonb)
      on conflict (tenant_id, department_id, day) do nothing`,
      [tenantId, JSON.stringify(cohorts), now],
    );
  }
}
