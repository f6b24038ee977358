import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../src/database/database.js';
import type { Assignment } from './factories.assignments.js';

/**
 * An attempt that was submitted, as the only one that counts.
 * @param options `penalty` in per cent; handed in a day before the clock of `startApp` unless told
 */
export async function handIn(
  database: Database,
  { tenantId, assignmentId }: Assignment,
  { userId }: { readonly userId: string },
  options: { readonly score?: number | null; readonly penalty?: number; readonly submittedAt?: string } = {},
): Promise<void> {
  const { score = 50, penalty = 0, submittedAt = '2026-03-01T08:00:00Z' } = options;
  await database.run(
    `-- test.insertSubmittedAttempt
    with earlier as (
      select count(*) as attempts from attempts where tenant_id = $1 and assignment_id = $2 and student_id = $3
    ), submitted as (
      insert into attempts (tenant_id, id, assignment_id, student_id, number, source, started_at, submitted_at, score,
        penalty)
      select $1, $4, $2, $3, attempts + 1, 'student', $5, $5, $6, $7 from earlier
    )
    update submissions set started_at = coalesce(started_at, $5), first_submitted_at = coalesce(first_submitted_at, $5),
      last_submitted_at = $5, attempts_started = attempts + 1, attempts_submitted = attempts + 1,
      attempt_score = round($6::numeric * (100 - $7::numeric) / 100, 2), version = version + 1
    from earlier where tenant_id = $1 and assignment_id = $2 and student_id = $3`,
    [tenantId, assignmentId, userId, uuidv7(), submittedAt, score, penalty],
  );
}
