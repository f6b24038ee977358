import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Position } from '../http/paging.js';
import type { ThresholdOwner } from '../org/thresholds.repository.js';
import { sqlBandOf } from './risk-bands.js';
import { badge } from './student-list.repository.js';
import type { StudentAffected } from './threshold-preview.dto.js';

const standing = (isAtRisk: string, isTopPerformer: string): string =>
  `json_build_object('badge', ${badge(isAtRisk, isTopPerformer, '$4')}, 'isAtRisk', ${isAtRisk},
    'isTopPerformer', ${isTopPerformer})`;

@Injectable()
export class ThresholdPreviewRepository {
  constructor(private readonly database: Database) {}

  /** The students whom the thresholds of this moment will make stand otherwise once their rows follow, by name. */
  listAffected(
    tenantId: string,
    { departmentId, instructorId }: ThresholdOwner,
    today: string,
    { limit, offset, after }: Position,
  ): Promise<(StudentAffected & { readonly nameSort: string })[]> {
    return this.database.many<StudentAffected & { readonly nameSort: string }>(
      `-- students.listAffectedByThresholds
      select p.student_id as id, p.name, p.risk_score as "riskScore", ${sqlBandOf('p.risk_score')} as "riskBand",
        p.overall_score as "overallScore", ${standing('e.was_at_risk', 'e.was_top_performer')} as before,
        ${standing('e.at_risk', 'e.top_performer')} as after, p.name_sort as "nameSort"
      from threshold_effects($1, $2, $3) e
      join student_progress p on p.tenant_id = $1 and p.student_id = e.student_id
      where $5::text is null or (p.name_sort, p.student_id) > ($5, $6::uuid)
      order by p.name_sort, p.student_id limit $7 offset $8`,
      [
        tenantId, departmentId ?? null, instructorId ?? null, today, after?.[0] ?? null, after?.[1] ?? null, limit + 1,
        offset,
      ],
    ); // prettier-ignore
  }
}
