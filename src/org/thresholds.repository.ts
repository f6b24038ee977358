import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import { ThresholdEffect } from './thresholds.dto.js';

@Injectable()
export class ThresholdsRepository {
  constructor(private readonly database: Database) {}

  /** Active students whose standing is another by the thresholds of this moment than the one on their row. */
  countEffect(tenantId: string): Promise<ThresholdEffect> {
    return this.database.one<ThresholdEffect>(
      `-- org.countThresholdEffect
      with place as materialized (
        -- a threshold is that of an instructor and a department: there are hundreds, and students by the ten thousand
        select instructor_id, department_id, t.*
        from (select distinct instructor_id, department_id from roster_counts where tenant_id = $1) rosters
        cross join lateral student_thresholds(
          $1, nullif(instructor_id, '00000000-0000-0000-0000-000000000000'), department_id) t
      ), standing as (
        select p.is_at_risk as was_at_risk, p.is_top_performer as was_top_performer,
          coalesce(p.risk_score > place.risk_threshold, false) as at_risk,
          coalesce(p.overall_score >= place.top_performer_threshold, false) as top_performer
        from student_progress p
        join place on place.department_id = p.department_id
          and place.instructor_id = coalesce(p.instructor_id, '00000000-0000-0000-0000-000000000000')
        where p.tenant_id = $1 and p.is_active
      )
      select count(*) filter (where at_risk <> was_at_risk or top_performer <> was_top_performer) as "studentsChanged",
        count(*) filter (where at_risk and not was_at_risk) as "newlyAtRisk",
        count(*) filter (where was_at_risk and not at_risk) as "noLongerAtRisk",
        count(*) filter (where top_performer and not was_top_performer) as "newTopPerformers",
        count(*) filter (where was_top_performer and not top_performer) as "noLongerTopPerformers"
      from standing`,
      [tenantId],
    );
  }
}
