import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';

/** Tables with a row per day. Each is found by its day, that of questions only within a module. */
export const daily = ['roster_days', 'module_days', 'hour_days', 'question_days', 'stale_days'] as const;

@Injectable()
export class RetentionRepository {
  constructor(private readonly database: Database) {}

  /** @param first the first day that is kept @returns how many were deleted; fewer than `limit` when none are left */
  deleteDays(tenantId: string, table: (typeof daily)[number], first: string, limit: number): Promise<number> {
    const within = table === 'question_days' ? 'and module_id in (select id from modules where tenant_id = $1)' : '';
    return this.database.run(
      `-- analytics.deleteDays
      delete from ${table} where tenant_id = $1 and ctid = any (array(
        select ctid from ${table} where tenant_id = $1 and day < $2 ${within} limit $3
      ))`,
      [tenantId, first, limit],
    );
  }
}
