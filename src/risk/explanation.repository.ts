import { Injectable } from '@nestjs/common';
import { instant, midnight } from '../assignments/due-dates.js';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { Viewer } from '../http/viewer.js';
import { scopePredicate } from '../students/student-filter.js';
import type { CohortCounts, RiskInputs } from './risk-model.js';
import { type AsOf, workColumns, worksOf } from './risk.repository.js';
import type { Judged } from './shown-risk.js';

/** A row of the ledger, as far as lists of them show it. */
export interface LedgerRow extends Judged {
  readonly day: string;
  /** 0: at the end of the day. */
  readonly number: number;
  readonly evaluatedAt: string;
  readonly modelVersion: string;
}

/** The present row, and what it was measured against. */
export interface CurrentRow extends LedgerRow {
  /** The instant that its inputs are of. */
  readonly moment: string;
  readonly departmentId: string;
  readonly cohortDay: string;
  readonly inputs: RiskInputs;
  readonly students: number;
  readonly counts: CohortCounts;
  /** Of the end of the day seven days before, by the same model; null: there is none to show. */
  readonly scoreBefore: number | null;
}

export interface FoundStudent {
  readonly studentId: string;
  readonly instructorId: string | null;
  readonly threshold: number;
}

/** A piece of work as it was at the moment, and what may still be done with it now. */
export interface Work {
  readonly assignmentId: string;
  readonly title: string;
  readonly dueAt: string | null;
  /** Local day. */
  readonly dueOn: string | null;
  readonly weight: number;
  readonly isDone: boolean;
  readonly isDue: boolean;
  /** Whether its score does, once it has one. */
  readonly counts: boolean;
  readonly score: number | null;
  /** Days that it was handed in before it was due, within ±14; negative: after. */
  readonly lead: number | null;
  readonly mayHandIn: boolean;
  readonly mayRetake: boolean;
}

/** What inputs were made of. */
export interface Evidence {
  readonly work: readonly Work[];
  /** Of the 29 that end with the day, newest first. */
  readonly activeDays: readonly string[];
  readonly lastActiveOn: string | null;
  /** Of the last 28: those with scored sessions, newest first. */
  readonly scoredDays: readonly string[];
}

const last = 2 ** 31 - 1;

const ledgerColumns = `e.day, e.number, e.evaluated_at as "evaluatedAt", e.model_version as "modelVersion",
  e.insufficient, e.log_odds as "logOdds", e.base_log_odds as "baseLogOdds", e.contributions, e.score`;
/** Within a day: its end comes after all that was during it. */
const place = `case e.number when 0 then ${last} else e.number end`;
export const placeOf = ({ number }: Pick<LedgerRow, 'number'>): number => (number === 0 ? last : number);

const history = `e.tenant_id = $1 and e.student_id = $2 and ($3::date is null or e.day >= $3)
  and ($4::date is null or e.day <= $4) and ($5 or e.number = 0)`;

/** Which rows of the history: ends of days alone, or all. */
export interface HistoryFilter {
  readonly from?: string;
  readonly to?: string;
  readonly isDetailed: boolean;
}

@Injectable()
export class ExplanationRepository {
  constructor(private readonly database: Database) {}

  /** A student within reach, with the row that lists show the score of; null in its place where there is none. */
  async findCurrent(
    viewer: Viewer,
    studentId: string,
  ): Promise<(FoundStudent & { readonly current: CurrentRow | null }) | null> {
    const { sql, parameters } = scopePredicate(viewer);
    const found = await this.database.read().maybeOne<FoundStudent & CurrentRow & { readonly day: string | null }>(
      `-- risk.findCurrent
      select p.student_id as "studentId", p.instructor_id as "instructorId", p.risk_threshold as threshold,
        ${ledgerColumns}, e.department_id as "departmentId", e.cohort_day as "cohortDay", e.inputs,
        case when e.number = 0 then ${midnight('e.day + 1')} else e.evaluated_at end as moment,
        c.students, c.counts, before.score as "scoreBefore"
      from student_progress p
      left join lateral (
        select * from risk_evaluations e
        where e.tenant_id = $1 and e.student_id = p.student_id and e.day = p.risk_day
        order by ${place} desc limit 1
      ) e on true
      left join risk_cohorts c on c.tenant_id = $1 and c.department_id = e.department_id and c.day = e.cohort_day
      left join risk_evaluations before
        on before.tenant_id = $1 and before.student_id = p.student_id and before.day = e.day - 7 and before.number = 0
          and before.insufficient is null and before.model_version = e.model_version
      where p.tenant_id = $1 and p.student_id = $${parameters.push(studentId)} and p.is_active and ${sql}`,
      parameters,
    );
    if (!found) return null;
    const { instructorId, threshold, ...row } = found;
    return { studentId: found.studentId, instructorId, threshold, current: row.day === null ? null : row };
  }

  findStudent(viewer: Viewer, studentId: string): Promise<FoundStudent | null> {
    const { sql, parameters } = scopePredicate(viewer);
    return this.database.read().maybeOne<FoundStudent>(
      `-- risk.findStudent
      select p.student_id as "studentId", p.instructor_id as "instructorId", p.risk_threshold as threshold
      from student_progress p
      where p.tenant_id = $1 and p.student_id = $${parameters.push(studentId)} and p.is_active and ${sql}`,
      parameters,
    );
  }

  /** What the inputs of that moment were made of. @param now until when something may still be handed in */
  getEvidence(tenantId: string, studentId: string, { day, moment }: AsOf, now: Date): Promise<Evidence> {
    return this.database.read().one<Evidence>(
      `-- risk.getEvidence
      select work.list as work, coalesce(active.list, '[]') as "activeDays", active.last as "lastActiveOn",
        practice.list as "scoredDays"
      from student_progress p
      join tenants t on t.id = $1
      join departments d on d.tenant_id = $1 and d.id = p.department_id
      cross join lateral (
        select greatest(p.joined_on, (d.created_at at time zone t.time_zone)::date) as day
      ) began
      cross join lateral (
        select coalesce(json_agg(json_build_object('assignmentId', assignment_id, 'title', title, 'dueAt', due_at,
          'dueOn', due_on, 'weight', weight, 'isDone', is_done, 'isDue', is_due, 'counts', counts, 'score', score, 'lead', lead,
          'mayHandIn', may_hand_in, 'mayRetake', may_retake) order by due_at, assignment_id), '[]') as list
        from (
          select ${workColumns}, a.id as assignment_id, a.title, was.exemption is null as counts,
            ${instant('s.effective_due_at')} as due_at, due.day as due_on,
            coalesce(at_present.is_open and not w.is_done, false) as may_hand_in,
            -- one attempt among others does not decide what their mean is
            coalesce(at_present.is_open and w.is_done and a.attempt_policy <> 'mean'
              and (a.max_attempts is null or s.attempts_submitted < a.max_attempts)
              and (a.retake_policy = 'always' or a.retake_policy = 'untilPassed'
                and s.score < coalesce(a.target_score, t.pass_mark)), false) as may_retake
          ${worksOf(`
            left join work_at($1, $4) w on w.assignment_id = s.assignment_id and w.student_id = s.student_id
            cross join lateral (
              select a.status = 'active' and w.is_assigned and not coalesce(w.closes_at < $4, false) as is_open
            ) at_present`)}
        ) piece
      ) work
      left join lateral (
        select upper(a.days * datemultirange(daterange(null, $2::date + 1))) - 1 as last,
          (select json_agg(one::date order by one desc) from generate_series($2::date - 28, $2::date, interval '1 day') one
            where a.days @> one::date) as list
        from active_days a where a.tenant_id = $1 and a.student_id = p.student_id
      ) active on true
      cross join lateral (
        select coalesce(json_agg(day order by day desc), '[]') as list from progress_snapshots
        where tenant_id = $1 and student_id = p.student_id and day > $2::date - 28 and day <= $2::date and score_count > 0
      ) practice
      where p.tenant_id = $1 and p.student_id = $5`,
      [tenantId, day, moment, now, studentId],
    );
  }

  /** Newest first; up to `position.limit + 1` of them. The caller has found the student within reach. */
  listEvaluations(
    tenantId: string,
    studentId: string,
    { from, to, isDetailed }: HistoryFilter,
    { limit, offset, after }: Position,
  ): Promise<LedgerRow[]> {
    const [day = null, number = null] = after ?? [];
    return this.database.read().many<LedgerRow>(
      `-- risk.listEvaluations
      select ${ledgerColumns}
      from risk_evaluations e
      where ${history} and ($6::date is null or e.day <= $6 and (e.day, ${place}) < ($6, $7::numeric))
      order by e.day desc, ${place} desc
      limit $8 offset $9`,
      [tenantId, studentId, from ?? null, to ?? null, isDetailed, day, number, limit + 1, offset],
    );
  }

  async countEvaluations(
    tenantId: string,
    studentId: string,
    { from, to, isDetailed }: HistoryFilter,
  ): Promise<number> {
    const { count } = await this.database.read().one<{ count: number }>(
      `-- risk.countEvaluations
      select count(*) as count from risk_evaluations e where ${history}`,
      [tenantId, studentId, from ?? null, to ?? null, isDetailed],
    );
    return count;
  }
}
