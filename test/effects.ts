import type { Database } from '../src/database/database.js';
import { addDays } from '../src/org/local-day.js';
import { createInstructor, createStudents, type Member, type Place } from './factories.js';

/** A score at the end of a day. */
export interface Night {
  readonly studentId: string;
  readonly departmentId: string;
  readonly day: string;
  readonly score: number;
  readonly insufficient?: 'newStudent';
}

export interface Contact {
  readonly studentId: string;
  readonly day: string;
  readonly action: string;
}

/** Any number of nights of the ledger, in two statements. */
export async function insertNights(database: Database, tenantId: string, nights: readonly Night[]): Promise<void> {
  await database.run(
    `-- test.insertCohorts
    insert into risk_cohorts (tenant_id, department_id, day, students, counts, created_at)
    select distinct $1::uuid, "departmentId", day, 1, '{}'::jsonb, day::timestamptz
    from jsonb_to_recordset($2::jsonb) as night ("departmentId" uuid, day date)
    on conflict do nothing`,
    [tenantId, JSON.stringify(nights)],
  );
  await database.run(
    `-- test.insertNights
    insert into risk_evaluations (tenant_id, student_id, day, number, evaluated_at, department_id, cohort_day,
      model_version, inputs, insufficient, log_odds, base_log_odds, contributions, score)
    select $1, "studentId", day, 0, day + 1, "departmentId", day, 'test', '{}', insufficient, 0, 0, '[]', score
    from jsonb_to_recordset($2::jsonb)
      as night ("studentId" uuid, "departmentId" uuid, day date, score numeric, insufficient text)`,
    [tenantId, JSON.stringify(nights)],
  );
}

/** Cases that were opened and contacted on the same day, and resolved a week later, all of one owner. */
export async function insertContacts(
  database: Database,
  { tenantId, userId }: { readonly tenantId: string; readonly userId: string },
  contacts: readonly Contact[],
): Promise<void> {
  await database.run(
    `-- test.insertContacts
    insert into interventions (tenant_id, id, student_id, owner_id, origin, status, action, due_on, opened_at, opened_by,
      opened_day, contacted_at, contacted_day, closed_at, closed_by, updated_at)
    select $1, gen_random_uuid(), "studentId", $2, 'flag', 'resolved', action, day + 3, day, $2, day, day, day,
      day + 7, $2, day + 7
    from jsonb_to_recordset($3::jsonb) as contact ("studentId" uuid, day date, action text)`,
    [tenantId, userId, JSON.stringify(contacts)],
  );
}

/** Days that students were active on, in place of whatever there was. */
export async function setActiveDays(
  database: Database,
  tenantId: string,
  days: readonly { readonly studentId: string; readonly day: string }[],
): Promise<void> {
  await database.run(
    `-- test.setActiveDays
    insert into active_days (tenant_id, student_id, days)
    select $1, "studentId", range_agg(daterange(day, day + 1))
    from jsonb_to_recordset($2::jsonb) as active ("studentId" uuid, day date) group by "studentId"
    on conflict (tenant_id, student_id) do update set days = excluded.days`,
    [tenantId, JSON.stringify(days)],
  );
}

export interface Class {
  readonly instructor: Member;
  readonly students: Member[];
}

export async function createClass(database: Database, place: Place, size: number): Promise<Class> {
  const instructor = await createInstructor(database, place);
  return { instructor, students: await createStudents(database, instructor, Array(size).fill({})) };
}

/** Scores of a student on the evening before a day and four weeks after it. */
export const nightsOf = (
  { userId: studentId, departmentId }: Member,
  day: string,
  [before, after]: readonly [number, number],
): Night[] => [
  { studentId, departmentId, day: addDays(day, -1), score: before },
  { studentId, departmentId, day: addDays(day, 28), score: after },
];
