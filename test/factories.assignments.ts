import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../src/database/database.js';

/** Columns of `assignments`; what is left out is as the table has it. */
export interface AssignmentOptions {
  readonly id?: string;
  readonly title?: string;
  readonly status?: 'draft' | 'active' | 'paused' | 'completed' | 'archived';
  readonly moduleIds?: readonly string[];
  readonly dueAt?: string | null;
  readonly availableFrom?: string | null;
  readonly availableUntil?: string | null;
  readonly targetScore?: number | null;
  readonly maxAttempts?: number | null;
  readonly retakePolicy?: 'never' | 'untilPassed' | 'always';
  readonly attemptPolicy?: 'best' | 'last' | 'mean';
  readonly weight?: number;
  readonly needsGrading?: boolean;
  readonly gradeRelease?: 'automatic' | 'manual';
  readonly latePenalty?: number;
  readonly isTemplate?: boolean;
  readonly isShared?: boolean;
}

export interface Assignment {
  readonly tenantId: string;
  readonly assignmentId: string;
  readonly title: string;
}

let count = 100_000;

/** An active assignment of this person, or, without one, the organisation's own; handed out to nobody. */
export async function createAssignment(
  database: Database,
  { tenantId, userId = null }: { readonly tenantId: string; readonly userId?: string | null },
  options: AssignmentOptions = {},
): Promise<Assignment> {
  const { id: assignmentId = uuidv7(), title = `Assignment ${++count}`, status = 'active', moduleIds = [] } = options;
  await database.run(
    `-- test.insertAssignment
    insert into assignments (tenant_id, id, owner_id, title, status, published_at, available_from, available_until,
      due_at, target_score, max_attempts, retake_policy, attempt_policy, weight, needs_grading, grade_release,
      late_penalty, is_template, is_shared, created_at, updated_at)
    values ($1, $2, $3, $4, $5, case when $5 <> 'draft' then timestamptz '2026-02-01' end, $6, $7, $8, $9, $10, $11,
      $12, $13, $14, $15, $16, $17, $18, '2026-02-01', '2026-02-01')`,
    [
      tenantId, assignmentId, userId, title, status, options.availableFrom ?? null, options.availableUntil ?? null,
      options.dueAt === undefined ? '2026-03-09T12:00:00Z' : options.dueAt, options.targetScore ?? null,
      options.maxAttempts === undefined ? 3 : options.maxAttempts, options.retakePolicy ?? 'always',
      options.attemptPolicy ?? 'best', options.weight ?? 1, options.needsGrading ?? false,
      options.gradeRelease ?? 'automatic', options.latePenalty ?? 0, options.isTemplate ?? false,
      options.isShared ?? false,
    ],
  ); // prettier-ignore
  await database.run(
    `-- test.insertAssignmentModules
    insert into assignment_modules (tenant_id, assignment_id, module_id, position)
    select $1, $2, id, position from unnest($3::uuid[]) with ordinality as wanted (id, position)`,
    [tenantId, assignmentId, moduleIds],
  );
  return { tenantId, assignmentId, title };
}

/** Gives it to students, by name; their counts follow. */
export async function handOut(
  database: Database,
  { tenantId, assignmentId }: Assignment,
  students: readonly { readonly userId: string }[],
): Promise<void> {
  const ids = students.map(({ userId }) => userId);
  await database.run(
    `-- test.insertSubmissions
    insert into submissions (tenant_id, assignment_id, student_id, assigned_at, updated_at)
    select $1, $2, id, '2026-02-01', '2026-02-01' from unnest($3::uuid[]) as given (id)`,
    [tenantId, assignmentId, ids],
  );
  await database.run(
    `-- test.countAssignments
    update student_progress set assignments_assigned = assignments_assigned + 1,
      completion_rate = round(assignments_completed * 100.0 / (assignments_assigned + 1), 2)
    where tenant_id = $1 and student_id = any ($2)`,
    [tenantId, ids],
  );
}
