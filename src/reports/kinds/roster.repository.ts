import { Injectable } from '@nestjs/common';
import { Database } from '../../database/database.js';
import type { Viewer } from '../../http/viewer.js';
import { isInBand, type RiskBand, riskBands } from '../../students/risk-bands.js';
import { type Filter, statusPredicates, studentPredicate } from '../../students/student-filter.js';
import { studentColumns } from '../../students/student-list.repository.js';
import type { StudentRow } from '../../students/students.dto.js';
import { addDays } from '../../org/local-day.js';
import type { Asked } from '../report-kind.js';

export interface RosterSums extends Readonly<Record<RiskBand, number>> {
  readonly students: number;
  readonly active: number;
  readonly neverStarted: number;
  readonly atRisk: number;
  readonly overallScore: number | null;
}

@Injectable()
export class RosterRepository {
  constructor(private readonly database: Database) {}

  /** The rows of the student list, by id: whatever else they could be sorted by may change while they are read. */
  list(viewer: Viewer, { filter, moment }: Asked<Filter>, after: string | null, limit: number): Promise<StudentRow[]> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const parameter = (value: unknown): string => `$${parameters.push(value)}`;
    const further = after === null ? '' : `and p.student_id > ${parameter(after)}`;
    return this.database.read().many<StudentRow>(
      `-- reports.listRoster
      with page as (
        select p.* from student_progress p
        where p.tenant_id = $1 and ${sql} ${further}
        order by p.student_id
        limit ${parameter(limit)}
      )
      select ${studentColumns(parameter(moment.today), parameter(moment.now))}
      from page p
      join departments d on d.tenant_id = $1 and d.id = p.department_id
      left join users i on i.tenant_id = $1 and i.id = p.instructor_id
      order by p.student_id`,
      parameters,
    );
  }

  async sumUp(viewer: Viewer, { filter, moment }: Asked<Filter>): Promise<RosterSums> {
    const { sql, parameters } = studentPredicate(viewer, filter, moment);
    const since = `$${parameters.push(addDays(moment.today, -6))}::date`;
    const bands = riskBands.map((band) => `count(*) filter (where ${isInBand('p.risk_score', band)}) as "${band}"`);
    return this.database.read().one<RosterSums>(
      `-- reports.sumUpRoster
      select count(*) as students,
        count(*) filter (where ${statusPredicates.active(since)}) as active,
        count(*) filter (where ${statusPredicates.neverStarted('')}) as "neverStarted",
        count(*) filter (where ${statusPredicates.atRisk('')}) as "atRisk",
        round(avg(p.overall_score), 2) as "overallScore",
        ${bands.join(', ')}
      from student_progress p
      where p.tenant_id = $1 and ${sql}`,
      parameters,
    );
  }
}
