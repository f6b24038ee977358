import type { Database } from '../../src/database/database.js';
import { createAssignment, handOut } from '../factories.assignments.js';
import type { Row } from './plan.js';

let accommodations = 0;

/**
 * An assignment, handed out to students with words of feedback of their own for each: by whoever has them, and, where
 * it is an instructor's, in a batch that has the assignment's id. All have begun with it, and have an accommodation of an
 * hour to come; attempt and accommodation bear the id of the submission.
 * @param submissions `studentId` says to whom, the name is the feedback, the code why there is more time, the pid the
 *   answer
 */
export async function insertAssignment(
  database: Database,
  tenantId: string,
  { id, personId, name: title }: Row,
  submissions: readonly Pick<Row, 'id' | 'studentId' | 'name' | 'code' | 'pid'>[],
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
  await database.run(
    `-- test.insertGradeHistory
    with batch as (
      insert into grade_batches (tenant_id, id, assignment_id, changes, actor_id, actor_role, created_at)
      select $1, $2, $2, 1, $3, 'instructor', '2026-03-02' where $3::uuid is not null
    )
    insert into grade_changes (tenant_id, id, assignment_id, student_id, from_penalty, to_penalty, to_feedback, reason,
      batch_id, actor_id, actor_role, created_at)
    select $1, gen_random_uuid(), $2, s.student_id, 0, 0, s.feedback, s.extension_reason,
      case when $3 is not null then $2 end, p.instructor_id, 'instructor', '2026-03-02'
    from submissions s join student_progress p on p.tenant_id = $1 and p.student_id = s.student_id
    where s.tenant_id = $1 and s.assignment_id = $2`,
    [tenantId, id, personId ?? null],
  );
  await database.run(
    `-- test.insertAccommodations
    insert into accommodations (tenant_id, id, student_id, time_factor, extra_days, reason, valid_from, valid_to,
      created_by, created_at, updated_at)
    select $1, new.id, new.student_id, 1.5, 0, new.code, time.begins, time.begins + interval '1 hour', new.student_id,
      '2026-03-01', '2026-03-01'
    from unnest($2::uuid[], $3::uuid[], $4::text[]) as new (id, student_id, code)
    cross join (select timestamptz '2031-01-01' + interval '1 hour' * $5) time (begins)`,
    [tenantId, submissions.map((row) => row.id), studentIds, submissions.map(({ code }) => code), accommodations++],
  );
  await database.run(
    `-- test.insertOpenAttempts
    with begun as (
      update submissions set attempts_started = 1, started_at = '2026-03-01' where tenant_id = $1 and assignment_id = $2
    )
    insert into attempts (tenant_id, id, assignment_id, student_id, number, source, started_at, content)
    select $1, id, $2, student_id, 1, 'student', '2026-03-01', jsonb_build_object('answer', pid)
    from unnest($3::uuid[], $4::uuid[], $5::text[]) as new (id, student_id, pid)`,
    [tenantId, id, submissions.map((row) => row.id), studentIds, submissions.map(({ pid }) => pid)],
  );
}

/** A dynamic one of its owner's, for whoever bears the name of the row. */
export async function insertHandOut(
  database: Database,
  tenantId: string,
  { id, assignmentId, personId, name }: Row,
): Promise<void> {
  await database.run(
    `-- test.insertHandOut
    insert into hand_outs (tenant_id, id, assignment_id, filter, is_dynamic, created_by, created_at)
    values ($1, $2, $3, jsonb_build_object('search', $5::text), true, $4, '2026-03-01')`,
    [tenantId, id, assignmentId, personId, name],
  );
}
