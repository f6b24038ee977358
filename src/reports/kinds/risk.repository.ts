import { Injectable } from '@nestjs/common';
import { Database } from '../../database/database.js';
import type { Viewer } from '../../http/viewer.js';
import type { CohortCounts, RiskInputs } from '../../risk/risk-model.js';
import type { Judged } from '../../risk/shown-risk.js';
import { isInBand, type RiskBand, riskBands, sqlBandOf } from '../../students/risk-bands.js';
import { type Filter, statusPredicates, studentPredicate } from '../../students/student-filter.js';
import type { Asked } from '../report-kind.js';

/** What a score was made of, from the ledger. */
export interface Judgement extends Judged {
  readonly inputs: RiskInputs;
  readonly counts: CohortCounts;
  readonly hasBeenActive: boolean;
}

export interface RiskRow {
  readonly studentId: string;
  readonly name: string;
  readonly pid: string | null;
  readonly departmentName: string;
  readonly instructorName: string | null;
  readonly riskScore: number | null;
  readonly riskBand: RiskBand | null;
  readonly threshold: number;
  readonly isAtRisk: boolean;
  /** Local day of what the score was made of; null: there has been none. */
  readonly evidenceDay: string | null;
  readonly judgement: Judgement | null;
}

export interface RiskSums extends Readonly<Record<RiskBand, number>> {
  readonly students: number;
  readonly scored: number;
  readonly atRisk: number;
  readonly mean: number | null;
}

export interface RiskOfDepartment {
  readonly name: string;
  readonly scored: number;
  readonly atRisk: number;
}

@Injectable()
export class RiskReportRepository {
  constructor(private readonly database: Database) {}

  /** Each with the row of the ledger that lists show the score of. */
  list(viewer: Viewer, { filter, moment }: Asked<Filter>, after: string | null, limit: number): Promise<RiskRow[]> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const further = after === null ? '' : `and p.student_id > ${parameter(after)}`;
    return this.database.read().many<RiskRow>(
      `-- reports.listRisk
      with page as (
        select p.* from student_progress p
        where p.tenant_id = $1 and ${sql} ${further}
        order by p.student_id
        limit ${parameter(limit)}
      )
      select p.student_id as "studentId", p.name, p.pid, d.name as "departmentName", i.name as "instructorName",
        p.risk_score as "riskScore", ${sqlBandOf('p.risk_score')} as "riskBand", p.risk_threshold as threshold,
        p.is_at_risk as "isAtRisk", p.risk_day as "evidenceDay", e.judgement
      from page p
      join departments d on d.tenant_id = $1 and d.id = p.department_id
      left join users i on i.tenant_id = $1 and i.id = p.instructor_id
      left join lateral (
        select jsonb_build_object('insufficient', e.insufficient, 'logOdds', e.log_odds, 'baseLogOdds', e.base_log_odds,
          'contributions', e.contributions, 'score', e.score, 'inputs', e.inputs, 'counts', c.counts,
          'hasBeenActive', coalesce(a.days && daterange(null, e.day + 1), false)) as judgement
        from risk_evaluations e
        join risk_cohorts c on c.tenant_id = $1 and c.department_id = e.department_id and c.day = e.cohort_day
        left join active_days a on a.tenant_id = $1 and a.student_id = e.student_id
        where e.tenant_id = $1 and e.student_id = p.student_id and e.day = p.risk_day
        -- within a day its end comes after all that was during it
        order by e.number = 0 desc, e.number desc
        limit 1
      ) e on true
      order by p.student_id`,
      parameters,
    );
  }

  sumUp(viewer: Viewer, { filter, moment }: Asked<Filter>): Promise<RiskSums> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const bands = riskBands.map((band) => `count(*) filter (where ${isInBand('p.risk_score', band)}) as "${band}"`);
    return this.database.read().one<RiskSums>(
      `-- reports.sumUpRisk
      select count(*) as students, count(p.risk_score) as scored, round(avg(p.risk_score), 2) as mean,
        count(*) filter (where ${statusPredicates.atRisk('')}) as "atRisk", ${bands.join(', ')}
      from student_progress p
      where p.tenant_id = $1 and ${sql}`,
      parameters,
    );
  }

  /** Those with the most students at risk first. */
  listDepartments(viewer: Viewer, { filter, moment }: Asked<Filter>, limit: number): Promise<RiskOfDepartment[]> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    return this.database.read().many<RiskOfDepartment>(
      `-- reports.listRiskOfDepartments
      select d.name, count(p.risk_score) as scored, count(*) filter (where ${statusPredicates.atRisk('')}) as "atRisk"
      from student_progress p
      join departments d on d.tenant_id = $1 and d.id = p.department_id
      where p.tenant_id = $1 and ${sql}
      group by d.id, d.name
      order by 3 desc, d.name, d.id
      limit $${parameters.push(limit)}`,
      parameters,
    );
  }
}
