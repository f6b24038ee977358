import type { Database } from '../../src/database/database.js';
import { createAssignment, handOut } from '../factories.assignments.js';
import type { Row } from './plan.js';

/**
 * An assignment, handed out to students with words of feedback of their own for each.
 * @param submissions `studentId` says to whom, the name is the feedback
 */
export async function insertAssignment(
  database: Database,
  tenantId: string,
  { id, personId, name: title }: Row,
  submissions: readonly Pick<Row, 'studentId' | 'name' | 'code'>[],
): Promise<void> {
  const options = { id, title, needsGrading: true, maxAttempts: null };
  const assignment = await createAssignment(database, { tenantId, userId: personId }, options);
  const studentIds = submissions.map(({ studentId }) => studentId!);
  await handOut(
    database,
    assignment,
    studentIds.map((userId) => ({ userId })),
  );
  await database.run(
    `-- test.insertFeedback
    update submissions s set feedback = new.name, extension_reason = new.code
    from unnest($3::uuid[], $4::text[], $5::text[]) as new (student_id, name, code)
    where s.tenant_id = $1 and s.assignment_id = $2 and s.student_id = new.student_id`,
    [tenantId, id, studentIds, submissions.map(({ name }) => name), submissions.map(({ code }) => code)],
  );
}
